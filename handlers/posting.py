"""The buttons of asks and offers, of reports and of measures: others lead to them, too."""

from aiogram.filters.callback_data import CallbackData

from community.posts import Post, State
from handlers.replies import Button, Reply, edit
from locales import Translator


class Posts(CallbackData, prefix="ha"):
    """The board: what fits, "rest", one's own ("mine"), write one ("new"), what "waits"."""

    act: str = "open"
    at: int = 0


class OfPost(CallbackData, prefix="hc"):
    """One ask or offer, and what is done with it ("!" does it); ``value``: a coded choice."""

    ref: str
    act: str = "open"
    value: str = ""

    def card(self) -> Reply:
        """Return it as it is now."""
        return edit("post.one", ref=self.ref)


class PutUp(CallbackData, prefix="he"):
    """What has just been written: put it up, or write it anew."""

    act: str


class OfAnswer(CallbackData, prefix="hg"):
    """One answer to a post, for its two sides; ``value``: a coded choice."""

    ref: str
    act: str = "open"
    value: str = ""


class Reporting(CallbackData, prefix="hh"):
    """Report something: first what, then why."""

    of: str
    """A post ("post"), an exchange ("exchange"), a translation ("text")."""
    ref: str
    what: str = ""
    """Of an exchange "message.3", too: the third of those that one got. Of a text its subject."""
    why: str = ""
    """Of a text which field."""


class Judging(CallbackData, prefix="hi"):
    """A report in the queue, or an answer to a measure: look, and decide."""

    ref: str
    act: str = "open"
    value: str = ""


class MyMeasure(CallbackData, prefix="hz"):
    """A measure, for whom it concerns: read it, answer it."""

    ref: str
    act: str = "open"


def of_poster(post: Post, _: Translator) -> list[list[Button]]:
    """Return what its poster can do with a post now."""
    ref = post.ref
    renew = Button(_.label("button", "🔁 30 days more"), OfPost(ref=ref, act="renew"))
    found = Button(_.label("button", "🎉 I have found it"), OfPost(ref=ref, act="found"))
    off = Button(_.label("button", "🗑 Take it off"), OfPost(ref=ref, act="withdraw"))
    if post.is_live:
        return [[found], [renew, off]]
    return [[renew], [found]] if post.state == State.EXPIRED else []
