"""Face to face: an animator registers somebody on their own phone, and looks after them.

What is asked is read out, or shown, in the person's language, one idea after the other. Until the
last answer nothing is kept of it: what has been said so far stands in the buttons alone.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community import areas, attendance, consents, face_to_face, keys, needs, people
from community.assisted import Assisted
from community.attendance import Wish
from community.consents import Purpose
from community.errors import NotFoundError
from community.face_to_face import Oral
from community.needs import Need
from community.people import Person
from handlers import words
from handlers.content import area_choices, block_for
from handlers.forms import Answering, Field, Form, Question, begin
from handlers.onboarding import TERMS_VERSION
from handlers.replies import (
    Button,
    File,
    Message,
    Network,
    Page,
    Replies,
    blockquote,
    edit,
    in_rows,
    lines,
    say,
    toast,
)
from handlers.staff import (
    ANIMATORS,
    Calls,
    OneAssisted,
    Sounding,
    back,
    page_of,
    router_for,
)
from locales import (
    OFFERED,
    Html,
    Translator,
    day,
    join,
    language_name,
    native_name,
    plain,
    sorted_for,
    translator_for,
)
from reports import sheet
from reports.qr import qr_picture
from reports.sheet import Sheet

PER_PAGE = 8
EVENTS = 6
"""So many events to come are offered for an answer by phone."""
LETTERS = {
    "n": Purpose.NEWS,
    "s": Purpose.SURVEYS,
    "m": Purpose.MATCHING,
    "t": Purpose.STATISTICS,
}
TERMS = 3
"""So many things are said before the first question: whether they want to join."""


class Aloud(CallbackData, prefix="fa"):
    """What is read out next, in which language, and to what they have said yes so far."""

    language: str = ""
    step: int = 0
    yes: str = ""


# Reading out


async def read_out(query: Any, callback_data: Aloud, state: FSMContext) -> Replies:
    """Show the next thing to read out; after the last one, ask what they want to be called."""
    language, step = callback_data.language, callback_data.step
    if language not in OFFERED:
        return [edit("assisted.languages")]
    if step < 0:
        return [edit("assisted.nothing_kept")]
    if step < TERMS + len(LETTERS):
        return [edit("assisted.aloud", language=language, step=step, yes=callback_data.yes)]
    return await begin(REGISTER, state, language=language, yes=callback_data.yes)


async def languages_card(page: Page) -> Message:
    """Ask for the person's language, each by its own name."""
    _ = page._
    buttons = [Button(native_name(code), Aloud(language=code)) for code in sorted_for(None)]
    text = lines(
        _("🙌 <b>Register somebody face to face</b>"),
        _(
            "Show the screen to the person, or read it out. Nothing is kept unless they say yes, "
            "and you are the witness of what they say."
        ),
        _("Which language does the person speak?"),
    )
    return Message(
        text, [*in_rows(buttons, 2), [Button(_.label("button", "Back"), OneAssisted())]]
    )


def spoken(language: str) -> list[str]:
    """Return what is read out in a language, step by step, as it is recorded."""
    theirs = translator_for(language)
    return [plain(_said(step, theirs)) for step in range(TERMS + len(LETTERS))]


def _said(step: int, _: Translator) -> Html:
    """Return what is read out at a step: one idea. It names nobody, so that it can be recorded."""
    if step < TERMS:
        return (
            lines(
                _(
                    "This is a network of people who start or run a business in a new country: "
                    "events, support and each other."
                ),
                _("It is free, in your language, and you can leave at any time."),
            ),
            _(
                "The person in front of you writes down what you say, calls you when there is "
                "something, and can read it. As soon as you have Telegram, you take it over "
                "yourself."
            ),
            lines(
                _("We keep only what you tell us; you can hear and delete it whenever you want."),
                _("Would you like to join?"),
            ),
        )[step]
    return (
        _("May we tell you about news and invitations? You can take this back at any time."),
        _("May we ask you a short question now and then? You can take this back at any time."),
        _("May we introduce you to members who fit you? You can take this back at any time."),
        _(
            "May we count you in the statistics for those who pay for the network? Your name is "
            "not in them. You can take this back at any time."
        ),
    )[step - TERMS]


def _in_both(label: Callable[[Translator], str], theirs: Translator, ours: Translator) -> str:
    """Return a label that the person reads, and the animator, too."""
    own, mine = label(theirs), label(ours)
    return own if own == mine else f"{own} · {mine}"


