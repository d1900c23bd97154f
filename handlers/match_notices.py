"""What leaves by itself about matches: each says what is true when it is sent, or nothing."""

from aiogram import Router

from community import matches
from community.errors import NotFoundError
from community.matches import GUIDES
from handlers import menu
from handlers.matching import back, card
from handlers.pairing import OneMatch, People
from handlers.replies import Button, Message, Page, lines


async def proposed(page: Page, ref: str) -> Message | None:
    """Propose, if it can still be answered and the other is here.

    That they want nothing to do with the reader keeps nothing back, as no answer of theirs does.
    """
    try:
        view = await matches.look(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return None
    if not view.is_open or view.mine.has_answered:
        return None
    return await card(page, ref)


async def answer(page: Page, ref: str = "") -> Message | None:
    """Tell whoever has asked whom we have found, or that there is nobody."""
    _ = page._
    if ref and (message := await proposed(page, ref)) is not None:
        return message
    if ref and not await _has_gone(page, ref):
        return None
    text = lines(
        _("🔎 We have looked, and there is nobody for you at the moment."),
        _("We look again every two weeks. The more you say, the better we find."),
    )
    return Message(text, await _instead(page))


async def _has_gone(page: Page, ref: str) -> bool:
    """Say whether whom we had found has left before the reader heard of it."""
    try:
        view = await matches.look(page.session, page.reader, ref, page.now)
    except NotFoundError:
        return True
    return view.is_gone and not view.is_over and not view.mine.has_answered


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
    if what == "ended" and view.match.ended_at and not view.is_barred:
        text = lines(
            _("The time with somebody you were introduced to has ended."),
            _("Would you tell us what came of it?"),
        )
        tell = Button(_.label("button", "Tell it"), OneMatch(ref=ref, act="see"))
        return Message(text, [[tell], [back(page)]])
    return None


CARDS = {
    "match_proposed": proposed,
    "match_answer": answer,
    "match_none": none,
    "match_notice": notice,
}


def setup() -> Router:
    """Take nothing: its buttons belong to other conversations."""
    return Router(name="match notices")
