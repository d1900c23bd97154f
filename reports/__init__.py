"""Figures to text, pictures and files. Nothing here reads a clock or talks to Telegram."""
