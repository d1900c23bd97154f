"""Contacts beside the members: who they are, whether they agreed, and what is next with them."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import contacts, team_tasks
from community.contacts import Contact, Kind
from community.errors import NotUnderstoodError
from community.people import Person
from handlers import tasks
from handlers.agreement_facts import end_of, last_day, today
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.replies import (
    Button,
    Message,
    Page,
    Replies,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    Contacts,
    OneContact,
    back,
    language_rows,
    router_for,
    turning_of,
)
from handlers.words import SPOKEN
from locales import Translator, day, join, language_name, parse_day

PER_PAGE = 10
STEPS = 5


class Speaks(CallbackData, prefix="jl"):
    """A language of a contact: on or off."""

    ref: str
    language: str


def kind_name(kind: Kind, _: Translator) -> str:
    """Return what a contact is to the network."""
    return {
        Kind.LEADER: _.label("contact", "Community leader"),
        Kind.AGENCY: _.label("contact", "Public office"),
        Kind.SPEAKER: _.label("contact", "Speaker"),
        Kind.SPONSOR: _.label("contact", "Sponsor"),
        Kind.PRESS: _.label("contact", "Press"),
        Kind.OTHER: _.label("contact", "Other"),
    }[kind]


# Reading answers


def _cleaner(name: str) -> Callable[[Answering, str], Any]:
    async def clean(answering: Answering, text: str) -> str:
        return contacts.clean(name, text)

    return clean


async def _kind(answering: Answering, text: str) -> str:
    if text not in [*Kind]:
        raise NotUnderstoodError("choice")
    return text


async def _past_day(answering: Answering, text: str) -> str:
    zone = answering.network.zone
    now = today(answering.now, zone)
    found = (
        now if answering.chosen and text == "today" else parse_day(text, now, answering._.language)
    )
    if found is None or found > now:
        raise NotUnderstoodError("past_day")
    return end_of(found, zone).isoformat()


# Asking


async def _ask_kind(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("What is this contact?"), [(kind_name(one, _), one.value) for one in Kind])


async def _ask_organisation(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._("Which organisation or role? No name of a person: that needs their consent.")
    )


async def _ask_how(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        page._(
            "How did they agree that we keep their name and how to reach them? For example: "
            "by phone, by e-mail, face to face."
        )
    )


async def _ask_day(page: Page, about: Any, answers: Any) -> Question:
    _ = page._
    return Question(_("On which day?"), [(_.label("button", "Today"), "today")])


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What is their name?"))


async def _ask_reach(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("How do we reach them? A phone number or an e-mail address."))


async def _ask_notes(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("What should the team know? They may ask to read it."))


async def _ask_words(page: Page, about: Any, answers: Any) -> Question:
    return Question(page._("Which name or organisation? A part of it is enough."))


# Finishing


async def _added(answering: Answering) -> Replies:
    contact = await contacts.add(
        answering.session,
        answering.person,
        Kind(answering.answers["kind"]),
        answering.answers["organisation"],
        answering.now,
    )
    return [say("contact", ref=contact.ref)]


async def _agreed(answering: Answering) -> Replies:
    ref, said = answering.about["ref"], answering.answers
    await contacts.agree(
        answering.session,
        answering.person,
        ref,
        said["consent_how"],
        datetime.fromisoformat(said["day"]),
        answering.now,
    )
    return [say("contact", ref=ref)]


async def _changed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    await contacts.change(
        answering.session, answering.person, ref, answering.now, **answering.answers
    )
    return [say("contact", ref=ref)]


async def _looked(answering: Answering) -> Replies:
    return [say("contacts", words=answering.answers["words"])]


def _home(about: Any) -> Any:
    return say("contact", ref=about["ref"])


NEW = Form(
    "contact.new",
    [
        Field("kind", _ask_kind, _kind, by_button=True),
        Field("organisation", _ask_organisation, _cleaner("organisation")),
    ],
    _added,
    home=lambda _about: say("contacts"),
)
CONSENT = Form(
    "contact.consent",
    [
        Field("consent_how", _ask_how, _cleaner("consent_how")),
        Field("day", _ask_day, _past_day),
    ],
    _agreed,
    home=_home,
)
CHANGES = {
    name: Form(f"contact.{name}", [Field(name, ask, _cleaner(name))], _changed, home=_home)
    for name, ask in {
        "organisation": _ask_organisation,
        "name": _ask_name,
        "reach": _ask_reach,
        "notes": _ask_notes,
    }.items()
}
LOOK = Form(
    "contact.look",
    [Field("words", _ask_words)],
    _looked,
    home=lambda _about: say("contacts"),
)
FORMS = (NEW, CONSENT, *CHANGES.values(), LOOK)


# Handlers


async def list_opened(query: Any, callback_data: Contacts, state: FSMContext) -> Replies:
    """Show a page of the contacts, begin one, or look for a name."""
    begun = {"new": NEW, "look": LOOK}.get(callback_data.act)
    if begun is not None:
        return await begin(begun, state)
    return [edit("contacts", at=callback_data.at)]


async def touched(
    query: Any,
    callback_data: OneContact,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
) -> Replies:
    """Show a contact, put it right, write down a consent or a step, forget it."""
    ref, act = callback_data.ref, callback_data.act
    await contacts.opened(session, person, ref, now)
    if act == "step":
        return await begin(tasks.NEW, state, contact=ref)
    if act == "consent":
        return await begin(CONSENT, state, ref=ref)
    if act in CHANGES:
        return await begin(CHANGES[act], state, ref=ref)
    if act == "introduce":
        return [edit("introduce", contact=ref)]
    if act == "speaks":
        return [edit("contact.speaks", ref=ref)]
    if act == "withdraw!":
        await contacts.withdraw(session, person, ref, now)
    elif act == "erase!":
        await contacts.erase(session, person, ref, now)
        return [edit("contacts"), toast("contact.erased")]
    asked = act if act in ("withdraw", "erase", "edit") else ""
    return [edit("contact", ref=ref, asked=asked)]


async def spoken(
    query: Any, callback_data: Speaks, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Note that a contact speaks a language, or does not."""
    ref, language = callback_data.ref, callback_data.language
    if language not in SPOKEN:
        return [toast("old_button")]
    contact = await contacts.opened(session, person, ref, now)
    languages = sorted({*contact.languages} ^ {language})
    await contacts.change(session, person, ref, now, languages=languages)
    return [edit("contact.speaks", ref=ref)]


