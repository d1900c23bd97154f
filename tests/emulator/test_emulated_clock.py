"""The clock that is played forward, stop by stop, while a bot follows."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from emulator import Clock, Emulator, PlayTimeoutError
from emulator.world import Person
from tests.emulator.conftest import Api, ControlPlane


class Follower:
    """A bot's clock: it does what is due at each move, and says what is due next."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.due: list[datetime] = []
        self.done: list[datetime] = []
        self.is_deaf = False

    async def follow(self) -> None:
        while True:
            await asyncio.sleep(0.005)
            if self.is_deaf:
                continue
            revision, now = self.clock.revision, self.clock.now()
            self.done += sorted(moment for moment in self.due if moment <= now)
            self.due = sorted(moment for moment in self.due if moment > now)
            self.clock.report(revision, self.due[0] if self.due else None)


@pytest.fixture
async def follower(emulator: Emulator) -> AsyncIterator[Follower]:
    follower = Follower(emulator.clock)
    task = asyncio.create_task(follower.follow())
    await asyncio.sleep(0.02)
    yield follower
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def near(one: datetime, other: datetime) -> bool:
    return abs(one - other) < timedelta(seconds=2)


async def test_playing_stops_at_everything_that_is_due(follower: Follower) -> None:
    clock = follower.clock
    begin = clock.now()
    moments = [begin + timedelta(hours=hours) for hours in (2, 5, 30)]
    follower.due = list(moments)
    stops = await clock.play(begin + timedelta(days=1))
    assert follower.done == moments[:2]
    assert len(stops) == 3
    assert all(
        near(*pair) for pair in zip(stops, [*moments[:2], begin + timedelta(days=1)], strict=True)
    )
    assert follower.due == moments[2:]
    assert not clock.playing


async def test_something_that_comes_up_on_the_way_is_stopped_at_too(follower: Follower) -> None:
    clock = follower.clock
    begin = clock.now()
    follower.due = [begin + timedelta(hours=1)]

    def plan_more() -> None:
        if near(clock.now(), begin + timedelta(hours=1)) and len(follower.due) < 2:
            follower.due.append(begin + timedelta(hours=3))

    clock.on_change = plan_more
    await clock.play(begin + timedelta(hours=6))
    assert len(follower.done) >= 2


async def test_the_next_thing_is_one_stop(follower: Follower) -> None:
    clock = follower.clock
    follower.due = [clock.now() + timedelta(days=3), clock.now() + timedelta(days=4)]
    [stop] = await clock.play_next()
    assert follower.done == [follower.done[0]]
    assert near(stop, follower.done[0])
    follower.due = []
    assert await clock.play_next() == []


async def test_without_a_bot_the_clock_jumps_at_once() -> None:
    clock = Clock()
    target = clock.now() + timedelta(days=9)
    [stop] = await clock.play(target)
    assert near(stop, target)
    assert near(clock.now(), target)


async def test_what_stays_in_the_past_is_tried_five_times_and_passed_over(
    follower: Follower,
) -> None:
    clock = follower.clock
    follower.is_deaf = True
    stuck = clock.now() - timedelta(minutes=1)

    async def report() -> None:
        while True:
            await asyncio.sleep(0.005)
            clock.report(clock.revision, stuck)

    task = asyncio.create_task(report())
    begin = clock.now()
    stops = await clock.play(begin + timedelta(days=1))
    task.cancel()
    assert len(stops) == 6
    assert near(stops[-1], begin + timedelta(days=1))


async def test_a_bot_that_does_not_settle_is_not_waited_for_for_ever(follower: Follower) -> None:
    follower.clock.patience = 0.1
    follower.is_deaf = True
    with pytest.raises(PlayTimeoutError):
        await follower.clock.play(follower.clock.now() + timedelta(hours=1))
    assert not follower.clock.playing


async def test_a_report_of_work_going_on_settles_nothing(follower: Follower) -> None:
    clock = follower.clock
    clock.patience = 0.1
    follower.is_deaf = True
    playing = asyncio.create_task(clock.play(clock.now() + timedelta(hours=1)))
    await asyncio.sleep(0.02)
    clock.report(clock.revision, None, idle=False)
    with pytest.raises(PlayTimeoutError):
        await playing
    assert not clock.offset


async def test_the_clock_waits_for_updates_to_be_taken(
    api: Api, emulator: Emulator, follower: Follower, amina: Person
) -> None:
    emulator.world.say(amina.id, "hello")
    playing = asyncio.create_task(emulator.clock.play(emulator.clock.now() + timedelta(hours=1)))
    await asyncio.sleep(0.1)
    assert not emulator.clock.offset
    [update] = await api.ok("getUpdates")
    await api.ok("getUpdates", offset=update["update_id"] + 1)
    assert len(await playing) == 1


