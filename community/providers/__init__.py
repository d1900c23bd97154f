"""Support organisations, what they offer and where, and the steps a member takes to get it.

Words are HSDS 3.0's where it has one. Names, descriptions and steps are texts of their own
(``community/translations.py``): subjects ``organization``, ``program``, ``service``,
``location`` and ``step``.
"""

from community.providers.capacity import TAKES_ROOM, has_room, is_full
from community.providers.checklists import (
    STEP_WAITS,
    begin_checklist,
    checklist_of,
    end_checklist,
    next_nudge,
    nudge,
    tick,
    ticked,
)
from community.providers.finding import Fit, find_services
from community.providers.freshness import is_stale, right_since, seems_stale
from community.providers.keeping import (
    CHANGEABLE,
    area_is_used,
    create_organization,
    create_service,
    edit_service,
    organizations,
    remove_area,
    services_of,
    steps,
    translate,
)
from community.providers.table import (
    Checklist,
    Contact,
    Kind,
    Location,
    Metadata,
    Organization,
    Program,
    Schedule,
    Service,
    ServiceAtLocation,
    ServiceStep,
    ServiceTerm,
    Strength,
    TaxonomyTerm,
    Tick,
)

__all__ = [
    "CHANGEABLE",
    "STEP_WAITS",
    "TAKES_ROOM",
    "Checklist",
    "Contact",
    "Fit",
    "Kind",
    "Location",
    "Metadata",
    "Organization",
    "Program",
    "Schedule",
    "Service",
    "ServiceAtLocation",
    "ServiceStep",
    "ServiceTerm",
    "Strength",
    "TaxonomyTerm",
    "Tick",
    "area_is_used",
    "begin_checklist",
    "checklist_of",
    "create_organization",
    "create_service",
    "edit_service",
    "end_checklist",
    "find_services",
    "has_room",
    "is_full",
    "is_stale",
    "next_nudge",
    "nudge",
    "organizations",
    "remove_area",
    "right_since",
    "seems_stale",
    "services_of",
    "steps",
    "tick",
    "ticked",
    "translate",
]
