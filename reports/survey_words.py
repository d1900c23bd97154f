"""The shipped surveys in words: each question, each answer.

A question that several templates ask has the same words everywhere, unless a template has its own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from community.limits import Limit
from community.needs import Need
from community.people import Stage
from community.surveys import Brought, Kind, Template
from locales import Html, Translator
from reports import words

Answers = Callable[[Translator], Mapping[str, str]]
EVERYWHERE = ""


def question(template: str, code: str, _: Translator) -> Html:
    """Return a question as it is put to people."""
    asked = _QUESTIONS.get((template, code)) or _QUESTIONS[EVERYWHERE, code]
    return asked(_)


def answers(template: str, code: str, _: Translator) -> Mapping[str, str]:
    """Return the answers of a question by their codes, as they stand on its buttons."""
    found = _ANSWERS.get((template, code)) or _ANSWERS.get((EVERYWHERE, code))
    return found(_) if found else {}


def answer(template: str, code: str, value: str, _: Translator) -> str:
    """Return one answer as it stands on its button."""
    return answers(template, code, _)[value]


def title(template: str, _: Translator) -> str:
    """Return what a survey is called, in a list of those that wait for somebody."""
    return {
        "after_event": _.label("survey", "About an event"),
        "after_referral": _.label("survey", "About support that you asked for"),
        "baseline": _.label("survey", "You and your business"),
        "yearly": _.label("survey", "Your year"),
        "exit": _.label("survey", "Since you left"),
        "exit_six_months": _.label("survey", "Half a year after you left"),
        "needs_interview": _.label("survey", "What you need"),
        "stakeholder": _.label("survey", "What you see around you"),
    }[template]


@dataclass(frozen=True)
class Said:
    """The words of one survey in one language."""

    language: str
    title: str
    question: Callable[[str], Html | str]
    """The words of a question, by its code."""
    answers: Callable[[str], Mapping[str, str]]
    """The words of its answers, by theirs."""


def said(template: Template, form: Brought | None, reads: Sequence[str], _: Translator) -> Said:
    """Return a survey's words: ours in the reader's language, its author's in one of theirs."""
    if form is None:
        return Said(
            _.language,
            title(template.code, _),
            lambda code: question(template.code, code, _),
            lambda code: answers(template.code, code, _),
        )
    language = form.language_for(reads)
    words_of_it = form.words[language]
    return Said(
        language,
        form.title,
        lambda code: words_of_it.questions[code],
        lambda code: words_of_it.answers.get(code, {}),
    )


