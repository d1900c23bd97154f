"""Who may do what: rows with a scope and an end, checked in the verb on every update.

A scope is one organisation (staff), one event (co-host), one area with those in it (community
lead), or the whole network. Nobody grants what lasts longer than their own right to grant it.
"""

from community.roles.granting import is_last_administrator, revoke, take
from community.roles.holding import held, holders, holds, may_grant, require, team
from community.roles.hosts import follow_event, host, require_host
from community.roles.inviting import (
    INVITATION_HOLDS,
    accept,
    answer_offer,
    confirm,
    invite,
    offer,
    offer_first,
    withdraw_invitations,
)
from community.roles.staff import (
    colleagues,
    has_staffed,
    last_staff,
    speak,
    staff_of,
    staff_of_each,
    staffed,
    with_staff,
)
from community.roles.table import MAY_GRANT, Role, RoleInvitation, RoleName

__all__ = [
    "INVITATION_HOLDS",
    "MAY_GRANT",
    "Role",
    "RoleInvitation",
    "RoleName",
    "accept",
    "answer_offer",
    "colleagues",
    "confirm",
    "follow_event",
    "has_staffed",
    "held",
    "holders",
    "holds",
    "host",
    "invite",
    "is_last_administrator",
    "last_staff",
    "may_grant",
    "offer",
    "offer_first",
    "require",
    "require_host",
    "revoke",
    "speak",
    "staff_of",
    "staff_of_each",
    "staffed",
    "take",
    "team",
    "with_staff",
    "withdraw_invitations",
]