# Cards


async def list_card(page: Page, at: int = 0, words: str = "") -> Message:
    """List a page of the contacts; with words, those whose name or organisation has them."""
    _ = page._
    shown = await contacts.search(
        page.session, page.reader, words, page.now, at, size=25 if words else PER_PAGE
    )
    rows = [
        [
            Button(
                _.label("contact in a list", "📇 {name}", name=_short(one.title)),
                OneContact(ref=one.ref),
            )
        ]
        for one in shown.rows
    ]
    if not words:
        rows.append(turning_of(shown, lambda to: Contacts(at=to), _))
    none = _("No contact has these words.") if words else _("There is no contact yet.")
    text = lines(
        _("📇 <b>Contacts</b>"),
        _("People and organisations beside the members. Only the team of animators reads this."),
        None if shown.total else none,
    )
    ways = [
        Button(_.label("button", "🔎 Look for a name"), Contacts(act="look")),
        Button(_.label("button", "➕ New contact"), Contacts(act="new")),
    ]
    leaves = Button(_.label("button", "All contacts"), Contacts()) if words else back(_)
    return Message(text, [*rows, *in_rows(ways), [leaves]])


def _short(title: str) -> str:
    return title if len(title) <= 26 else f"{title[:25]}…"


async def card(page: Page, ref: str, asked: str = "") -> Message:
    """Show a contact, what is next with it, and what can be done."""
    _ = page._
    contact = await contacts.opened(page.session, page.reader, ref, page.now)
    steps = await team_tasks.with_contact(page.session, page.reader, contact, page.now, size=STEPS)
    spoken = [language_name(one, _) for one in contact.languages]
    text = lines(
        _("📇 <b>{name}</b>", name=contact.title),
        _("What: {kind}", kind=kind_name(Kind(contact.kind), _)),
        _("Organisation or role: {name}", name=contact.organisation) if contact.name else None,
        _("How to reach: {reach}", reach=contact.reach) if contact.reach else None,
        _("Languages: {languages}", languages=join(spoken, _)) if spoken else None,
        _("Notes: {notes}", notes=contact.notes) if contact.notes else None,
        _consent(page, contact),
        None if steps else _("No next step is planned."),
    )
    question, acts = _acts(contact, asked, _)
    rows = [] if asked else tasks.buttons(page, steps)
    rows += in_rows(
        [Button(label, OneContact(ref=ref, act=act)) for label, act in acts],
        2 if asked == "edit" else 1,
    )
    leaves = (
        Button(_.label("button", "Back"), OneContact(ref=ref))
        if asked
        else Button(_.label("button", "All contacts"), Contacts())
    )
    return Message(lines(text, question), [*rows, [leaves]])


