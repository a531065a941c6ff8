"""The review queue: what a person may do with a passage, and what needs a second one (I12).

A person acts for one authority. ``release`` excepts from that authority's own findings, ``divert`` sends the vehicle to
the inspection yard, ``refuse`` turns it back, ``correct`` replaces what a device misread by what the pictures show.
"""

from collections.abc import Sequence

from msgspec.structs import replace

from kouan.gate.case_files import ask_again
from kouan.gate.corrections import CORRECTABLE, correct, correction_refusal, needs_second_reader
from kouan.gate.decide import Terms, decide, exception_terms, is_unspoken, standing_findings
from kouan.gate.decision import Decision, Finding, RuleException
from kouan.gate.dossier import case_of, hear_of_hub
from kouan.gate.events import DecisionMade, ExceptionGiven
from kouan.gate.facts import ReviewConfirmed, ReviewDecided
from kouan.gate.moves import Move, close_turned_back, is_diversion, is_grave, order, settle
from kouan.gate.policy import LanePolicy
from kouan.gate.procedures import Authority, Outcome
from kouan.gate.rulebook import Rulebook
from kouan.gate.states import InReview
from kouan.vocabulary.clock import Instant

ACTIONS = ("release", "divert", "refuse", "correct")
"""What a person may do."""

SURVEY = "survey"
"""The correction that carries, with ``release``, what a survey by hand found (a radiation alarm asks for one)."""

MAX_REASON = 500
"""Longest reason in characters. Our choice: a paragraph."""


def decide_review(state: InReview, fact: ReviewDecided, now: Instant, policy: LanePolicy) -> Move | str:
    """Take in a person's decision, at once or as the first of two; or say why it may not be taken."""
    state = replace(state, dossier=hear_of_hub(state.dossier, fact.at, fact.hub_age_us))
    cause = refusal_of_review(state, fact, now, policy.rulebook)
    if cause is not None:
        return cause
    if _needs_second(state, fact, now, policy.rulebook):
        return Move(replace(state, first=fact))
    return _act(state, fact, None, now, policy)


def confirm_review(state: InReview, fact: ReviewConfirmed, now: Instant, policy: LanePolicy) -> Move | str:
    """Take in the second person's confirmation; or say why it may not be taken."""
    first = state.first
    if first is None:
        return "nothing_to_confirm"
    if fact.by == first.by:
        return "same_person"
    if fact.authority != first.authority:
        return "another_authority"
    if not fact.stepped_up:
        return "not_stepped_up"
    if not _has_reason(fact.reason):
        return "no_reason"
    heard = hear_of_hub(state.dossier, fact.at, fact.hub_age_us)
    counted = replace(first, recent=max(first.recent, fact.recent))
    return _act(replace(state, first=None, dossier=heard), counted, fact, now, policy)


def _has_reason(text: str) -> bool:
    return len(text.strip()) > 0 and len(text) <= MAX_REASON


def refusal_of_review(state: InReview, fact: ReviewDecided, now: Instant, rulebook: Rulebook) -> str | None:
    """Return why a decision may not be taken, or None where it may."""
    if fact.action not in ACTIONS:
        return "unknown_action"
    if not _has_reason(fact.reason):
        return "no_reason"
    if state.first is not None and fact.action in ("release", "correct"):
        return "awaiting_confirmation"
    if fact.action == "release":
        return _release_refusal(state, fact, now, rulebook)
    if fact.action == "correct":
        return correction_refusal(state.dossier, fact)
    own = allowed_actions(state.decision, fact.authority, rulebook, state.dossier.opened_at)
    return None if fact.action in own else "not_yours"


def _release_refusal(state: InReview, fact: ReviewDecided, now: Instant, rulebook: Rulebook) -> str | None:
    if not fact.stepped_up:
        return "not_stepped_up"
    fresh = decide(case_of(state.dossier), state.dossier.verdicts, state.dossier.exceptions, rulebook, now)
    if fresh.outcome == Outcome.RELEASE:
        return None
    wanted = _targets(fresh, fact.authority, fact.rule)
    if not wanted:
        return None if _may_ask_again(fresh) else "not_yours"
    return _terms_refusal([exception_terms(finding, rulebook, state.dossier.opened_at) for finding in wanted], fact)


def _terms_refusal(terms: Sequence[Terms | None], fact: ReviewDecided) -> str | None:
    """Return on which terms a person falls short, None where on none."""
    if any(term is None for term in terms):
        return "not_overridable"
    if any(term is not None and fact.recent >= term.cap_per_hour for term in terms):
        return "cap"
    surveyed = _survey(fact) is not None
    return None if surveyed or not any(term is not None and term.needs_survey for term in terms) else "no_survey"


def _may_ask_again(decision: Decision) -> bool:
    """Say whether nothing stands but that authorities have not spoken: then a person's word asks them again."""
    standing = standing_findings(decision)
    return bool(standing) and all(is_unspoken(finding) for finding in standing)


def _survey(fact: ReviewDecided) -> str | None:
    """Return what the person's survey by hand found, if one is given."""
    return fact.corrections.get(SURVEY, "").strip()[:MAX_REASON] or None


