"""What makes it hard to come: ticked under /me, with the reason why it is asked."""

from sqlalchemy import select

from community.limits import AccessLimit
from tests.handlers.conftest import Calling


async def test_a_member_ticks_what_makes_it_hard_to_come_and_takes_it_back(phone: Calling) -> None:
    amina = await phone(1)
    await amina.says("/me")
    await amina.presses("What makes it hard to come")
    assert "Nobody reads what you tick." in amina.last
    assert "of fewer than five, not even how many" in amina.last
    await amina.presses("⬜ I cannot climb steps")
    await amina.presses("⬜ I cannot travel late")
    assert "Until what time" in amina.last
    await amina.presses("16:00")
    assert "✅ No way home after 16:00" in amina.buttons
    await amina.presses("⬜ I cannot travel far")
    await amina.presses("5 km")
    await amina.sends_data("ht:distance:5")  # tapped twice
    assert "✅ Not further than 5 km" in amina.buttons
    await amina.presses("✅ I cannot climb steps")
    await amina.says("/me")
    assert "What makes it hard to come: I cannot travel far and I cannot travel late" in amina.last
    await amina.presses("What makes it hard to come")
    await amina.presses("🗑 Forget all of this")
    assert amina.toasts == ["All of it is forgotten."]
    assert not any("✅" in label or "🗑" in label for label in amina.buttons)
    async with amina.database.transaction() as session:
        assert not (await session.scalars(select(AccessLimit))).all()