async def aloud_card(page: Page, language: str, step: int, yes: str) -> Message:
    """Show one thing to read out in the person's language, and what they can say to it."""
    _, theirs = page._, translator_for(language)

    def button(label: Callable[[Translator], str], to: int, said: str = yes) -> Button:
        return Button(_in_both(label, theirs, _), Aloud(language=language, step=to, yes=said))

    def agree(one: Translator) -> str:
        return one.label("spoken answer", "✅ Yes")

    def refuse(one: Translator) -> str:
        return one.label("spoken answer", "❌ No")

    if step < TERMS - 1:
        rows = [[button(lambda one: one.label("button", "Next"), step + 1)]]
    elif step == TERMS - 1:
        rows = [[button(agree, step + 1), button(refuse, -1)]]
    else:
        letter = [*LETTERS][step - TERMS]
        rows = [[button(agree, step + 1, yes + letter), button(refuse, step + 1)]]
    if step in await face_to_face.sounds(page.session, language, spoken(language)):
        listen = _in_both(lambda one: one.label("button", "🔊 Listen"), theirs, _)
        rows.append([Button(listen, Sounding(language=language, step=step, act="hear"))])
    rows.append(
        [Button(_.label("button", "Stop, keep nothing"), Aloud(language=language, step=-1))]
    )
    text = lines(
        _("🗣 Read this out in {language}:", language=language_name(language, _)),
        "",
        Html("<b>") + _said(step, theirs) + Html("</b>"),
    )
    return Message(text, rows)


async def nothing_kept(page: Page) -> Message:
    """Say that nothing was stored."""
    _ = page._
    text = _("Nothing was kept. Thank them for their time.")
    return Message(text, [[Button(_.label("button", "Back"), OneAssisted())]])


# What they are called, look for, and where they live


def _asked(page: Page, about: Any, question: Callable[[Translator], Html], *more: Html) -> Html:
    theirs = translator_for(about["language"])
    if theirs.language == page._.language:
        return lines(question(page._), *more)
    return lines(question(page._), *more, "", blockquote(question(theirs)))


async def _ask_name(page: Page, about: Any, answers: Any) -> Question:
    return Question(_asked(page, about, lambda _: _("What would you like to be called?")))


async def _read_name(answering: Answering, text: str) -> str:
    somebody = Person()
    people.rename(somebody, text)
    return somebody.name


async def _ask_need(page: Page, about: Any, answers: Any) -> Question:
    _, theirs = page._, translator_for(about["language"])
    shown = [need for need in Need if need is not Need.OTHER]
    listed = Html("") + join([words.need(need, theirs) for need in shown], theirs)
    return Question(
        _asked(page, about, lambda _: _("What are you looking for first?"), blockquote(listed)),
        [(words.need(need, _), need.value) for need in shown],
    )


async def _read_need(answering: Answering, text: str) -> str:
    if text not in [*Need]:
        raise NotFoundError("Need")
    return text


async def _ask_area(page: Page, about: Any, answers: Any) -> Question:
    question = _asked(page, about, lambda _: _("Where do you live?"))
    return Question(question, await area_choices(page))


async def _read_area(answering: Answering, text: str) -> str:
    return (await areas.by_ref(answering.session, text)).ref


async def _ask_phone(page: Page, about: Any, answers: Any) -> Question:
    return Question(
        _asked(
            page,
            about,
            lambda _: _(
                "On which number may we call you? It is for our calls alone, and is deleted when "
                "you open your code, when you ask for it, or after a year."
            ),
        )
    )


async def _read_phone(answering: Answering, text: str) -> str:
    return face_to_face.clean_phone(text)


async def _registered(answering: Answering) -> Replies:
    session, about, answers = answering.session, answering.about, answering.answers
    area = await areas.by_ref(session, answers["area"]) if answers.get("area") else None
    oral = Oral(
        name=answers["name"],
        language=about["language"] if about["language"] in OFFERED else answering.network.language,
        terms_version=TERMS_VERSION,
        purposes=frozenset(LETTERS[one] for one in about["yes"] if one in LETTERS),
        need=Need(answers["need"]) if answers.get("need") else None,
        area=area,
        phone=answers.get("phone"),
    )
    row = await face_to_face.register(session, answering.person, oral, answering.now)
    code = await face_to_face.new_code(session, answering.person, row.ref, answering.now)
    return [*_codes(row.ref, code), say("assisted.one", ref=row.ref)]