_QUESTIONS: Mapping[tuple[str, str], Callable[[Translator], Html]] = {
    ("after_event", "useful"): lambda _: _("Was the event useful for you?"),
    ("after_event", "met"): lambda _: _(
        "Did you meet somebody there who is useful for your business?"
    ),
    ("after_event", "again"): lambda _: _("Would you come to an event like this again?"),
    ("after_referral", "helped"): lambda _: _("Has the support helped you?"),
    ("after_referral", "understood"): lambda _: _(
        "Could you and the people there understand each other well?"
    ),
    ("baseline", "business"): lambda _: _("Do you have a business of your own?"),
    (EVERYWHERE, "business"): lambda _: _("How is it with your business now?"),
    (EVERYWHERE, "sales"): lambda _: _(
        "What did your business sell in the last twelve months, all together? A rough amount is "
        "enough."
    ),
    (EVERYWHERE, "profit"): lambda _: _(
        "What was left of it after all costs, in the last twelve months?"
    ),
    (EVERYWHERE, "staff"): lambda _: _(
        "How many people work in your business, without yourself? If nobody does, write 0."
    ),
    (EVERYWHERE, "hours"): lambda _: _(
        "How many hours a week do these people work, all together? If nobody does, write 0."
    ),
    (EVERYWHERE, "export"): lambda _: _(
        "Did you sell anything to other countries in the last twelve months?"
    ),
    (EVERYWHERE, "situation"): lambda _: _("What do you mostly do at the moment?"),
    (EVERYWHERE, "employability"): lambda _: _(
        "“With what I can do I would find work that suits me.” How far is that true for you?"
    ),
    (EVERYWHERE, "networking"): lambda _: _(
        "“Knowing other entrepreneurs helps me to get on.” How far is that true for you?"
    ),
    (EVERYWHERE, "belonging"): lambda _: _(
        "“I feel that I belong here, where I live.” How far is that true for you?"
    ),
    (EVERYWHERE, "attribution"): lambda _: _(
        "How much has this network had to do with what has changed for you?"
    ),
    ("exit", "why"): lambda _: _("What was the main reason why you left the network?"),
    ("needs_interview", "goal"): lambda _: _("What would you most like to reach?"),
    ("needs_interview", "stage"): lambda _: _("How far is your business?"),
    ("needs_interview", "sector"): lambda _: _("In which field is your business, or will it be?"),
    ("needs_interview", "obstacles"): lambda _: _("What gets in your way?"),
    ("needs_interview", "needs"): lambda _: _("What are you looking for?"),
    ("needs_interview", "offers"): lambda _: _("With what could you help others?"),
    ("needs_interview", "limits"): lambda _: _("What makes it hard for you to come to events?"),
    ("needs_interview", "more"): lambda _: _(
        "What else should we know? Write it, or record a voice message, in your language."
    ),
    ("stakeholder", "kind"): lambda _: _("For whom do you speak?"),
    ("stakeholder", "needs"): lambda _: _("What do migrant entrepreneurs around you look for?"),
    ("stakeholder", "missing"): lambda _: _("What of it does nobody give them today?"),
    ("stakeholder", "barriers"): lambda _: _("What gets in their way?"),
    ("stakeholder", "adequacy"): lambda _: _(
        "“The networks that exist here reach migrant entrepreneurs.” How far is that true?"
    ),
    ("stakeholder", "suggestion"): lambda _: _("What would you suggest?"),
}


def _scale(_: Translator) -> Mapping[str, str]:
    return {
        "1": _.label("scale", "1: not at all"),
        "2": _.label("scale", "2: a little"),
        "3": _.label("scale", "3: partly"),
        "4": _.label("scale", "4: mostly"),
        "5": _.label("scale", "5: fully"),
    }


def _obstacles(_: Translator) -> Mapping[str, str]:
    return {
        "language": _.label("obstacle", "The language"),
        "money": _.label("obstacle", "Money"),
        "law": _.label("obstacle", "Laws and authorities"),
        "time": _.label("obstacle", "Time"),
        "contacts": _.label("obstacle", "Few contacts"),
        "premises": _.label("obstacle", "No place to work"),
        "qualification": _.label("obstacle", "Diploma not recognised"),
        "discrimination": _.label("obstacle", "Discrimination"),
        "child_care": _.label("obstacle", "Child care"),
        "other": _.label("obstacle", "Something else"),
    }


def _needs(_: Translator) -> Mapping[str, str]:
    return {code.value: words.need(code, _) for code in Need}


