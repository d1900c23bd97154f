"""What a provider's answer is chosen from: by its staff, or by the team that writes it down."""

from collections.abc import Callable, Mapping, Sequence

from aiogram.filters.callback_data import CallbackData

from community import referrals
from community.providers import PAGE
from community.referrals import FieldName, Reason, Referral, State
from handlers import words
from handlers.content import block_for
from handlers.replies import Button, Message, Page, in_rows
from handlers.staff import page_of
from handlers.support import organization_name
from locales import Html, Translator

To = Callable[[str], CallbackData]
"""Where a choice leads: a reason, a field or a step."""


def reasons(
    found: Mapping[State, Sequence[Reason]], act: str, to: To, back: Button, _: Translator
) -> Message:
    """Ask why."""
    choice = found[referrals.PROVIDERS_STEPS[act]]
    rows = in_rows([Button(words.reason(reason, _), to(reason.value)) for reason in choice])
    return Message(_("Why? The person reads the reason."), [*rows, [back]])


def fields(
    asked: Html, shared: Mapping[FieldName, str], to: To, back: Button, _: Translator
) -> Message:
    """Ask which field is missing; a note can be asked for again, while there is room."""
    rows = in_rows(
        [
            Button(words.field(name, _), to(name.value))
            for name in FieldName
            if name not in shared and name != FieldName.NOTE
        ]
    )
    if referrals.has_room_for_a_note(shared):
        note = _.label("button", "A note, or how to reach them")
        rows.append([Button(note, to(FieldName.NOTE.value))])
    return Message(asked, [*rows, [back]])


async def elsewhere(
    page: Page,
    referral: Referral,
    at: int,
    asked: Html,
    *,
    turn: To,
    choose: To,
    rows: Sequence[Sequence[Button]],
) -> Message:
    """Ask who can help better: a page of the others' services, each one tap."""
    _ = page._
    found = await referrals.elsewhere(page.session, referral, page.now, at)
    _shown, turning = page_of(range(found.total), at, PAGE, lambda to: turn(str(to)), _)
    choices = []
    for service in (fit.service for fit in found.fits):
        block = await block_for(page, "service", service.id)
        label = _.label(
            "service in a list",
            "{service}, {organization}",
            service=block.get("name") if block else "?",
            organization=await organization_name(page, service),
        )
        choices.append([Button(label, choose(service.ref))])
    return Message(asked, [*choices, turning, *rows])


def once_accepted(state: State, to: To, _: Translator) -> list[Button]:
    """Return the steps after an acceptance; none in another state."""
    failed = Button(_.label("button", "❌ It could not be done"), to("fail"))
    if state == State.ACCEPTED:
        return [Button(_.label("button", "▶️ It has begun"), to("begin")), failed]
    if state == State.IN_SERVICE:
        return [Button(_.label("button", "🏁 Completed"), to("complete")), failed]
    return []


def closed(_: Translator) -> Html:
    """Say why what was shown is not there any more."""
    return _("🔒 Closed again, so that nobody else reads it on this phone.")


def shut(again: CallbackData, _: Translator) -> Message:
    """Stand in the place of what was shown, and offer to show it again."""
    return Message(closed(_), [[Button(_.label("button", "Show what was shared"), again)]])


def nothing_opens(_: Translator) -> Html:
    """Say what can still be done after the agreement has ended."""
    return _(
        "🔒 The agreement has ended, so nothing of this request can be shown. You can still say "
        "what becomes of it, so that the person knows where they stand."
    )
