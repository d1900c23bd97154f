"""Animators: who would be a mentor, and introducing somebody outside to a member, as the third."""

from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from community import contacts, matches, needs, roles, spoken
from community.errors import (
    AskedAlreadyError,
    ConsentMissingError,
    NotFoundError,
    RefusalError,
    RestingError,
    TooOftenError,
)
from community.matches import GUIDES, Asked, Partner
from community.needs import Need
from community.people import Person
from community.roles import RoleName
from handlers import words
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    alert,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    Guides,
    Introduce,
    Introduction,
    OneContact,
    Today,
    router_for,
    turning_of,
)
from handlers.taking_part import TERMS
from locales import OFFERED, Html, Translator, join, language_name, native_name, translator_for

PER_PAGE = 10


async def guides_opened(
    query: Any, callback_data: Guides, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show who would be a mentor or a role model; confirm one, or say that it does not fit."""
    ref, act = callback_data.ref, callback_data.act
    if act in ("yes", "no"):
        is_new = await matches.confirm_guide(session, person, ref, now, yes=act == "yes")
        return [edit("guides"), toast("guides.told" if is_new else "old_button")]
    return [edit("guides.one", ref=ref) if ref else edit("guides")]


async def introduced(
    query: Any, callback_data: Introduction, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Show whom to introduce, the words to pass on, and note that it is done."""
    ref, act = callback_data.ref, callback_data.act
    if not ref:
        return [edit("introductions")]
    if act == "done":
        try:
            await matches.introduced(session, person, ref, now)
        except ConsentMissingError:
            return [alert("introduction.no_consent")]
        return [edit("introductions"), toast("introduction.done")]
    return [edit("introduction", ref=ref)]


async def picked(
    query: Any, callback_data: Introduce, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Choose to whom a contact is introduced, by what members look for."""
    contact, need, member = callback_data.contact, callback_data.need, callback_data.member
    await contacts.opened(session, person, contact, now)
    if not need:
        return [edit("introduce", contact=contact)]
    if need not in TERMS:
        return [toast("old_button")]
    if not member:
        return [edit("introduce.who", contact=contact, need=need, at=callback_data.at)]
    try:
        await matches.introduce(session, person, member, contact, now)
    except (AskedAlreadyError, TooOftenError):
        return [alert("introduce.enough")]
    except RestingError:
        return [alert("introduce.rests")]
    except ConsentMissingError:
        return [alert("introduction.no_consent")]
    return [say("introduce.asked"), edit("contact", ref=contact)]


# Cards


async def guides_card(page: Page) -> Message:
    """List who waits for somebody of the team to talk with them."""
    _ = page._
    waiting = await matches.waiting_guides(page.session, page.reader, page.now)
    rows = [
        [Button(_.label("button", "👤 {name}", name=one.name), Guides(ref=one.ref))]
        for one in waiting
    ]
    text = lines(
        _("🤝 <b>Who would help others</b>"),
        _("They would be mentors or role models. Please talk with them before you confirm.")
        if waiting
        else _("Nobody is waiting."),
    )
    return Message(text, [*rows, [Button(_.label("button", "☀️ Today"), Today())]])


async def guide_card(page: Page, ref: str) -> Message:
    """Show one of them: what they would be, and what they know."""
    _ = page._
    waiting = await matches.waiting_guides(page.session, page.reader, page.now)
    person = next((one for one in waiting if one.ref == ref), None)
    pairing = await matches.pairing_of(page.session, person) if person else None
    if person is None or pairing is None:
        return await guides_card(page)
    knows = [words.need(one, _) for one in await needs.offered_by(page.session, person)]
    languages = [native_name(one) for one in await spoken.of(page.session, person)]
    text = lines(
        _("🤝 <b>{name}</b>", name=person.name),
        _(
            "They would be: {what}; places: {n}",
            n=pairing.places,
            what=words.partner(Partner(pairing.gives), _),
        ),
        _("Can help with: {needs}", needs=join(knows, _)) if knows else None,
        _("Languages: {languages}", languages=join(languages, _)) if languages else None,
        _account(person, _),
    )
    ways = (
        []
        if person.id == page.reader.id
        else [
            Button(_.label("button", "✅ Confirm"), Guides(ref=ref, act="yes")),
            Button(_.label("button", "It does not fit"), Guides(ref=ref, act="no")),
        ]
    )
    return Message(text, [ways, [Button(_.label("button", "Back"), Guides())]])


def _account(person: Person, _: Translator) -> Html | None:
    if not person.username:
        return None
    link = Html(f'<a href="https://t.me/{person.username}">@{person.username}</a>')
    return _("Their account: {account}", account=link)


async def introductions_card(page: Page) -> Message:
    """List the members who have said yes and wait for the introduction."""
    _ = page._
    found = await matches.to_introduce(page.session, page.reader, page.now)
    rows = []
    for match in found:
        asked = await matches.opened(page.session, page.reader, match.ref, page.now)
        label = _.label(
            "button",
            "🤝 {member} and {contact}",
            member=asked.member.name,
            contact=asked.contact.title,
        )
        rows.append([Button(label, Introduction(ref=match.ref))])
    text = lines(
        _("🤝 <b>To introduce</b>"),
        _("They have said yes. Pass a few words on, then say that it is done.")
        if found
        else _("Nobody is waiting."),
    )
    return Message(text, [*rows, [Button(_.label("button", "☀️ Today"), Today())]])


async def introduction_card(page: Page, ref: str) -> Message:
    """Show the words to pass on, in the contact's language: the member's name, and no more."""
    _ = page._
    try:
        asked = await matches.opened(page.session, page.reader, ref, page.now)
    except (NotFoundError, ConsentMissingError):  # made, over, or not agreed to any more
        return await introductions_card(page)
    if asked.contact.consented_at is None:
        return await introductions_card(page)
    language = _language_of(asked, page)
    to_pass_on = _passed_on(asked, translator_for(language))
    text = lines(
        _(
            "🤝 <b>{member} and {contact}</b>",
            member=asked.member.name,
            contact=asked.contact.title,
        ),
        _("How to reach: {reach}", reach=asked.contact.reach) if asked.contact.reach else None,
        _("Please pass this on. Language: {language}", language=language_name(language, _)),
        blockquote(to_pass_on),
        _("Then the member reads who it is."),
    )
    done = Button(_.label("button", "✅ It is passed on"), Introduction(ref=ref, act="done"))
    return Message(text, [[done], [Button(_.label("button", "Back"), Introduction())]])


def _language_of(asked: Asked, page: Page) -> str:
    """Return a language of the contact that we write; without one, that of the network."""
    spoken = [one for one in asked.contact.languages if one in OFFERED]
    return spoken[0] if spoken else page.network.language


def _passed_on(asked: Asked, _: Translator) -> Html:
    return lines(
        _("Hello! You have agreed to be introduced to members of our network."),
        _(
            "{name} would like to talk with you and has agreed to be introduced.",
            name=asked.member.name,
        ),
        _("They hear from us how to reach you. Thank you for your time!"),
    )


async def introduce_card(page: Page, contact: str) -> Message:
    """Ask what a member should be looking for: nobody is searched by what describes them."""
    _ = page._
    found = await contacts.opened(page.session, page.reader, contact, page.now)
    back = [Button(_.label("button", "Back"), OneContact(ref=contact))]
    if found.consented_at is None:
        return Message(
            _("They have not agreed yet. Please write down first how they did."), [back]
        )
    buttons = [
        Button(words.need(one, _), Introduce(contact=contact, need=one.value)) for one in TERMS
    ]
    text = lines(
        _("🤝 <b>Introduce {name} to a member</b>", name=found.title),
        _("What does the member look for?"),
    )
    return Message(text, [*in_rows(buttons, 2), back])


async def who_card(page: Page, contact: str, need: str, at: int = 0) -> Message:
    """List who looks for it and has agreed to be introduced."""
    _ = page._
    await contacts.opened(page.session, page.reader, contact, page.now)
    shown = await matches.who_look_for(
        page.session, page.reader, Need(need), page.now, at, size=PER_PAGE
    )
    rows = [
        [
            Button(
                _.label("button", "👤 {name}", name=one.name),
                Introduce(contact=contact, need=need, member=one.ref),
            )
        ]
        for one in shown.rows
    ]
    rows.append(turning_of(shown, lambda to: Introduce(contact=contact, need=need, at=to), _))
    text = lines(
        _("<b>Who looks for it: {need}</b>", need=words.need(Need(need), _)),
        _("Whom you choose is asked first, and reads no name before they agree.")
        if shown.total
        else _("Nobody who wants to be introduced looks for it at the moment."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), Introduce(contact=contact))]])


async def asked_card(page: Page) -> Message:
    """Confirm that the member is asked."""
    return Message(page._("📨 The member is asked. You hear from us if they say yes."))


async def enough(page: Page) -> Message:
    """Say that the member has been asked enough."""
    return Message(
        page._.label("toast", "They were asked about this contact, or twice within a month.")
    )


async def resting(page: Page) -> Message:
    """Say that the member wants nobody for now."""
    return Message(page._.label("toast", "They want nobody to be proposed to them for now."))


async def no_consent(page: Page) -> Message:
    """Say that the member does not agree to it."""
    return Message(page._.label("toast", "The member does not agree to be introduced (any more)."))


async def told_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "They hear of it."))


async def done_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "The member reads now who it is."))


# What leaves by itself


async def guide_offered(page: Page, ref: str) -> Message | None:
    """Tell animators that somebody would help others; nothing if it is settled."""
    _ = page._
    if not await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        return None
    person = await page.session.scalar(select(Person).where(Person.ref == ref))
    pairing = await matches.pairing_of(page.session, person) if person else None
    if pairing is None or pairing.gives not in GUIDES or pairing.confirmed_at is not None:
        return None
    look = Button(_.label("button", "Look at it"), Guides(ref=ref))
    return Message(_("🤝 A member would be a mentor or a role model for others."), [[look]])


async def to_introduce(page: Page, ref: str) -> Message | None:
    """Tell the animator that a member has said yes; nothing if it is done."""
    _ = page._
    try:
        await matches.opened(page.session, page.reader, ref, page.now)
    except RefusalError:
        return None
    look = Button(_.label("button", "Look at it"), Introduction(ref=ref))
    return Message(_("🤝 A member has said yes to an introduction by the team."), [[look]])


CARDS = {
    "guides": guides_card,
    "guides.one": guide_card,
    "guides.told": told_toast,
    "introductions": introductions_card,
    "introduction": introduction_card,
    "introduction.done": done_toast,
    "introduction.no_consent": no_consent,
    "introduce": introduce_card,
    "introduce.who": who_card,
    "introduce.asked": asked_card,
    "introduce.enough": enough,
    "introduce.rests": resting,
    "team_notice.guide_offered": guide_offered,
    "team_notice.to_introduce": to_introduce,
}


def setup() -> Router:
    """Take the buttons, from animators only."""
    router = router_for("introducing", ANIMATORS)
    router.callback_query.register(guides_opened, Guides.filter())
    router.callback_query.register(introduced, Introduction.filter())
    router.callback_query.register(picked, Introduce.filter())
    return router