_ANSWERS: Mapping[tuple[str, str], Answers] = {
    ("after_event", "useful"): lambda _: {
        "yes": _.label("answer", "Yes, useful"),
        "partly": _.label("answer", "Partly"),
        "no": _.label("answer", "No, not useful"),
    },
    ("after_event", "met"): lambda _: {
        "yes": _.label("answer", "Yes, I met somebody"),
        "not_yet": _.label("answer", "Not yet, but I hope to"),
        "no": _.label("answer", "No, nobody"),
    },
    ("after_event", "again"): lambda _: {
        "yes": _.label("answer", "Yes, I would come again"),
        "maybe": _.label("answer", "Maybe"),
        "no": _.label("answer", "No, I would not"),
    },
    ("after_referral", "helped"): lambda _: {
        "yes": _.label("answer", "Yes, it has helped"),
        "partly": _.label("answer", "Partly"),
        "no": _.label("answer", "No, not really"),
    },
    ("after_referral", "understood"): lambda _: {
        "yes": _.label("answer", "Yes, well"),
        "partly": _.label("answer", "Partly"),
        "no": _.label("answer", "No, hardly"),
    },
    ("baseline", "business"): lambda _: {
        "running": _.label("answer", "Yes, it is running"),
        "starting": _.label("answer", "I am about to start"),
        "none": _.label("answer", "No"),
    },
    (EVERYWHERE, "business"): lambda _: {
        "same": _.label("answer", "It goes on"),
        "new": _.label("answer", "I started one in the last 12 months"),
        "closed": _.label("answer", "I have closed it"),
        "none": _.label("answer", "I have none"),
    },
    (EVERYWHERE, "profit"): lambda _: {
        "profit": _.label("answer", "Something was left: a profit"),
        "even": _.label("answer", "About nothing"),
        "loss": _.label("answer", "Less than nothing: a loss"),
    },
    (EVERYWHERE, "export"): lambda _: {
        "yes": _.label("answer", "Yes"),
        "no": _.label("answer", "No"),
    },
    (EVERYWHERE, "situation"): lambda _: {
        "employee": _.label("answer", "I work for somebody"),
        "self_employed": _.label("answer", "I work for myself"),
        "job_seeker": _.label("answer", "I look for work"),
        "student": _.label("answer", "I study or train"),
        "at_home": _.label("answer", "I look after home or family"),
        "other": _.label("answer", "Something else"),
    },
    **dict.fromkeys(
        [
            (EVERYWHERE, "employability"),
            (EVERYWHERE, "networking"),
            (EVERYWHERE, "belonging"),
            ("stakeholder", "adequacy"),
        ],
        _scale,
    ),
    (EVERYWHERE, "attribution"): lambda _: {
        "much": _.label("answer", "Much"),
        "some": _.label("answer", "Something"),
        "none": _.label("answer", "Nothing"),
    },
    ("exit", "why"): lambda _: {
        "time": _.label("answer", "I have no time"),
        "language": _.label("answer", "The language"),
        "fit": _.label("answer", "It did not fit what I need"),
        "moved": _.label("answer", "I have moved away"),
        "done": _.label("answer", "I have found what I needed"),
        "other": _.label("answer", "Something else"),
    },
    ("needs_interview", "goal"): lambda _: {
        "start": _.label("answer", "Start a business"),
        "grow": _.label("answer", "Let my business grow"),
        "find_work": _.label("answer", "Find work"),
        "meet_people": _.label("answer", "Meet people"),
        "learn": _.label("answer", "Learn something"),
        "other": _.label("answer", "Something else"),
    },
    ("needs_interview", "stage"): lambda _: {code.value: words.stage(code, _) for code in Stage},
    ("needs_interview", "sector"): lambda _: {
        "food": _.label("answer", "Food and restaurants"),
        "trade": _.label("answer", "Buying and selling"),
        "crafts": _.label("answer", "Crafts and making things"),
        "building": _.label("answer", "Building and repairing houses"),
        "transport": _.label("answer", "Transport and delivery"),
        "care": _.label("answer", "Health, care and beauty"),
        "digital": _.label("answer", "Computers and internet"),
        "services": _.label("answer", "Advice and other services"),
        "culture": _.label("answer", "Culture, media and teaching"),
        "other": _.label("answer", "Something else"),
    },
    ("needs_interview", "obstacles"): _obstacles,
    ("needs_interview", "needs"): _needs,
    ("needs_interview", "offers"): _needs,
    ("needs_interview", "limits"): lambda _: {code.value: words.limit(code, _) for code in Limit},
    ("stakeholder", "kind"): lambda _: {
        "organisation": _.label("answer", "An organisation"),
        "community_leader": _.label("answer", "A community"),
        "authority": _.label("answer", "An authority"),
        "business": _.label("answer", "A business"),
        "other": _.label("answer", "Somebody else"),
    },
    ("stakeholder", "needs"): _needs,
    ("stakeholder", "missing"): _needs,
    ("stakeholder", "barriers"): _obstacles,
}


def how(kind: Kind, currency: str, _: Translator) -> Html | None:
    """Say how a question is answered, where no button says it."""
    return {
        Kind.SEVERAL: _("Tap everything that is true, then “Done”."),
        Kind.NUMBER: _("Please write a number."),
        Kind.MONEY: _(
            "Please write an amount in {currency}, for example 12000.", currency=currency
        ),
        Kind.DATE: _("Please write a day, for example: 24.11.2026"),
        Kind.TEXT: _("Please write it in your own words."),
        Kind.VOICE: _("Please write it, or record a voice message."),
    }.get(kind)
