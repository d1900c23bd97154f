"""What is next with a request: whose turn it is, and what happens if they let it be."""

from community import referrals
from community.referrals import CLOCKS, Awaited, Referral, State, Then
from handlers.replies import Page, lines
from locales import Html, Translator, day


def next_lines(
    page: Page, referral: Referral, *, for_staff: bool = False, for_team: bool = False
) -> Html | None:
    """Return who acts next, and what happens when if they do not; None once it is over."""
    clock = CLOCKS.get(State(referral.state))
    if clock is None:
        return None
    said = _for_staff if for_staff else _for_team if for_team else _for_member
    return lines(said(clock.awaited, page._), if_nothing_happens(page, referral))


def if_nothing_happens(page: Page, referral: Referral) -> Html | None:
    """Return what the clock does next, and on which day."""
    _ = page._
    mark = referrals.next_mark(referral, page.network.zone, page.network.country)
    if mark is None:
        return None
    then, moment = mark
    when = day(moment.astimezone(page.zone).date(), _)
    asks = _("If nothing has happened by then, we ask again: {day}", day=when)
    return {
        Then.REMIND_STAFF: asks,
        Then.REMIND_MEMBER: asks,
        Then.ASK_AGAIN: asks,
        Then.TELL_TEAM: _("If nothing has happened by then, the team is told: {day}", day=when),
        Then.EXPIRE: _("If nothing has happened by then, the request ends: {day}", day=when),
        Then.GIVE_UP: _(
            "If nothing has been said by then, it counts as not confirmed: {day}", day=when
        ),
    }[then]


def _for_member(awaited: Awaited, _: Translator) -> Html:
    return {
        Awaited.ANSWER: _("Next: they answer."),
        Awaited.TELL: _("Next: you answer their question."),
        Awaited.BEGIN: _("Next: they begin, and tell you here."),
        Awaited.FINISH: _("Next: they say when it is done."),
        Awaited.CONFIRM: _("Next: you say whether you were helped."),
        Awaited.SETTLE: _("Next: the team asks both sides and settles it."),
    }[awaited]


def _for_staff(awaited: Awaited, _: Translator) -> Html:
    return {
        Awaited.ANSWER: _("Next: you answer."),
        Awaited.TELL: _("Next: the person answers your question."),
        Awaited.BEGIN: _("Next: you begin, and say so here."),
        Awaited.FINISH: _("Next: you say when it is done."),
        Awaited.CONFIRM: _("Next: the person says whether it helped."),
        Awaited.SETTLE: _("Next: the team asks both sides and settles it."),
    }[awaited]


def _for_team(awaited: Awaited, _: Translator) -> Html:
    return {
        Awaited.ANSWER: _("Next: the organisation answers."),
        Awaited.TELL: _("Next: the member answers the organisation's question."),
        Awaited.BEGIN: _("Next: the organisation begins."),
        Awaited.FINISH: _("Next: the organisation says when it is done."),
        Awaited.CONFIRM: _("Next: the person says whether it helped."),
        Awaited.SETTLE: _("Next: the team asks both sides and settles it."),
    }[awaited]
