"""The send policy as DESIGN has it, typed again: rules 2, 5 and 7, and the defaults in numbers.

Each line says who overtakes whom, what the member has agreed to, what they can turn off, whether
anybody asked for it, whether it waits for the morning, who gets none while they rest, or by how
they take part, and what a crash does.
"""

import pytest

from community.policy import POLICY

AT_REST = "joining left paused stopped"
AWAY = "left paused stopped"
GONE = "left stopped"
NOT_LEFT = "active joining paused stopped unreachable"
NOBODY = ""
GATHERED = "digest reading"
"""Who has what there is gathered, or only looks, gets none of it one by one."""

# kind: lane, consent, topic, unasked, quiet hours, silent in, not for, after a crash
TABLE = {
    # Nobody asked for these: news and nudges by consent, each with a topic to turn off.
    "event_invitation": ("news", "news", "events", True, True, AT_REST, GATHERED, "uncertain"),
    "newsletter": ("news", "news", "newsletters", True, True, AT_REST, GATHERED, "uncertain"),
    # What providers offer is news of a topic of its own.
    "offer": ("news", "news", "offers", True, True, AT_REST, GATHERED, "uncertain"),
    # What others get one by one, gathered.
    "digest": ("news", "news", "digest", True, True, AT_REST, "reading", "uncertain"),
    "step_nudge": ("service", "news", "steps", True, True, AT_REST, GATHERED, "uncertain"),
    # Who has not been here for long is nudged, with the consent to nudges; to leave ends it.
    "silence": ("survey", "news", None, True, True, AT_REST, "reading", "uncertain"),
    "pulse": ("survey", "surveys", None, True, True, AT_REST, "reading", "uncertain"),
    # A survey of more than three taps; and what only who has left is asked, having agreed to it.
    "survey": ("survey", "surveys", None, True, True, AT_REST, "reading", "uncertain"),
    "exit_survey": ("survey", None, None, True, True, NOT_LEFT, "reading", "uncertain"),
    "facilitation": ("survey", "surveys", None, True, True, AT_REST, "reading", "uncertain"),
    # An ask or an offer that fits somebody who agrees to be introduced; the digest has it, too.
    "post_new": ("news", "matching", None, True, True, AT_REST, GATHERED, "uncertain"),
    # Whether it still holds is asked twice, and what became of it is told, by day.
    "post_expiring": ("service", None, None, False, True, AWAY, NOBODY, "uncertain"),
    "post_notice": ("service", None, None, False, True, GONE, NOBODY, "resend"),
    # What was decided about somebody they hear whatever they have stopped; and who has reported.
    "measure_notice": ("service", None, None, False, True, "left", NOBODY, "resend"),
    "report_notice": ("service", None, None, False, True, "left", NOBODY, "resend"),
    # Who has agreed to be matched is asked now and then; who only looks, looks under /people.
    "match_proposed": ("service", "matching", None, True, True, AT_REST, NOBODY, "uncertain"),
    "match_none": ("service", "matching", None, True, True, AT_REST, "reading", "uncertain"),
    # Who has asked for somebody is at their phone, and waits for it.
    "match_answer": ("service", None, None, False, False, GONE, NOBODY, "resend"),
    "match_introduced": ("urgent", None, None, False, True, GONE, NOBODY, "resend"),
    "match_notice": ("service", None, None, False, True, GONE, NOBODY, "resend"),
    # Each is asked once what came of it.
    "match_followup": ("service", None, None, False, True, GONE, NOBODY, "uncertain"),
    # Whoever says "going" wants to be reminded, while they rest too.
    "event_reminder": ("service", None, None, False, True, GONE, NOBODY, "uncertain"),
    # Whoever did not come is asked once why, unless they rest.
    "missed_question": ("service", None, None, False, True, AT_REST, "reading", "uncertain"),
    # The next of three comes two days later, and this one has gone by then.
    "entry_check": ("service", None, None, False, True, NOBODY, NOBODY, "uncertain"),
    # Who is on the way must hear of it, at any hour, whatever they have turned off.
    "event_changed": ("urgent", None, None, False, False, NOBODY, NOBODY, "resend"),
    "event_cancelled": ("urgent", None, None, False, False, NOBODY, NOBODY, "resend"),
    "place_offered": ("urgent", None, None, False, True, GONE, NOBODY, "resend"),
    # An edit makes no sound, and doing it twice is doing it once.
    "correction": ("urgent", None, None, False, False, NOBODY, NOBODY, "resend"),
    "recall": ("urgent", None, None, False, False, NOBODY, NOBODY, "resend"),
    # Steps of a referral are owed, in the morning, to whoever has stopped too.
    "referral_step": ("urgent", None, None, False, True, NOBODY, NOBODY, "resend"),
    # The one whose turn it is is reminded of it, by day; "your requests go on" holds after /stop.
    "referral_reminder": ("service", None, None, False, True, "left", NOBODY, "uncertain"),
    # Work of a role is not what somebody stops as a member.
    "provider_reminder": ("service", None, None, False, True, NOBODY, NOBODY, "uncertain"),
    # An answer is late: whoever takes care of it is told by day, then the others.
    "question_overdue": ("service", None, None, False, True, NOBODY, NOBODY, "uncertain"),
    "referral_outcome": ("service", None, None, False, True, NOBODY, NOBODY, "resend"),
    "provider_notice": ("urgent", None, None, False, True, NOBODY, NOBODY, "resend"),
    "team_notice": ("service", None, None, False, True, NOBODY, NOBODY, "resend"),
    # A provider's people hear of invitations and of what became of their proposals by day.
    "staff_notice": ("service", None, None, False, True, NOBODY, NOBODY, "resend"),
    # Relayed messages are owed like the steps of a referral: "you have a new message".
    "bridge_message": ("urgent", None, None, False, True, NOBODY, NOBODY, "resend"),
    # Who has asked for a translation hears once that it is there, by day.
    "translated": ("service", None, None, False, True, GONE, NOBODY, "resend"),
    # Who waits for a service hears once that there is one, by day.
    "service_found": ("service", None, None, False, True, GONE, NOBODY, "resend"),
    # Who belongs to a course hears once whether its group goes on, by day.
    "cohort_settled": ("service", None, None, False, True, GONE, NOBODY, "resend"),
    # Answers to what somebody has just done.
    "team_answer": ("urgent", None, None, False, False, NOBODY, NOBODY, "resend"),
    # A card in a group is for nobody in particular; a stale one alone would be worse than two.
    "group_card": ("news", None, None, False, False, NOBODY, NOBODY, "resend"),
    # Whoever has just asked to join a group is at their phone.
    "group_welcome": ("urgent", None, None, False, False, "left", NOBODY, "resend"),
    "role_notice": ("urgent", None, None, False, False, NOBODY, NOBODY, "resend"),
    "transfer_notice": ("service", None, None, False, True, GONE, NOBODY, "resend"),
    "transfer_result": ("service", None, None, False, True, NOBODY, NOBODY, "resend"),
}
AFTER_A_PAUSE = {"match_notice", "match_followup", "translated", "service_found", "cohort_settled"}
"""What is not urgent and said only once waits while somebody has paused."""
ORDER = ["reply", "urgent", "service", "news", "survey"]
"""Who overtakes whom: an answer everybody, a survey nobody."""


