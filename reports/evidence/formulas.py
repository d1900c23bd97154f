"""How figures are computed, in words: formulas over facts and their leaves."""

from community.evidence import Formula, Indicator, Part
from community.figures import Outcome
from locales import Translator, join, plain
from reports import survey_words, words


def formula(indicator: Indicator, _: Translator) -> str:
    """Return how it is computed, in words."""
    what = _part(indicator.part, _)
    whole = _part(indicator.of or Part(indicator.part.fact), _)
    return {
        Formula.COUNT: _.label("formula", "How many: {what}.", what=what),
        Formula.SHARE: _.label(
            "formula", "Out of a hundred: {what}, among {whole}.", what=what, whole=whole
        ),
        Formula.RATIO: _.label(
            "formula", "Number of {what}, divided by {whole}.", what=what, whole=whole
        ),
        Formula.SUM: _.label("formula", "Sum of the amounts: {what}.", what=what),
        Formula.MEDIAN: _.label("formula", "Middle one of the amounts: {what}.", what=what),
    }[indicator.formula]


def formula_name(code: Formula, _: Translator) -> str:
    """Return what a way of computing is called."""
    return {
        Formula.COUNT: _.label("formula", "how many"),
        Formula.SHARE: _.label("formula", "share in percent"),
        Formula.RATIO: _.label("formula", "one number divided by another"),
        Formula.SUM: _.label("formula", "sum of amounts"),
        Formula.MEDIAN: _.label("formula", "middle one of amounts"),
    }[code]


def _part(part: Part, _: Translator) -> str:
    leaves = plain(join([leaf(part.fact, code, _) for code in part.leaves], _))
    called = fact(part.fact, _)
    return f"{called} ({leaves})" if leaves else called


def fact(code: str, _: Translator) -> str:
    """Return what a fact is about."""
    return {
        "members": _.label("fact", "members"),
        "movement": _.label("fact", "joining and leaving"),
        "learned": _.label("fact", "lessons"),
        "posted": _.label("fact", "asks and offers"),
        "introduced": _.label("fact", "introductions"),
        "requests": _.label("fact", "requests to organisations"),
        "asked": _.label("fact", "surveys"),
        "event_useful": _.label("fact", "answers: was the event useful?"),
        "event_met": _.label("fact", "answers: did you meet somebody there?"),
        "helped": _.label("fact", "answers: has the support helped?"),
        "understood": _.label("fact", "answers: could you understand each other?"),
        "business": _.label("fact", "businesses, a year later"),
        "sales_change": _.label("fact", "change of sales"),
        "staff_change": _.label("fact", "change of people at work"),
        "hours_change": _.label("fact", "change of hours of work"),
        "profit": _.label("fact", "profit or loss"),
        "export": _.label("fact", "selling abroad"),
        "employability_change": _.label("fact", "change of chances of work"),
        "networking_change": _.label("fact", "change of what one thinks of networking"),
        "belonging_change": _.label("fact", "change of feeling at home"),
        "attribution": _.label("fact", "answers: has the network helped with it?"),
    }.get(code, code)


QUESTIONS = {
    "event_useful": ("after_event", "useful"),
    "event_met": ("after_event", "met"),
    "helped": ("after_referral", "helped"),
    "understood": ("after_referral", "understood"),
    "business": ("yearly", "business"),
    "profit": ("yearly", "profit"),
    "export": ("yearly", "export"),
    "attribution": ("yearly", "attribution"),
}
"""Which question a fact tells the answers to."""


def leaf(of: str, code: str, _: Translator) -> str:
    """Return what the people of a fact who have this in common are called."""
    if of in QUESTIONS:
        return survey_words.answer(*QUESTIONS[of], code, _)
    if of == "requests":
        return words.became(Outcome(code), _)
    return {
        "came": _.label("leaf", "came to an event"),
        "active": _.label("leaf", "did something else"),
        "quiet": _.label("leaf", "did nothing here"),
        "joined": _.label("leaf", "joined"),
        "left": _.label("leaf", "left"),
        "stayed": _.label("leaf", "stayed"),
        "finished": _.label("leaf", "finished"),
        "ask": _.label("leaf", "asked"),
        "offer": _.label("leaf", "offered"),
        "both": _.label("leaf", "asked and offered"),
        "met_across": _.label("leaf", "met, in different languages"),
        "met_alike": _.label("leaf", "met, in the same language"),
        "not_met": _.label("leaf", "did not meet"),
        "open": _.label("leaf", "not known yet"),
        "up": _.label("leaf", "more than before"),
        "same": _.label("leaf", "as before"),
        "down": _.label("leaf", "less than before"),
        "answered": _.label("leaf", "answered"),
        "silent": _.label("leaf", "did not answer"),
    }.get(code, code)
