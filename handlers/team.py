"""The team: inviting members, offering roles, confirming who came, and taking roles back."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from aiogram import Router
from aiogram.filters.callback_data import CallbackData
from sqlalchemy.ext.asyncio import AsyncSession

from community import invitations, providers, referrals, roles, series, translations
from community.base import find
from community.people import Person
from community.providers import Organization
from community.roles import Role, RoleInvitation, RoleName, Scoped
from handlers import staff, words
from handlers.content import block_for
from handlers.replies import Button, File, Message, Page, Replies, edit, lines, say, toast
from handlers.staff import TEAM, Desk, Entrust, Transfers, page_of, router_for, turning_of
from locales import Html, Translator
from reports.qr import qr_picture

PER_PAGE = 20
FOR_ORGANIZATIONS = (RoleName.PROVIDER_STAFF, RoleName.EVALUATOR)


class Members(CallbackData, prefix="tm"):
    """A page of the team."""

    at: int = 0


class Organizations(CallbackData, prefix="tg"):
    """A page of the organisations for which somebody may be invited."""

    at: int = 0
    role: RoleName = RoleName.PROVIDER_STAFF


class JoinLink(CallbackData, prefix="tj"):
    """The link with which members come in: show it, or withdraw it (``ref``)."""

    withdraw: str = ""


class Invite(CallbackData, prefix="ti"):
    """Offer a role; staff of a provider and evaluators for one organisation."""

    role: RoleName
    organization: str = ""


class Settle(CallbackData, prefix="ts"):
    """Confirm or refuse who opened an invitation."""

    ref: str
    grant: bool


class Offered(CallbackData, prefix="ya"):
    """Take what was offered by name, or turn it down."""

    ref: str
    takes: bool


class Revoke(CallbackData, prefix="tr"):
    """End a role; first asked, then done."""

    ref: str
    sure: bool = False


class Take(CallbackData, prefix="tk"):
    """An administrator works in another role too."""

    role: RoleName


async def accept_invitation(
    session: AsyncSession, person: Person, token: str, now: datetime
) -> Replies:
    """Follow the link of a role invitation.

    Raises:
        LinkRefusedError: wrong, expired or used by somebody else.
    """
    invitation = await invitations.accept(session, person, token, now)
    return [say("team.opened", ref=invitation.ref)]


# Handlers


async def link_touched(
    query: Any,
    callback_data: JoinLink,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Show the link with which members come in, or make it lead nowhere."""
    if callback_data.withdraw:
        await invitations.withdraw_join_link(session, person, callback_data.withdraw, now)
        return [say("team.withdrawn")]
    link = await invitations.join_link(session, person, now)
    return [say("team.link", ref=link.ref)]


async def invited(
    query: Any,
    callback_data: Invite,
    session: AsyncSession,
    person: Person,
    now: datetime,
) -> Replies:
    """Make an invitation; where it is for an organisation, ask first for which."""
    role, organization_id = callback_data.role, None
    if role in FOR_ORGANIZATIONS:
        if not callback_data.organization:
            return [edit("team.organizations", role=role)]
        organization = await find(session, Organization, callback_data.organization)
        organization_id = organization.id
    token = await roles.invite(session, person, role, now, organization_id=organization_id)
    return [say("team.invitation", role=role, token=token)]


async def page_turned(query: Any, callback_data: Members) -> Replies:
    """Show another page of the team."""
    return [edit("team", at=callback_data.at)]


async def organizations_turned(query: Any, callback_data: Organizations) -> Replies:
    """Show another page of the organisations."""
    return [edit("team.organizations", at=callback_data.at, role=callback_data.role)]


