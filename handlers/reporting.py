"""Reporting with two taps: what, and why. Who has reported is shown to nobody."""

from datetime import datetime
from typing import Any

from aiogram import Router
from sqlalchemy.ext.asyncio import AsyncSession

from community import exchanges, moderation
from community.measures import Why
from community.people import Person
from community.translations import Reads
from handlers import attachments, menu, post_words, reading
from handlers.bridge import Exchanging
from handlers.posting import OfPost, Reporting
from handlers.replies import (
    Button,
    Message,
    Network,
    Page,
    Replies,
    edit,
    lines,
    say,
    toast,
)
from locales import Translator, plain

REPORTED = {"post": ("post", "poster"), "exchange": ("message", "writer")}
LONGEST_REF, LONGEST_NUMBER = 16, 6


async def reporting(
    query: Any,
    callback_data: Reporting,
    session: AsyncSession,
    person: Person,
    now: datetime,
    network: Network,
    _: Translator,
) -> Replies:
    """Ask what, then why; then it is reported. Of a translation which sentence is all."""
    of, ref, what, why = (
        callback_data.of, callback_data.ref, callback_data.what, callback_data.why,
    )  # fmt: skip
    zone, country = network.zone, network.country
    if of == "text" and not why:
        # What is wrong stays there to be looked at.
        return [say("report.sentence", subject=what, ref=ref)]
    if of == "text":
        await moderation.report_text(
            session, person, what, ref, why, Reads(_.language).own, now,
            zone=zone, country=country,
        )  # fmt: skip
        return [edit("report.thanks", what="text")]
    if not _is_ours(of, ref, what):
        return [toast("old_button")]
    if not what:
        return [edit("report.what", of=of, ref=ref)]
    if not why:
        return [edit("report.why", of=of, ref=ref, what=what)]
    what, _dot, number = what.partition(".")
    await moderation.report(
        session, person, what, ref, why, now,
        number=int(number) if number.isdecimal() else None, zone=zone, country=country,
    )  # fmt: skip
    return [edit("report.thanks", what=what)]


def _is_ours(of: str, ref: str, what: str) -> bool:
    """Say whether we have made such a button: of another, the next one would not fit into 64."""
    what, _dot, number = what.partition(".")
    is_known = of in REPORTED and (not what or what in REPORTED[of])
    return is_known and len(ref) <= LONGEST_REF and len(number) <= LONGEST_NUMBER


async def what_card(page: Page, of: str, ref: str) -> Message:
    """Ask what is to be reported."""
    _ = page._
    choices = (
        [
            ("post", _.label("report what", "What is written there")),
            ("poster", _.label("report what", "The person who wrote it")),
        ]
        if of == "post"
        else [
            *await _messages(page, ref),
            ("writer", _.label("report what", "The person who wrote it")),
        ]
    )
    rows = [[Button(label, Reporting(of=of, ref=ref, what=code))] for code, label in choices]
    text = lines(
        _("🚩 What do you want to report?"),
        _("If you report the person, neither of you sees or hears of the other any more."),
    )
    return Message(text, [*rows, [_back(of, ref, _)]])


async def text_card(page: Page, subject: str, ref: str) -> Message:
    """Ask which sentence is wrong; the next tap reports it."""
    _ = page._
    there = await moderation.sentences(
        page.session, page.reader, subject, ref, page.reads.own, page.now
    )
    rows = []
    for one in there:
        to = Reporting(of="text", ref=one.ref, what=one.subject, why=one.field)
        rows.append([Button(reading.beginning(one.text), to)])
    text = (
        _("🚩 Which of this is translated wrongly? With this tap the translation desk gets it.")
        if there
        else _("The author wrote this in your language: nobody has translated it.")
    )
    return Message(text, [*rows, [menu.button(_)]])


async def _messages(page: Page, ref: str) -> list[tuple[str, str]]:
    """Return what one has got from the other of late: a code, and how it begins."""
    _ = page._
    received = await moderation.reportable(page.session, page.reader, ref, page.now)
    numbers = exchanges.numbered([message for _number, message in received])
    found = []
    for number, message in received:
        words = await reading.said(page, message.text, message.language)
        label = f"💬 {reading.beginning(words)}"
        if not words:
            label = plain(attachments.line(message, numbers[message.id], _))
        found.append((f"message.{number}", label))
    return found


async def why_card(page: Page, of: str, ref: str, what: str) -> Message:
    """Ask why; the next tap reports it."""
    _ = page._
    rows = [
        [
            Button(
                post_words.why(code, _),
                Reporting(of=of, ref=ref, what=what, why=code.value),
            )
        ]
        for code in Why
    ]
    return Message(_("🚩 Why? With this tap it is reported."), [*rows, [_back(of, ref, _)]])


def _back(of: str, ref: str, _: Translator) -> Button:
    to = OfPost(ref=ref) if of == "post" else Exchanging(ref=ref)
    return Button(_.label("button", "Back"), to)


async def thanks(page: Page, what: str) -> Message:
    """Say what happens next."""
    _ = page._
    if what == "text":
        told = lines(
            _("Thank you. Whoever answers for this text looks at it within two working days."),
            _(
                "They see what you have reported, not that it was you. You hear when it is "
                "settled."
            ),
        )
    else:
        told = lines(
            _("Thank you. Somebody of the team looks at it within two working days."),
            _(
                "They see what you have reported, not that it was you. You hear when it is "
                "settled."
            ),
            _("You do not see each other any more.") if what in ("poster", "writer") else None,
        )
    return Message(told, [[menu.button(_)]])


async def report_notice(page: Page, ref: str) -> Message | None:
    """Tell the reporter that it is settled, not how."""
    return Message(
        page._("✅ The team has looked at what you reported, and settled it. Thank you.")
    )


CARDS = {
    "report.what": what_card,
    "report.why": why_card,
    "report.sentence": text_card,
    "report.thanks": thanks,
    "report_notice": report_notice,
}


def setup() -> Router:
    """Take the buttons of whoever reports; the verbs say who may."""
    router = Router(name="reporting")
    router.callback_query.register(reporting, Reporting.filter())
    return router