async def _phone_changed(answering: Answering) -> Replies:
    ref = answering.about["ref"]
    phone = answering.answers.get("phone")
    await face_to_face.change_phone(answering.session, answering.person, ref, phone, answering.now)
    return [say("assisted.one", ref=ref)]


PHONE = Field("phone", _ask_phone, _read_phone, optional=True)
REGISTER = Form(
    "assisted.new",
    [
        Field("name", _ask_name, _read_name),
        Field("need", _ask_need, _read_need, optional=True),
        Field("area", _ask_area, _read_area, optional=True),
        PHONE,
    ],
    _registered,
    home=lambda _about: say("assisted"),
)
NUMBER = Form(
    "assisted.phone",
    [PHONE],
    _phone_changed,
    home=lambda about: say("assisted.one", ref=about["ref"]),
)
FORMS = (REGISTER, NUMBER)


def _codes(ref: str, code: str) -> Replies:
    return [say("assisted.code", ref=ref, code=code, paper=paper) for paper in (False, True)]


# Looking after them


async def touched(
    query: Any,
    callback_data: OneAssisted,
    session: AsyncSession,
    person: Person,
    now: datetime,
    state: FSMContext,
    network: Network,
) -> Replies:
    """Show whom one looks after; or one of them, and do what the button says."""
    ref, act, what = callback_data.ref, callback_data.act, callback_data.what
    if act == "new":
        return [edit("assisted.languages")]
    if act == "take":
        count = await face_to_face.take_over(session, person, now, ref=ref or None)
        shown = edit("assisted.one", ref=ref) if ref else edit("assisted")
        return [shown, toast("assisted.taken_over", count=count)]
    if not ref:
        return [edit("assisted", at=int(what) if what.isdecimal() else 0)]
    _row, somebody = await face_to_face.opened(session, person, ref, now)
    match act:
        case "code":
            return [edit("assisted.new_code", ref=ref)]
        case "code!":
            return _codes(ref, await face_to_face.new_code(session, person, ref, now))
        case "phone":
            return await begin(NUMBER, state, ref=ref, language=somebody.language or "en")
        case "events" | "consents" | "erase":
            return [edit(f"assisted.{act}", ref=ref)]
        case "erase!":
            await state.clear()
            key = await keys.key(session, "erasure")
            await face_to_face.erase(session, person, ref, now, key)
            return [edit("assisted"), toast("assisted.erased")]
        case "off" if what in [*Purpose]:
            await face_to_face.take_back(
                session, person, ref, Purpose(what), now, version=TERMS_VERSION
            )
            return [edit("assisted.consents", ref=ref)]
        case "going" | "maybe" | "declined":
            await face_to_face.answer_by_phone(
                session, person, ref, what, Wish(act), now, default_zone=network.zone
            )
            return [edit("assisted.events", ref=ref)]
    return [edit("assisted.one", ref=ref)]


async def list_card(page: Page, at: int = 0) -> Message:
    """List whom the reader looks after."""
    _ = page._
    found = await face_to_face.mine(page.session, page.reader, page.now)
    shown, turning = page_of(found, at, PER_PAGE, lambda to: OneAssisted(what=str(to)), _)
    rows = [
        [
            Button(
                person.name
                if row.owner_id == page.reader.id
                else _.label("button", "🙋 {name}: nobody", name=person.name),
                OneAssisted(ref=row.ref),
            )
        ]
        for row, person in shown
    ]
    nobodys = sum(row.owner_id != page.reader.id for row, _person in found)
    text = lines(
        _("🙌 <b>Face to face</b>"),
        _("People without Telegram whom you look after. You call them until they open their code.")
        if found
        else _("You look after nobody without Telegram at the moment."),
        _(
            "Whoever registered those marked 🙋 is no animator any more: one of you takes them "
            "over."
        )
        if nobodys
        else None,
    )
    label = _.label("button", "🙋 Take over those of nobody: {n}", n=nobodys)
    take = [Button(label, OneAssisted(act="take"))] if nobodys else []
    due = await face_to_face.to_call(page.session, page.reader, page.now)
    calls = [Button(_.label("button", "📞 People to call: {n}", n=due), Calls())] if due else []
    new = [Button(_.label("button", "➕ Register somebody"), OneAssisted(act="new"))]
    return Message(text, [*rows, turning, take, calls, new, [back(_)]])


