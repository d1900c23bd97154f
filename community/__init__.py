"""The domain: tables, lifecycles, verbs and figures. No Telegram, no clock, no language."""
