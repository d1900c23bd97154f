"""The animator's side of the digest: look at it, leave out an item, let it go, or do not."""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import digests
from community.base import find
from community.deliveries import State as Row
from community.digests import Contents, Digest, DigestItem, ItemKind, Reader, State
from community.events import Event
from community.figures import FEW, protect
from community.needs import Need
from community.people import Pace, Person
from community.sends import Send
from handlers import wording
from handlers.audience import told
from handlers.content import block_for
from handlers.digests import written
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    edit,
    lines,
    say,
    toast,
)
from handlers.staff import ANIMATORS, Digests, back, page_of, router_for
from locales import OFFERED, Html, Translator, language_name, native_name, number, short_day
from reports.figures import month_name

PER_PAGE = 8
SHOWN = 26
MONTHS = 6
"""So many months back the desk goes."""


class OfDigest(CallbackData, prefix="kb"):
    """One digest: look at it, leave ``item`` out or take it in, let it go, or not this time.

    Or make ``item`` its story.
    """

    ref: str
    act: str = "open"
    item: int = 0
    at: int = 0

    def card(self) -> Reply:
        """Return the digest as it is now."""
        return edit("digest.desk", ref=self.ref, at=self.at)


EVERYTHING, NOTHING_TOLD = "a", "n"
"""Kinds of reader: who looks for everything, and who has told nothing of themself."""


class SeeDigest(CallbackData, prefix="kc"):
    """See it as a kind of reader of a language gets it."""

    ref: str
    language: str
    whose: str


# Handlers


async def opened(query: Any) -> Replies:
    """Show the digest of this month, and the ways to earlier ones."""
    return [edit("digest.months")]


