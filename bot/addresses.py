"""The addresses an operator writes: of the database, and of the Bot API server.

What is wrong with one is said without repeating it: it may hold a password.
"""

import re
import ssl
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

LIBPQ = frozenset({"disable", "allow", "prefer", "require", "verify-ca", "verify-full"})
"""How hosted PostgreSQL asks for TLS: ``?sslmode=…``; asyncpg calls it ``ssl``."""

QUERY = frozenset({"host", "ssl", "sslmode", "sslrootcert"})
SHAPE = "must be sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER@HOST/NAME"


class AddressError(ValueError):
    """An address is wrong. The message says how, and holds nothing of it."""


def check_database(text: str) -> None:
    """Refuse the address of a database that could not be opened, or not be kept.

    Raises:
        AddressError: it is wrong.
    """
    try:
        url = make_url(text)
    except ArgumentError:
        raise AddressError(SHAPE) from None
    except ValueError:  # make_url says which text is no port; that may be half a password
        raise AddressError(
            "its port must be a number; write @ : / ? # in a password as %40 %3A %2F %3F %23"
        ) from None
    if not url.database:
        raise AddressError(SHAPE)
    if url.drivername == "sqlite+aiosqlite":
        _check_file(url)
    elif url.drivername == "postgresql+asyncpg":
        _check_server(url)
    else:
        raise AddressError(SHAPE)


def _check_file(url: URL) -> None:
    if url.database == ":memory:":
        raise AddressError("must name a file; what is kept in memory is lost at every end")
    if url.query:
        raise AddressError("must be a file's name alone, with nothing after a ?")
    if url.host or url.username or url.port is not None:
        raise AddressError("must have three slashes before the file: sqlite+aiosqlite:///FILE")


def _check_server(url: URL) -> None:
    if url.port is not None and not 1 <= url.port <= 65535:
        raise AddressError("its port must be between 1 and 65535")
    if not QUERY.issuperset(url.query) or any(isinstance(v, tuple) for v in url.query.values()):
        raise AddressError(f"may have after its ? only, and once: {', '.join(sorted(QUERY))}")
    mode = url.query.get("sslmode", url.query.get("ssl"))
    if mode is not None and mode not in LIBPQ:
        raise AddressError(f"its sslmode must be one of {', '.join(sorted(LIBPQ))}")
    try:
        for_driver(url)
    except OSError:  # ssl.SSLError is one of them
        raise AddressError("its sslrootcert must name a readable file of certificates") from None


def for_driver(url: URL) -> tuple[URL, dict[str, Any]]:
    """Return the address without libpq's words for TLS, and what asyncpg takes instead.

    Certificates are checked against the file named, or those that the machine trusts.
    """
    mode = url.query.get("sslmode", url.query.get("ssl"))
    root = url.query.get("sslrootcert")
    rest = url.difference_update_query(["ssl", "sslmode", "sslrootcert"])
    if mode is None and root is None:
        return rest, {}
    if mode == "disable" or (root is None and mode not in {"verify-ca", "verify-full"}):
        return rest, {"ssl": mode}
    context = ssl.create_default_context(cafile=None if root in {None, "system"} else str(root))
    context.check_hostname = mode == "verify-full"
    return rest, {"ssl": context}


def check_http(text: str) -> None:
    """Refuse what is no http:// or https:// address, or has a query.

    Raises:
        AddressError: it is wrong.
    """
    problem = "must be an http:// or https:// address without a query"
    if not re.fullmatch(r"https?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise AddressError(problem)
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        port = 0
    if port == 0:
        raise AddressError("must be an address whose port, if any, is between 1 and 65535")
    if not parts.hostname:
        raise AddressError(problem)
