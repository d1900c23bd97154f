"""What leaves by itself about matches: each says what is true when it is sent, or nothing."""

from aiogram import Router

from community import blocks, consents, matches
from community.consents import Purpose
from community.errors import NotFoundError
from community.matches import GUIDES, View
from handlers import menu
from handlers.matching import back, card
from handlers.pairing import OneMatch, People
from handlers.replies import Button, Message, Page, lines


async def proposed(page: Page, ref: str) -> Message | None:
    """Propose, if it can still be answered and neither of the two is gone."""
    try:
        view = await matches.look(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if not view.is_open or view.mine.has_answered or await is_gone(page, view):
        return None
    return await card(page, ref)


async def is_gone(page: Page, view: View) -> bool:
    """Say whether there is nobody (any more) on the other side."""
    if view.match.contact_id is not None:
        return False
    if view.other is None or not view.other.is_member:
        return True
    if view.other.id in await blocks.apart_from(page.session, page.reader.id):
        return True
    return Purpose.MATCHING not in await consents.given(page.session, view.other)


async def answer(page: Page, ref: str = "") -> Message | None:
    """Tell whoever has asked whom we have found, or that there is nobody."""
    _ = page._
    if ref:
        return await proposed(page, ref)
    text = lines(
        _("🔎 We have looked, and there is nobody for you at the moment."),
        _("We look again every two weeks. The more you say, the better we find."),
    )
    return Message(text, await _instead(page))


async def none(page: Page) -> Message | None:
    """Tell that the round has found nobody, and offer something else."""
    _ = page._
    if await matches.pairing_of(page.session, page.reader) is None:
        return None
    text = lines(
        _("👥 This time there was nobody for you among the members."),
        _("We go on looking every two weeks. Until then, here is something else:"),
    )
    return Message(text, await _instead(page))


async def _instead(page: Page) -> list[list[Button]]:
    _ = page._
    return [
        [Button(_.label("button", "⚙️ How I take part"), People(act="part"))],
        [
            Button(_.label("button", "📅 Events"), menu.Menu(to="events")),
            Button(_.label("button", "🤝 Support"), menu.Menu(to="support")),
        ],
        [Button(_.label("button", "✉️ Write to the team"), menu.AskTeam())],
    ]


async def notice(page: Page, what: str, ref: str = "", partner: str = "") -> Message | None:
    """Tell what became of a match, or of how somebody takes part, if it is so now."""
    _ = page._
    pairing = await matches.pairing_of(page.session, page.reader)
    if what in ("closed", "ended"):
        return await _over(page, what, ref)
    if pairing is None:
        return None
    part = Button(_.label("button", "⚙️ How I take part"), People(act="part"))
    if what == "paused" and pairing.rests_since is not None:
        text = lines(
            _("⏸ Several proposals have passed by, so we leave you in peace for now."),
            _("Whenever you like, one tap goes on."),
        )
        again = Button(_.label("button", "▶️ Go on"), People(act="again"))
        return Message(text, [[again], [back(page)]])
    if what == "guide_confirmed" and pairing.confirmed_at and pairing.gives in GUIDES:
        text = lines(
            _("🎉 The team has confirmed what you would be to others."),
            _("Whoever fits is proposed to you; you decide each time."),
        )
        return Message(text, [[part]])
    if what == "guide_refused" and pairing.gives not in GUIDES:
        text = lines(
            _("Thank you for offering to help others. For now the team does not see it fit."),
            _("You still meet others as one of them. The team tells you more if you ask."),
        )
        return Message(text, [[Button(_.label("button", "✉️ Write to the team"), menu.AskTeam())]])
    return None


async def _over(page: Page, what: str, ref: str) -> Message | None:
    _ = page._
    try:
        view = await matches.look(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if what == "closed" and not view.is_known:
        text = lines(
            _("This proposal came to nothing this time."),
            _("We look for somebody else for you."),
        )
        return Message(text, [[back(page)]])
    if what == "ended" and view.match.ended_at and not await _is_apart(page, view):
        text = lines(
            _("The time with somebody you were introduced to has ended."),
            _("Would you tell us what came of it?"),
        )
        tell = Button(_.label("button", "Tell it"), OneMatch(ref=ref, act="see"))
        return Message(text, [[tell], [back(page)]])
    return None


async def _is_apart(page: Page, view: View) -> bool:
    apart = await blocks.apart_from(page.session, page.reader.id)
    return view.other is not None and view.other.id in apart


CARDS = {
    "match_proposed": proposed,
    "match_answer": answer,
    "match_none": none,
    "match_notice": notice,
}


def setup() -> Router:
    """Take nothing: its buttons belong to other conversations."""
    return Router(name="match notices")
