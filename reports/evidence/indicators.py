"""What indicators are called and what they count, in the reader's words."""

from community.evidence import Indicator
from locales import Translator, balanced


def name(indicator: Indicator, _: Translator) -> str:
    """Return what an indicator is called: in the reader's language, else in one it has."""
    if not indicator.names:
        return {
            "membership": _.label("indicator", "Members at the end of the period"),
            "active_members": _.label("indicator", "Members who did something"),
            "members_at_events": _.label("indicator", "Members who came to an event"),
            "joined": _.label("indicator", "New members"),
            "left": _.label("indicator", "Members who left"),
            "lessons_finished": _.label("indicator", "Members who finished a lesson"),
            "asks_and_offers": _.label("indicator", "Members who asked or offered something"),
            "introduced": _.label("indicator", "Members introduced to somebody"),
            "met_after_introduction": _.label("indicator", "Met after an introduction"),
            "contacts_across_languages": _.label(
                "indicator", "Members who met somebody of another language"
            ),
            "requests_made": _.label("indicator", "Requests sent to organisations"),
            "requests_answered": _.label("indicator", "Requests that were answered"),
            "requests_completed": _.label("indicator", "Requests that were completed"),
            "requests_confirmed": _.label("indicator", "Completed and confirmed"),
            "requests_for_each_member": _.label("indicator", "Requests for each member"),
            "response_rate": _.label("indicator", "Members who answered a survey"),
            "events_useful": _.label("indicator", "Found the event useful"),
            "met_somebody_at_events": _.label("indicator", "Met somebody useful at an event"),
            "requests_helped": _.label("indicator", "Say that the support has helped"),
            "understood_each_other": _.label("indicator", "Could understand each other"),
            "new_businesses": _.label("indicator", "New businesses"),
            "survival": _.label("indicator", "Businesses that go on"),
            "sales_up": _.label("indicator", "Businesses that sell more"),
            "sales_added": _.label("indicator", "Sales added"),
            "sales_of_half": _.label("indicator", "Change of sales, middle one"),
            "jobs_added": _.label("indicator", "Jobs added"),
            "jobs_up": _.label("indicator", "Businesses with more people"),
            "hours_added": _.label("indicator", "Hours of work a week added"),
            "profitable": _.label("indicator", "Businesses with a profit"),
            "exporting": _.label("indicator", "Businesses that sell abroad"),
            "employability_up": _.label("indicator", "See better chances of work"),
            "attitude_to_networking_up": _.label("indicator", "Think better of networking"),
            "belonging_up": _.label("indicator", "Feel more at home here"),
            "due_to_the_network": _.label("indicator", "Say that the network helped much"),
        }.get(indicator.id, indicator.id)
    return balanced(indicator.names[language_of(indicator, _)])


def language_of(indicator: Indicator, _: Translator) -> str:
    """Return in which language an indicator is named: the reader's if it is, else one it has."""
    if not indicator.names:
        return _.language
    tags = [_.language, _.language.partition("-")[0], "en", *indicator.names]
    return next(tag for tag in tags if tag in indicator.names)


def about(indicator: Indicator, _: Translator) -> str:
    """Return what an indicator counts, in a sentence; of one's own, where it comes from."""
    if indicator.names:
        return balanced(indicator.source)
    return {
        "membership": _.label(
            "about", "Who had joined and not left when the period ended. Each counts once."
        ),
        "active_members": _.label(
            "about",
            "Of all members, those who came to an event, answered, asked or did anything else "
            "by themselves in the period.",
        ),
        "members_at_events": _.label(
            "about", "Members who were noted at the door of at least one event."
        ),
        "joined": _.label(
            "about", "Members at the end of the period who were none when it began."
        ),
        "left": _.label(
            "about", "Members when the period began who were none any more when it ended."
        ),
        "lessons_finished": _.label(
            "about", "Who reached the last screen of at least one lesson in the period."
        ),
        "asks_and_offers": _.label(
            "about", "Who published at least one ask or offer in the period."
        ),
        "introduced": _.label(
            "about", "Who was introduced to another member after both had said yes."
        ),
        "met_after_introduction": _.label(
            "about",
            "Of those introduced whose answer is known, those who say that they met. They are "
            "asked two to four weeks later.",
        ),
        "contacts_across_languages": _.label(
            "about", "Introduced members who met, where the two have chosen different languages."
        ),
        "requests_made": _.label(
            "about", "Requests that members sent to organisations. One member may send several."
        ),
        "requests_answered": _.label("about", "Of all requests, those an organisation answered."),
        "requests_completed": _.label(
            "about", "Of all requests, those completed by the organisation's word."
        ),
        "requests_confirmed": _.label(
            "about",
            "Of completed requests, those where the member says so, too, or the team has found "
            "that the help was given.",
        ),
        "requests_for_each_member": _.label(
            "about", "Requests of the period divided by members at its end."
        ),
        "response_rate": _.label(
            "about", "Of members whom a short survey reached, those who answered one to its end."
        ),
        "events_useful": _.label(
            "about",
            "Of those who answered after an event, those who say that it was useful. Who "
            "answered several times counts once, with the last answer.",
        ),
        "met_somebody_at_events": _.label(
            "about",
            "Of those who answered after an event, those who met somebody useful for their "
            "business there.",
        ),
        "requests_helped": _.label(
            "about",
            "Of those who answered after a request had ended, those who say that it helped.",
        ),
        "understood_each_other": _.label(
            "about",
            "Of those who answered after a request had ended, those who could understand each "
            "other with the organisation.",
        ),
        "new_businesses": _.label(
            "about",
            "Who says, in the yearly survey or after leaving, that they began a business in the "
            "last twelve months.",
        ),
        "survival": _.label(
            "about",
            "Of those who had a business a year ago, those who still have it. Who does not answer "
            "is not among them.",
        ),
        "sales_up": _.label(
            "about",
            "Of those whose sales are known from before and now, those who sell more. Sales are "
            "those of the last twelve months.",
        ),
        "sales_added": _.label(
            "about", "Sales of the last twelve months, now less before, of all who told both."
        ),
        "sales_of_half": _.label(
            "about",
            "The change of sales in the middle: half of the businesses have more, half have less.",
        ),
        "jobs_added": _.label(
            "about",
            "People who work in the business beside the owner, now less before, of all who told "
            "both.",
        ),
        "jobs_up": _.label(
            "about",
            "Of those who told both, the businesses in which more people work than before.",
        ),
        "hours_added": _.label(
            "about", "The hours of these people in a week, now less before, of all who told both."
        ),
        "profitable": _.label(
            "about", "Of businesses whose owners told it, those that made a profit in the year."
        ),
        "exporting": _.label(
            "about", "Of businesses whose owners told it, those that sell to other countries."
        ),
        "employability_up": _.label(
            "about",
            "Of those who answered twice, those who see better chances of work than before.",
        ),
        "attitude_to_networking_up": _.label(
            "about",
            "Of those who answered twice, those who think better of networking than before.",
        ),
        "belonging_up": _.label(
            "about", "Of those who answered twice, those who feel more at home here than before."
        ),
        "due_to_the_network": _.label(
            "about",
            "Of those who answered, those who say that the network has helped much with what has "
            "changed. It is their own word, and no comparison with others.",
        ),
    }.get(indicator.id, indicator.source)
