"""The control plane: what tests and the chat page do to the emulated world."""

import asyncio
import contextlib
import json
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from aiohttp import web

from emulator.clock import PlayTimeoutError
from emulator.methods import commands_for
from emulator.world import Json, Person

if TYPE_CHECKING:
    from emulator.server import Emulator

PAGE = Path(__file__).parent / "page"
LONGEST_WAIT = 55.0


class Control:
    """Routes below ``/control``, and the chat page."""

    def __init__(self, emulator: "Emulator") -> None:
        self.emulator = emulator
        self.world, self.clock = emulator.world, emulator.clock
        self._listeners: set[asyncio.Queue[Json | None]] = set()
        self.world.on_event = self._tell
        self.clock.on_change = self._clock_moved

    def routes(self, application: web.Application) -> None:
        """Add every route."""
        get, post, delete = (
            application.router.add_get,
            application.router.add_post,
            application.router.add_delete,
        )
        get("/", self._page)
        if PAGE.is_dir():
            application.router.add_static("/page", PAGE)
        for path, answer in {
            "/control/state": self._state,
            "/control/people/{id}/messages": self._messages,
            "/control/people/{id}/commands": self._commands,
            "/control/faults": self._fault_list,
            "/control/clock": self._clock,
            "/control/calls": self._calls,
            "/control/transcript": self._transcript,
            "/control/limits": self._limits,
            "/control/files/{id}": self._file,
        }.items():
            get(path, _guarded(answer))
        get("/control/stream", self._stream)
        for path, answer in {
            "/control/people": self._new_person,
            "/control/people/{id}/{act}": self._act,
            "/control/updates": self._inject,
            "/control/faults": self._add_fault,
            "/control/clock": self._move_clock,
            "/control/clock/play": self._play,
            "/control/bot": self._report,
            "/control/limits": self._set_limits,
        }.items():
            post(path, _guarded(answer))
        delete("/control/people/{id}", _guarded(self._remove_person))
        delete("/control/faults", _guarded(self._remove_faults))
        delete("/control/faults/{fault}", _guarded(self._remove_faults))

    def close(self) -> None:
        """End the streams."""
        for listener in self._listeners:
            listener.put_nowait(None)

    # Events

    def _tell(self, event: Json) -> None:
        for listener in self._listeners:
            listener.put_nowait(event)

    def _clock_moved(self) -> None:
        self.world.changed = True
        self._tell({"type": "clock", "person": None, **self._time()})

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        await response.prepare(request)
        mine: asyncio.Queue[Json | None] = asyncio.Queue()
        self._listeners.add(mine)
        try:
            await response.write(b": hello\n\n")
            while True:
                try:
                    event = await asyncio.wait_for(mine.get(), 15)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if event is None:
                    break
                line = json.dumps(event, ensure_ascii=False)
                await response.write(f"data: {line}\n\n".encode())
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self._listeners.discard(mine)
        return response

    # Reading

    async def _page(self, _request: web.Request) -> web.StreamResponse:
        index = PAGE / "index.html"
        if not await asyncio.to_thread(index.exists):
            return web.Response(text="The chat page is not installed.", status=404)
        return web.FileResponse(index, headers={"Cache-Control": "no-cache"})

    def _time(self) -> Json:
        clock = self.clock
        return {
            "now": clock.now().isoformat(),
            "offset": clock.offset.total_seconds(),
            "revision": clock.revision,
            "playing": clock.playing,
        }

    async def _state(self, _request: web.Request) -> Any:
        polled_ago = asyncio.get_running_loop().time() - self.world.last_poll
        due = self.clock.bot_next_due
        return {
            "clock": self._time(),
            "bot": {
                **self.world.bot,
                "next_due": due.isoformat() if due else None,
                "idle": self.clock.bot_revision == self.clock.revision and not self.world.pending,
                "connected": bool(self.world.webhook["url"])
                or (self.world.last_poll > 0 and polled_ago < 60),
            },
            "people": [person.brief() for person in self.world.people.values()],
            "pending": self.world.pending,
        }

    def _person(self, request: web.Request) -> Person:
        return self.world.people[int(request.match_info["id"])]

    async def _messages(self, request: web.Request) -> Any:
        return self.world.messages(self._person(request).id, int(request.query.get("after", "0")))

    async def _commands(self, request: web.Request) -> Any:
        return commands_for(self.world, self._person(request))

    async def _calls(self, request: web.Request) -> Any:
        after = int(request.query.get("after", "0"))
        return [call for call in self.emulator.calls if call["number"] > after]

    async def _transcript(self, _request: web.Request) -> Any:
        return {
            str(person.id): {
                "person": person.brief(),
                "messages": self.world.messages(person.id),
            }
            for person in self.world.people.values()
        }

    async def _file(self, request: web.Request) -> Any:
        blob = self.world.blobs[request.match_info["id"]]
        kind = "inline" if blob.mime.startswith(("image/", "audio/")) else "attachment"
        # Only pictures and sound are shown in place; nothing a bot sends may run as a page.
        return web.Response(
            body=blob.content,
            content_type=blob.mime,
            headers={
                "Content-Disposition": f'{kind}; filename="{_ascii(blob.name)}"',
                "X-Content-Type-Options": "nosniff",
                "Content-Security-Policy": "sandbox",
            },
        )

    # What people do

    async def _new_person(self, request: web.Request) -> Any:
        body = await request.json()
        known = ("first_name", "last_name", "username", "language_code", "id")
        return self.world.new_person(**{k: body[k] for k in known if body.get(k)}).brief()

    async def _remove_person(self, request: web.Request) -> Any:
        self.world.remove_person(self._person(request).id)
        return {}

    async def _act(self, request: web.Request) -> Any:
        person, act = self._person(request).id, request.match_info["act"]
        if act == "file":
            return await self._send_file(request, person)
        body = await request.json() if request.can_read_body else {}
        world = self.world
        acts: dict[str, Callable[[], Any]] = {
            "say": lambda: world.say(person, body["text"]),
            "start": lambda: world.start(person, body.get("payload", "")),
            "edit": lambda: world.edit(person, int(body["message_id"]), body["text"]),
            "block": lambda: world.block(person),
            "unblock": lambda: world.unblock(person),
            "deactivate": lambda: world.deactivate(person),
            "location": lambda: world.location(
                person, float(body["latitude"]), float(body["longitude"])
            ),
            "contact": lambda: world.contact(person, body["phone_number"], body.get("user_id")),
            "press": lambda: {"callback_query_id": self._press(person, body)},
        }
        return acts[act]() or {}

    def _press(self, person: int, body: Json) -> str:
        message_id = int(body["message_id"])
        data = body.get("data")
        if data is None:
            message = self.world.people[person].messages[message_id]
            rows = (message.get("reply_markup") or {}).get("inline_keyboard", [])
            data = next(
                b["callback_data"] for row in rows for b in row if b["text"] == body["text"]
            )
        return self.world.press(person, message_id, data, forged=bool(body.get("forged")))

    async def _send_file(self, request: web.Request, person: int) -> Any:
        form = await request.post()
        kind = str(form.get("kind", "document"))
        for value in form.values():
            if isinstance(value, web.FileField):
                mime = value.content_type or "application/octet-stream"
                return self.world.file(person, kind, value.filename, mime, value.file.read())
        raise ValueError("no file")

    async def _inject(self, request: web.Request) -> Any:
        body = await request.json()
        return {"update_id": self.world.push_raw(body)}

    # Faults and limits

    async def _fault_list(self, _request: web.Request) -> Any:
        return self.emulator.faults.list()

    async def _add_fault(self, request: web.Request) -> Any:
        body = await request.json()
        return {"id": self.emulator.faults.add(**body).id}

    async def _remove_faults(self, request: web.Request) -> Any:
        number = request.match_info.get("fault")
        self.emulator.faults.remove(int(number) if number else None)
        return {}

    async def _limits(self, _request: web.Request) -> Any:
        return {"per_second": self.emulator.per_second, "per_chat": self.emulator.per_chat}

    async def _set_limits(self, request: web.Request) -> Any:
        body = await request.json()
        self.emulator.per_second = body.get("per_second")
        self.emulator.per_chat = bool(body.get("per_chat"))
        return await self._limits(request)

    # The clock

    async def _clock(self, request: web.Request) -> Any:
        revision = int(request.query.get("revision", "-1"))
        wait = min(float(request.query.get("wait", "25")), LONGEST_WAIT)
        await self.clock.changed(revision, wait)
        return self._time()

    async def _move_clock(self, request: web.Request) -> Any:
        body = await request.json()
        if "jump" in body:
            self.clock.jump(float(body["jump"]))
        else:
            self.clock.set(datetime.fromisoformat(body["now"]))
        return self._time()

    async def _play(self, request: web.Request) -> Any:
        body = await request.json()
        if self.clock.playing:
            raise ValueError("the clock is playing already")
        try:
            if body.get("next"):
                stops = await self.clock.play_next()
            elif "until" in body:
                stops = await self.clock.play(datetime.fromisoformat(body["until"]))
            else:
                days = float(body.get("days", 0)) + 30 * float(body.get("months", 0))
                stops = await self.clock.play(self.clock.now() + timedelta(days=days))
        except PlayTimeoutError:
            return web.json_response({"error": "the bot did not settle in time"}, status=504)
        return {**self._time(), "stops": [stop.isoformat() for stop in stops]}

    async def _report(self, request: web.Request) -> Any:
        body = await request.json()
        due = body.get("next_due")
        self.clock.report(int(body["revision"]), datetime.fromisoformat(due) if due else None)
        self._tell({"type": "bot", "person": None, "next_due": due, "idle": True})
        return {}


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace('"', "").replace("\\", "")


def _guarded(
    answer: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Turn what a route returns into JSON, and what it stumbles over into a clear answer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        try:
            result = await answer(request)
        except (KeyError, StopIteration) as problem:
            return web.json_response({"error": f"not found: {problem}"}, status=404)
        except (ValueError, TypeError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        if isinstance(result, web.StreamResponse):
            return result
        with contextlib.suppress(AttributeError):
            result = {k: v for k, v in result.items() if not k.startswith("_")}
        return web.json_response(result)

    return handle
