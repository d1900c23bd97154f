"""Which role may call which verb: said once, shown in ``docs/rights.md``, tested in full.

The verbs ask for themselves (``roles.require`` and its like); nothing is looked up here. The test
calls each of them in each role, so that this page cannot say what is not so, and a new verb that
takes an actor has to be written down.
"""

from community.roles import RoleName

_R = RoleName
_BY_ROLES: tuple[tuple[frozenset[RoleName], str], ...] = (
    (
        frozenset({_R.ADMINISTRATOR, _R.ANIMATOR}),
        """
        hosting.ask hosting.candidates hosting.entrust hosting.invite hosting.standing
        invitations.join_link invitations.revoke invitations.withdraw_join_link
        roles.granting.revoke roles.inviting.invite roles.inviting.offer sends.approving.review
        """,
    ),
    (
        frozenset({_R.ADMINISTRATOR}),
        """
        restores.decide roles.granting.take
        """,
    ),
    (
        frozenset({_R.ANIMATOR, _R.CO_HOST, _R.COMMUNITY_LEAD}),
        """
        attendance.company.needed attendance.door.open_door attendance.guests.guest_list
        attendance.guests.nobody_else attendance.guests.tick bridge.asked.asked_of_hosts
        bridge.reporting.report bridge.seeing.look bridge.writing.close bridge.writing.write
        missing.reasons
        """,
    ),
    (
        frozenset({_R.ANIMATOR, _R.MODERATOR}),
        """
        bridge.reporting.forward bridge.reporting.reported bridge.reporting.settle
        moderation.judging.answered
        moderation.judging.answered_one moderation.judging.attached moderation.judging.judge
        moderation.judging.opened
        moderation.judging.queue moderation.judging.require_judge moderation.judging.review
        moderation.judging.settle_exchange posts.writing.approve posts.writing.refuse
        posts.writing.waiting
        """,
    ),
    (
        frozenset({_R.ANIMATOR, _R.PROVIDER_STAFF}),
        """
        event_support.bring
        """,
    ),
    (
        frozenset({_R.ANIMATOR, _R.TRANSLATOR}),
        """
        authors.begin reading_aloud.approve reading_aloud.keep translating.approve
        translating.write translating.writes_as
        """,
    ),
    (
        frozenset({_R.ANIMATOR}),
        """
        absences.come_back absences.go attendance.changing.cancel_event
        attendance.changing.change_event bridge.asked.for_team cohorts.add cohorts.every
        cohorts.let_in
        cohorts.opened cohorts.settle cohorts.who cohorts.write contacts.add contacts.agree
        contacts.change contacts.erase contacts.opened contacts.search contacts.withdraw
        corrections.correct corrections.recall deliveries.ending.resend digests.reviewing.approve
        digests.reviewing.every digests.reviewing.leave_out digests.reviewing.skip
        digests.reviewing.tell
        groups.change groups.every groups.for_event groups.link groups.opened groups.post
        groups.unlink event_support.invite event_support.take_off events.create events.discard
        events.publish
        events.translate face_to_face.calling.answer_by_phone face_to_face.calling.calls
        face_to_face.calling.calls_of face_to_face.calling.settle face_to_face.codes.new_code
        face_to_face.registering.change_phone face_to_face.registering.erase
        face_to_face.registering.mine face_to_face.registering.opened
        face_to_face.registering.register face_to_face.registering.take_back
        face_to_face.registering.take_over
        handing_over.hand_over handing_over.owned hosting.place_in inbox.answer
        inbox.close inbox.entrusted inbox.hand_on inbox.of_team inbox.opened inbox.take
        lessons.add lessons.change lessons.discard
        lessons.every lessons.opened lessons.publish
        lessons.take_picture_off lessons.withdraw lessons.write invitees.look
        matches.introducing.introduce matches.introducing.introduced matches.introducing.opened
        matches.introducing.to_introduce matches.introducing.who_look_for
        matches.taking_part.confirm_guide matches.taking_part.waiting_guides
        proposals.accept proposals.refuse proposals.take proposals.waiting reactions.counts
        reading_aloud.remove
        referrals.by_team.of_team referrals.late.late referrals.late.stands
        referrals.preparing.laid_before referrals.preparing.prepare referrals.preparing.take_back
        referrals.tending.disputed referrals.tending.disputes referrals.tending.resolve
        sends.announcing.announce sends.announcing.cancel_event sends.announcing.change_event
        sends.announcing.mean_for sends.announcing.translate_event sends.approving.submit
        sends.outcomes.leave_uncertain sends.outcomes.resend_uncertain sends.pictures.illustrate
        sends.running.cancel sends.running.hold sends.running.resume sends.running.schedule
        sends.writing.complete sends.writing.edit sends.writing.translate_offer sends.writing.undo
        sends.writing.write_language sends.writing.write_newsletter series.cancel_from
        series.change_from series.copy series.repeat series.share speakers.name speakers.take_off
        team_tasks.add team_tasks.change team_tasks.finish team_tasks.give team_tasks.opened
        team_tasks.reopen team_tasks.tasks team_tasks.with_contact templates.add templates.every
        templates.opened templates.relabel templates.remove templates.write
        today.look venues.add venues.change
        venues.every venues.opened venues.remove venues.suited votes.ask_alone votes.attach
        votes.detach votes.result transfers.beginning.find_members
        transfers.beginning.start transfers.ending.end transfers.ending.finish
        transfers.ending.hand_on transfers.reading.due transfers.reading.every
        transfers.reading.opened transfers.reading.still_open transfers.stepping.add_step
        transfers.stepping.drop_step transfers.stepping.move_step transfers.stepping.tick
        """,
    ),
    (
        frozenset({_R.COORDINATOR, _R.ANIMATOR}),
        """
        facilitation.coverage facilitation.read figures.cohorts.read_cohorts lessons.completion
        moderation.texts.settle_text
        """,
    ),
    (
        frozenset({_R.ANIMATOR, _R.COORDINATOR, _R.PROVIDER_STAFF}),
        """
        promoting.link_of promoting.links promoting.make promoting.promoted promoting.withdraw
        """,
    ),
    (
        frozenset({_R.ANIMATOR, _R.COORDINATOR, _R.TRANSLATOR}),
        """
        face_to_face.sounding.approve face_to_face.sounding.keep
        """,
    ),
    (
        frozenset({_R.COORDINATOR, _R.PROVIDER_STAFF}),
        """
        providers.freshness.confirm
        """,
    ),
    (
        frozenset({_R.COORDINATOR}),
        """
        agreements.ending.end agreements.keeping.activate agreements.keeping.active_with
        agreements.keeping.advance agreements.keeping.begin agreements.keeping.change
        agreements.keeping.every agreements.keeping.listed agreements.keeping.opened areas.change
        areas.create costs.bringing.bring costs.bringing.compare costs.keeping.add
        costs.keeping.change costs.keeping.every costs.keeping.listed costs.keeping.opened
        costs.keeping.put_back costs.keeping.steps costs.keeping.totals costs.keeping.withdraw
        costs.worth.assume costs.worth.assumptions costs.worth.forget decisions.about
        decisions.every decisions.judge decisions.link decisions.make decisions.move
        decisions.opened decisions.tell decisions.unlink decisions.untold decisions.write
        evidence.reading.periods evidence.reading.read evidence.reading.up_to
        promoting.every_promoted
        feedback.link_of feedback.withdraw_link figures.activity.read_activity
        consulting.consulted consulting.every consulting.make consulting.withdraw
        figures.months.read gaps.actions.about gaps.actions.attach gaps.actions.begin
        gaps.actions.end gaps.actions.every gaps.actions.for_task gaps.actions.opened
        gaps.actions.score gaps.actions.take_off gaps.actions.weighed gaps.actions.with_event
        gaps.actions.with_partner gaps.adequacy.of_network gaps.mapping.opened
        gaps.mapping.quarters gaps.mapping.read gaps.statistics.bring gaps.statistics.reach
        funder.read funder.years months_told.turn
        figures.support.read_support plans.add plans.change plans.move plans.opened plans.tasks
        providers.comparing.compare providers.entries.line providers.entries.log
        providers.freshness.unconfirmed providers.importing.write
        providers.keeping.create_organization providers.keeping.create_service
        providers.keeping.edit_service providers.keeping.remove_area providers.keeping.translate
        providers.networks.register referrals.by_team.let_team_pass_on
        referrals.tending.end_agreement
        own_surveys.ask_members own_surveys.bring own_surveys.check own_surveys.every
        own_surveys.link own_surveys.results own_surveys.withdraw
        """,
    ),
    (
        frozenset({_R.EVALUATOR}),
        """
        evaluating.periods evaluating.take
        """,
    ),
    (
        frozenset({_R.PROVIDER_STAFF}),
        """
        event_support.answer event_support.for_staff event_support.number_of_guests feedback.hear
        proposals.propose_event providers.entries.change providers.entries.entry
        providers.entries.opened providers.entries.opened_service quarters.read
        referrals.answering.ask_for referrals.answering.for_provider referrals.answering.for_staff
        referrals.answering.opened roles.staff.speak sends.offering.offer
        sends.offering.offer_again sends.offering.own_offer sends.offering.withdraw_offer
        """,
    ),
)
RIGHTS: dict[str, frozenset[RoleName]] = {
    verb: may for may, verbs in _BY_ROLES for verb in verbs.split()
}
"""Who may call a verb: of staff, co-hosts and community leads those whose scope it is."""

