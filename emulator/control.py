"""The control plane: what tests and the chat page do to the emulated world."""

import asyncio
import calendar
import json
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from aiohttp import web

from emulator.call import ApiError, parse_json
from emulator.clock import PlayTimeoutError
from emulator.profile import commands_for
from emulator.updates import Json
from emulator.world import Person, UnknownError

if TYPE_CHECKING:
    from emulator.server import Emulator

logger = logging.getLogger("emulator")

PAGE = Path(__file__).parent / "page"
LONGEST_WAIT = 55.0
KEEP_ALIVE = 15.0
SEEN_LATELY = 60.0
IN_GROUPS = ("add_bot", "demote_bot", "silence_bot", "remove_bot", "join", "leave", "ask")
"""What somebody does in a group without saying more."""


class Control:
    """Routes below ``/control``, and the chat page."""

    def __init__(self, emulator: "Emulator") -> None:
        self.emulator = emulator
        self.world, self.clock = emulator.world, emulator.clock
        self._streams: set[asyncio.Queue[Json | None]] = set()
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
            "/control/groups/{id}/messages": self._group_messages,
            "/control/faults": self._fault_list,
            "/control/clock": self._clock,
            "/control/calls": self._calls,
            "/control/transcript": self._transcript,
            "/control/limits": self._limits,
            "/control/files/{id}": self._file,
        }.items():
            get(path, _guarded(answer))
        get("/control/stream", _guarded(self._stream))
        for path, answer in {
            "/control/people": self._new_person,
            "/control/people/{id}/{act}": self._act,
            "/control/groups": self._new_group,
            "/control/groups/{id}/{act}": self._act_in_group,
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
        for stream in self._streams:
            stream.put_nowait(None)

    # Events

    def _clock_moved(self) -> None:
        self.world.tell("clock", None, self._time)

    async def _stream(self, request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(
            headers={"Content-Type": "text/event-stream", "Cache-Control": "no-store"}
        )
        events: asyncio.Queue[Json | None] = asyncio.Queue()
        self._streams.add(events)
        self.world.listeners.add(events.put_nowait)
        try:
            await response.prepare(request)
            await response.write(b": hello\n\n")
            while True:
                try:
                    event = await asyncio.wait_for(events.get(), KEEP_ALIVE)
                except TimeoutError:
                    await response.write(b": still here\n\n")
                    continue
                if event is None:
                    break
                line = json.dumps(event, ensure_ascii=False)
                await response.write(f"data: {line}\n\n".encode())
        except ConnectionError:
            pass  # The page was closed.
        finally:
            self._streams.discard(events)
            self.world.listeners.discard(events.put_nowait)
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
            "stopped": clock.stopped_at is not None,
            "revision": clock.revision,
            "playing": clock.playing,
        }

    async def _state(self, _request: web.Request) -> Any:
        seen_ago = asyncio.get_running_loop().time() - self.world.bot_seen
        due = self.clock.bot_next_due
        return {
            "clock": self._time(),
            "bot": {
                **self.world.bot,
                "next_due": due.isoformat() if due else None,
                "idle": self.clock.bot_revision == self.clock.revision and not self.world.pending,
                "connected": seen_ago < SEEN_LATELY,
            },
            "people": [person.brief() for person in self.world.people.values()],
            "groups": [group.brief() for group in self.world.groups.values()],
            "pending": self.world.pending,
        }

    def _person(self, request: web.Request) -> Person:
        return self.world.person(int(request.match_info["id"]))

    async def _messages(self, request: web.Request) -> Any:
        return self.world.messages(self._person(request).id, int(request.query.get("after", "0")))

    async def _group_messages(self, request: web.Request) -> Any:
        after = int(request.query.get("after", "0"))
        return self.world.messages(self._group(request), after)

    def _group(self, request: web.Request) -> int:
        return self.emulator.groups.group(int(request.match_info["id"])).id

    async def _commands(self, request: web.Request) -> Any:
        return commands_for(self.world, self._person(request))

    async def _calls(self, request: web.Request) -> Any:
        after = int(request.query.get("after", "0"))
        return [call for call in self.emulator.calls if call["number"] > after]

    async def _transcript(self, _request: web.Request) -> Any:
        people = {
            str(person.id): {
                "person": person.brief(),
                "messages": self.world.messages(person.id),
            }
            for person in self.world.people.values()
        }
        groups = {
            str(group.id): {"group": group.brief(), "messages": self.world.messages(group.id)}
            for group in self.world.groups.values()
        }
        return people | groups

    async def _file(self, request: web.Request) -> Any:
        blob = self.world.blobs.get(request.match_info["id"])
        if blob is None:
            raise UnknownError("there is no such file")
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
        body = await _body(request)
        known = ("first_name", "last_name", "username", "language_code", "note", "id")
        given = {key: body[key] for key in known if body.get(key)}
        for key, value in given.items():
            if not isinstance(value, int if key == "id" else str):
                raise TypeError(f"{key} must be a {'number' if key == 'id' else 'text'}")
        return self.world.new_person(**given).brief()

    async def _remove_person(self, request: web.Request) -> Any:
        self.world.remove_person(self._person(request).id)
        return {}

    async def _act(self, request: web.Request) -> Any:
        person, act = self._person(request).id, request.match_info["act"]
        if act == "file":
            return self.world.shown(await self._send_file(request, person))
        body, world = await _body(request), self.world
        match act:
            case "say":
                return world.shown(world.say(person, body["text"]))
            case "start":
                return world.shown(world.start(person, body.get("payload", "")))
            case "edit":
                message = world.edit(person, int(body["message_id"]), body["text"])
                return world.shown(message)
            case "location":
                latitude, longitude = float(body["latitude"]), float(body["longitude"])
                return world.shown(world.location(person, latitude, longitude))
            case "contact":
                known = {k: body[k] for k in ("phone_number", "user_id") if k in body}
                return world.shown(world.contact(person, **known))
            case "press":
                return {"callback_query_id": self._press(person, body)}
            case "block" | "unblock" | "deactivate":
                getattr(world, act)(person)
                return world.person(person).brief()
            case _:
                raise UnknownError(f"people cannot {act}")

    async def _new_group(self, request: web.Request) -> Any:
        body = await _body(request)
        kind, owner = str(body.get("kind", "supergroup")), int(body["owner"])
        return self.emulator.groups.new(str(body["title"]), kind, owner=owner).brief()

    async def _act_in_group(self, request: web.Request) -> Any:
        """Let somebody, ``person``, do something in a group; return the group as it is then."""
        number, act, body = self._group(request), request.match_info["act"], await _body(request)
        groups, person = self.emulator.groups, int(body["person"])
        match act:
            case "say":
                return self.world.shown(groups.say(number, person, str(body["text"])))
            case "press":
                message_id, data = int(body["message_id"]), str(body["data"])
                return {"callback_query_id": groups.press(number, person, message_id, data)}
            case "migrate":
                number = groups.migrate(number, person).id
            case "promote_bot":
                groups.promote_bot(number, person, body.get("rights"))
            case (
                "add_bot" | "demote_bot" | "silence_bot" | "remove_bot" | "join" | "leave" | "ask"
            ):
                getattr(groups, act)(number, person)
            case _:
                raise UnknownError(f"nobody can {act} in a group")
        return groups.group(number).brief()

    def _press(self, person: int, body: Json) -> str:
        message_id = int(body["message_id"])
        if "data" not in body:
            return self.world.press_label(person, message_id, body["text"])
        forged = bool(body.get("forged"))
        return self.world.press(person, message_id, body["data"], forged=forged)

    async def _send_file(self, request: web.Request, person: int) -> Json:
        form = await request.post()
        kind, caption = str(form.get("kind", "document")), str(form.get("caption", ""))
        seconds = int(str(form.get("seconds", "1")))
        for value in form.values():
            if isinstance(value, web.FileField):
                mime = value.content_type or "application/octet-stream"
                content = value.file.read()
                name = value.filename.encode(errors="replace").decode()
                return self.world.file(person, kind, name, mime, content, caption, seconds=seconds)
        raise ValueError("there is no file in the form")

    async def _inject(self, request: web.Request) -> Any:
        body = await _body(request)
        if set(body) == {"raw_text"}:
            return {"update_id": self.world.updates.inject_text(str(body["raw_text"]))}
        return {"update_id": self.world.updates.inject(body)}

    # Faults and limits

    async def _fault_list(self, _request: web.Request) -> Any:
        return self.emulator.faults.list()

    async def _add_fault(self, request: web.Request) -> Any:
        body = await _body(request)
        return {"id": self.emulator.faults.add(**body).number}

    async def _remove_faults(self, request: web.Request) -> Any:
        number = request.match_info.get("fault")
        self.emulator.faults.remove(int(number) if number else None)
        return {}

    async def _limits(self, _request: web.Request) -> Any:
        limits = self.emulator.limits
        return {
            "per_second": limits.per_second,
            "per_chat": limits.per_chat,
            "per_group": limits.per_group,
        }

    async def _set_limits(self, request: web.Request) -> Any:
        body = await _body(request)
        limits = self.emulator.limits
        if "per_second" in body:
            limits.per_second = None if body["per_second"] is None else int(body["per_second"])
        if "per_group" in body:
            limits.per_group = None if body["per_group"] is None else int(body["per_group"])
        if "per_chat" in body:
            limits.per_chat = bool(body["per_chat"])
        return await self._limits(request)

    # The clock

    async def _clock(self, request: web.Request) -> Any:
        revision = int(request.query.get("revision", "-1"))
        wait = max(0.0, min(float(request.query.get("wait", "25")), LONGEST_WAIT))
        await self.clock.changed(revision, wait)
        return self._time()

    async def _move_clock(self, request: web.Request) -> Any:
        body = await _body(request)
        if "jump" in body:
            self.clock.jump(float(body["jump"]))
        else:
            self.clock.set(_moment(body["now"]))
        return self._time()

    async def _play(self, request: web.Request) -> Any:
        body = await _body(request)
        if body.get("next"):
            stops = await self.clock.play_next()
        elif "until" in body:
            stops = await self.clock.play(_moment(body["until"]))
        else:
            until = _later(
                self.clock.now(), float(body.get("days", 0)), int(body.get("months", 0))
            )
            stops = await self.clock.play(until)
        return {**self._time(), "stops": [stop.isoformat() for stop in stops]}

    async def _report(self, request: web.Request) -> Any:
        body = await _body(request)
        due = _moment(body["next_due"]) if body.get("next_due") else None
        idle = bool(body.get("idle", True))
        before = self.clock.bot_next_due, self.clock.bot_revision
        self.clock.report(int(body["revision"]), due, idle=idle)
        if before != (due, self.clock.bot_revision):
            shown = {"next_due": due.isoformat() if due else None, "idle": idle}
            self.world.tell("bot", None, lambda: shown)
        return {}


async def _body(request: web.Request) -> Json:
    """Return the JSON object that was sent; nothing at all counts as an empty one."""
    body = parse_json(await request.text()) if request.can_read_body else {}
    if not isinstance(body, dict):
        raise TypeError("a JSON object is expected")
    return body


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no time zone")
    return moment


def _later(moment: datetime, days: float, months: int) -> datetime:
    """Return the same day some months later, or the last of a shorter month; then some days."""
    year, month = divmod(moment.year * 12 + moment.month - 1 + months, 12)
    day = min(moment.day, calendar.monthrange(year, month + 1)[1])
    return moment.replace(year=year, month=month + 1, day=day) + timedelta(days=days)


def _ascii(name: str) -> str:
    return name.encode("ascii", "replace").decode().replace('"', "").replace("\\", "")


def _is_foreign(request: web.Request) -> bool:
    """Say whether another page asks, through the browser of whoever runs this emulator.

    A page elsewhere says where it comes from, or has had a name of its own point here; a number
    cannot be made to point elsewhere.
    """
    try:
        host = urlsplit(f"//{request.host}").hostname or ""
        if host != "localhost":
            ip_address(host)
        origin = request.headers.get("Origin")
        return origin is not None and urlsplit(origin).netloc != request.host
    except ValueError:
        return True


def _guarded(
    answer: Callable[[web.Request], Awaitable[Any]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Turn what a route returns into JSON, and what it stumbles over into a clear answer."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if _is_foreign(request):
            return web.json_response({"error": "only this emulator's own page"}, status=403)
        try:
            result = await answer(request)
        except UnknownError as problem:
            return web.json_response({"error": problem.args[0]}, status=404)
        except KeyError as problem:
            return web.json_response({"error": f"{problem} is missing"}, status=400)
        except (ValueError, TypeError, OverflowError, ApiError) as problem:
            return web.json_response({"error": str(problem)}, status=400)
        except PlayTimeoutError as problem:
            return web.json_response({"error": str(problem)}, status=504)
        except web.HTTPException as problem:
            return web.json_response({"error": problem.reason}, status=problem.status)
        except Exception:
            logger.exception("%s went wrong", request.path)
            return web.json_response({"error": "the emulator went wrong"}, status=500)
        if isinstance(result, web.StreamResponse):
            return result
        return web.json_response(result)

    return handle