def _targets(decision: Decision, authority: Authority, rule: str | None) -> list[Finding]:
    """Return the findings that a release of this authority's person is about; who has not spoken is asked anew."""
    return [
        finding
        for finding in standing_findings(decision)
        if finding.authority == authority and rule in (None, finding.rule) and not is_unspoken(finding)
    ]


def _needs_second(state: InReview, fact: ReviewDecided, now: Instant, rulebook: Rulebook) -> bool:
    if fact.action == "correct":
        return needs_second_reader(state.dossier, fact.corrections)
    if fact.action != "release":
        return False
    fresh = decide(case_of(state.dossier), state.dossier.verdicts, state.dossier.exceptions, rulebook, now)
    return needs_second(_targets(fresh, fact.authority, fact.rule), rulebook, state.dossier.opened_at)


def needs_second(findings: Sequence[Finding], rulebook: Rulebook, at: Instant) -> bool:
    """Say whether exceptions from these findings need a second person."""
    terms = [exception_terms(finding, rulebook, at) for finding in findings]
    return any(term is not None and term.second_person for term in terms)


def needs_survey(findings: Sequence[Finding], rulebook: Rulebook, at: Instant) -> bool:
    """Say whether exceptions from these findings need what a survey by hand found (I8)."""
    terms = [exception_terms(finding, rulebook, at) for finding in findings]
    return any(term is not None and term.needs_survey for term in terms)


def _act(
    state: InReview, fact: ReviewDecided, second: ReviewConfirmed | None, now: Instant, policy: LanePolicy
) -> Move | str:
    if fact.action == "release":
        return _release(state, fact, second, now, policy)
    if fact.action == "correct":
        dossier, commands = correct(state.dossier, fact, now, policy)
        return settle(ask_again(dossier, now), now, policy).after(*commands)
    if fact.action == "refuse":
        return close_turned_back(state.dossier, state.decision, fact.by, now)
    return divert(state, now, policy)


def _release(
    state: InReview, fact: ReviewDecided, second: ReviewConfirmed | None, now: Instant, policy: LanePolicy
) -> Move | str:
    cause = _release_refusal(state, fact, now, policy.rulebook)
    if cause is not None:
        return cause
    dossier = state.dossier
    fresh = decide(case_of(dossier), dossier.verdicts, dossier.exceptions, policy.rulebook, now)
    given = _exceptions(_targets(fresh, fact.authority, fact.rule), fact, second)
    events = tuple(
        ExceptionGiven(now, dossier.passage, found.rule, found.authority, found.by, found.confirmed_by, found.reason)
        for found in given
    )
    asking = ask_again(replace(dossier, exceptions=(*dossier.exceptions, *given)), now)
    move = settle(asking, now, policy)
    return replace(move, events=(*events, *move.events))


def _exceptions(
    findings: Sequence[Finding], fact: ReviewDecided, second: ReviewConfirmed | None
) -> tuple[RuleException, ...]:
    """Return one exception a rule, for the reasons that the person saw."""
    return tuple(
        RuleException(
            rule=rule,
            authority=fact.authority,
            by=fact.by,
            reason=fact.reason,
            at=fact.at,
            confirmed_by=None if second is None else second.by,
            reasons=tuple(finding.reason for finding in findings if finding.rule == rule),
            stepped_up=fact.stepped_up,
            recent=fact.recent,
            survey=_survey(fact),
        )
        for rule in dict.fromkeys(finding.rule for finding in findings)
    )


def divert(state: InReview, now: Instant, policy: LanePolicy) -> Move:
    """Order the vehicle to the inspection yard: by a person's word, or because the time for one ran out.

    The findings are those of now; where they would allow a release by now, the decision reviewed still holds, because
    nobody asked for a release.
    """
    dossier = state.dossier
    fresh = decide(case_of(dossier), dossier.verdicts, dossier.exceptions, policy.rulebook, now)
    shown = state.decision if fresh.outcome == Outcome.RELEASE else fresh
    outcome = shown.outcome if is_diversion(shown.outcome) else Outcome.DIVERT_MANUAL
    decision = replace(shown, outcome=outcome, epoch=dossier.epoch, at=now)
    move = order(dossier, decision, now, policy)
    return replace(move, events=(DecisionMade(now, decision), *move.events))


def allowed_actions(decision: Decision, authority: Authority, rulebook: Rulebook, at: Instant) -> tuple[str, ...]:
    """Return what a person of this authority may do with a decision.

    Withholding is free to border inspection and customs and to whose finding it is; a vehicle that others hold may be
    diverted by none but them; a release lifts only one's own findings, if they can be lifted at all.
    """
    standing = standing_findings(decision)
    own = [finding for finding in standing if finding.authority == authority]
    liftable = [finding for finding in own if not is_unspoken(finding)]
    actions = []
    if all(exception_terms(finding, rulebook, at) is not None for finding in liftable) and (
        liftable or _may_ask_again(decision)
    ):
        actions.append("release")
    if all(finding.authority == authority for finding in standing if is_grave(finding.outcome)):
        actions.append("divert")
    if own or authority != Authority.SITE:
        actions.append("refuse")
    if any(authority in readers for _, readers in CORRECTABLE.values()):
        actions.append("correct")
    return tuple(action for action in ACTIONS if action in actions)