_OWN: tuple[tuple[str, str, str], ...] = (
    (
        "a member asks for a text",
        "community/test_asking.py",
        """
        asking.ask
        """,
    ),
    (
        "a member's own word about a network",
        "community/test_adequacy.py",
        """
        gaps.adequacy.rate gaps.adequacy.take_back
        """,
    ),
    (
        "a member's own interview",
        "community/test_interviewing.py",
        """
        interviewing.begin
        """,
    ),
    (
        "what a member says of a text with one press",
        "community/test_reactions.py",
        """
        reactions.react_to_event reactions.react_to_letter
        """,
    ),
    (
        "a member's own vote",
        "community/test_votes.py",
        """
        votes.vote
        """,
    ),
    (
        "a member's own answer",
        "community/test_attendance.py",
        """
        attendance.answering.answer
        """,
    ),
    (
        "a member's own answer",
        "community/test_company.py",
        """
        attendance.company.bring attendance.company.need
        """,
    ),
    (
        "as `bridge.look`, of a message with a file",
        "community/test_exchanges.py",
        """
        bridge.seeing.attached
        """,
    ),
    (
        "what was proposed to oneself, or came of it",
        "community/test_matches.py",
        """
        blocks.block matches.answering.accept matches.answering.decline
        matches.answering.look matches.meeting.say matches.parting.block matches.parting.end
        """,
    ),
    (
        "of whom one wants nothing more is one's own wish",
        "handlers/test_whoever_is_gone.py",
        """
        matches.parting.keep_apart
        """,
    ),
    (
        "reads only what was proposed to oneself; takes back only one's own block",
        "community/test_introduced_people.py",
        """
        blocks.unblock matches.answering.mine
        """,
    ),
    (
        "how a member takes part in matching",
        "community/test_introduced_people.py",
        """
        matches.rounds.ask matches.taking_part.begin_again matches.taking_part.guide
        matches.taking_part.rest matches.taking_part.take_part
        """,
    ),
    (
        "whom one was introduced to",
        "community/test_introduced_people.py",
        """
        bridge.seeing.begin_report
        """,
    ),
    (
        "a member's own request or event, or a request to one's organisation",
        "community/test_exchanges.py",
        """
        bridge.seeing.begin
        """,
    ),
    (
        "who went to an event opens what was shared there",
        "community/test_event_support.py",
        """
        event_support.met
        """,
    ),
    (
        "a question put to oneself",
        "community/test_facilitation.py",
        """
        facilitation.answer facilitation.asked
        """,
    ),
    (
        "what one has joined oneself",
        "community/test_networks_that_fit.py",
        """
                providers.joining.join providers.joining.part
        """,
    ),
    (
        "a question put to oneself",
        "community/test_silences.py",
        """
        silences.answer silences.of silences.take_back
        """,
    ),
    (
        "what a member lets an organisation hear",
        "community/test_feedback.py",
        """
        feedback.allow
        """,
    ),
    (
        "what was offered to oneself",
        "community/test_hosting.py",
        """
        hosting.answer
        """,
    ),
    (
        "what one hosts oneself",
        "community/test_hosting.py",
        """
        hosting.hosted
        """,
    ),
    (
        "anybody may ask the team",
        "community/test_exchanges.py",
        """
        inbox.ask
        """,
    ),
    (
        "the asker's own question, or the team",
        "community/test_exchanges.py",
        """
        inbox.attached
        """,
    ),
    (
        "anybody may ask the team",
        "community/test_finding.py",
        """
        inbox.stuck
        """,
    ),
    (
        "the asker's own question",
        "community/test_exchanges.py",
        """
        inbox.told
        """,
    ),
    (
        "anybody may take a lesson",
        "community/test_lessons.py",
        """
        lessons.answer lessons.turn
        """,
    ),
    (
        "a member's own word about themself",
        "community/test_lessons.py",
        """
        skills.forget skills.keep
        """,
    ),
    (
        "whoever has invited",
        "community/test_roles.py",
        """
        invitations.settle roles.inviting.confirm
        """,
    ),
    (
        "a member's own answer",
        "community/test_being_there.py",
        """
        missing.say_why
        """,
    ),
    (
        "what one has proposed, or the organisation",
        "community/test_offers.py",
        """
        proposals.own_event
        """,
    ),
    (
        "reads only what one has proposed",
        "stories/test_our_entry.py",
        """
        proposals.proposed_by
        """,
    ),
    (
        "a member's own ask or offer, and their answers to others'",
        "community/test_posts.py",
        """
        posts.answering.answers posts.answering.begin posts.answering.found
        posts.answering.my_answer posts.answering.opened posts.answering.show_contact
        posts.seeing.browse posts.seeing.look posts.seeing.own posts.writing.mine
        posts.writing.renew posts.writing.withdraw posts.writing.write
        """,
    ),
    (
        "whoever reports, and whom a measure concerns",
        "community/test_moderation.py",
        """
        moderation.judging.about_me moderation.judging.answer moderation.reporting.report
        moderation.reporting.reportable moderation.texts.report_text
        """,
    ),
    (
        "one's own steps",
        "community/test_providers.py",
        """
        providers.checklists.tick
        """,
    ),
    (
        "reads only the entries of one's own organisations",
        "community/test_entries.py",
        """
        providers.entries.own
        """,
    ),
    (
        "a line of the log, which names the organisation",
        "community/test_entries.py",
        """
        providers.entries.put_back
        """,
    ),
    (
        "a member's own wish",
        "community/test_finding.py",
        """
        providers.wishes.unwish providers.wishes.wish
        """,
    ),
    (
        "the step decides what is hidden; in every role and state there",
        "community/test_referral_table.py",
        """
        referrals.answering.answer
        """,
    ),
    (
        "a member's own request",
        "community/test_referral_table.py",
        """
        referrals.asking.agree referrals.asking.confirm referrals.asking.give
        referrals.asking.stop_sharing referrals.asking.withdraw
        """,
    ),
    (
        "a member's own request",
        "community/test_referrals.py",
        """
        referrals.asking.mine
        """,
    ),
    (
        "requests that the team passes on by agreement",
        "stories/test_through_the_team.py",
        """
        referrals.by_team.for_team
        """,
    ),
    (
        "requests that the team passes on by agreement",
        "community/test_by_team.py",
        """
        referrals.by_team.opened_by_team referrals.by_team.record referrals.by_team.record_question
        referrals.chains.record_passed_on
        """,
    ),
    (
        "a member's own request",
        "community/test_referral_chains.py",
        """
        referrals.chains.chosen_before
        """,
    ),
    (
        "a member's own request",
        "stories/test_referral.py",
        """
        referrals.chains.continued
        """,
    ),
    (
        "asks for another service, which the town lacks",
        "community/test_referral_chains.py",
        """
        referrals.chains.pass_on
        """,
    ),
    (
        "what was offered to oneself",
        "community/test_roles.py",
        """
        roles.inviting.answer_offer
        """,
    ),
    (
        "what was laid before oneself",
        "community/test_transfers.py",
        """
        transfers.beginning.answer
        """,
    ),
    (
        "reads only the offers of one's own organisations",
        "stories/test_our_entry.py",
        """
        sends.offering.offers_of
        """,
    ),
    (
        "one's own answers",
        "community/test_surveys.py",
        """
        surveys.answering.answer surveys.answering.progress surveys.answering.skip
        """,
    ),
    (
        "one's own answers",
        "community/test_survey_answers.py",
        """
        surveys.answering.go_back surveys.answering.settle surveys.answering.tick
        """,
    ),
    (
        "being asked after one's own leaving",
        "community/test_survey_windows.py",
        """
        surveys.leaving.agree_to_exit surveys.leaving.end_exit
        """,
    ),
)
OWN: dict[str, tuple[str, str]] = {
    verb: (why, test) for why, test, verbs in _OWN for verb in verbs.split()
}
"""Verbs about somebody's own rows, with the reason and the test that asks them."""

WITHIN: frozenset[str] = frozenset(
    """
    authors.can_be_asked bridge.reporting.may_settle event_support.said
    matches.answering.view_of measures.require_free people.make_join_link posts.writing.hide
    posts.writing.show_again
    providers.assuring.write providers.checklists.begin_checklist
    providers.freshness.confirm_row providers.noting.note_all providers.noting.put
    providers.noting.write_words referrals.answering.ask referrals.answering.take
    referrals.moving.move referrals.sharing.asked_for sends.announcing.take_back
    sends.approving.looks_at sends.approving.reviewers translating.may_rewrite
    translations.write
    """.split()  # noqa: SIM905 - a list of words is read more easily as words
)
"""Verbs that ask for no role: others that have asked call them, or they answer a question."""
