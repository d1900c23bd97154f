"""Is this process well? ``/healthz`` for machines that ask, ``/metrics`` for those that draw.

Each process listens on this machine only, and answers for its own parts. Nothing here is counted
by language, profile or area, and nothing by person.
"""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web
from sqlalchemy.exc import DBAPIError

from bot.listening import listen
from bot.settings import Part
from community import alerts, arrivals, backlog, leases
from community.backlog import Backlog

if TYPE_CHECKING:
    from bot.app import App

LOOPBACK = "127.0.0.1"
DATABASE_ANSWERS_WITHIN = 5.0
PARKED = 60.0
INBOX_BEHIND = timedelta(seconds=60)
DELIVERIES_BEHIND = timedelta(minutes=5)


@dataclass(frozen=True)
class Looked:
    """What the database says now."""

    backlog: Backlog
    set_aside: int
    """Of the last hour."""
    leases: Mapping[str, str]
    """Who holds which."""


class Health:
    """What a process says of itself."""

    def __init__(self, app: "App") -> None:
        self.app = app
        self._runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Listen on HEALTH_PORT, if one is set.

        Raises:
            CannotListenError: the port is taken.
        """
        port = self.app.settings.health_port
        if port:
            application = web.Application()
            application.router.add_get("/healthz", self._healthz)
            application.router.add_get("/metrics", self._metrics)
            self._runner = await listen(application, LOOPBACK, port, "HEALTH_PORT")

    async def stop(self) -> None:
        """Answer nobody any more."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _healthz(self, _request: web.Request) -> web.Response:
        looked = await self._look()
        reasons = list(self._reasons(looked))
        told: dict[str, Any] = {
            "status": "degraded" if reasons else "ok",
            "reasons": reasons,
            "parts": sorted(self.app.parts),
        }
        if looked is not None:
            told |= {
                "inbox": looked.backlog.arrivals,
                "inbox_oldest_seconds": looked.backlog.oldest_arrival.total_seconds(),
                "set_aside_within_an_hour": looked.set_aside,
                "deliveries": looked.backlog.deliveries,
                "deliveries_oldest_due_seconds": looked.backlog.oldest_due.total_seconds(),
                "leases_held": self._held(looked),
            }
        return web.json_response(told, status=503 if reasons else 200)

    async def _look(self) -> Looked | None:
        """Ask the database; None if it is away."""
        now = self.app.clock.now()
        try:
            async with (
                asyncio.timeout(DATABASE_ANSWERS_WITHIN),
                self.app.database.transaction() as session,
            ):
                return Looked(
                    await backlog.measure(session, now),
                    await arrivals.set_aside_since(session, now - alerts.PILE_WITHIN),
                    await leases.holders(session),
                )
        except (DBAPIError, TimeoutError):
            return None

    def _held(self, looked: Looked) -> list[str]:
        return sorted(name for name, holder in looked.leases.items() if holder == self.app.holder)

    def _reasons(self, looked: Looked | None) -> Iterator[str]:
        """Yield what is wrong, as words that stay the same."""
        app = self.app
        if looked is None:
            yield "database_away"
        if app.network is not None and not app.receiver.takes_in:
            yield "inbox_takes_nothing"
        if app.telegram.refused.is_set():
            yield "token_refused"
        if not app.telegram.reachable:
            yield "telegram_unreachable"
        if app.telegram.limiter.paused_for > PARKED:
            yield "telegram_wants_silence"
        if app.webhook is not None and app.webhook.problem:
            yield f"webhook_{app.webhook.problem}"
        if looked is not None:
            yield from self._reasons_in_rows(looked)

    def _reasons_in_rows(self, looked: Looked) -> Iterator[str]:
        """Yield what is wrong with this process's own parts of the work."""
        app, waits = self.app, looked.backlog
        if Part.RECEIVE in app.parts:
            if not app.settings.by_webhook and "poller" not in looked.leases:
                yield "nobody_polls"
            if waits.oldest_arrival > INBOX_BEHIND:
                yield "inbox_behind"
            if looked.set_aside >= alerts.PILE:
                yield "updates_set_aside"
        if Part.SEND in app.parts and waits.oldest_due > DELIVERIES_BEHIND:
            yield "deliveries_behind"
        if Part.SCHEDULE in app.parts and "ticker" not in looked.leases:
            yield "nobody_schedules"

    # Prometheus

    async def _metrics(self, _request: web.Request) -> web.Response:
        looked = await self._look()
        lines = [*self._counted(), *self._measured(looked)]
        return web.Response(text="\n".join([*lines, ""]), content_type="text/plain")

    def _counted(self) -> Iterator[str]:
        """Yield what this process has done since it started."""
        app, telegram = self.app, self.app.telegram
        if app.network is not None:
            updates = {"taken_in": 0, "handled": 0, "set_aside": 0} | app.receiver.counts
            yield from _family(
                "diwan_updates_total", "counter", {f'state="{s}"': n for s, n in updates.items()}
            )
            yield from _family(
                "diwan_deliveries_total",
                "counter",
                {
                    f'kind="{kind}",outcome="{outcome}"': count
                    for (kind, outcome), count in app.sender.counts.items()
                },
            )
        yield from _family(
            "diwan_telegram_calls_total",
            "counter",
            {f'fate="{fate}"': count for fate, count in telegram.fates.items()},
        )
        yield from _family("diwan_telegram_floods_total", "counter", {"": telegram.floods})
        yield from _family("diwan_telegram_waited_seconds_total", "counter", {"": telegram.waited})
        if app.webhook is not None:
            yield from _family(
                "diwan_webhook_requests_total",
                "counter",
                {f'status="{status}"': n for status, n in app.webhook.answers.items()},
            )

    def _measured(self, looked: Looked | None) -> Iterator[str]:
        """Yield how things stand."""
        app = self.app
        yield from _family("diwan_database_up", "gauge", {"": int(looked is not None)})
        yield from _family(
            "diwan_degraded", "gauge", {f'reason="{r}"': 1 for r in self._reasons(looked)}
        )
        yield from _family(
            "diwan_telegram_paused_seconds", "gauge", {"": app.telegram.limiter.paused_for}
        )
        if app.webhook is not None:
            yield from _family("diwan_webhook_pending", "gauge", {"": app.webhook.pending})
        if looked is None:
            return
        waits = looked.backlog
        yield from _family(
            "diwan_inbox", "gauge", {f'state="{s}"': n for s, n in waits.arrivals.items()}
        )
        yield from _family(
            "diwan_inbox_oldest_seconds", "gauge", {"": waits.oldest_arrival.total_seconds()}
        )
        yield from _family(
            "diwan_deliveries_open",
            "gauge",
            {f'state="{s}"': n for s, n in waits.deliveries.items()},
        )
        yield from _family(
            "diwan_deliveries_oldest_due_seconds",
            "gauge",
            {"": waits.oldest_due.total_seconds()},
        )
        yield from _family(
            "diwan_lease_held", "gauge", {f'name="{name}"': 1 for name in self._held(looked)}
        )


def _family(name: str, kind: str, values: Mapping[str, float]) -> Iterator[str]:
    """Yield one metric in Prometheus' text format. Labels are words of ours, never of people."""
    yield f"# TYPE {name} {kind}"
    for labels, value in values.items():
        yield f"{name}{{{labels}}} {value}" if labels else f"{name} {value}"
