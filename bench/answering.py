"""What whole answers cost: from the update to the call, of one kind after the other."""

from collections.abc import Callable, Mapping
from typing import Any


async def costs(
    app: Any, base: str, n: int, asked: Mapping[str, Callable[[int], dict[str, Any]]]
) -> dict[str, float]:
    """Start the bot, let ``n`` updates of each kind be answered; return CPU µs of an answer."""
    import asyncio

    import aiohttp

    from bench.contestants import PRESSERS, Meter

    await app.start()
    # What the bot says of itself is read from every catalogue; that is no part of an answer.
    await asyncio.wait([one for one in asyncio.all_tasks() if one.get_name() == "introducing"])
    numbers = iter(range(10**6))
    done = {"sendmessage": 0, "editmessagetext": 0}
    result: dict[str, float] = {}
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(None)) as http:

        async def through(make: Callable[[int], dict[str, Any]], count: int) -> None:
            updates = [make(next(numbers)) for _ in range(count)]
            method = "sendmessage" if "message" in updates[0] else "editmessagetext"
            done[method] += count
            await http.post(f"{base}/load", json=updates)
            wanted: dict[str, str | int] = {"method": method, "times": done[method]}
            async with http.get(f"{base}/await", params=wanted):
                pass

        for name, make in asked.items():
            await through(make, PRESSERS)
            with Meter() as meter:
                await through(make, n)
            result[f"{name}_us"] = meter.each(n)["cpu_us"]
    await app.stop()
    return result


def press(number: int, data: str) -> dict[str, Any]:
    """Return an update: one of those who press presses this."""
    from bench.contestants import pressing

    update = pressing(number, "x")
    update["callback_query"]["data"] = data
    return update
