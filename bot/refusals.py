"""The community's "no" in the member's language: one sentence for each way of refusing."""

from datetime import timedelta

from bot.passing import DOCUMENTS, MOST_BYTES, PICTURES
from community.errors import (
    AgreementLacksError,
    AlreadySettledError,
    AnswersStandError,
    ApprovalBindsError,
    AskedAlreadyError,
    BeenThereError,
    CalledOffError,
    ChangedError,
    CodeRefusedError,
    ConsentMissingError,
    ContactConsentError,
    DirectoryRefusedError,
    DoorRefusedError,
    FileRefusedError,
    FormRefusedError,
    FullError,
    IllegalMoveError,
    InUseError,
    LastAdministratorError,
    LineRefusedError,
    LinkRefusedError,
    MemberIsAskedError,
    NoAgreementError,
    NobodyReadsError,
    NoPlaceError,
    NotAllowedError,
    NotAMemberError,
    NotForYouError,
    NotFoundError,
    NotUnderstoodError,
    OwnTextError,
    RefusalError,
    SuspendedError,
    TooLateError,
    TooLongTogetherError,
    TooManyAskedError,
    TooManyEventsError,
    TooManyPostsError,
    TooOftenError,
    UnfaithfulError,
    UnfitFileError,
    WordlessPictureError,
)
from handlers import handed_over
from locales import Html, Translator, day, duration, language_name, number
from reports import form_refusals
from reports.hsds import words as hsds_words


def _no_place(error: NoPlaceError, _: Translator) -> Html:
    if not error.left:
        return _("There is no place left for anybody with you. Your own stays yours.")
    return _.ngettext(
        "There is {n} place left that nobody waits for, and no more. Your own stays yours.",
        "There are {n} places left that nobody waits for, and no more. Your own stays yours.",
        error.left,
    )


def _later(error: TooOftenError | DoorRefusedError, _: Translator) -> Html:
    """Say when one can go on, and what one can do until then."""
    time = duration(max(error.wait, timedelta(minutes=1)), _)
    if isinstance(error, DoorRefusedError):
        return _(
            "So that nobody guesses the number at the door, none is tried for a while after "
            "several wrong ones. Please point your phone at the picture there, ask the hosts to "
            "note that you are here, or try again in {time}.",
            time=time,
        )
    return _(
        "You have written a lot in a short time. You can go on in: {time}",
        time=time,
    )


def _too_many(error: TooManyEventsError | TooManyPostsError, _: Translator) -> Html:
    if isinstance(error, TooManyPostsError):
        return _.ngettext(
            "You have {n} ask or offer open. Please close it first.",
            "You have {n} asks and offers open. Please close one of them first.",
            error.most,
        )
    return _.ngettext(
        "You have said yes or maybe to {n} event to come. Please say no to it first, so that "
        "others get a place.",
        "You have said yes or maybe to {n} events to come. Please say no to one of them "
        "first, so that others get a place.",
        error.most,
    )