async def test_what_the_bot_has_found_out_before_the_play_began_is_asked_anew(
    follower: Follower,
) -> None:
    clock = follower.clock
    follower.is_deaf, known = True, clock.revision
    follower.due = [clock.now() + timedelta(hours=2)]
    playing = asyncio.create_task(clock.play(clock.now() + timedelta(hours=5)))
    await asyncio.sleep(0)
    clock.report(known, None)
    follower.is_deaf = False
    stops = await playing
    assert near(stops[0], follower.done[0])


async def test_a_stopped_clock_stands_still_and_is_moved_by_jumps_and_plays_alone() -> None:
    clock = Clock()
    clock.stop()
    begin = clock.now()
    await asyncio.sleep(0.01)
    assert clock.now() == begin
    clock.jump(60)
    assert clock.now() == begin + timedelta(minutes=1)
    await clock.play(begin + timedelta(days=1))
    await asyncio.sleep(0.01)
    assert clock.now() == begin + timedelta(days=1)


async def test_two_cannot_play_the_clock(follower: Follower) -> None:
    follower.clock.patience = 1
    follower.is_deaf = True
    first = asyncio.create_task(follower.clock.play(follower.clock.now() + timedelta(hours=1)))
    await asyncio.sleep(0)
    with pytest.raises(ValueError, match="played already"):
        await follower.clock.play_next()
    follower.is_deaf = False
    await first


async def test_messages_carry_the_emulators_time(
    api: Api, emulator: Emulator, amina: Person
) -> None:
    emulator.clock.set(datetime(2030, 1, 1, tzinfo=UTC))
    sent = await api.ok("sendMessage", chat_id=amina.id, text="x")
    assert datetime.fromtimestamp(sent["date"], UTC).year == 2030


async def test_followers_hear_at_once_that_the_clock_has_moved(
    control: ControlPlane, emulator: Emulator
) -> None:
    waiting = asyncio.create_task(control.get("clock?revision=1&wait=20"))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    await control.post("clock", jump=3600)
    told = await asyncio.wait_for(waiting, 1)
    assert (told["revision"], told["offset"]) == (2, 3600)
    assert (await control.get("clock?revision=1&wait=20"))["revision"] == 2
    assert (await control.get("clock?revision=2&wait=0.05"))["revision"] == 2


async def test_the_clock_is_played_from_outside(
    control: ControlPlane, emulator: Emulator, follower: Follower
) -> None:
    emulator.clock.set(datetime(2027, 1, 31, 12, tzinfo=UTC))
    follower.due = [datetime(2027, 2, 10, 9, tzinfo=UTC)]
    played = await control.post("clock/play", months=1)
    assert [stop[:10] for stop in played["stops"]] == ["2027-02-10", "2027-02-28"]
    played = await control.post("clock/play", days=1)
    assert played["now"][:10] == "2027-03-01"
    follower.due = [datetime(2027, 4, 1, 9, tzinfo=UTC)]
    await asyncio.sleep(0.05)
    played = await control.post("clock/play", next=True)
    assert [stop[:10] for stop in played["stops"]] == ["2027-04-01"]
    played = await control.post("clock/play", until="2027-05-01T00:00:00+00:00")
    assert played["now"][:10] == "2027-05-01"
    emulator.clock.patience = 0.1
    follower.is_deaf = True
    status, body = await control("POST", "clock/play", {"days": 1})
    assert (status, body["error"]) == (504, "the bot did not settle in time")


async def test_a_moment_without_a_zone_is_refused(control: ControlPlane) -> None:
    for path, body in (("clock", {"now": "2027-01-01"}), ("clock/play", {"until": "2027-01-01"})):
        status, answer = await control("POST", path, body)
        assert (status, answer["error"]) == (400, "2027-01-01 has no time zone")


async def test_the_bots_report_shows_in_the_state(
    control: ControlPlane, emulator: Emulator
) -> None:
    due = "2030-01-01T00:00:00+00:00"
    assert (await control.get("state"))["bot"]["idle"] is False
    await control.post("bot", revision=1, idle=True, next_due=due)
    bot = (await control.get("state"))["bot"]
    assert (bot["idle"], bot["next_due"]) == (True, due)
    emulator.clock.jump(1)
    assert (await control.get("state"))["bot"]["idle"] is False
