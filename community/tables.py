"""Every table of the domain, gathered for migrations and for tests."""

from community import (
    areas,
    arrivals,
    attendance,
    consents,
    deliveries,
    events,
    history,
    leases,
    people,
    roles,
    sends,
    translations,
)
from community.base import Base

MODULES = (
    areas,
    arrivals,
    attendance,
    consents,
    deliveries,
    events,
    history,
    leases,
    people,
    roles,
    sends,
    translations,
)
METADATA = Base.metadata