async def touched(
    query: Any,
    callback_data: OfDigest,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Do what the button says, and show the digest as it is then."""
    ref, item = callback_data.ref, callback_data.item
    match callback_data.act:
        case "out" | "in":
            out = callback_data.act == "out"
            await digests.leave_out(session, person, ref, item, now, out=out)
        case "story" | "plain":
            await digests.tell(session, person, ref, item, now, story=callback_data.act == "story")
        case "go":
            await digests.approve(session, person, ref, now)
        case "skip":
            await digests.skip(session, person, ref, now)
        case "preview":
            return [edit("digest.kinds", ref=ref)]
        case "open":
            pass
        case _:
            return [toast("old_button")]
    return [callback_data.card()]


async def seen(query: Any, callback_data: SeeDigest) -> Replies:
    """Show it as a message of its own."""
    if callback_data.language not in OFFERED:
        return [toast("old_button")]
    about = {"language": callback_data.language, "whose": callback_data.whose}
    return [say("digest.preview", ref=callback_data.ref, **about)]


# Cards


async def months(page: Page) -> Message:
    """List the digests, the last first."""
    _ = page._
    found = await digests.every(page.session, page.reader, page.now, limit=MONTHS)
    rows = [
        [Button(_state_in_list(one, _), OfDigest(ref=one.ref))]
        for one in found
        if one.state != State.EMPTY
    ]
    text = lines(
        _("🗞 <b>The digest</b>"),
        _(
            "On the first of each month the bot gathers for each member what fits: news they have "
            "not had, events, new services, answers; for whoever wants it more often on Mondays. "
            "Nothing leaves before you have looked at it."
        ),
        None if rows else _("There is none yet."),
    )
    return Message(text, [*rows, [back(_)]])


def _month(digest: Digest, _: Translator) -> str:
    """Return which digest it is: its month, or how often it comes and since when it is there."""
    day = short_day(digest.made_at.date(), _)
    if digest.pace == Pace.WEEK:
        return _.label("digest", "each week, {day}", day=day)
    if digest.pace == Pace.FORTNIGHT:
        return _.label("digest", "every two weeks, {day}", day=day)
    year, month = digest.month.split("-")
    return month_name(int(year), int(month), _)


def _state_in_list(digest: Digest, _: Translator) -> str:
    month = _month(digest, _)
    if digest.state == State.IN_REVIEW:
        return _.label("button", "👀 {month}", month=month)
    return month


async def desk(page: Page, ref: str, at: int = 0) -> Message:
    """Show one digest: how far it is, for how many it is, what is in it."""
    _ = page._
    digest = await find(page.session, Digest, ref)
    head = [_("🗞 <b>Digest: {month}</b>", month=_month(digest, _)), _how_far(page, digest)]
    if digest.state != State.IN_REVIEW:
        rows = []
        if digest.state == State.APPROVED:
            label = _.label("button", "✋ Stop the rest")
            rows = [[Button(label, OfDigest(ref=ref, act="skip"))]]
        text = lines(*head, "", *await _outcomes(page, digest))
        return Message(text, [*rows, [Button(_.label("button", "Back"), Digests())]])
    every = await _items(page, digest)
    shown, turning = page_of(every, at, PER_PAGE, lambda to: OfDigest(ref=ref, at=to), _)
    rows = [
        [
            Button(
                _.label("button", "⬜ {topic}", topic=title)
                if item.left_out
                else _.label("button", "✅ {topic}", topic=title),
                OfDigest(ref=ref, act="in" if item.left_out else "out", item=item.id, at=at),
            ),
            *_as_the_story(item, OfDigest(ref=ref, item=item.id, at=at), _),
        ]
        for item, title in shown
    ]
    rows += [
        turning,
        [Button(_.label("button", "👁 See it as readers do"), OfDigest(ref=ref, act="preview"))],
        [Button(_.label("button", "✅ Let it go"), OfDigest(ref=ref, act="go"))],
        [Button(_.label("button", "✋ Not this time"), OfDigest(ref=ref, act="skip"))],
        [Button(_.label("button", "Back"), Digests())],
    ]
    asked = _(
        "Tap what is not to be in it. Who has nothing else gets none. Of one newsletter the words "
        "are told: the newest, or the one that you choose as the story."
    )
    return Message(lines(*head, "", *await _readers(page, digest), "", asked), rows)


def _as_the_story(item: DigestItem, at: OfDigest, _: Translator) -> list[Button]:
    """Return the button that makes a newsletter the one whose words are told, or that ends it."""
    if item.kind != ItemKind.SEND or item.left_out:
        return []
    if item.is_story:
        told = at.model_copy(update={"act": "plain"})
        return [Button(_.label("button", "⭐ It is the story"), told)]
    return [Button(_.label("button", "As the story"), at.model_copy(update={"act": "story"}))]


def _how_far(page: Page, digest: Digest) -> Html:
    _ = page._
    within = digests.REVIEWED_WITHIN[Pace(digest.pace)]
    until = (digest.made_at + within).astimezone(page.zone).date()
    return {
        State.COMPOSING: _("⏳ It is being gathered."),
        State.IN_REVIEW: _(
            "👀 It waits for you until {day}; without a yes it does not go this time.",
            day=short_day(until, _),
        ),
        State.APPROVED: _("📤 It goes to each member at a good hour."),
        State.SKIPPED: _("✋ Not this time. Whatever had not left yet stays here."),
        State.EMPTY: _("There was nothing that fits anybody."),
        State.LAPSED: _("Nobody has looked at it in time, so it has not gone."),
    }[State(digest.state)]


async def _readers(page: Page, digest: Digest) -> list[Html]:
    """Say for how many it has been gathered; what fits whom tells what few of them look for."""
    _ = page._
    counts = await digests.language_counts(page.session, digest, page.network.language)
    table = protect(counts)
    by_language = [
        _("{language}: {n}", language=language_name(code, _), n=told(cell, _))
        for code, cell in sorted(table.cells.items())
    ]
    return [_("For so many members something fits: {n}", n=told(table.total, _)), *by_language]


async def _outcomes(page: Page, digest: Digest) -> list[Html]:
    """Say what became of it; together the lines are all for whom it was gathered.

    For fewer than five only that they are so few: what fits tells what somebody looks for.
    """
    _ = page._
    rows = await digests.outcomes(page.session, digest)
    if 0 < rows.total() < FEW:
        return [_("Together: {n}", n=told(protect(rows).total, _))]
    to_go = rows[Row.WAITING] + rows[Row.QUEUED] + rows[Row.CLAIMED]
    became = [
        (_("✅ Sent: {n}", n=number(rows[Row.SENT], _)), rows[Row.SENT]),
        (_("⏳ Still to go: {n}", n=number(to_go, _)), to_go),
        (_("🚫 Cannot be reached: {n}", n=number(rows[Row.REFUSED], _)), rows[Row.REFUSED]),
        (
            _("🔕 Not wanted any more: {n}", n=number(rows[Row.SUPPRESSED], _)),
            rows[Row.SUPPRESSED],
        ),
        (_("⌛ Too late: {n}", n=number(rows[Row.EXPIRED], _)), rows[Row.EXPIRED]),
        (_("⚠️ Failed: {n}", n=number(rows[Row.FAILED], _)), rows[Row.FAILED]),
        (
            _("❓ Not sure it arrived: {n}", n=number(rows[Row.UNCERTAIN], _)),
            rows[Row.UNCERTAIN],
        ),
        (_("✋ Stopped in time: {n}", n=number(rows[Row.CANCELLED], _)), rows[Row.CANCELLED]),
    ]
    together = _("Together: {n}", n=number(rows.total(), _))
    return [*(sentence for sentence, count in became if count), together]


async def _items(page: Page, digest: Digest) -> list[tuple[DigestItem, str]]:
    """Return every item with its title, those that are left out too."""
    found = await digests.contents(page.session, digest, page.now, all_of_them=True)
    return [(item, await _title(page, found, item)) for item in found.items]


async def _title(page: Page, found: Contents, item: DigestItem) -> str:
    what = found.about[item.id]
    subject, subject_id = str(item.kind), item.subject_id
    if isinstance(what, Send):
        subject, subject_id = found.said[item.id].subject
    block = await block_for(page, subject, subject_id)
    field = "title" if isinstance(what, Send | Event) else "name"
    title = block.get(field) if block else "?"
    return title if len(title) <= SHOWN else f"{title[: SHOWN - 1]}…"


async def kinds(page: Page, ref: str) -> Message:
    """Choose as whose reader the animator sees it."""
    _ = page._
    digest = await find(page.session, Digest, ref)
    own_first = sorted(OFFERED, key=lambda code: (code != _.language, code))
    rows = [
        [
            Button(
                _.label("button", "{name}: all of it", name=native_name(code)),
                SeeDigest(ref=ref, language=code, whose=EVERYTHING),
            ),
            Button(
                _.label("button", "{name}: no needs", name=native_name(code)),
                SeeDigest(ref=ref, language=code, whose=NOTHING_TOLD),
            ),
        ]
        for code in own_first
    ]
    text = lines(
        _("As which reader would you like to see it?"),
        _("All of it: somebody who looks for everything. No needs: who has told us nothing."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), OfDigest(ref=digest.ref))]])


async def preview(page: Page, ref: str, language: str, whose: str) -> Message:
    """Show it as such a reader gets it; its buttons do nothing."""
    digest = await find(page.session, Digest, ref)
    theirs = wording.as_reader_of(page, language)
    found = await digests.contents(page.session, digest, page.now)
    needs = frozenset(Need) if whose == EVERYTHING else frozenset()
    reader = Reader(frozenset(theirs.reads.every), None, needs)
    known = await digests.around(page.session, found)
    items = digests.shortened(found, digests.fitting(found, known, reader))
    shown = await written(theirs, found, items, answers=int(whose == EVERYTHING))
    if shown is None:
        name = language_name(language, page._)
        return Message(page._("Such readers get none: {language}", language=name))
    return wording.inert(shown, language)


async def notice(page: Page, ref: str) -> Message | None:
    """Tell the team that a digest waits; nothing once somebody has decided."""
    _ = page._
    digest = await find(page.session, Digest, ref)
    if digest.state != State.IN_REVIEW:
        return None
    text = _("🗞 A digest waits for somebody to look at it.")
    return Message(text, [[Button(_.label("button", "Look at it"), OfDigest(ref=ref))]])


CARDS = {
    "digest.months": months,
    "digest.desk": desk,
    "digest.kinds": kinds,
    "digest.preview": preview,
    "team_notice.digest": notice,
}


def setup() -> Router:
    """Take its buttons, from animators only."""
    router = router_for("digest_desk", ANIMATORS)
    router.callback_query.register(opened, Digests.filter())
    router.callback_query.register(touched, OfDigest.filter())
    router.callback_query.register(seen, SeeDigest.filter())
    return router
