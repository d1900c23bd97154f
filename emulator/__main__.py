"""``python -m emulator``: a local Telegram until Ctrl-C."""

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from emulator.server import Emulator


async def _serve(port: int, state: Path | None, token: str | None) -> None:
    ending = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, ending.set)
    emulator = Emulator(port=port, state=state, token=token)
    await emulator.start()
    print(f"The emulator listens on {emulator.url}", flush=True)
    await ending.wait()
    await emulator.stop()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(prog="python -m emulator", description=__doc__)
    parser.add_argument("--port", type=int, default=8081)
    parser.add_argument("--state", type=Path, help="a file that keeps everything")
    parser.add_argument("--token", help="accept this token only")
    given = parser.parse_args()
    try:
        asyncio.run(_serve(given.port, given.state, given.token))
    except (OSError, ValueError) as problem:
        sys.exit(f"The emulator cannot start: {problem}")


if __name__ == "__main__":
    main()
