"""What is told of gaps in the reader's words: groups, actions, criteria, reasons."""

from collections.abc import Iterable

from community import translations
from community.gaps import Dimension, Place
from community.gaps.actions import Criterion, Proof, Way
from community.gaps.adequacy import Misfit
from community.people import Profile
from handlers import words
from handlers.replies import Page
from locales import Translator
from reports.figures import language_title
from reports.gaps import Names


async def names(page: Page, places: Iterable[Place]) -> Names:
    """Return what everything on a map is called."""
    _ = page._
    numbers = {
        int(place.key)
        for place in places
        if place.dimension is Dimension.AREA and place.key.isdecimal()
    }
    areas = await translations.blocks(
        page.session, "area", sorted(numbers - {0}), page.reads, page.network.language
    )

    def group(place: Place) -> str:
        if place.dimension is Dimension.LANGUAGE:
            return language_title(place.key or "unknown", _)
        if place.dimension is Dimension.PROFILE:
            return words.profile(Profile(place.key), _)
        if place.dimension is Dimension.AREA:
            block = areas.get(int(place.key))
            return block.get("name") if block else _.label("figure", "No area told")
        return _.label("figure", "Everybody")

    return Names(lambda code: words.need(code, _), group)


def way(code: Way, _: Translator) -> str:
    """Return what is done about a gap."""
    return {
        Way.PARTNER: _.label("action", "Find a partner"),
        Way.EVENT: _.label("action", "Plan an event"),
        Way.TRANSLATION: _.label("action", "Ask for translations"),
        Way.TASK: _.label("action", "A task of the plan"),
    }[code]


def criterion(code: Criterion, _: Translator) -> str:
    """Return by what an action is scored."""
    return {
        Criterion.RELEVANCE: _.label("criterion", "Relevance"),
        Criterion.EFFECTIVENESS: _.label("criterion", "Effectiveness"),
        Criterion.EFFICIENCY: _.label("criterion", "Efficiency"),
        Criterion.IMPACT: _.label("criterion", "Expected impact"),
        Criterion.SUSTAINABILITY: _.label("criterion", "Sustainability"),
    }[code]


def question(code: Criterion, _: Translator) -> str:
    """Return what a criterion asks."""
    return {
        Criterion.RELEVANCE: _("Does it answer what members really look for?"),
        Criterion.EFFECTIVENESS: _("Will it reach what it is for?"),
        Criterion.EFFICIENCY: _("Is it worth its money and its hours?"),
        Criterion.IMPACT: _("How much will change for those it is for?"),
        Criterion.SUSTAINABILITY: _("Will it last when the help ends?"),
    }[code]


def proof(code: Proof, _: Translator) -> str:
    """Return what kind of evidence something is."""
    return {
        Proof.TEXT: _.label("evidence", "What we have seen or heard"),
        Proof.LINK: _.label("evidence", "A link"),
        Proof.BENCHMARK: _.label("evidence", "A benchmark"),
        Proof.FIGURE: _.label("evidence", "The gap map"),
    }[code]


def misfit(code: Misfit, _: Translator) -> str:
    """Return why a network does not suit somebody."""
    return {
        Misfit.LANGUAGE: _.label("misfit", "Not in my language"),
        Misfit.COST: _.label("misfit", "Costs too much"),
        Misfit.TIME: _.label("misfit", "At the wrong time"),
        Misfit.PLACE: _.label("misfit", "Too far away"),
        Misfit.CONDITIONS: _.label("misfit", "Asks for what I do not have"),
        Misfit.CONTENT: _.label("misfit", "About something else than I need"),
        Misfit.FULL: _.label("misfit", "No place left"),
        Misfit.NOT_WELCOME: _.label("misfit", "I did not feel welcome"),
        Misfit.OTHER: _.label("misfit", "Something else"),
    }[code]
