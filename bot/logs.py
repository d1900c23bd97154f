"""Logs: no personal text, never a token."""

import json
import logging
import re

TOKEN = re.compile(r"\d{6,}:[\w-]{30,}")


class _Redacting(logging.Filter):
    """Blank anything that looks like a token, in the message and in the traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Rewrite the record."""
        message = record.getMessage()
        record.msg, record.args = TOKEN.sub("[token]", message), ()
        return True


class _Text(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return TOKEN.sub("[token]", super().format(record))


class _Json(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        entry = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return TOKEN.sub("[token]", json.dumps(entry, ensure_ascii=False))


def configure(level: str, style: str) -> None:
    """Send everything to standard error, in lines for people or for machines."""
    handler = logging.StreamHandler()
    handler.addFilter(_Redacting())
    handler.setFormatter(
        _Json() if style == "json" else _Text("%(asctime)s %(levelname)s %(name)s: %(message)s")
    )
    logging.basicConfig(level=level, handlers=[handler], force=True)
    # These print whole updates, addresses with the token, or a line per tick.
    for name in ("aiogram", "aiohttp.access", "alembic", "httpx", "asyncio"):
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger("apscheduler").setLevel(logging.ERROR)  # a tick that is late is no event