def sentence(error: RefusalError, _: Translator) -> Html:
    """Return what to tell the person who asked."""
    if isinstance(error, DirectoryRefusedError):
        return hsds_words.refusal(error, _)
    if isinstance(error, FileRefusedError):
        return _not_taken(error, _)
    if isinstance(error, UnfitFileError):
        return _not_passed_on(error, _)
    if isinstance(error, NotUnderstoodError):
        return not_understood(error, _)
    if isinstance(error, (TooOftenError, DoorRefusedError)):
        return _later(error, _)
    if isinstance(error, (TooManyEventsError, TooManyPostsError)):
        return _too_many(error, _)
    if isinstance(error, NoPlaceError):
        return _no_place(error, _)
    if isinstance(error, UnfaithfulError):
        return _unfaithful(error, _)
    if isinstance(error, AlreadySettledError):
        return (
            _("You have confirmed this person already.")
            if error.granted
            else _("You have refused this person already.")
        )
    if isinstance(error, TooLongTogetherError):
        return _(
            "A vote has to be one message: title, text, question and answers together have room "
            "for {n} characters, with what is in the picture. Please make it shorter; nothing was "
            "changed.",
            n=number(error.limit, _),
        )
    if isinstance(error, AgreementLacksError):
        return _lacking(error, _)
    until = day(error.until.date(), _) if isinstance(error, SuspendedError) else ""
    wait = error.wait if isinstance(error, CodeRefusedError) else None
    sentences: dict[type[RefusalError], Html] = {
        CodeRefusedError: handed_over.sorry(wait, _),
        NotFoundError: _("That is not here any more. /menu shows what there is."),
        NotForYouError: _(
            "This event is for some members of the network only, and you are not among them. "
            "/events shows those that are for you."
        ),
        NotAllowedError: _("You cannot do this with the role you have."),
        SuspendedError: _(
            "The team has suspended you from what concerns other members until {day}. Support and "
            "the team stay open to you: /ask",
            day=until,
        ),
        NotAMemberError: _("This is for members. Send /start to join; it takes one minute."),
        TooLateError: _("It is too late for that."),
        TooManyAskedError: _(
            "You wait for many translations already. You can ask for more when some of them are "
            "there."
        ),
        CalledOffError: _("❌ This event has been cancelled."),
        IllegalMoveError: _("That is not possible any more: it has been settled meanwhile."),
        ChangedError: _("This has changed since it was shown to you. Here it is as it is now."),
        OwnTextError: _("This text is yours. Somebody else has to read it before it counts."),
        ApprovalBindsError: _(
            "The announcement of this event has been approved with the languages it has. An "
            "animator can still add this one."
        ),
        MemberIsAskedError: _(
            "The person has been asked and has not answered yet. We tell you as soon as they do."
        ),
        AskedAlreadyError: _(
            "This person has an open request for this service already, or one that waits for "
            "their word."
        ),
        InUseError: _(
            "Somebody lives there, or something is offered, planned or led there: "
            "you can only close it."
        ),
        NobodyReadsError: _(
            "This organisation does not read requests here yet. Please write to the team: /ask"
        ),
        FullError: _(
            "They take nobody at the moment, so nothing was sent. Here is what you can do instead."
        ),
        BeenThereError: _("You have asked this organisation already. Please choose another one."),
        LinkRefusedError: _(
            "This link does not work (any more). Ask the person who gave it to you for a new one."
        ),
        NoAgreementError: _(
            "We may not pass personal data to this organisation yet: there is no agreement "
            "with it. You can contact it yourself."
        ),
        ConsentMissingError: _("You have not agreed to this. You can change that under /me."),
        ContactConsentError: _(
            "Nothing of a person is kept before they have agreed. Please write down first how and "
            "when they did."
        ),
        LastAdministratorError: _("There must be at least one administrator."),
        AnswersStandError: _(
            "The answers of this vote have gone out, and members may have chosen one, so they "
            "stay as they are. If they are wrong, take the message back and ask anew."
        ),
        WordlessPictureError: _(
            "Please write first what is in the picture, for those who cannot see it or read "
            "another language than it has."
        ),
    }
    return sentences.get(type(error), _("That did not work. Nothing was changed."))


def _lacking(error: AgreementLacksError, _: Translator) -> Html:
    missing = {
        "past_day": _("Please write a day that is not still to come, for example: 24.11.2026"),
        "signed_on": _("Not yet: please write down first on which day it was signed."),
        "basis": _("Not yet: please choose first on which legal basis data may be shared."),
        "ends_at": _("Not yet: its end date is past. Please write a later one first."),
    }
    return Html(" ").join(missing[name] for name in error.missing)


def _unfaithful(error: UnfaithfulError, _: Translator) -> Html:
    if error.wrong == "script":
        language = language_name(error.what, _)
        return _(
            "This does not look like {language}. Please write it once more.", language=language
        )
    if error.wrong == "lost":
        return _(
            "This is in the original and not in your text: {what}. Please write it as the author "
            "did.",
            what=error.what,
        )
    return _(
        "This is in your text and not in the original: {what}. Please write it as the author did.",
        what=error.what,
    )


