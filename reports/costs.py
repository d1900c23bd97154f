"""What costs are for, in the reader's words."""

from community.costs import What
from locales import Translator


def title(what: What, _: Translator) -> str:
    """Return what money was spent on."""
    return {
        What.EVENT: _.label("cost", "An event"),
        What.SERIES: _.label("cost", "Repeated events"),
        What.LESSON: _.label("cost", "A lesson"),
        What.COURSE: _.label("cost", "A course"),
        What.SUPPORT: _.label("cost", "The directory and requests"),
        What.NEWS: _.label("cost", "Newsletters and animation"),
        What.STAFF: _.label("cost", "Staff"),
        What.OTHER: _.label("cost", "Something else"),
    }[what]
