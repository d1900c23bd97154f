"""Without an active agreement nothing personal reaches an organisation, by whichever verb."""

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

import pytest
from sqlalchemy import select

from community import agreements, bridge, referrals
from community.agreements import Agreement
from community.errors import NoAgreementError, RefusalError
from community.exchanges import Attachment, FileKind, Kind
from community.referrals import FieldName, Referral, SharedField, State
from tests.community import test_referrals
from tests.community.test_referrals import Town, put

town = test_referrals.town

IN_A_YEAR = timedelta(days=365)
Ending = Callable[[Town], Awaitable[datetime]]


async def by_hand(town: Town) -> datetime:
    await referrals.end_agreement(town.session, town.coordinator, town.organization.ref, town.now)
    return town.now


async def by_its_date(town: Town) -> datetime:
    agreement = await agreements.current(town.session, town.organization.id)
    assert agreement is not None
    end = town.now + IN_A_YEAR
    await agreements.change(town.session, town.coordinator, agreement.ref, town.now, ends_at=end)
    return end


@pytest.fixture(params=[by_hand, by_its_date])
def ends(request: pytest.FixtureRequest) -> Ending:
    found: Ending = request.param
    return found


async def shared_rows(town: Town) -> int:
    return len((await town.session.scalars(select(SharedField))).all())


async def test_nothing_is_sent_opened_asked_for_or_given(
    town: Town,
    ends: Ending,
) -> None:
    pending = await town.agrees()
    now = await ends(town)
    before = await shared_rows(town)
    for verb in (
        referrals.opened(town.session, town.staff, pending.ref, now),
        referrals.ask_for(town.session, town.staff, pending.ref, FieldName.ACCOUNT, now),
        town.agrees(actor=town.other_member, now=now),
    ):
        with pytest.raises(NoAgreementError):
            await verb
    pending.state, pending.asked_field = State.NEEDS_INFORMATION, FieldName.ACCOUNT
    await town.session.flush()
    with pytest.raises(NoAgreementError):
        await referrals.give(town.session, town.member, pending.ref, now, yes=True)
    assert await shared_rows(town) == before
    await referrals.give(town.session, town.member, pending.ref, now, yes=False)
    assert await shared_rows(town) == before


async def test_messages_and_files_of_the_bridge_are_read_and_written_no_more(
    town: Town,
    ends: Ending,
) -> None:
    referral: Referral = await put(town, State.ACCEPTED)
    exchange = await bridge.begin(town.session, town.member, Kind.REFERRAL, referral.ref, town.now)
    photo = Attachment(FileKind.PHOTO, "file")
    await bridge.write(
        town.session,
        town.member,
        exchange.ref,
        "My number",
        town.now,
        language="ar",
        attachment=photo,
    )
    assert (await bridge.look(town.session, town.staff, exchange.ref, town.now)).may_read
    now = await ends(town)
    view = await bridge.look(town.session, town.staff, exchange.ref, now)
    assert not view.may_read
    assert not view.may_write
    assert not await bridge.messages(town.session, view)
    with pytest.raises(RefusalError):
        await bridge.attached(town.session, town.staff, exchange.ref, 1, now)
    with pytest.raises(RefusalError):
        await bridge.write(town.session, town.member, exchange.ref, "More", now, language="ar")


async def test_a_new_agreement_opens_nothing_of_what_was_agreed_to_under_the_one_before(
    town: Town,
    ends: Ending,
) -> None:
    referral: Referral = await put(town, State.ACCEPTED)
    exchange = await bridge.begin(town.session, town.member, Kind.REFERRAL, referral.ref, town.now)
    await bridge.write(
        town.session, town.member, exchange.ref, "My number", town.now, language="ar"
    )
    done = await put(town, State.CONFIRMED)
    other = await town.agrees(actor=town.other_member)
    now = await ends(town)
    await referrals.end_expired(town.session, now)
    again = await agreements.activate(
        town.session,
        town.coordinator,
        town.organization.ref,
        now,
        signed_on=now.date(),
        basis=agreements.Basis.CONSENT,
    )
    assert isinstance(again, Agreement)
    for one in (referral, done, other):
        assert await referrals.opened(town.session, town.staff, one.ref, now) == (one, {})
    view = await bridge.look(town.session, town.staff, exchange.ref, now)
    assert not await bridge.messages(town.session, view)
    await referrals.ask_for(town.session, town.staff, other.ref, FieldName.NAME, now)
    await referrals.give(town.session, town.other_member, other.ref, now, yes=True)
    name = {FieldName.NAME: town.other_member.name}
    assert await referrals.opened(town.session, town.staff, other.ref, now) == (other, name)


async def test_an_agreement_that_goes_on_for_longer_keeps_what_was_agreed_to(town: Town) -> None:
    referral = await town.agrees()
    end = await by_its_date(town)
    agreement = await agreements.current(town.session, town.organization.id)
    assert agreement is not None
    before = end - timedelta(seconds=1)
    later = end + IN_A_YEAR
    await agreements.change(town.session, town.coordinator, agreement.ref, before, ends_at=later)
    await referrals.end_expired(town.session, end)
    _, fields = await referrals.opened(town.session, town.staff, referral.ref, end)
    assert fields == await referrals.shared(town.session, referral) != {}


async def test_the_members_who_wait_are_told_once_when_the_date_ends_it(
    town: Town,
) -> None:
    await town.agrees()
    now = await by_its_date(town)
    already = len(await town.owed("referral_step"))
    assert await referrals.end_expired(town.session, now - timedelta(seconds=1)) == 0
    assert await referrals.end_expired(town.session, now) == 1
    assert await referrals.end_expired(town.session, now) == 0
    assert len(await town.owed("referral_step")) == already + 1
