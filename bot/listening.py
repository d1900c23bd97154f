"""A small HTTP server of the bot's own: for Telegram's updates, or for whoever watches it."""

from aiohttp import web

CLOSING = 5.0
"""Seconds for requests that have begun."""


class CannotListenError(Exception):
    """The port is taken or not ours. The message is one line that says what to do."""


async def listen(
    application: web.Application, host: str, port: int, setting: str
) -> web.AppRunner:
    """Serve the application; ``setting`` is what to change if that cannot be.

    Raises:
        CannotListenError: somebody else listens there, or the system does not allow it.
    """
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=CLOSING)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as problem:
        await runner.cleanup()
        raise CannotListenError(
            f"{setting}: cannot listen on port {port} of {host} ({problem.strerror}); "
            "choose another."
        ) from None
    return runner
