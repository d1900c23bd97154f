"""A vote on the phone: put right, with a picture, in two languages, alone; and not too long."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from bot.database import Database
from community import corrections, people, sends, translations, votes
from community.base import find
from community.errors import AnswersStandError
from community.roles import RoleName
from community.sends import Picture, Send, State
from handlers.progress import Do
from handlers.staff import OpenSend
from handlers.votes import Choose
from handlers.wording import Write
from tests.handlers.conftest import Calling, Phone

ANSWERS = ["Morning", "Evening"]
QUESTION, IN_FRENCH = "When shall we meet?", ["Le matin", "Le soir"]
PICTURE = Picture("file-1", is_photo=True)


async def a_vote(
    database: Database, now: datetime, *, alone: bool = False, picture: bool = False
) -> str:
    """Let a vote be out, in English and French; return its reference."""
    async with database.transaction() as session:
        boss = await people.by_telegram_id(session, 1)
        assert boss is not None
        french = dict(zip(sends.OPTIONS, IN_FRENCH, strict=False))
        if alone:
            send = await votes.ask_alone(session, boss, "en", QUESTION, ANSWERS, 7, now)
        else:
            send = await sends.write_newsletter(session, boss, "en", "News", "All is well.", now)
            await votes.attach(session, boss, send.ref, QUESTION, ANSWERS, 7, now)
            french |= {"body": "Tout va bien.", "question": "Quand ?"}
        if picture:
            await sends.illustrate(session, boss, send.ref, PICTURE, now)
            words = {"picture": "A clock."}
            await sends.edit(session, boss, send.ref, now, language="en", texts=words)
            french |= {"picture": "Une horloge."}
        french |= {"title": "Quand se voir ?"}
        await sends.edit(session, boss, send.ref, now, language="fr", texts=french)
        send.state, send.started_at = State.SENT, now + timedelta(minutes=1)
        return send.ref


async def corrects(boss: Phone, ref: str, language: str, *texts: str) -> None:
    """Write one language of the correction, as the form asks for it, and let it go out."""
    await boss.sends_data(Do(ref=ref, what="correct").pack())
    async with boss.database.transaction() as session:
        correction = await session.scalar(select(Send).order_by(Send.id.desc()).limit(1))
        assert correction is not None
        theirs = correction.ref
    await boss.sends_data(Write(desk="s", ref=theirs, language=language).pack())
    for text in texts:
        await boss.says(text)
    await boss.sends_data(OpenSend(ref=theirs).pack())
    assert "The answers stay as they are: members may have chosen one." in boss.last
    async with boss.database.transaction() as session:
        correction = await find(session, Send, theirs, lock=True)
        correction.state, correction.started_at = State.SENT, boss.now + timedelta(hours=1)


@pytest.mark.parametrize("language", ["en", "fr"])
@pytest.mark.parametrize("picture", [False, True])
@pytest.mark.parametrize("alone", [False, True])
async def test_a_correction_lets_every_ballot_stand_for_what_was_chosen(
    phone: Calling,
    database: Database,
    now: datetime,
    *,
    alone: bool,
    picture: bool,
    language: str,
) -> None:
    boss, reader = await phone(1, "en", RoleName.ANIMATOR), await phone(2, language)
    ref = await a_vote(database, now, alone=alone, picture=picture)
    shown = ANSWERS if language == "en" else IN_FRENCH
    await reader.gets("newsletter", ref=ref)
    await reader.presses(shown[1])
    assert reader.buttons[:2] == [f"▫️ {shown[0]}", f"✅ {shown[1]}"]

    words = ["Encore" if language == "fr" else "Again"]
    words += [] if alone else ["Tout va bien." if language == "fr" else "All is well.", "Quand ?"]
    words += ["Une horloge." if language == "fr" else "A clock."] if picture else []
    await corrects(boss, ref, language, *words)
    await reader.sends_data(Choose(ref=ref, option=1).pack())
    assert words[0] in reader.last
    assert reader.buttons[:2] == [f"▫️ {shown[0]}", f"✅ {shown[1]}"]
    assert (reader.seen[-1].file is not None) is picture


async def test_no_other_way_changes_an_answer_that_is_out_but_a_language_can_be_added(
    phone: Calling, database: Database, now: datetime
) -> None:
    await phone(1, "en", RoleName.ANIMATOR)
    ref = await a_vote(database, now)
    async with database.transaction() as session:
        boss = await people.by_telegram_id(session, 1)
        assert boss is not None
        correction = await corrections.correct(session, boss, ref, now)
        for language, text in (("en", "Evening"), ("fr", "Le soir")):
            with pytest.raises(AnswersStandError):
                await sends.write_language(
                    session, boss, correction.ref, language, {"option1": text}, now
                )
        same, arabic = {"option1": "Morning"}, {"option1": "صباحا", "option2": "مساء"}
        await sends.write_language(session, boss, correction.ref, "en", same, now)
        await sends.write_language(session, boss, correction.ref, "ar", arabic, now)
        _source, found = await translations.standings(session, *correction.subject)
        assert found["ar"].fields == arabic


@pytest.mark.parametrize(("body", "picture"), [("x" * 3_500, False), ("x" * 900, True)])
async def test_a_vote_that_would_be_more_than_one_message_is_refused_as_it_is_written(
    phone: Calling, database: Database, now: datetime, body: str, *, picture: bool
) -> None:
    boss = await phone(1, "en", RoleName.ANIMATOR)
    async with database.transaction() as session:
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        send = await sends.write_newsletter(session, person, "en", "News", body, now)
        if picture:
            await sends.illustrate(session, person, send.ref, PICTURE, now)
    for question, is_taken in (("y" * 250, False), ("Yes?", not picture)):
        await boss.sends_data(Do(ref=send.ref, what="ask").pack())
        await boss.says(question)
        await boss.says("\n".join(at * 40 if not is_taken else at for at in "abcdef"))
        await boss.presses("7 days")
        room = "724" if picture else "3,796"
        is_refused = f"room for {room} characters" in boss.last or any(
            f"room for {room} characters" in said for said in boss.toasts
        )
        boss.toasts.clear()
        assert is_refused is not is_taken
        async with database.transaction() as session:
            standing = await votes.of(session, await find(session, Send, send.ref), None, now)
            assert (standing is not None) is is_taken
