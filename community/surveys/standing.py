"""Where a person stands in a survey: what is settled, what is asked next, and how much is left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cached_property

from community.surveys.forms import Brought
from community.surveys.relevant import holds
from community.surveys.table import Survey, SurveyResponse
from community.surveys.templates import BITE, Asked, Template


@dataclass(frozen=True)
class Given:
    """One answer, by the kind of its question."""

    value: str = ""
    amount: Decimal | None = None
    day: date | None = None
    text: str | None = None
    voice: str | None = None


@dataclass(frozen=True)
class Progress:
    """Where a person stands in a survey."""

    response: SurveyResponse
    survey: Survey
    template: Template
    given: Mapping[str, Sequence[Given]]
    """By question; of one with several answers, each that was chosen."""
    form: Brought | None = None
    """With its words, if it is a survey of the network's own."""

    @property
    def answered(self) -> Mapping[str, str]:
        """Return the codes that were chosen; several of one question with spaces between."""
        return {code: " ".join(one.value for one in given) for code, given in self.given.items()}

    @cached_property
    def _chosen(self) -> Mapping[str, Sequence[str]]:
        return {code: [one.value for one in given] for code, given in self.given.items()}

    def is_relevant(self, asked: Asked) -> bool:
        """Say whether a question is asked, after what has been answered so far."""
        return asked.relevant is None or holds(asked.relevant, self._chosen)

    def is_settled(self, asked: Asked) -> bool:
        """Say whether somebody is through with a question: answered, or passed over."""
        is_answered = asked.code in self.given and asked.code != self.response.at
        return is_answered or asked.code in self.response.passed

    @property
    def is_closed(self) -> bool:
        """Say whether the person has come to an end of it."""
        return self.response.skipped_at is not None or self.response.finished_at is not None

    @property
    def next_question(self) -> Asked | None:
        """Return what is asked next; None when everything is answered or skipped."""
        if self.is_closed:
            return None
        if self.response.at and (open_one := self.template.question(self.response.at)):
            return open_one
        left = (asked for asked in self.template.questions if not self.is_settled(asked))
        return next((asked for asked in left if self.is_relevant(asked)), None)

    @property
    def before(self) -> Asked | None:
        """Return the question before the next one, to which one can go back."""
        following = self.next_question
        earlier: Asked | None = None
        for asked in self.template.questions:
            if asked == following:
                return earlier
            if self.is_relevant(asked):
                earlier = asked
        return None

    @property
    def number(self) -> int:
        """Return the number of the next question, from 1."""
        following = self.next_question
        return self._path.index(following) + 1 if following else len(self._path)

    @property
    def count(self) -> int:
        """Return how many questions there are at most, after what has been answered so far."""
        return len(self._path)

    @cached_property
    def _path(self) -> Sequence[Asked]:
        """What is asked, or may still be: what it depends on is not answered yet."""
        unsettled = {asked.code for asked in self.template.questions if not self.is_settled(asked)}
        return [
            asked
            for asked in self.template.questions
            if self.is_relevant(asked) or asked.depends_on & unsettled
        ]

    @property
    def is_at_a_pause(self) -> bool:
        """Say whether a bite is done and more is to come: the person may go on later."""
        settled = sum(self.is_settled(asked) for asked in self._path)
        is_in_bites = not self.template.is_pulse and self.response.at is None
        return is_in_bites and settled > 0 and settled % BITE == 0 and not self.is_closed

    @property
    def closes_at(self) -> datetime | None:
        """Return until when it can be answered; None: as long as one likes."""
        ends = (self.response.closes_at, self.survey.closes_at)
        return min((end for end in ends if end is not None), default=None)

    def is_over(self, now: datetime) -> bool:
        """Say whether it is too late to answer."""
        return self.closes_at is not None and now >= self.closes_at
