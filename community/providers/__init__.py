"""Support organisations, what they offer and where, and the steps a member takes to get it.

Words are HSDS 3.0's where it has one. Names, descriptions and steps are texts of their own
(``community/translations.py``): subjects ``organization``, ``program``, ``service``,
``location`` and ``step``.
"""

from community.providers import entries, facts, joining, networks
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
from community.providers.demand import Miss, Unmet, UnmetDemand, miss_of, unmet
from community.providers.demand import note as note_miss
from community.providers.facts import step_words, steps
from community.providers.finding import (
    PAGE,
    Fit,
    Found,
    Reader,
    find_services,
    nearest,
)
from community.providers.fitting import Format, Look, Point
from community.providers.freshness import (
    CONFIRMED_EVERY,
    ask,
    confirm,
    is_stale,
    next_ask,
    right_since,
    seems_stale,
    unconfirmed,
)
from community.providers.indexing import SearchKey, SearchPlace, SearchWord, index
from community.providers.keeping import (
    CHANGEABLE,
    area_is_used,
    create_organization,
    create_service,
    edit_service,
    organizations,
    remove_area,
    services_of,
    services_on,
    translate,
)
from community.providers.noting import write_words
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
from community.providers.wishes import ServiceWish, unwish, wish
from community.providers.wishes import of as wish_of
from community.providers.wishes import settle as tell_who_wished

__all__ = [
    "CHANGEABLE",
    "CONFIRMED_EVERY",
    "PAGE",
    "STEP_WAITS",
    "TAKES_ROOM",
    "Checklist",
    "Contact",
    "Fit",
    "Format",
    "Found",
    "Kind",
    "Location",
    "Look",
    "Metadata",
    "Miss",
    "Organization",
    "Point",
    "Program",
    "Reader",
    "Schedule",
    "SearchKey",
    "SearchPlace",
    "SearchWord",
    "Service",
    "ServiceAtLocation",
    "ServiceStep",
    "ServiceTerm",
    "ServiceWish",
    "Strength",
    "TaxonomyTerm",
    "Tick",
    "Unmet",
    "UnmetDemand",
    "area_is_used",
    "ask",
    "begin_checklist",
    "checklist_of",
    "confirm",
    "create_organization",
    "create_service",
    "edit_service",
    "end_checklist",
    "entries",
    "facts",
    "find_services",
    "has_room",
    "index",
    "is_full",
    "is_stale",
    "joining",
    "miss_of",
    "nearest",
    "networks",
    "next_ask",
    "next_nudge",
    "note_miss",
    "nudge",
    "organizations",
    "remove_area",
    "right_since",
    "seems_stale",
    "services_of",
    "services_on",
    "step_words",
    "steps",
    "tell_who_wished",
    "tick",
    "ticked",
    "translate",
    "unconfirmed",
    "unmet",
    "unwish",
    "wish",
    "wish_of",
    "write_words",
]
