"""Who stands at the door and only types the number that hangs there."""

from sqlalchemy import select

from bot.database import Database
from community import attendance, people
from community.attendance import Attendance, State, Wish
from tests.community.test_attendance import an_animator
from tests.handlers.conftest import Calling, Phone
from tests.handlers.test_coming_and_going import an_event

WELCOME = "🌿 Welcome! It is good that you are here."


async def said(phone: Phone) -> State:
    async with phone.database.transaction() as session:
        person = await people.by_telegram_id(session, phone.number)
        assert person is not None
        mine = await session.scalar(select(Attendance).where(Attendance.person_id == person.id))
        return mine.state if mine is not None else State.NONE


async def test_the_number_alone_is_enough_where_somebody_is_expected(
    phone: Calling, database: Database
) -> None:
    amina, samuel = await phone(1, "ar"), await phone(2)
    now = amina.now
    event = await an_event(database, now, days=0)
    async with database.transaction() as session:
        animator = await an_animator(session, now)
        _token, code = await attendance.open_door(session, animator, event.ref, now)
        person = await people.by_telegram_id(session, 1)
        assert person is not None
        await attendance.answer(
            session, person, event.ref, Wish.GOING, now, default_zone=event.zone
        )
    wrong = f"{(int(code) + 1) % 10**6:06d}"
    await amina.says(wrong)
    assert await said(amina) == State.GOING
    await amina.says(code[:5])
    assert await said(amina) == State.GOING, "five digits are words"
    arabic = code.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩"))
    await amina.says(f"{arabic[:3]} {arabic[3:]}")
    assert await said(amina) == State.ATTENDED

    await samuel.says(code)
    assert await said(samuel) == State.NONE, "nobody expects him: perhaps it is a post code"
    assert "Shall I send this to the team?" in samuel.last
