"""The ways the community says no. They carry data; ``bot/refusals.py`` has the sentences."""

from collections.abc import Collection
from datetime import datetime, timedelta


class RefusalError(Exception):
    """A request that is refused. The transaction rolls back; the person is told why."""


class NotFoundError(RefusalError):
    """Nothing has this reference, or the person may not know that something has."""

    def __init__(self, what: str) -> None:
        super().__init__(what)
        self.what = what


class NotForYouError(NotFoundError):
    """An event is for some members only, and this person is none of them."""


class NotAllowedError(RefusalError):
    """The person's roles do not cover this."""

    def __init__(self, needed: str = "") -> None:
        super().__init__(needed)
        self.needed = needed


class IllegalMoveError(RefusalError):
    """The lifecycle has no such step from where the thing stands now."""

    def __init__(self, lifecycle: str, at: str, to: str) -> None:
        super().__init__(f"{lifecycle}: {at} -> {to}")
        self.lifecycle, self.at, self.to = lifecycle, at, to


class TooLateError(RefusalError):
    """The moment for this has passed."""

    def __init__(self, since: datetime | None = None) -> None:
        super().__init__("too late")
        self.since = since


class TooOftenError(RefusalError):
    """The person has written as much as the pace allows; after ``wait`` they can go on."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class TooManyAskedError(RefusalError):
    """The person waits for as many translations as one can at once."""


class TooManyEventsError(RefusalError):
    """The person has said yes or maybe to as many events to come as one can at once."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class TooManyPostsError(RefusalError):
    """The person has as many asks and offers open as one can at once."""

    def __init__(self, most: int) -> None:
        super().__init__(most)
        self.most = most


class SuspendedError(RefusalError):
    """The person is suspended from what concerns other members, until then."""

    def __init__(self, until: datetime) -> None:
        super().__init__(until)
        self.until = until


class NoPlaceError(RefusalError):
    """There are not so many places; so many are left."""

    def __init__(self, left: int) -> None:
        super().__init__(left)
        self.left = left


class CalledOffError(TooLateError):
    """It is too late, because what it was about does not take place."""


class NotAMemberError(RefusalError):
    """Only members may do this, and the person has not joined (or has left)."""


class LinkRefusedError(RefusalError):
    """A wrong, used, withdrawn or expired link; which of them is not told."""


class CodeRefusedError(LinkRefusedError):
    """A wrong, used, replaced or expired paper code; or, with ``wait``, none is tried before."""

    def __init__(self, wait: timedelta | None = None) -> None:
        super().__init__(wait)
        self.wait = wait


class DoorRefusedError(RefusalError):
    """So many wrong numbers were typed at the door that none is tried before ``wait`` is over."""

    def __init__(self, wait: timedelta) -> None:
        super().__init__(wait)
        self.wait = wait


class AlreadySettledError(RefusalError):
    """An invitation that has been confirmed or refused already."""

    def __init__(self, *, granted: bool) -> None:
        super().__init__(granted)
        self.granted = granted


class InUseError(RefusalError):
    """What people or services still refer to cannot be removed; it can be closed."""


class NoAgreementError(RefusalError):
    """No personal data goes to a provider without an active agreement."""


class AgreementLacksError(RefusalError):
    """An agreement cannot take this step before it says more."""

    def __init__(self, missing: Collection[str]) -> None:
        super().__init__(", ".join(missing))
        self.missing = tuple(missing)


class NobodyReadsError(RefusalError):
    """Nobody of the organisation would receive the request here."""


class FullError(RefusalError):
    """The service takes nobody at the moment."""


class BeenThereError(RefusalError):
    """The organisation has been asked in this chain of requests already."""


class AskedAlreadyError(RefusalError):
    """The member has an open request for this service, or a draft that waits for their word."""


class MemberIsAskedError(IllegalMoveError):
    """The provider waits for the member's answer, and cannot go on before it."""


class ConsentMissingError(RefusalError):
    """The person has not agreed to what this needs."""

    def __init__(self, purpose: str) -> None:
        super().__init__(purpose)
        self.purpose = purpose