async def one_card(page: Page, ref: str) -> Message:
    """Show what was recorded of one of them, and what can be done."""
    _ = page._
    row, person = await face_to_face.opened(page.session, page.reader, ref, page.now)
    wanted = await needs.of(page.session, person)
    area = await block_for(page, "area", person.area_id) if person.area_id else None
    due = (await face_to_face.calls_of(page.session, page.reader, ref, page.now)).due
    text = lines(
        Html("<b>") + person.name + Html("</b>"),
        _("Language: {language}", language=language_name(person.language or "en", _)),
        _("Looks for: {needs}", needs=join([words.need(one, _) for one in wanted], _))
        if wanted
        else None,
        _("Lives in: {area}", area=area.get("name")) if area else None,
        _("📞 {phone}", phone=row.phone) if row.phone else _("There is no number to call."),
        _code_line(page, row),
        _(
            "⚠️ Somebody else is registered with this number. If it is the same person, please "
            "delete one of the two."
        )
        if await face_to_face.shares_number(page.session, row)
        else None,
    )

    def to(act: str) -> OneAssisted:
        return OneAssisted(ref=ref, act=act)

    rows = [
        [Button(_.label("button", "📅 Answers to events"), to("events"))],
        [Button(_.label("button", "🔀 What they agreed to"), to("consents"))],
        [Button(_.label("button", "✏️ The number"), to("phone"))],
        [Button(_.label("button", "🔑 A new paper code"), to("code"))],
        [Button(_.label("button", "🗑 They want it all deleted"), to("erase"))],
        [Button(_.label("button", "All of them"), OneAssisted())],
    ]
    if due:
        label = _.label("button", "📞 To tell: {n}", n=len(due))
        rows.insert(0, [Button(label, Calls(ref=ref))])
    if row.owner_id != page.reader.id:
        rows.insert(0, [Button(_.label("button", "🙋 I look after them now"), to("take"))])
    return Message(text, rows)


def _code_line(page: Page, row: Assisted) -> Html:
    _ = page._
    until = row.code_until
    if until is None or until <= page.now:
        return _("Their paper code has ended. You can make a new one.")
    return _("Their paper code holds until {day}.", day=day(until.astimezone(page.zone).date(), _))


async def events_card(page: Page, ref: str) -> Message:
    """Show what is to come, and what the person says to it by phone."""
    _ = page._
    _row, person = await face_to_face.opened(page.session, page.reader, ref, page.now)
    soon = await attendance.upcoming(page.session, person, page.now, size=EVENTS)
    told: list[Html | str] = []
    rows = []
    for number, event in enumerate(soon.rows, start=1):
        block = await block_for(page, "event", event.id)
        mine = await attendance.of(page.session, event, person)
        said = words.attending(mine.state if mine else attendance.State.NONE, _)
        title = block.get("title") if block else "?"
        on = day(event.starts_at.astimezone(page.zone).date(), _)
        told.append(_("{n}. {event}, {day}: {said}", n=number, event=title, day=on, said=said))
        rows.append(
            [
                Button(
                    _.label("button", "✅ Comes: {n}", n=number),
                    OneAssisted(ref=ref, act="going", what=event.ref),
                ),
                Button(
                    _.label("button", "❌ Not: {n}", n=number),
                    OneAssisted(ref=ref, act="declined", what=event.ref),
                ),
            ]
        )
    text = lines(
        _("<b>What {name} says to events by phone</b>", name=person.name),
        *(told or [_("Nothing is planned at the moment.")]),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), OneAssisted(ref=ref))]])


async def consents_card(page: Page, ref: str) -> Message:
    """Show what the person has agreed to; each can be taken back by word of mouth."""
    _ = page._
    _row, person = await face_to_face.opened(page.session, page.reader, ref, page.now)
    given = sorted(await consents.given(page.session, person))
    rows = [
        [
            Button(
                _.label("button", "✖️ {purpose}", purpose=words.purpose(one, _)),
                OneAssisted(ref=ref, act="off", what=one.value),
            )
        ]
        for one in given
    ]
    text = lines(
        _("<b>What {name} agreed to</b>", name=person.name),
        _("Tap what they have taken back. You are the witness.")
        if given
        else _("Only what is needed."),
    )
    return Message(text, [*rows, [Button(_.label("button", "Back"), OneAssisted(ref=ref))]])


