"""The retention table: what is deleted by itself, when, and why.

``docs/retention.md`` shows it and is checked against it.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Delete, String, Update, cast, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from community import machine, posts, translations
from community.absences import Absence
from community.arrivals import Arrival, Arriving
from community.assisted import Assisted
from community.attendance import Attendance
from community.awaited import TranslationRequest
from community.contacts import Contact
from community.conversations import Conversation
from community.deliveries import Delivery, SentMessage
from community.earlier import EarlierText
from community.erasure import Erasure
from community.events import Event
from community.exchanges import KEPT, Exchange, ExchangeMessage, Kind
from community.exchanges import State as Asked
from community.facilitation import FacilitationAsked, code_of
from community.figures import quarter_of
from community.groups import CARD, Applicant
from community.guessing import KEPT as KEPT_TRIES
from community.guessing import CodeTry
from community.live import LiveMessage
from community.machine import MachineText
from community.matches import Match, MatchRound
from community.matches import State as Proposed
from community.measures import MeasureTaken
from community.moderation import Report
from community.people import Membership, Person
from community.posts import LIVE, Post, PostReader
from community.providers import Metadata, ServiceWish
from community.reactions import Reaction
from community.reading_aloud import IS_OF
from community.recordings import SAID, Recording
from community.referrals import OVER, Referral, SharedField
from community.roles import Role, RoleInvitation
from community.sends import Send
from community.silences import Silence, has_ended
from community.team_tasks import TeamTask
from community.transfers import State as Passing
from community.transfers import Transfer
from community.votes import Ballot, Vote
from community.writing import rows_changed


@dataclass(frozen=True)
class Rule:
    """One line of the table."""

    what: str
    kept: timedelta
    since: str
    why: str
    statement: Callable[[datetime], Delete | Update]
    """What deletes (or empties) rows from before a moment."""


POSTS_KEPT = timedelta(days=365)
RULES: Sequence[Rule] = (
    Rule(
        "number and digest of an update from Telegram; its text is blanked once it is answered",
        timedelta(hours=48),
        "it arrived",
        "to know an update that Telegram brings twice",
        lambda before: delete(Arrival).where(
            or_(Arrival.state == Arriving.DONE, Arrival.body.is_(None)),
            Arrival.arrived_at < before,
        ),
    ),
    Rule(
        "an update that could not be handled, with its text",
        timedelta(days=30),
        "it arrived",
        "so that somebody can find out what went wrong",
        lambda before: delete(Arrival).where(
            Arrival.state == Arriving.SET_ASIDE, Arrival.arrived_at < before
        ),
    ),
    Rule(
        "a half-filled form, and words that wait for a yes",
        timedelta(days=7),
        "it was last touched",
        "so that one can go on after a break",
        lambda before: delete(Conversation).where(Conversation.touched_at < before),
    ),
    Rule(
        "an invitation into the team, used or not (of its link only a hash is kept at all)",
        timedelta(days=7),
        "it expired",
        "to tell the inviter what became of it",
        lambda before: delete(RoleInvitation).where(RoleInvitation.expires_at < before),
    ),
    Rule(
        "that a member was nudged because they had not been here, and what they answered",
        timedelta(days=365),
        "the last nudge, once they have come back",
        "to leave in peace who has not come back; and so that they can take their answer back",
        lambda before: delete(Silence).where(Silence.nudged_at < before, has_ended()),
    ),
    Rule(
        "what a message was about; that it was owed, and its outcome, stay for the figures",
        timedelta(days=60),
        "it was settled",
        "to correct or recall a message",
        lambda before: (
            update(Delivery)
            .where(Delivery.settled_at < before, cast(Delivery.args, String) != "{}")
            .values(args={})
        ),
    ),
    Rule(
        "in which chat, under which number, a message stands",
        timedelta(days=60),
        "it was sent",
        "to correct or recall a message",
        lambda before: delete(SentMessage).where(SentMessage.sent_at < before),
    ),
    Rule(
        "that a message keeps itself current (the progress of a send)",
        timedelta(days=60),
        "it was sent",
        "to end what never ended by itself",
        # The card of an event in a group, which names nobody, ends with the event.
        lambda before: delete(LiveMessage).where(
            LiveMessage.since < before, LiveMessage.kind != CARD
        ),
    ),
    Rule(
        "an exchange between a member and the team in which nobody waits for an answer, with "
        "Telegram's names for what was sent beside words",
        KEPT,
        "it was last written in or closed",
        "so that a question that comes again is understood",
        lambda before: delete(Exchange).where(
            Exchange.kind == Kind.TEAM,
            Exchange.state != Asked.OPEN,
            Exchange.touched_at < before,
        ),
    ),
    Rule(
        "what a member writes with an organisation, the organisers of an event or somebody they "
        "were introduced to, and a translator with the author of a text, and Telegram's names for "
        "what they send beside words",
        KEPT,
        "it was last written in, closed or reported",
        "so that both sides can look it up",
        lambda before: delete(Exchange).where(
            Exchange.kind != Kind.TEAM, Exchange.touched_at < before
        ),
    ),
    Rule(
        "what a member shared with an organisation for a request, field by field, and the note",
        KEPT,
        "the request was over; it is closed sooner, once the member says so or the agreement ends",
        "so that both sides can look up what it was about",
        lambda before: delete(SharedField).where(
            SharedField.referral_id.in_(
                select(Referral.id).where(Referral.state.in_(OVER), Referral.changed_at < before)
            )
        ),
    ),
    Rule(
        "an ask or an offer of a member, with its words, who has answered it and through whom "
        "something was found",
        POSTS_KEPT,
        "it was over",
        "so that its poster can look it up, and what came of it counts",
        lambda before: delete(Post).where(Post.state.not_in(LIVE), Post.ended_at < before),
    ),
    Rule(
        "who was shown an ask or an offer before the team had read it; it goes sooner, once the "
        "team finds it good",
        POSTS_KEPT,
        "it was over",
        "so that no more than twenty are, however often its poster writes another",
        lambda before: delete(PostReader).where(
            PostReader.post_id.in_(
                select(Post.id).where(Post.state.not_in(LIVE), Post.ended_at < before)
            )
        ),
    ),
    Rule(
        "a report, and what was decided; that there was one, of what and with what outcome, stays "
        "as a count",
        timedelta(days=365),
        "it was settled",
        "so that whoever judges knows what came before",
        lambda before: (
            update(Report)
            .where(Report.settled_at < before)
            .values(
                reporter_id=None,
                about_id=None,
                post_id=None,
                exchange_id=None,
                message_id=None,
                subject=None,
                subject_id=None,
                field=None,
                settled_by_id=None,
            )
        ),
    ),
    Rule(
        "a warning, a hidden post or a suspension, with its words and the answer",
        timedelta(days=365),
        "it was taken; a suspension, when it ended",
        "so that whom it concerns can read it, and whoever judges knows what came before",
        lambda before: delete(MeasureTaken).where(
            MeasureTaken.taken_at < before,
            or_(MeasureTaken.until.is_(None), MeasureTaken.until < before),
        ),
    ),
    Rule(
        "what a member needed in order to come to an event",
        timedelta(days=30),
        "the event began",
        "so that the organisers can prepare what is needed",
        lambda before: (
            update(Attendance)
            .where(
                cast(Attendance.needs, String) != "[]",
                Attendance.event_id.in_(select(Event.id).where(Event.starts_at < before)),
            )
            .values(needs=[])
        ),
    ),
    Rule(
        "what a member said of a newsletter or an event with one press",
        timedelta(days=365),
        "the newsletter began to go out, or the event began",
        "so that they can change it, and the team reads how many",
        lambda before: delete(Reaction).where(
            or_(
                Reaction.send_id.in_(select(Send.id).where(Send.started_at < before)),
                Reaction.event_id.in_(select(Event.id).where(Event.starts_at < before)),
            )
        ),
    ),
    Rule(
        "what a member voted",
        timedelta(days=365),
        "the newsletter with the question began to go out",
        "so that they can change it, and the result is shown",
        lambda before: delete(Ballot).where(
            Ballot.vote_id.in_(
                select(Vote.id).join(Send, Send.id == Vote.send_id).where(Send.started_at < before)
            )
        ),
    ),
    Rule(
        "that somebody was asked what they think of the network, and whether they have answered",
        timedelta(hours=24),
        "the quarter was over",
        "to ask and to count nobody twice",
        lambda before: delete(FacilitationAsked).where(
            FacilitationAsked.quarter < code_of(quarter_of(before, ZoneInfo("UTC")))
        ),
    ),
    Rule(
        "a proposal to two members that came to nothing, with what each of them said; of two who "
        "were introduced it stays while they are here",
        timedelta(days=395),
        "they were proposed to each other",
        "not to propose them to each other again within a year",
        lambda before: delete(Match).where(
            Match.state.in_([Proposed.DECLINED, Proposed.LAPSED]), Match.proposed_at < before
        ),
    ),
    Rule(
        "that somebody was looked for, and for whom",
        timedelta(days=395),
        "it was over",
        "so that a proposal says whence it came as long as it is kept",
        lambda before: delete(MatchRound).where(MatchRound.finished_at < before),
    ),
    Rule(
        "somebody who only looked round and never joined, or took a role",
        timedelta(days=90),
        "they were met",
        "so that they can go on looking in their language",
        lambda before: delete(Person).where(
            Person.state == Membership.JOINING,
            Person.met_at < before,
            Person.id.not_in(select(Role.person_id)),
        ),
    ),
    Rule(
        "what a machine made of somebody's own words (a question, a note to a provider)",
        timedelta(days=30),
        "it was first wanted",
        "so that both sides of an exchange read it without waiting",
        lambda before: delete(MachineText).where(
            MachineText.private.is_(True), MachineText.wanted_at < before
        ),
    ),
    Rule(
        "what a machine made of a text for all",
        timedelta(days=180),
        "it was last wanted",
        "so that nothing is translated twice",
        lambda before: delete(MachineText).where(
            MachineText.private.is_(False), MachineText.wanted_at < before
        ),
    ),
    Rule(
        "what stood in a text before it was written anew",
        timedelta(days=180),
        "it was written anew",
        "so that an earlier text can be used again",
        lambda before: delete(EarlierText).where(EarlierText.replaced_at < before),
    ),
    Rule(
        "a line of the directory's log: which field of an entry was changed, from what to what, "
        "by whom in which role",
        timedelta(days=730),
        "it was changed",
        "so that a coordinator can put back what stood there, and see who answers for it",
        lambda before: delete(Metadata).where(Metadata.last_action_date < before),
    ),
    Rule(
        "that somebody has asked for a text in their language; it goes sooner, once the text is "
        "there or what it is about is over",
        timedelta(days=60),
        "they asked",
        "to translate first what people wait for, and to tell them once",
        lambda before: delete(TranslationRequest).where(TranslationRequest.asked_at < before),
    ),
    Rule(
        "that somebody wants to hear of a service that is not there yet; it goes sooner, once "
        "they have heard of one",
        timedelta(days=365),
        "they asked",
        "to tell them once that there is something",
        lambda before: delete(ServiceWish).where(ServiceWish.asked_at < before),
    ),
    Rule(
        "a voice message that reads words which do not stand any more",
        timedelta(days=180),
        "it was recorded",
        "so that an earlier text that is used again can be heard",
        lambda before: delete(Recording).where(
            # Of what is read out face to face the words stand in the catalogues, not in a row.
            Recording.recorded_at < before,
            Recording.subject != SAID,
            ~exists().where(IS_OF),
        ),
    ),
    Rule(
        "a task of the team, and what was done with a contact",
        timedelta(days=365),
        "it was done",
        "so that whoever comes next sees what has been tried",
        lambda before: delete(TeamTask).where(TeamTask.done_at < before),
    ),
    Rule(
        "a hand-over plan, with its steps",
        timedelta(days=365),
        "it was over, or laid before somebody who never answered",
        "so that both can look up what they have done, and others can learn from it",
        lambda before: delete(Transfer).where(
            Transfer.state != Passing.AGREED, Transfer.changed_at < before
        ),
    ),
    Rule(
        "a contact beside the members, with the consent and what is to be done with them; it goes "
        "sooner, once they ask for that",
        timedelta(days=730),
        "somebody of the team last did something with it",
        "so that the team can work with them",
        lambda before: delete(Contact).where(Contact.touched_at < before),
    ),
    Rule(
        "that somebody who is no member has asked to join a group; it goes sooner, once they are "
        "let in",
        timedelta(days=30),
        "they asked",
        "to let them in once they are a member",
        lambda before: delete(Applicant).where(Applicant.asked_at < before),
    ),
    Rule(
        "the telephone number of somebody without Telegram; it goes sooner, once they open their "
        "code or ask for it",
        timedelta(days=365),
        "they gave it",
        "so that an animator can call them",
        lambda before: (
            update(Assisted)
            .where(Assisted.phone_at < before, Assisted.phone.is_not(None))
            .values(phone=None, phone_at=None)
        ),
    ),
    Rule(
        "that somebody was registered face to face, and by whom",
        timedelta(days=365),
        "they opened their code",
        "so that they can look up and put right what was recorded",
        lambda before: delete(Assisted).where(Assisted.opened_at < before),
    ),
    Rule(
        "that a wrong code was tried, of a paper or at a door; of who tried it only a keyed hash",
        KEPT_TRIES,
        "it was tried",
        "so that nobody guesses codes",
        lambda before: delete(CodeTry).where(CodeTry.at < before),
    ),
    Rule(
        "that somebody of the team was away",
        timedelta(days=7),
        "they were back",
        "so that the others know why nobody answered",
        lambda before: delete(Absence).where(Absence.until < before),
    ),
    Rule(
        "one keyed hash for each person who was erased; once more in ERASURES_FILE",
        timedelta(days=730),
        "the person was erased",
        "so that a restored backup erases them again; keep no backup for longer",
        lambda before: delete(Erasure).where(Erasure.at < before),
    ),
)


async def clean(session: AsyncSession, now: datetime) -> int:
    """Delete what has been kept long enough; return how many rows that touched."""
    # What a machine made of an exchange goes with it, however late somebody has read it.
    texts = await session.scalars(
        select(ExchangeMessage.text)
        .join(Exchange, Exchange.id == ExchangeMessage.exchange_id)
        .where(
            or_(Exchange.kind != Kind.TEAM, Exchange.state != Asked.OPEN),
            Exchange.touched_at < now - KEPT,
        )
    )
    await machine.forget(session, texts.all())
    over = select(Post.id).where(Post.state.not_in(LIVE), Post.ended_at < now - POSTS_KEPT)
    for number in (await session.scalars(over)).all():
        await translations.forget(session, posts.SUBJECT, number)
    return sum([await rows_changed(session, rule.statement(now - rule.kept)) for rule in RULES])
