"""What staff have changed in their entry and not saved: it waits in the conversation.

Of each organisation and each service apart, so that touching one loses nothing of another; any
command throws all of it away.
"""

from collections.abc import Callable, Mapping

from aiogram.fsm.context import FSMContext
from sqlalchemy.ext.asyncio import AsyncSession

from community.providers import facts
from handlers.replies import Replies, Reply, edit

KEY = "entry"
"""Under which it is kept: changes by the reference of what they are about."""


async def every(state: FSMContext) -> dict[str, dict[str, str]]:
    """Return all that is not saved, by what it is about."""
    return dict((await state.get_data()).get(KEY, {}))


async def of(state: FSMContext, ref: str) -> dict[str, str]:
    """Return what is not saved of one entry."""
    return dict((await every(state)).get(ref, {}))


async def keep(state: FSMContext, ref: str, changes: Mapping[str, str]) -> None:
    """Keep these changes of one entry, in the place of those before."""
    await state.update_data({KEY: {**await every(state), ref: dict(changes)}})


async def drop(state: FSMContext, ref: str) -> None:
    """Forget the changes of one entry: they are saved, or thrown away."""
    kept = await every(state)
    await state.update_data({KEY: {each: kept[each] for each in kept if each != ref}})


async def stands(session: AsyncSession, state: FSMContext, row: facts.Entry, field: str) -> str:
    """Return what a field says now, with what is not saved."""
    kept = await of(state, row.ref)
    return kept.get(field, await facts.value(session, row, field))


async def codes(session: AsyncSession, state: FSMContext, row: facts.Entry) -> list[str]:
    """Return in which languages a service is given, with what is not saved."""
    return [code for code in (await stands(session, state, row, "languages")).split(",") if code]


async def preview(
    state: FSMContext, ref: str, changes: Mapping[str, str], how: Callable[..., Reply] = edit
) -> Replies:
    """Keep these changes, and show what members would see."""
    await keep(state, ref, changes)
    return [how("entry.preview", ref=ref, changes=dict(changes))]