async def settled(
    query: Any, callback_data: Settle, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Confirm or refuse."""
    ref, grant = callback_data.ref, callback_data.grant
    await invitations.settle(session, person, ref, now, grant=grant)
    return [edit("team.settled", ref=ref, granted=grant)]


async def revoked(
    query: Any, callback_data: Revoke, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Ask once more, then end the role."""
    if not callback_data.sure:
        return [edit("team.revoke", ref=callback_data.ref)]
    await invitations.revoke(session, person, callback_data.ref, now)
    return [edit("team"), toast("team.revoked")]


async def taken(
    query: Any, callback_data: Take, session: AsyncSession, person: Person, now: datetime
) -> Replies:
    """Give an administrator another role."""
    await roles.take(session, person, callback_data.role, now)
    return [edit("desk")]


# Cards


async def team_card(page: Page, at: int = 0) -> Message:
    """List who holds which role; invite; take roles back."""
    _ = page._
    mine = await roles.may_grant(page.session, page.reader, page.now)
    told, rows, passing = [], [], []
    if await roles.holds(page.session, page.reader, RoleName.ANIMATOR, page.now):
        passing = [[Button(_.label("button", "🌱 Hand-over plans"), Transfers())]]
    everybody = await roles.team(page.session, page.now)
    shown, turning = page_of(everybody, at, PER_PAGE, lambda to: Members(at=to), _)
    for role, person in shown:
        name = await role_name(page, role)
        told.append(_("{name}: {role}", name=person.name or "?", role=name))
        if role.name in mine:
            label = _.label("button", "✖️ {name}: {role}", name=person.name or "?", role=name)
            rows.append([Button(label, Revoke(ref=role.ref))])
    invite = [
        [Button(label, Invite(role=name))]
        for name, label in _invite_labels(_).items()
        if name in mine
    ]
    text = lines(
        _("<b>The team</b>"),
        *told,
        "",
        _("✖️ takes a role back. Invitations work once, for 72 hours; you confirm who came."),
    )
    return Message(
        text,
        [
            [Button(_.label("button", "🔗 Invite members"), JoinLink())],
            *invite,
            *_entrusting(mine, _),
            *passing,
            *rows,
            turning,
            *await _taking(page),
            [staff.back(_)],
        ],
    )


def _invite_labels(_: Translator) -> dict[RoleName, str]:
    return {
        RoleName.ADMINISTRATOR: _.label("button", "➕ Invite an administrator"),
        RoleName.COORDINATOR: _.label("button", "➕ Invite a coordinator"),
        RoleName.ANIMATOR: _.label("button", "➕ Invite an animator"),
        RoleName.PROVIDER_STAFF: _.label("button", "➕ Invite a provider's staff"),
        RoleName.TRANSLATOR: _.label("button", "➕ Invite a translator"),
        RoleName.EVALUATOR: _.label("button", "➕ Invite an evaluator"),
    }


def _entrusting(mine: Collection[RoleName], _: Translator) -> list[list[Button]]:
    """Return what members are entrusted with, each for a time."""
    labels = {
        RoleName.COMMUNITY_LEAD: _.label("button", "➕ Invite a community lead"),
        RoleName.MODERATOR: _.label("button", "➕ Invite a moderator"),
    }
    return [[Button(label, Entrust(role=name))] for name, label in labels.items() if name in mine]


async def _taking(page: Page) -> list[list[Button]]:
    _ = page._
    held = {role.name for role in await roles.held(page.session, page.reader, page.now)}
    if RoleName.ADMINISTRATOR not in held:
        return []
    labels = {
        RoleName.ANIMATOR: _.label("button", "🙋 I work as an animator too"),
        RoleName.COORDINATOR: _.label("button", "🙋 I work as a coordinator too"),
    }
    return [[Button(label, Take(role=name))] for name, label in labels.items() if name not in held]


async def role_name(page: Page, right: Scoped) -> str:
    """Return what a role is called, with what it is for."""
    _ = page._
    role = words.role(RoleName(right.name), _)
    event_id = right.event_id
    is_series = right.series_id is not None
    if right.series_id is not None:
        event_id = await series.last_of(page.session, right.series_id)
    for subject, number, field in (
        ("organization", right.organization_id, "name"),
        ("event", event_id, "title"),
        ("area", right.area_id, "name"),
    ):
        if number is not None:
            block = await translations.block(
                page.session, subject, number, page.reads, page.network.language
            )
            called = block.get(field) if block else "?"
            if is_series:
                return _.label("role", "{role} (all dates of {title})", role=role, title=called)
            return _.label("role", "{role} ({organization})", role=role, organization=called)
    return role


async def offer_card(page: Page, ref: str) -> Message | None:
    """Ask somebody whether they host an event; nothing once that is settled."""
    _ = page._
    invitation = await find(page.session, RoleInvitation, ref)
    if invitation.settled_at is not None or invitation.expires_at <= page.now:
        return None
    assert invitation.event_id is not None
    block = await block_for(page, "event", invitation.event_id)
    text = lines(
        _("🤝 Would you like to host: {title}?", title=block.get("title") if block else "?"),
        _(
            "You see who answers, say who came, and answer what people ask about it. The team "
            "helps you. It ends by itself a week after the event."
        ),
    )
    yes = Button(_.label("button", "✅ Yes, I host it"), Offered(ref=ref, takes=True))
    no = Button(_.label("button", "No, thank you"), Offered(ref=ref, takes=False))
    return Message(text, [[yes], [no]])


async def link_card(page: Page, ref: str) -> Message:
    """Show the members' link, as text and as a picture to print."""
    _ = page._
    link = page.network.link(f"j-{ref}")
    text = lines(
        _("🔗 With this link people join the network: {link}", link=link),
        "",
        _("It works for everybody, as often as you like. The picture says the same to a camera."),
    )
    withdraw = Button(_.label("button", "Withdraw this link"), JoinLink(withdraw=ref))
    return Message(text, [[withdraw]], File("diwan.png", qr_picture(link), is_picture=True))


async def withdrawn(page: Page) -> Message:
    """Confirm that the link is dead."""
    _ = page._
    again = Button(_.label("button", "🔗 Make a new link"), JoinLink())
    return Message(_("The link leads nowhere from now on."), [[again]])


async def organizations(
    page: Page, at: int = 0, role: RoleName = RoleName.PROVIDER_STAFF
) -> Message:
    """Choose for which organisation somebody is invited."""
    _ = page._
    found = await providers.organizations(page.session, at, PER_PAGE)
    names = await translations.blocks(
        page.session,
        "organization",
        [organization.id for organization in found.rows],
        page.reads,
        page.network.language,
    )
    rows = [
        [
            Button(
                names[organization.id].get("name") if organization.id in names else "?",
                Invite(role=role, organization=organization.ref),
            )
        ]
        for organization in found.rows
    ]
    text = (
        _("For which organisation?")
        if found.total
        else _("There is no organisation yet. A coordinator sets them up with /report.")
    )
    turning = turning_of(found, lambda to: Organizations(at=to, role=role), _)
    return Message(text, [*rows, turning, [Button(_.label("button", "Back"), Desk(to="team"))]])


async def invitation_card(page: Page, role: RoleName, token: str = "") -> Message | None:
    """Show an invitation once, as a link and as a picture."""
    if not token:
        return None
    _ = page._
    link = page.network.link(f"i-{token}")
    text = lines(
        _("Give this link to one person: {link}", link=link),
        "",
        _("Role: {role}", role=words.role(RoleName(role), _)),
        _("It works once, within 72 hours. Then I ask you whether it is the right person."),
    )
    return Message(text, file=File("diwan.png", qr_picture(link), is_picture=True))


async def _parties(page: Page, ref: str) -> tuple[RoleInvitation, str]:
    """Return the invitation and what its role is called."""
    invitation = await find(page.session, RoleInvitation, ref)
    name = await role_name(page, invitation)
    return invitation, name


async def opened_card(page: Page, ref: str) -> Message:
    """Tell who opened an invitation what happens now."""
    _ = page._
    invitation, role = await _parties(page, ref)
    if invitation.offered_to_id is not None and not invitation.granted:
        return Message(_("All right. You have said no, and that is fine."))
    if invitation.settled_at is None:
        return Message(
            _(
                "Thank you. The person who invited you as {role} is asked whether it is really "
                "you. We tell you here.",
                role=role,
            )
        )
    return await _outcome(page, invitation, role)


async def _outcome(page: Page, invitation: RoleInvitation, role: str) -> Message:
    _ = page._
    if not invitation.granted:
        return Message(_("The invitation as {role} was not confirmed.", role=role))
    way_in = role_way_in(RoleName(invitation.name), _)
    return Message(lines(_("✅ You are now: {role}.", role=role), way_in))


def role_way_in(name: RoleName, _: Translator) -> Html:
    """Say which command leads to what a role opens."""
    return {
        RoleName.ADMINISTRATOR: _("/animate shows the team."),
        RoleName.ANIMATOR: _("/animate shows what you can do."),
        RoleName.COORDINATOR: _("/report shows what you can do."),
        RoleName.PROVIDER_STAFF: _("/referrals shows the people referred to you."),
        RoleName.TRANSLATOR: _("/menu leads to the translations."),
        RoleName.CO_HOST: _("/menu leads to the events you host."),
        RoleName.COMMUNITY_LEAD: _("/menu leads to the events you host."),
        RoleName.MODERATOR: _("/menu leads to what was reported."),
        RoleName.EVALUATOR: _("/report shows what there is, while the agreement holds."),
    }[name]


async def role_notice(page: Page, what: str, ref: str) -> Message | None:
    """Ask the inviter about whoever came; tell the invited how it was settled, or that it ends."""
    if what == "offered":
        return await offer_card(page, ref)
    if what in ("taken", "declined"):
        return await _answer_to_offer(page, what, ref)
    if what == "ended":
        ended = await find(page.session, Role, ref)
        role = await role_name(page, ended)
        return Message(page._("Your role in the team has ended: {role}.", role=role))
    invitation, role = await _parties(page, ref)
    if what != "opened":
        return await _outcome(page, invitation, role)
    if invitation.settled_at is not None or invitation.used_by_id is None:
        return None
    _ = page._
    guest = await page.session.get_one(Person, invitation.used_by_id)
    account = (
        _("Telegram: @{username}", username=guest.username)
        if guest.username
        else _("The person has no Telegram user name.")
    )
    text = lines(
        _("{name} has opened your invitation as {role}.", name=guest.name or "?", role=role),
        account,
        "",
        _("Is this the person you meant? If you are not sure, ask them first."),
    )
    yes = Button(_.label("button", "✅ Yes, confirm"), Settle(ref=ref, grant=True))
    no = Button(_.label("button", "❌ No, refuse"), Settle(ref=ref, grant=False))
    return Message(text, [[yes], [no]])


async def _answer_to_offer(page: Page, what: str, ref: str) -> Message:
    """Tell whoever asked somebody by name what they have said."""
    _ = page._
    invitation, role = await _parties(page, ref)
    guest = await page.session.get(Person, invitation.used_by_id or 0)
    name = (guest.name if guest else None) or "?"
    if what == "taken":
        return Message(_("✅ {name} is now: {role}.", name=name, role=role))
    return Message(_("{name} has said no to: {role}.", name=name, role=role))


async def unattended(page: Page, ref: str) -> Message | None:
    """Tell that requests wait where nobody reads them; nothing once somebody does."""
    _ = page._
    organization = await find(page.session, Organization, ref)
    if not await referrals.are_unattended(page.session, organization.id, page.now):
        return None
    block = await block_for(page, "organization", organization.id)
    invite = Invite(role=RoleName.PROVIDER_STAFF, organization=ref)
    return Message(
        lines(
            _(
                "⚠️ Requests of members wait at {organization}, and nobody there reads them here "
                "any more.",
                organization=block.get("name") if block else "?",
            ),
            _("Please invite somebody as its staff, or talk to the organisation."),
        ),
        [[Button(_invite_labels(_)[RoleName.PROVIDER_STAFF], invite)]],
    )


async def settled_card(page: Page, ref: str, granted: bool) -> Message:
    """Confirm to the inviter how it was settled."""
    _ = page._
    invitation, role = await _parties(page, ref)
    guest = await page.session.get(Person, invitation.used_by_id)
    name = guest.name if guest else "?"
    text = (
        _("✅ {name} is now: {role}.", name=name, role=role)
        if granted
        else _("{name} did not get the role.", name=name)
    )
    return Message(text, [[Button(_.label("button", "The team"), Desk(to="team"))]])


async def revoke_sure(page: Page, ref: str) -> Message:
    """Ask once more before a role ends."""
    _ = page._
    role = await find(page.session, Role, ref)
    person = await page.session.get_one(Person, role.person_id)
    name = await role_name(page, role)
    text = _(
        "Take this role back? {name} is: {role}. It ends at once.",
        name=person.name or "?",
        role=name,
    )
    yes = Button(_.label("button", "Yes, take it back"), Revoke(ref=ref, sure=True))
    no = Button(_.label("button", "No, keep it"), Desk(to="team"))
    return Message(text, [[yes], [no]])


async def revoked_toast(page: Page) -> Message:
    """Confirm in a few words."""
    return Message(page._.label("toast", "The role has ended."))


CARDS = {
    "team": team_card,
    "team.link": link_card,
    "team.withdrawn": withdrawn,
    "team.organizations": organizations,
    "team.invitation": invitation_card,
    "team.opened": opened_card,
    "team.settled": settled_card,
    "team.revoke": revoke_sure,
    "team.revoked": revoked_toast,
    "role_notice": role_notice,
    "team_notice.unattended": unattended,
}


def setup() -> Router:
    """Take every button of the team; the verbs say who may grant what."""
    router = router_for("team", TEAM)
    router.callback_query.register(link_touched, JoinLink.filter())
    router.callback_query.register(page_turned, Members.filter())
    router.callback_query.register(organizations_turned, Organizations.filter())
    router.callback_query.register(invited, Invite.filter())
    router.callback_query.register(settled, Settle.filter())
    router.callback_query.register(revoked, Revoke.filter())
    router.callback_query.register(taken, Take.filter())
    return router
