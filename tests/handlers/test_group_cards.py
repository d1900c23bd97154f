"""What a group reads tells nothing of anybody: not who comes, nor how many, nor what they need."""

import json
from dataclasses import replace
from datetime import datetime

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from bot.sending import reader_in
from bot.speaking import keyboard
from community import attendance, speakers, translations
from community.attendance import State, Wish
from community.groups import CARD, Admits, Group, Kind
from community.groups import State as GroupState
from community.provisions import Provision
from handlers import FORMS, render
from handlers.replies import Message, Page
from locales import OFFERED, translator_for
from tests.community.test_attendance import ZONE, a_member, an_animator, an_event
from tests.handlers.conftest import NETWORK


def there(session: AsyncSession, now: datetime, language: str) -> Page:
    group = Group(
        chat_id=-5,
        kind=Kind.GROUP,
        title="Café",
        language=language,
        state=GroupState.LINKED,
        admits=Admits.MEMBERS,
        linked_at=now,
    )
    return Page(session, reader_in(group), translator_for(language), now, NETWORK, FORMS)


def said(message: Message | None) -> str:
    assert message is not None
    return f"{message.text}\n{json.dumps(keyboard(message.rows))}"


@pytest.mark.parametrize("language", OFFERED)
async def test_whatever_people_answer_bring_and_need_a_group_reads_the_same(
    session: AsyncSession, now: datetime, language: str
) -> None:
    animator = await an_animator(session, now)
    event = await an_event(session, animator, now, capacity=9)
    source, _found = await translations.standings(session, "event", event.id)
    await speakers.name(session, animator, event.ref, "Rosa Peer", source, now)
    event.child_care = True
    await session.flush()
    page = there(session, now, language)
    before = said(await render(page, CARD, ref=event.ref))
    known: set[str] = set()
    for number, wish in enumerate([*Wish, *Wish], 1000):
        person = await a_member(session, number, now)
        person.name, person.username = f"Zuleika{number}", f"zuleika_{number}"
        mine, _ = await attendance.answer(session, person, event.ref, wish, now, default_zone=ZONE)
        if mine.state == State.GOING:
            await attendance.bring(session, person, event.ref, 2, now, default_zone=ZONE)
            await attendance.need(session, person, event.ref, Provision.CHILD_CARE, now)
        known |= {person.name, person.username, person.ref, str(person.telegram_id)}
    after = said(await render(replace(page, memo={}), CARD, ref=event.ref))
    assert after == before
    event.capacity = 1
    await session.flush()
    full = said(await render(replace(page, memo={}), CARD, ref=event.ref))
    assert full != before, "that all places are taken is told"
    for text in (before, full):
        assert not [
            one for one in {*known, animator.name, event.place, "Rosa"} if one and one in text
        ]
