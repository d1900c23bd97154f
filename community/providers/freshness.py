"""Whether an organisation's entry can still be believed: confirmed every 60 days, stale at 90."""

from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, func

from community.providers.table import Organization

CONFIRMED_EVERY = timedelta(days=60)
STALE_AFTER = timedelta(days=90)


def is_stale(now: datetime) -> ColumnElement[bool]:
    """Return the condition that the entry of an organisation (of the query around it) is stale.

    What nobody has confirmed yet counts from when it was made. ``seems_stale`` says the same of
    a row that is there already.
    """
    since = func.coalesce(Organization.confirmed_at, Organization.made_at)
    return since <= now - STALE_AFTER


def seems_stale(organization: Organization, now: datetime) -> bool:
    """Say whether nobody has confirmed the organisation's entry for 90 days."""
    return right_since(organization) <= now - STALE_AFTER


def right_since(organization: Organization) -> datetime:
    """Return when somebody last said that the entry is right."""
    return organization.confirmed_at or organization.made_at
