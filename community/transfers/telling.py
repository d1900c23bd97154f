"""What the member and the animator are told of their plan: that there is something, when."""

from datetime import datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from community import deliveries, roles
from community.deliveries import Plan
from community.roles import Role, RoleName
from community.transfers.table import Does, State, Transfer, TransferStep


async def remind(
    session: AsyncSession, transfer: Transfer, step: TransferStep, now: datetime
) -> None:
    """Owe the member one word on the last day of their step, at eight; none once it is done."""
    plans = []
    morning = step.due_at - timedelta(hours=16)
    owed = transfer.state == State.AGREED and step.done_at is None and morning > now
    if owed and step.does == Does.MEMBER:
        args = {"what": "step", "ref": step.ref}
        key = f"transfer:{step.ref}:{step.due_at:%y%m%d}:{now.isoformat()}"
        plans = [
            Plan("transfer_notice", transfer.person_id, key, morning, args, subject_id=step.id)
        ]
    await deliveries.replan(session, "transfer_notice", step.id, transfer.person_id, now, *plans)


async def tell(
    session: AsyncSession, transfer: Transfer, what: str, person_id: int, now: datetime
) -> None:
    """Owe the member one word of what has become of the plan.

    What they are asked is for who takes part; how it ended, for who has stopped or left as well.
    """
    args = {"what": what, "ref": transfer.ref}
    key = f"transfer:{transfer.ref}:{what}"
    kind = "transfer_notice" if what == "offered" else "transfer_result"
    await deliveries.plan(session, now, Plan(kind, person_id, key, now, args))


async def tell_team(session: AsyncSession, transfer: Transfer, what: str, now: datetime) -> None:
    """Tell the animator who teaches; if they animate no more, all of them."""
    animators = [one.id for one in await roles.holders(session, RoleName.ANIMATOR, now)]
    readers = [transfer.owner_id] if transfer.owner_id in animators else animators
    await deliveries.plan_notices(
        session,
        now,
        "transfer",
        [one for one in readers if one is not None],
        f"transfer:{transfer.ref}:{what}:{now.isoformat()}",
        subject_id=transfer.id,
        ref=transfer.ref,
        became=what,
    )


async def tell_of_role(session: AsyncSession, role: Role, now: datetime) -> None:
    """Tell the animators that somebody has left who held this role, which has ended with it."""
    animators = [
        one.id
        for one in await roles.holders(session, RoleName.ANIMATOR, now)
        if one.id != role.person_id
    ]
    key = f"role:{role.ref}:left"
    await deliveries.plan_notices(
        session, now, "role_left", animators, key, subject_id=role.id, ref=role.ref
    )
