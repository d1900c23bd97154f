"""Who may do what: rows with a scope and an end, checked in the verb on every update.

A scope is one organisation (staff), one event or series (co-host), one area with those in it
(community lead), or the whole network. Nobody grants what lasts longer than their own right to.
"""

from community.roles.granting import (
    end_of_member,
    grant,
    is_last_administrator,
    revoke,
    take,
)
from community.roles.holding import (
    grants_until,
    held,
    holders,
    holds,
    may_grant,
    require,
    team,
)
from community.roles.hosts import follow_event, host, is_of, require_host
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
from community.roles.table import (
    MAY_GRANT,
    OF_MEMBERS,
    Role,
    RoleInvitation,
    RoleName,
    Scoped,
    is_held,
)

__all__ = [
    "INVITATION_HOLDS",
    "MAY_GRANT",
    "OF_MEMBERS",
    "Role",
    "RoleInvitation",
    "RoleName",
    "Scoped",
    "accept",
    "answer_offer",
    "colleagues",
    "confirm",
    "end_of_member",
    "follow_event",
    "grant",
    "grants_until",
    "has_staffed",
    "held",
    "holders",
    "holds",
    "host",
    "invite",
    "is_held",
    "is_last_administrator",
    "is_of",
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