async def erase_card(page: Page, ref: str) -> Message:
    """Say what deleting means, and ask for a second tap."""
    _ = page._
    _row, person = await face_to_face.opened(page.session, page.reader, ref, page.now)
    text = lines(
        _("<b>Delete everything about {name}?</b>", name=person.name),
        _("Do so if they have asked you for it. You are the witness. This cannot be undone."),
    )
    rows = [
        [Button(_.label("button", "Yes, they asked for it"), OneAssisted(ref=ref, act="erase!"))],
        [Button(_.label("button", "Back"), OneAssisted(ref=ref))],
    ]
    return Message(text, rows)


async def taken_over_toast(page: Page, count: int) -> Message:
    """Confirm in a few words; none, if another animator was quicker."""
    _ = page._
    if not count:
        return Message(_.label("toast", "Somebody looks after them already."))
    return Message(_.label("toast", "Taken over: {n}", n=count))


async def erased_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "Everything about them is deleted."))


# The paper code


async def new_code_card(page: Page, ref: str) -> Message:
    """Ask before the code that is out there ends."""
    _ = page._
    await face_to_face.opened(page.session, page.reader, ref, page.now)
    text = _("A new code ends the one before: the paper that they have leads nowhere then.")
    make = Button(_.label("button", "🔑 Make a new code"), OneAssisted(ref=ref, act="code!"))
    return Message(text, [[make], [Button(_.label("button", "Back"), OneAssisted(ref=ref))]])


async def code_card(page: Page, ref: str, code: str, paper: bool = False) -> Message:
    """Give the code, as a picture to forward or a page to print, in the person's language."""
    _ = page._
    row, person = await face_to_face.opened(page.session, page.reader, ref, page.now)
    theirs = translator_for(person.language or page.network.language)
    shown = _sheet(page, row, code, theirs)
    text = (
        _("🖨 The same as a page to print.")
        if paper
        else lines(
            _("🔑 The code of {name}: {code}", name=person.name, code=shown.code),
            _(
                "Give it to them on paper, or forward the picture. It works once, and you see it "
                "only now."
            ),
        )
    )
    make = sheet.page(shown, theirs) if paper else sheet.card(shown, theirs)
    if make is None:
        picture = File("code.png", qr_picture(shown.link), is_picture=True)
        return Message(text, file=None if paper else picture)
    name = "code.pdf" if paper else "code.png"
    sorry = _("The page could not be made. Please try again later.")
    return Message(text, file=File(name, make, is_picture=not paper, otherwise=sorry))


def _sheet(page: Page, row: Assisted, code: str, _: Translator) -> Sheet:
    until = row.code_until or page.now
    return Sheet(
        plain(_("Your way into the network")),
        plain(
            _("With this code you take over what you have told us, as soon as you have Telegram.")
        ),
        [
            plain(
                _(
                    "Scan the square, or look for @{bot} and write the digits.",
                    bot=page.network.bot_username,
                )
            ),
            plain(_("You see everything that was recorded, and can change or delete it.")),
            plain(_("Keep this paper for yourself: whoever has it can read what is yours.")),
            plain(
                _("It works once, until {day}.", day=day(until.astimezone(page.zone).date(), _))
            ),
        ],
        plain(_("Point the camera of your phone here.")),
        page.network.link(f"h-{code}"),
        code=" ".join(code[at : at + 4] for at in range(0, len(code), 4)),
    )


CARDS = {
    "assisted": list_card,
    "assisted.languages": languages_card,
    "assisted.aloud": aloud_card,
    "assisted.nothing_kept": nothing_kept,
    "assisted.one": one_card,
    "assisted.events": events_card,
    "assisted.consents": consents_card,
    "assisted.erase": erase_card,
    "assisted.erased": erased_toast,
    "assisted.taken_over": taken_over_toast,
    "assisted.new_code": new_code_card,
    "assisted.code": code_card,
}


def setup() -> Router:
    """Take the buttons, from animators only."""
    router = router_for("assisting", ANIMATORS)
    router.callback_query.register(read_out, Aloud.filter())
    router.callback_query.register(touched, OneAssisted.filter())
    return router
