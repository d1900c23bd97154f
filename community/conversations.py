"""Half-filled forms: what a person is being asked, kept across restarts."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, String
from sqlalchemy.orm import Mapped, mapped_column

from community.base import Base


class Conversation(Base):
    """Where one person stands in a form. Nothing that matters lives only here."""

    __tablename__ = "conversations"

    telegram_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    state: Mapped[str | None] = mapped_column(String(64))
    data: Mapped[dict[str, Any]]
    touched_at: Mapped[datetime]