def _line_refused(error: LineRefusedError, _: Translator) -> Html:
    said = {
        "column": _("There is no column of this name: {what}.", what=error.what),
        "column_unknown": _("This column is not known, or there twice: {what}.", what=error.what),
        "empty": _("There is no number in the table."),
        "area": _("This area is not on your list: {what}.", what=error.what),
        "language": _("This is no code of a language: {what}.", what=error.what),
        "origin": _("A country has two letters, such as UA, and not: {what}.", what=error.what),
        "profile": _("This profile is not known: {what}.", what=error.what),
        "two_groups": _(
            "Only one of language, origin and profile may be filled in, and here it is: {what}.",
            what=error.what,
        ),
        "count": _("This is no whole number of people: {what}.", what=error.what or "–"),
        "source": _("The source is missing, or longer than 200 characters."),
        "year": _("This is no year up to now: {what}.", what=error.what or "–"),
        "twice": _("The same as in row {what}.", what=error.what),
        "empty_costs": _("There is no cost in the table."),
        "what": _("This is nothing that money is spent on here: {what}.", what=error.what or "–"),
        "amount": _("This is no amount that a cost can have: {what}.", what=error.what or "–"),
        "currency": _("This is no currency: {what}.", what=error.what),
        "day": _("This is no day such as 2026-11-24: {what}.", what=error.what or "–"),
        "days": _("It ends before it begins."),
        "note": _("The note is longer than 200 characters."),
        "no_thing": _("Nothing can be named there for a cost of this kind."),
        "thing": _("What it was for is not here, or is of another kind: {what}.", what=error.what),
    }[error.why]
    return _("Row {n}: {reason} Nothing was changed.", n=number(error.line, _), reason=said)


def _not_taken(error: FileRefusedError, _: Translator) -> Html:
    if isinstance(error, LineRefusedError):
        return _line_refused(error, _)
    if isinstance(error, FormRefusedError):
        return form_refusals.refusal(error, _)
    if error.why == "language" and error.what:
        return _(
            "This file is for another language: {language}. Nothing was changed.",
            language=language_name(error.what, _),
        )
    return {
        "none": _("Please send the file itself: tap the paper clip and choose “File”."),
        "too_big": _(
            "This file is too big to be one of ours, so it was not opened. Nothing was changed."
        ),
        "away": _("The file could not be fetched from Telegram. Please send it once more."),
        "not_po": _(
            "This is no PO file, or it is damaged. Nothing was changed. Please send the file as "
            "your program has saved it."
        ),
        "no_table": _(
            "This is no table that can be read. Nothing was changed. Please save it as CSV in the "
            "encoding UTF-8, or as XLSX, and send it once more."
        ),
        "no_workbook": _(
            "This is no workbook (XLSX), or it is damaged. Nothing was changed. Please send the "
            "file as your program has saved it."
        ),
        "not_ics": _(
            "This is no calendar file, or there is no event in it. Its name ends in .ics. Nothing "
            "was changed."
        ),
        "many_events": _(
            "There are more than 20 events in this file. Please send them in several files."
        ),
        "encoding": _(
            "The letters in this file cannot be read. Nothing was changed. Please save it in the "
            "encoding UTF-8 and send it once more."
        ),
        "cut": _(
            "The file is not whole: some of the texts that it was made with are missing. Nothing "
            "was changed. Please send all of it; texts that are empty are left alone."
        ),
        "language": _("This file does not say for which language it is. Nothing was changed."),
    }[error.why]


def _not_passed_on(error: UnfitFileError, _: Translator) -> Html:
    kinds = ", ".join(extension.upper() for extension in (*DOCUMENTS, *PICTURES))
    return {
        "kind": _(
            "Files of this kind are not passed on here, so it was not. These are: {kinds}",
            kinds=kinds,
        ),
        "other": _(
            "This file is damaged, or it is not what its name says, so it was not passed on. "
            "Please save it as a PDF and send that."
        ),
        "macros": _(
            "There are small programs (macros) in this file, so it was not passed on. Please save "
            "it as a PDF and send that."
        ),
        "too_big": _.ngettext(
            "This file is too big, so it was not passed on: at most {n} megabyte can be sent.",
            "This file is too big, so it was not passed on: at most {n} megabytes can be sent.",
            MOST_BYTES // 2**20,
        ),
        "away": _(
            "The file could not be fetched from Telegram, so it was not passed on. Please send it "
            "once more."
        ),
        "picture": _(
            "This picture cannot be opened, so it was not passed on. Please send it as a photo, "
            "not as a file."
        ),
        "too_many_dots": _(
            "This picture is too large to be opened, so it was not passed on. Please send it as a "
            "photo, not as a file."
        ),
        "moves": _(
            "This picture moves, so it was not passed on: only still pictures are. Please send a "
            "photo."
        ),
    }[error.why]


