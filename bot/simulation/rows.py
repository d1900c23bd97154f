"""Rows on their way into the database, many at a time."""

import base64
import random
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import insert, text
from sqlalchemy.ext.asyncio import AsyncSession

from community.base import Base
from community.history import Step
from community.tables import METADATA
from community.translations import ContentText, State

CHUNK = 20_000
K = TypeVar("K")


class Rows:
    """Gives rows their numbers, and writes them in chunks, parents before children."""

    def __init__(self, session: AsyncSession, seed: int, told: Callable[[str], None]) -> None:
        self.session, self.told = session, told
        self.chance = random.Random(seed)  # noqa: S311 - the same for the same seed is the point
        self.written = 0
        self._waiting: dict[str, list[dict[str, Any]]] = {}
        self._count = 0
        self._numbers: dict[str, int] = {}
        self._blank: dict[str, dict[str, Any]] = {}

    def add(self, table: type[Base], **values: Any) -> int:
        """Let a row be written; return its number (of tables without one: how many there are)."""
        name = table.__tablename__
        blank = self._blank.get(name)
        if blank is None:
            blank = self._blank[name] = _blank(table)
            self._waiting[name] = []
        number = self._numbers[name] = self._numbers.get(name, 0) + 1
        row = {**blank, **values}
        if "id" in blank:
            row["id"] = number
        if "ref" in table.__table__.c and "ref" not in row:
            row["ref"] = self.ref()
        self._waiting[name].append(row)
        self._count += 1
        return number

    def next_number(self, table: type[Base]) -> int:
        """Return the number that the next row of this table gets."""
        return self._numbers.get(table.__tablename__, 0) + 1

    def count_of(self, table: type[Base]) -> int:
        """Return how many rows of this table there are."""
        return self.next_number(table) - 1

    async def breathe(self) -> None:
        """Write what has gathered, if it is much."""
        if self._count >= CHUNK:
            await self.write()

    async def write(self) -> None:
        """Write everything that has gathered."""
        for table in METADATA.sorted_tables:
            if rows := self._waiting.get(table.name):
                await self.session.execute(insert(table), rows)
                self.written += len(rows)
                self._waiting[table.name] = []
        self._count = 0

    async def finish(self) -> None:
        """Write the rest, and let the database number further rows after these."""
        await self.write()
        if self.session.get_bind().dialect.name == "postgresql":
            for name, last in self._numbers.items():
                if "id" in self._blank[name]:
                    sequence = f"pg_get_serial_sequence('{name}', 'id')"
                    await self.session.execute(text(f"SELECT setval({sequence}, {last})"))

    # What many rows are made of

    def ref(self) -> str:
        """Return a reference like those that the program makes, but the same for the same seed."""
        return base64.urlsafe_b64encode(self.chance.randbytes(9)).decode()

    def one_of(self, shares: Mapping[K, float]) -> K:
        """Return one of the keys, as often as its share says."""
        return self.chance.choices(list(shares), list(shares.values()))[0]

    def happens(self, share: float) -> bool:
        """Say yes in this share of cases."""
        return self.chance.random() < share

    def step(
        self,
        subject: str,
        subject_id: int,
        before: str,
        after: str,
        at: datetime,
        *,
        actor_id: int | None = None,
        reason: str | None = None,
    ) -> None:
        """Add one line to the history."""
        self.add(
            Step,
            subject=subject,
            subject_id=subject_id,
            before=before,
            after=after,
            at=at,
            actor_id=actor_id,
            reason=reason,
        )

    def words(
        self, subject: str, subject_id: int, field: str, texts: Mapping[str, str], at: datetime
    ) -> None:
        """Add one field in every language that it has; the first is the source."""
        for language, said in texts.items():
            self.add(
                ContentText,
                subject=subject,
                subject_id=subject_id,
                language=language,
                field=field,
                text=said,
                state=State.APPROVED,
                is_source=language == next(iter(texts)),
                written_at=at,
            )


def _blank(table: type[Base]) -> dict[str, Any]:
    """Return a row that says nothing: plain defaults; what is computed is left to SQLAlchemy."""
    return {
        column.name: column.default.arg if column.default is not None else None
        for column in table.__table__.columns
        if column.default is None or column.default.is_scalar
    }