def _consent(page: Page, contact: Contact) -> str:
    _ = page._
    if contact.consented_at is None or contact.consent_how is None:
        return _("No consent: no name and nothing else of a person is kept.")
    agreed = day(last_day(contact.consented_at, page.network.zone), _)
    return _("Agreed on {day}: {how}", day=agreed, how=contact.consent_how)


def _acts(contact: Contact, asked: str, _: Translator) -> tuple[str | None, list[tuple[str, str]]]:
    """Return what is asked about a contact, and the buttons."""
    if asked == "erase":
        return _("Forget this contact, with all steps? Nobody can bring it back."), [
            (_.label("button", "🗑 Yes, forget it"), "erase!")
        ]
    if asked == "withdraw":
        return _("Forget the name and all that is kept by consent? The role stays."), [
            (_.label("button", "🗑 Yes, forget it"), "withdraw!")
        ]
    if asked == "edit":
        acts = [(_.label("button", "✏️ Organisation or role"), "organisation")]
        if contact.consented_at is not None:
            acts += [
                (_.label("button", "✏️ Name"), "name"),
                (_.label("button", "✏️ How to reach"), "reach"),
                (_.label("button", "✏️ Languages"), "speaks"),
                (_.label("button", "✏️ Notes"), "notes"),
                (_.label("button", "Consent withdrawn"), "withdraw"),
            ]
        return None, acts
    acts = [(_.label("button", "➕ Next step"), "step")]
    if contact.consented_at is None:
        acts.append((_.label("button", "✍️ They have agreed"), "consent"))
    else:
        acts.append((_.label("button", "🤝 Introduce to a member"), "introduce"))
    acts += [
        (_.label("button", "✏️ Change"), "edit"),
        (_.label("button", "🗑 They ask to be forgotten"), "erase"),
    ]
    return None, acts


async def speaks_card(page: Page, ref: str) -> Message:
    """Let the reader choose which languages a contact speaks."""
    _ = page._
    contact = await contacts.opened(page.session, page.reader, ref, page.now)
    buttons = language_rows(
        SPOKEN, contact.languages, lambda one: Speaks(ref=ref, language=one), _
    )
    leaves = [Button(_.label("button", "Back"), OneContact(ref=ref))]
    return Message(_("Which languages do they speak?"), [*buttons, leaves])


async def erased_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "The contact is forgotten."))


CARDS = {
    "contacts": list_card,
    "contact": card,
    "contact.speaks": speaks_card,
    "contact.erased": erased_toast,
}


def setup() -> Router:
    """Take the buttons of contacts, from animators only."""
    router = router_for("contacts", ANIMATORS)
    router.callback_query.register(list_opened, Contacts.filter())
    router.callback_query.register(touched, OneContact.filter())
    router.callback_query.register(spoken, Speaks.filter())
    return router
