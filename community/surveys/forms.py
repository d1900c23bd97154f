"""Surveys of the network's own: brought as a file, kept with their words.

A form is asked by the same engine as what comes with the program (``templates.py``), but its words
are content: in the languages that its author wrote it in. What coordinators do with forms is in
``community/own_surveys.py``.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base, BigId, Referable
from community.surveys.relevant import parse, written
from community.surveys.templates import Asked, Kind, Template

OWN_OPEN = timedelta(days=30)
"""So long members are asked, and can answer, after a form is put to them."""


class SurveyForm(Base, Referable):
    """One version of a survey of the network's own."""

    __tablename__ = "survey_forms"
    __table_args__ = (UniqueConstraint("code", "version"),)

    code: Mapped[str] = mapped_column(String(32))
    version: Mapped[int]
    content: Mapped[dict[str, Any]]
    """Title, questions, and words by language (``Brought.as_json``); never changed."""
    made_at: Mapped[datetime]
    asked_at: Mapped[datetime | None]
    """When it was put to members; None: it is not."""
    linked_at: Mapped[datetime | None]
    """Since when its link leads somewhere; None: it does not."""
    withdrawn_at: Mapped[datetime | None]
    made_by_id: Mapped[int | None] = mapped_column(
        BigId, ForeignKey("people.id", ondelete="SET NULL"), index=True
    )

    @property
    def brought(self) -> "Brought":
        """Return what it asks, in its words."""
        return Brought.of(self.content)

    @property
    def asks_until(self) -> datetime | None:
        """Return until when members are asked; None: they are not."""
        return self.asked_at + OWN_OPEN if self.asked_at else None


@dataclass(frozen=True)
class FormWords:
    """The words of a form in one language: of its questions, and of their answers."""

    questions: Mapping[str, str]
    answers: Mapping[str, Mapping[str, str]]


@dataclass(frozen=True)
class Brought:
    """A form as it was brought. Its title and the first language are its author's own."""

    title: str
    template: Template
    words: Mapping[str, FormWords]

    def language_for(self, reads: Sequence[str]) -> str:
        """Return the first of these languages that it has words in, else its author's."""
        return next((one for one in reads if one in self.words), next(iter(self.words)))

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept."""
        return {
            "title": self.title,
            "code": self.template.code,
            "version": self.template.version,
            "questions": [
                {
                    "code": asked.code,
                    "kind": asked.kind.value,
                    "values": list(asked.values),
                    "relevant": written(asked.relevant) if asked.relevant else "",
                }
                for asked in self.template.questions
            ],
            # A list, because neither database keeps the order of an object's names.
            "words": [
                [language, dict(said.questions), {q: dict(a) for q, a in said.answers.items()}]
                for language, said in self.words.items()
            ],
        }

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> "Brought":
        """Return what was kept."""
        questions = tuple(
            Asked(
                one["code"],
                tuple(one["values"]),
                Kind(one["kind"]),
                parse(one["relevant"]) if one["relevant"] else None,
            )
            for one in kept["questions"]
        )
        return cls(
            kept["title"],
            Template(kept["code"], kept["version"], questions),
            {language: FormWords(asked, answers) for language, asked, answers in kept["words"]},
        )