AN_ADDRESS, A_NUMBER = "info@example.org", "+33 1 23 45 67 89"
SOME_HOURS = "9:00-12:30, 14:00-17:00"


def not_understood(error: NotUnderstoodError, _: Translator) -> Html:
    """Return what was expected instead, field by field."""
    if error.count is not None:
        return _.ngettext(
            "Please write the {n} step.",
            "Please write all {n} steps, one on each line.",
            error.count,
        )
    if error.limit is not None:
        return _.ngettext(
            "Please write a text of at most {n} character.",
            "Please write a text of at most {n} characters.",
            error.limit,
        )
    fields: dict[str, Html] = {
        "text": _("Please answer with a written message."),
        "answers": _("Please write two to four answers, each on a line of its own."),
        "options": _(
            "Please write two to six answers, each on a line of its own, and no two the same."
        ),
        "needed": _("This cannot be left out. “Cancel” ends it, and nothing is saved."),
        "no_contact": _(
            "Please write it without telephone numbers, links, addresses or accounts. Members "
            "answer you here, and you decide to whom you show your contact."
        ),
        "choice": _("Please tap one of the buttons."),
        "when": _(
            "I could not read that date, or it is in the past. Write it like this: Tue 18:00, "
            "or 24.11. 18:00."
        ),
        "signed_on": _("Please write the day on which it was signed, for example: 24.11.2026"),
        "ends_at": _("Please write a day that is still to come, for example: 31.12.2028"),
        "where": _("Please write where it is: an address, or a link that begins with https://"),
        "link": _("Please write a link that begins with https://"),
        "evidence": _("There are 20 pieces of evidence already. Please take one off first."),
        "capacity": _("Please write a number from 1 to 100 000."),
        "number": _("Please write a number."),
        "whole_number": _("Please write a whole number, such as 0 or 12, without any words."),
        "money": _("Please write an amount, such as 0 or 12000, without any words."),
        "date": _("I could not read that day. Write it like this: 24.11.2026"),
        "voice_or_text": _("Please write your answer, or record a voice message."),
        "currency": _("Please write the three letters of a currency, for example EUR or CHF."),
        "amount": _("Please write an amount, for example 25 or 12.50, or 0 if it is free."),
        "duration": _("Please write how long it lasts, in minutes."),
        "cost": _("Please write an amount above 0, for example 25 or 1250.50."),
        "days": _(
            "Please write a day, or the first and the last with a dash between them: "
            "1.10.2026 – 31.12.2026"
        ),
        "assumed": _("This number is too small or too large for that. Please write another."),
        "zone": _("Please write a time zone such as Europe/Paris."),
        "door_code": _("That is another number. Please look at the door once more."),
        "guests": _("So many cannot come with you. Please tap one of the buttons."),
        "location": _(
            "Please share a location with the paper clip, or type two numbers, for example "
            "{example}.",
            example="48.85, 2.35",
        ),
        "voice": _("Please record a voice message: hold the microphone, and read."),
        "long_voice": _("This recording is very long. Please read this text, and nothing else."),
        "picture": _("Please send a picture: as a photo, or as a file."),
        "contact": _(
            "Contacts and places are not passed on here. Please write in words what the other "
            "side has to know."
        ),
        "file": _(
            "This cannot be passed on here. Words, photos, voice messages and documents can: "
            "please send one of these."
        ),
        "steps": _("Please write the steps, one on each line."),
        "email": _("Please write an e-mail address, for example {example}.", example=AN_ADDRESS),
        "phone": _("Please write a phone number, for example {example}.", example=A_NUMBER),
        "hours": _("Please write the hours like this: {example}", example=SOME_HOURS),
        "day": _("I could not read that day, or it is in the past. Write it like this: 24.11."),
        "language": _("Please choose one of the languages."),
    }
    return fields.get(error.field, _("I did not understand that. Please try again."))
