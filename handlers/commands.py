"""The commands everybody sees. Each appears here with the behaviour behind it."""

from locales import Translator


def commands_of(_: Translator) -> list[tuple[str, str]]:
    """Return the members' commands with what they do, in the order of the menu."""
    return [
        ("menu", _.label("command", "What you can do here")),
        ("events", _.label("command", "Events you can go to")),
        ("support", _.label("command", "Find help for your business")),
        ("people", _.label("command", "Meet people who fit")),
        ("learn", _.label("command", "Short lessons")),
        ("news", _.label("command", "The latest newsletter")),
        ("ask", _.label("command", "Write to the team")),
        ("me", _.label("command", "My data and settings")),
        ("language", _.label("command", "Change the language")),
        ("pause", _.label("command", "Take a break from messages")),
        ("stop", _.label("command", "Stop messages, leave, delete my data")),
        ("privacy", _.label("command", "What happens with my data")),
        ("help", _.label("command", "What this is and whom to call")),
    ]