class NobodySoughtError(RefusalError):
    """No partner is looked for now, and why.

    They look for nothing ("needs"), or for nobody ("seeks"); a proposal waits for their answer
    ("open", by ``ref``); or it was asked a lot today ("today").
    """

    def __init__(self, why: str, ref: str = "") -> None:
        super().__init__(why, ref)
        self.why, self.ref = why, ref


class RestingError(RefusalError):
    """The member takes part in matching, and wants nobody proposed for now."""


class ContactConsentError(RefusalError):
    """Somebody beside the members has not agreed that anything of them is kept."""


class LastAdministratorError(RefusalError):
    """The last administrator cannot be revoked."""


class AnswersStandError(RefusalError):
    """The answers of a vote that is out: whoever has voted chose between these."""


class TooLongTogetherError(RefusalError):
    """Each text is short enough, but all together are more than one message has room for."""

    def __init__(self, limit: int) -> None:
        super().__init__(limit)
        self.limit = limit


class WordlessPictureError(RefusalError):
    """A picture goes out only with words that say what is in it."""


class ChangedError(IllegalMoveError):
    """What somebody has seen and wants to settle is not what stands there now."""


class OwnTextError(RefusalError):
    """A second reader is somebody else than the one who wrote the text."""


class ApprovalBindsError(RefusalError):
    """An approval, given or asked for, binds these words: a translator cannot add to them."""


class UnfaithfulError(RefusalError):
    """A translation in which something is lost, added or changed that has to stay as it is."""

    def __init__(self, wrong: str, what: str) -> None:
        """``wrong``: lost, added, or script (then ``what`` is the language it should be)."""
        super().__init__(wrong)
        self.wrong, self.what = wrong, what


class NotUnderstoodError(RefusalError):
    """What the person wrote does not fit the field they were asked for."""

    def __init__(self, field: str, *, limit: int | None = None, count: int | None = None) -> None:
        """``limit``: characters it may have at most; ``count``: how many there must be."""
        super().__init__(field)
        self.field, self.limit, self.count = field, limit, count


class FileRefusedError(NotUnderstoodError):
    """A file that is not taken, as a whole. The one who sent it may send another."""

    def __init__(self, why: str, what: str = "") -> None:
        """``why``: a code; ``what``: of a file for another language, which that is."""
        super().__init__("file")
        self.why, self.what = why, what


class LineRefusedError(FileRefusedError):
    """A table is not taken because one line of it is wrong. Nothing was changed."""

    def __init__(self, line: int, why: str, what: str = "") -> None:
        """``line``: as a spreadsheet counts; ``why``: a code; ``what`` stands there."""
        super().__init__(why, what)
        self.line = line


class FormRefusedError(FileRefusedError):
    """A survey (XLSForm) that is not taken, as a whole: what is wrong, and where."""

    def __init__(
        self,
        why: str,
        sheet: str,
        row: int = 0,
        what: str = "",
        *,
        position: int = 0,
        limit: int = 0,
    ) -> None:
        """``row``: as a spreadsheet counts, 0 if it is about a whole sheet.

        ``what`` stands there; ``position``: the character of it from which on it is wrong.
        """
        super().__init__(why, what)
        self.sheet, self.row, self.position, self.limit = sheet, row, position, limit


class UnfitFileError(NotUnderstoodError):
    """A file that is not passed on to anybody. The one who sent it may send another."""

    def __init__(self, why: str) -> None:
        super().__init__("file")
        self.why = why


class DirectoryRefusedError(FileRefusedError):
    """A directory (HSDS) that is not taken, as a whole: what is wrong, and where in which file."""

    def __init__(
        self, why: str, *, file: str = "", line: int = 0, path: str = "", what: str = ""
    ) -> None:
        """``why``: a code; ``line``: of a text or a table; ``path``: of an object or a column."""
        super().__init__(why, what)
        self.file, self.line, self.path = file, line, path
