"""A proposal: why two people could fit, yes, and no with its reason. Nobody's name is in it.

What the other has said changes no letter of it.
"""

from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import bridge, matches
from community.errors import FullError
from community.matches import RESTS, Partner, Reason, Reasons, Side, View
from community.people import Person
from handlers import words
from handlers.content import block_for
from handlers.meetings import gone, introduced_card
from handlers.pairing import OneMatch, People
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    Reply,
    alert,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from locales import Html, day, join, native_name


class NotThis(CallbackData, prefix="gd"):
    """No to a proposal, and why."""

    ref: str
    reason: str

    def card(self) -> Reply:
        """Return the proposal as it is now."""
        return edit("match", ref=self.ref)


async def touched(
    query: Any, callback_data: OneMatch, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Look at a match, say yes, end it, or want nothing to do with the other any more."""
    ref, act = callback_data.ref, callback_data.act
    is_open = act in ("yes", "no") and (await matches.look(session, person, ref, now)).is_open
    if act == "yes" and is_open:
        try:
            await matches.accept(session, person, ref, now)
        except FullError:
            return [alert("match.full")]
    elif act == "no" and is_open:
        return [edit("match.why", ref=ref)]
    elif act == "end!":
        await matches.end(session, person, ref, now)
    elif act == "block!":
        await matches.block(session, person, ref, now)
        return [edit("people"), toast("match.blocked")]
    elif act in ("report", "report!"):
        exchange = await bridge.begin_report(session, person, ref, now)
        return [edit("report.why", of="exchange", ref=exchange.ref, what="writer")]
    elif act in ("end", "block"):
        return [edit("match.sure", ref=ref, act=act)]
    elif act == "see":
        return [say("match", ref=ref)]
    return [edit("match", ref=ref)]


async def declined(
    query: Any, callback_data: NotThis, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Say no with a reason, and read what it changes."""
    ref, reason = callback_data.ref, callback_data.reason
    if reason not in [*Reason]:
        return [toast("old_button")]
    if reason == Reason.NOT_THIS_PERSON:
        if (await matches.look(session, person, ref, now)).is_known:  # an old button
            return [edit("match.sure", ref=ref, act="block")]
        await matches.block(session, person, ref, now)
    else:
        await matches.decline(session, person, ref, Reason(reason), now)
    return [edit("match.declined", ref=ref)]


# Cards


async def card(page: Page, ref: str) -> Message:
    """Show a match as it is now: a proposal, what one has said, or who the other is."""
    _ = page._
    view = await matches.look(page.session, page.reader, ref, page.now)
    if view.is_known:
        return await introduced_card(page, view)
    if view.is_over:
        return Message(_("This proposal is over."), [[back(page)]])
    if view.is_gone:
        return gone(page, [[back(page)]])
    until = day(view.match.lapses_at.astimezone(page.zone).date(), _, year=page.now.year)
    found = await matches.reasons(page.session, page.reader, view)
    reasons = await _reasons(page, view, found)
    if view.mine.accepted_at is not None:
        text = lines(
            _("✅ <b>You have said yes</b>"),
            *reasons,
            "",
            _(
                "If both of you do, you read here who it is. You hear by {day} at the latest.",
                day=until,
            ),
        )
        no = Button(_.label("button", "Rather not after all"), OneMatch(ref=ref, act="no"))
        return Message(text, [[no], [back(page)]])
    text = lines(
        _heading(page, view, found),
        *reasons,
        "",
        _("Nobody reads a name before both of you have said yes."),
        _("You can answer until {day}.", day=until),
    )
    rows = in_rows(
        [
            Button(_.label("button", "✅ Yes, introduce us"), OneMatch(ref=ref, act="yes")),
            Button(_.label("button", "No, thanks"), OneMatch(ref=ref, act="no")),
        ],
        2,
    )
    return Message(text, [*rows, [back(page)]])


def back(page: Page) -> Button:
    """Return the way to /people."""
    return Button(page._.label("button", "👥 People"), People())


def _heading(page: Page, view: View, found: Reasons) -> Html:
    _ = page._
    if view.partner is Partner.MAINSTREAM:
        return _("🤝 <b>The team can introduce somebody to you</b>")
    if not found.is_guided:  # nor was ever, or not any more
        return _("🤝 <b>There is somebody for you</b>")
    if view.partner is None:  # the reader would be the guide
        return {
            Partner.MENTOR: _("🤝 <b>Somebody looks for a mentor</b>"),
            Partner.ROLE_MODEL: _("🤝 <b>Somebody looks for a role model</b>"),
        }[Partner(view.match.partner)]
    return {
        Partner.MENTOR: _("🤝 <b>There is a mentor for you</b>"),
        Partner.ROLE_MODEL: _("🤝 <b>There is a role model for you</b>"),
    }[view.partner]


async def _reasons(page: Page, view: View, found: Reasons) -> list[Html]:
    """Return why, in the reader's words: what is true in the rows now, and no name."""
    _ = page._
    if view.match.partner == Partner.MAINSTREAM:
        return [
            _("It is somebody outside the network who has agreed to it."),
            _("If you say yes, they hear your name from the team, and you hear who they are."),
        ]
    told = []
    if found.answered:
        listed = join([words.need(one, _) for one in found.answered], _)
        told.append(_("• They know about what you look for: {needs}", needs=listed))
    if found.answering:
        listed = join([words.need(one, _) for one in found.answering], _)
        told.append(_("• They look for what you know about: {needs}", needs=listed))
    if found.languages:
        listed = join([native_name(one) for one in found.languages], _)
        told.append(_("• You both speak: {languages}", languages=listed))
    elif found.their_languages:
        listed = join([native_name(one) for one in found.their_languages], _)
        told.append(_("• They speak: {languages}", languages=listed))
        told.append(_("• You write to each other through the bot, each in your own language."))
    if found.sector:
        told.append(_("• You have the same trade: {trade}", trade=words.sector(found.sector, _)))
    elif found.their_sector:
        told.append(_("• Their trade: {trade}", trade=words.sector(found.their_sector, _)))
    if found.stage:
        told.append(_("• Their business: {stage}", stage=words.stage_of_other(found.stage, _)))
    area = found.area or found.their_area
    if area is not None and (block := await block_for(page, "area", area.id)):
        name = block.get("name")
        told.append(
            _("• You both live in: {area}", area=name)
            if found.area
            else _("• They live in: {area}", area=name)
        )
    if found.online:
        told.append(_("• You both would meet online."))
    if found.in_person and found.area:
        told.append(_("• You both would meet face to face."))
    return told


async def why_card(page: Page, ref: str) -> Message:
    """Ask why not; every answer changes who is proposed next, and the other reads none of it."""
    _ = page._
    view = await matches.look(page.session, page.reader, ref, page.now)
    reasons = [*Reason]
    if view.match.contact_id is not None:
        reasons = [Reason.NOT_NOW, Reason.TOPIC, Reason.KNOWN, Reason.RATHER_NOT_SAY]
    buttons = [
        Button(words.not_this(one, _), NotThis(ref=ref, reason=one.value)) for one in reasons
    ]
    text = lines(
        _("<b>Why not?</b> It helps us to find somebody who fits better."),
        _("The other person reads nothing of it."),
    )
    leaves = Button(_.label("button", "Back"), OneMatch(ref=ref))
    return Message(text, [*in_rows(buttons), [leaves]])


async def declined_card(page: Page, ref: str) -> Message:
    """Say what the reason changes."""
    _ = page._
    view = await matches.look(page.session, page.reader, ref, page.now)
    if view.mine.reason is None:
        return Message(_("This proposal is over."), [[back(page)]])
    found = await matches.reasons(page.session, page.reader, view)
    # What was offered here counts no more for who was to receive it, if something else is left.
    is_left = view.mine.side == Side.RECEIVER and found.sought_besides
    not_again = _("For a year we do not propose this person again.")
    changes = {
        Reason.NOT_NOW: _.ngettext(
            "We propose nobody to you for {n} day.",
            "We propose nobody to you for {n} days.",
            RESTS.days,
        ),
        Reason.TOPIC: _("For half a year we look for other things you have asked for first.")
        if is_left
        else not_again,
        Reason.LANGUAGE: _("For half a year we look for people who speak a language of yours."),
        Reason.TOO_FAR: _("For half a year we look for people near you."),
        Reason.KNOWN: not_again,
        Reason.NOT_THIS_PERSON: _("The two of you are never proposed to each other again."),
        Reason.RATHER_NOT_SAY: not_again,
    }[Reason(view.mine.reason)]
    text = lines(_("Thank you for saying so."), changes)
    part = Button(_.label("button", "⚙️ How I take part"), People(act="part"))
    return Message(text, [[part], [back(page)]])


async def sure_card(page: Page, ref: str, act: str) -> Message:
    """Ask for a second tap before something that is not taken back."""
    _ = page._
    view = await matches.look(page.session, page.reader, ref, page.now)
    if not view.is_known:
        return await card(page, ref)
    text, label = {
        "end": (
            _("End this? Then you can no longer write to each other here."),
            _.label("button", "Yes, end it"),
        ),
        "block": (
            _(
                "Want nothing to do with this person any more? It ends, you are never proposed to "
                "each other again, and they read that it has ended, not why."
            ),
            _.label("button", "Yes, block"),
        ),
    }[act]
    yes = Button(label, OneMatch(ref=ref, act=f"{act}!"))
    return Message(text, [[yes], [Button(_.label("button", "No"), OneMatch(ref=ref))]])


async def full(page: Page) -> Message:
    """Tell a mentor that all their places are taken."""
    return Message(
        page._.label("toast", "All your places are taken. End one first, or take more at a time.")
    )


async def blocked(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Done. They are not told why."))


CARDS = {
    "match": card,
    "match.why": why_card,
    "match.declined": declined_card,
    "match.sure": sure_card,
    "match.full": full,
    "match.blocked": blocked,
}


def setup() -> Router:
    """Take the buttons of a proposal."""
    router = Router(name="matching")
    router.callback_query.register(touched, OneMatch.filter())
    router.callback_query.register(declined, NotThis.filter())
    return router