def test_every_kind_is_in_the_table() -> None:
    assert set(POLICY) == set(TABLE)


@pytest.mark.parametrize("kind", TABLE)
def test_the_policy_of_a_kind_is_that_of_the_design(kind: str) -> None:
    policy = POLICY[kind]
    assert (
        policy.lane.name.lower(),
        policy.consent and policy.consent.value,
        policy.topic and policy.topic.value,
        policy.unasked,
        policy.waits_for_morning,
        " ".join(sorted(state.value for state in policy.silent_in)),
        " ".join(sorted(way.value for way in policy.not_for)),
        policy.crash.value,
    ) == TABLE[kind]


def test_what_waits_for_the_end_of_a_pause_outlives_the_longest_one() -> None:
    waits = {kind: policy for kind, policy in POLICY.items() if policy.after_a_pause}
    assert set(waits) == AFTER_A_PAUSE
    assert {policy.lives.days for policy in waits.values()} == {12 * 7 + 7}


def test_a_message_of_an_earlier_lane_leaves_first() -> None:
    lanes = {policy.lane for policy in POLICY.values()}
    assert [lane.name.lower() for lane in sorted(type(next(iter(lanes))))] == ORDER


def test_what_nobody_asked_for_can_wait_until_the_weekly_cap_has_room() -> None:
    for kind, policy in POLICY.items():
        if policy.unasked:
            assert policy.lives.days > 7, kind
