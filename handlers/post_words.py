"""How asks and offers read, and what codes of theirs, of reports and measures are called."""

from community import posts, translations
from community.matches import Outcome
from community.measures import Measure, Why
from community.needs import Need
from community.posts import Category, Kind, Post, Refusal, State
from handlers import words
from handlers.content import authored, block_for
from handlers.replies import Page, lines
from locales import Html, Translator


def kind(code: Kind, _: Translator) -> str:
    """Return whether one asks or offers."""
    return {
        Kind.ASK: _.label("ask or offer", "🔎 I look for something"),
        Kind.OFFER: _.label("ask or offer", "🎁 I have something"),
    }[code]


def category(asks: Kind, code: Category, _: Translator) -> str:
    """Return what is looked for or offered, as it stands above a post and on its button."""
    if asks == Kind.ASK:
        return {
            Category.SUPPLIER: _.label("ask", "🔎 A supplier"),
            Category.PARTNER: _.label("ask", "🔎 A partner"),
            Category.STAFF: _.label("ask", "🔎 People who work with me"),
            Category.PREMISES: _.label("ask", "🔎 A place to work"),
            Category.CUSTOMER: _.label("ask", "🔎 Customers"),
            Category.ADVICE: _.label("ask", "🔎 Advice"),
        }[code]
    return {
        Category.SUPPLIER: _.label("offer", "🎁 Goods or services"),
        Category.PARTNER: _.label("offer", "🎁 Working together"),
        Category.STAFF: _.label("offer", "🎁 My own work"),
        Category.PREMISES: _.label("offer", "🎁 A place to work"),
        Category.CUSTOMER: _.label("offer", "🎁 I would buy something"),
        Category.ADVICE: _.label("offer", "🎁 Advice"),
    }[code]


def refusal(code: Refusal, _: Translator) -> str:
    """Return why a post is not published."""
    return {
        Refusal.ADVERTISING: _.label("why not published", "It only advertises"),
        Refusal.NOT_A_BUSINESS: _.label("why not published", "It is not about a business"),
        Refusal.UNCLEAR: _.label("why not published", "It is not clear what is meant"),
        Refusal.NOT_ALLOWED: _.label("why not published", "It is against the law or our rules"),
        Refusal.CONTACT: _.label("why not published", "It names somebody or a contact"),
    }[code]


def outcome(code: Outcome, _: Translator) -> str:
    """Return what came of it."""
    return {
        Outcome.CLIENT: _.label("outcome", "A client"),
        Outcome.SUPPLIER: _.label("outcome", "A supplier"),
        Outcome.PARTNER: _.label("outcome", "A partner"),
        Outcome.JOB: _.label("outcome", "A job"),
        Outcome.ADVICE: _.label("outcome", "Advice"),
        Outcome.NOTHING_YET: _.label("outcome", "Nothing yet"),
    }[code]


def standing(post: Post, _: Translator) -> Html:
    """Return how far a post is, for its poster."""
    return {
        State.WAITING: _(
            "👀 It is there. Until somebody of the team has read it, at most 20 members see it."
        ),
        State.PUBLISHED: _("✅ Members see it."),
        State.REFUSED: _("The team has not published it."),
        State.FOUND: _("🎉 Found. Nobody sees it any more."),
        State.EXPIRED: _("⏳ Its time is over. Nobody sees it any more."),
        State.WITHDRAWN: _("You have taken it off. Nobody sees it any more."),
        State.HIDDEN: _("The team has hidden it. Nobody sees it any more."),
    }[State(post.state)]


def why(code: Why, _: Translator) -> str:
    """Return for what something is reported, or a measure taken."""
    return {
        Why.FRAUD: _.label("why reported", "Fraud"),
        Why.INSULT: _.label("why reported", "An insult"),
        Why.HARASSMENT: _.label("why reported", "Harassment"),
        Why.ADVERTISING: _.label("why reported", "Advertising"),
        Why.WRONG_TRANSLATION: _.label("why reported", "A wrong translation"),
        Why.OTHER: _.label("why reported", "Something else"),
    }[code]


def measure(code: Measure, _: Translator) -> str:
    """Return what follows from a report."""
    return {
        Measure.NOTHING: _.label("measure", "Nothing has to be done"),
        Measure.WARN: _.label("measure", "Warn them"),
        Measure.HIDE: _.label("measure", "Hide the post"),
        Measure.SUSPEND: _.label("measure", "Suspend them"),
    }[code]


def taken(code: Measure, _: Translator) -> Html:
    """Return a measure as whom it concerns reads it."""
    return {
        Measure.NOTHING: _("The team has looked at something and does nothing."),
        Measure.WARN: _("⚠️ The team of the network warns you."),
        Measure.HIDE: _("🚫 The team of the network has hidden an ask or offer of yours."),
        Measure.SUSPEND: _(
            "⛔ The team of the network has suspended you from what concerns other members. "
            "Support and the team stay open to you."
        ),
    }[code]


def heading(asks: Kind, code: Category, _: Translator) -> Html:
    """Return what stands above a post."""
    return Html("<b>") + category(asks, code, _) + Html("</b>")


def facts(need: str | None, where: str | None, _: Translator) -> list[Html]:
    """Return what it is about, and where."""
    return [
        *([_("About: {need}", need=words.need(Need(need), _))] if need else []),
        _("📍 {place}", place=where) if where else _("📍 Everywhere"),
    ]


async def area_name(page: Page, area_id: int) -> str:
    """Return what an area is called."""
    block = await translations.block(
        page.session, "area", area_id, page.reads, page.network.language
    )
    return block.get("name") if block else "?"


async def told_of(page: Page, post: Post) -> Html:
    """Return a post as it stands on its card: heading, words, facts."""
    _ = page._
    block = await block_for(page, posts.SUBJECT, post.id)
    where = await area_name(page, post.area_id) if post.area_id is not None else None
    return lines(
        heading(Kind(post.kind), Category(post.category), _),
        authored(page, block, block.get("text") if block else "?"),
        "",
        *facts(post.need, where, _),
    )
