"""Which field of HSDS is which column or text of ours, object by object, in both directions.

Whatever has no line here stays in the row's ``hsds`` as it came. So does a mapped field whose
column does not say exactly the same (``10:00:00`` for ``10:00``, three phones for one, a text that
is too long): an export gives the kept form as long as the column still says what was read from it.
"""

from collections.abc import Mapping

from reports.hsds.attributes import (
    FACTS,
    attribute_list,
    attributes,
    location_attributes,
    of_location,
)
from reports.hsds.fields import (
    Field,
    Read,
    clock,
    day,
    email,
    line_of,
    link,
    number,
    phone,
    phones,
    string,
    text_of,
)
from reports.hsds.places import (
    address,
    addresses,
    iso,
    kept_text,
    latitude,
    location_type,
    longitude,
    service_area,
    service_area_list,
    weekly,
)
from reports.hsds.services import (
    application,
    application_text,
    cost,
    cost_options,
    document_list,
    documents,
    interpretation,
    interpretation_text,
    status,
    status_of,
)
from reports.hsds.spoken import language_list, languages

MAPPING: Mapping[str, tuple[Field, ...]] = {
    "organization": (
        Field("name", (".name",), text_of("organization", "name")),
        Field("description", (".description",), text_of("organization", "description"), always=""),
        Field("email", ("email",), email),
        Field("website", ("website",), link),
        Field("phones", ("phone",), phone, phones),
    ),
    "program": (
        Field("name", (".name",), text_of("program", "name")),
        Field("description", (".description",), text_of("program", "description"), always=""),
    ),
    "service": (
        Field("name", (".name",), text_of("service", "name")),
        Field("description", (".description",), text_of("service", "description")),
        Field("eligibility_description", (".eligibility",), text_of("service", "eligibility")),
        Field("fees_description", (".fees",), text_of("service", "fees")),
        Field("wait_time", (".wait",), text_of("service", "wait")),
        Field("application_process", (".application", "steps"), application, application_text),
        Field("required_documents", (".documents", "step_documents"), documents, document_list),
        Field("url", ("url",), link),
        Field("email", ("email",), email),
        Field("phones", ("phone",), phone, phones),
        Field("status", ("is_open",), status, status_of),
        Field("interpretation_services", ("interpretation",), interpretation, interpretation_text),
        Field("languages", ("languages",), languages, language_list),
        Field("cost_options", ("cost", "currency"), cost, cost_options),
        Field("service_areas", ("area_id",), service_area, service_area_list),
        Field("attributes", FACTS, attributes, attribute_list),
    ),
    "location": (
        Field("name", (".name",), text_of("location", "name")),
        Field("latitude", ("latitude",), latitude),
        Field("longitude", ("longitude",), longitude),
        Field("addresses", ("address",), address, addresses),
        Field("location_type", (), location_type, always="physical"),
        Field("attributes", ("step_free", "area_id"), of_location, location_attributes),
    ),
    "service_at_location": (),
    "schedule": (
        Field("byday", ("byday",), weekly),
        Field("opens_at", ("opens_at",), clock),
        Field("closes_at", ("closes_at",), clock),
        Field("valid_from", ("valid_from",), day, iso),
        Field("valid_to", ("valid_to",), day, iso),
    ),
    "contact": (
        Field("name", ("name",), line_of(120)),
        Field("title", ("title",), line_of(120)),
        Field("email", ("email",), email),
        Field("phones", ("phone",), phone, phones),
    ),
    "taxonomy_term": (
        Field("code", ("code",), line_of(120), always=""),
        Field("name", ("name",), line_of(200)),
        Field("taxonomy", ("taxonomy",), line_of(120)),
        Field("description", (), kept_text, always=""),
    ),
}

CHECKED: Mapping[str, tuple[tuple[str, Read], ...]] = {
    "organization": (("year_incorporated", number), ("parent_organization_id", string)),
    "service": (("minimum_age", number), ("maximum_age", number), ("assured_date", day)),
    "schedule": (("timezone", number), ("interval", number), ("count", number)),
}
"""What is kept as it came, and has to be right all the same."""

LABELS: Mapping[str, Mapping[str, str]] = {
    kind: {to.removeprefix("."): one.name for one in fields for to in one.to}
    for kind, fields in MAPPING.items()
}
"""What our columns are called in HSDS."""
