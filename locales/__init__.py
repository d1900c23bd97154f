"""Languages: the translator `_`, language choice, dates and numbers, stop words."""

from locales.amounts import parse_amount
from locales.dates import (
    CalendarNames,
    calendar_names,
    city,
    clock_time,
    currency_name,
    day,
    distance,
    duration,
    event_time,
    is_currency,
    join,
    moment,
    money,
    number,
    percent,
    plain_moment,
    short_day,
)
from locales.folding import fold, fold_digits
from locales.guards import faults
from locales.hours import weekly as weekly_hours
from locales.languages import (
    OFFERED,
    bot_api_code,
    language_name,
    native_name,
    negotiate,
    sorted_for,
)
from locales.stopwords import is_stop, mentions_stop
from locales.translator import (
    Html,
    Translator,
    balanced,
    escape,
    plain,
    translator_for,
    without_isolates,
)
from locales.when import parse_day, parse_when

__all__ = [
    "OFFERED",
    "CalendarNames",
    "Html",
    "Translator",
    "balanced",
    "bot_api_code",
    "calendar_names",
    "city",
    "clock_time",
    "currency_name",
    "day",
    "distance",
    "duration",
    "escape",
    "event_time",
    "faults",
    "fold",
    "fold_digits",
    "is_currency",
    "is_stop",
    "join",
    "language_name",
    "mentions_stop",
    "moment",
    "money",
    "native_name",
    "negotiate",
    "number",
    "parse_amount",
    "parse_day",
    "parse_when",
    "percent",
    "plain",
    "plain_moment",
    "short_day",
    "sorted_for",
    "translator_for",
    "weekly_hours",
    "without_isolates",
]
