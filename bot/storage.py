"""aiogram's conversation state in our own table, in the transaction of the update."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from aiogram.fsm.state import State
from aiogram.fsm.storage.base import BaseStorage, StateType, StorageKey
from sqlalchemy.ext.asyncio import AsyncSession

from community import conversations


class SessionStorage(BaseStorage):
    """The state of one update's conversation; it commits or rolls back with everything else."""

    def __init__(self, session: AsyncSession, now: datetime) -> None:
        self._session, self._now = session, now

    async def set_state(self, key: StorageKey, state: StateType = None) -> None:
        """Keep the state."""
        row = await conversations.begun(self._session, key.user_id, self._now)
        row.state = state.state if isinstance(state, State) else state
        row.touched_at = self._now

    async def get_state(self, key: StorageKey) -> str | None:
        """Return the state, if a form is open."""
        row = await conversations.of(self._session, key.user_id)
        return row.state if row else None

    async def set_data(self, key: StorageKey, data: Mapping[str, Any]) -> None:
        """Keep the answers so far."""
        row = await conversations.begun(self._session, key.user_id, self._now)
        row.data, row.touched_at = dict(data), self._now

    async def get_data(self, key: StorageKey) -> dict[str, Any]:
        """Return the answers so far."""
        row = await conversations.of(self._session, key.user_id)
        return dict(row.data) if row else {}

    async def close(self) -> None:
        """Nothing to close: the session belongs to the transaction."""
