"""The decision: rules, verdicts and exceptions fused into one outcome with reasons. Pure: same input, same bytes.

The gravest finding that no lawful exception lifts gives the outcome. RELEASE is what remains when every rule grants and
border inspection, customs and the site each say ``grant`` of the latest case file, in time. No authority lifts
another's finding, and nothing that is missing, late or unknown counts as a grant.
"""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kouan.gate.case import Case
from kouan.gate.decision import AgencyVerdict, Decision, Finding, RuleException
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.rulebook import Rulebook, RuleEntry
from kouan.gate.rules import RULES
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Reason, Refused

OWNERS: dict[Procedure, Authority] = {
    Procedure.POSITIONING: Authority.SITE,
    Procedure.PLATES: Authority.BORDER_INSPECTION,
    Procedure.CONTAINER: Authority.CUSTOMS,
    Procedure.SEAL: Authority.CUSTOMS,
    Procedure.WEIGHT: Authority.CUSTOMS,
    Procedure.RADIATION: Authority.CUSTOMS,
    Procedure.DRIVER: Authority.BORDER_INSPECTION,
    Procedure.HEALTH: Authority.CUSTOMS,
    Procedure.PAPERS: Authority.CUSTOMS,
    Procedure.DECISION: Authority.SITE,
}
"""Whose a procedure is: persons and pairing border inspection's, goods and health customs', the rest the site's."""

SEVERITY: dict[Outcome, int] = {outcome: number for number, outcome in enumerate(Outcome)}
"""Outcomes from mildest to gravest."""

_REFERRED: dict[Authority, Outcome] = {
    Authority.BORDER_INSPECTION: Outcome.DIVERT_MANUAL,
    Authority.CUSTOMS: Outcome.DIVERT_SCAN,
    Authority.SITE: Outcome.DIVERT_MANUAL,
}
"""What an authority that wants to examine gets. Our choice: customs examines goods with the scanner first."""


class Terms(msgspec.Struct, frozen=True):
    """On what terms a person may except from a rule."""

    second_person: bool
    cap_per_hour: int
    needs_survey: bool = False


def decide(
    case: Case,
    verdicts: Sequence[AgencyVerdict],
    exceptions: Sequence[RuleException],
    rulebook: Rulebook,
    now: Instant,
) -> Decision:
    """Return the decision on a case; findings stand gravest first, then in the order of the rulebook."""
    case = replace(case, judged_at=now)
    entries = rulebook.rules_for(case)
    findings = [*missing_findings(case), *rule_findings(case, entries), *verdict_findings(case, verdicts, now)]
    findings += stray_holds(case, findings)
    lifted = _lifted(findings, exceptions, rulebook, case.at)
    standing = [finding for finding in findings if finding.rule not in lifted]
    ordered = sorted(findings, key=lambda finding: -SEVERITY[finding.outcome])
    return Decision(
        passage=case.passage,
        outcome=max((finding.outcome for finding in standing), key=SEVERITY.__getitem__, default=Outcome.RELEASE),
        findings=tuple(ordered),
        rulebook=rulebook.reference,
        rules=tuple(entry.reference for entry in entries),
        epoch=case.epoch,
        at=now,
        exceptions=tuple(f"{rule}:{_signed(used)}" for rule, used in lifted.items()),
    )


def standing_findings(decision: Decision) -> tuple[Finding, ...]:
    """Return the findings that no exception lifted."""
    lifted = {text.split(":", 1)[0] for text in decision.exceptions}
    return tuple(finding for finding in decision.findings if finding.rule not in lifted)


def missing_findings(case: Case) -> list[Finding]:
    """Return a finding for each required procedure without evidence or with two, and for an order that went wrong."""
    found = []
    for procedure in case.required:
        cause = case.failure(procedure)
        if cause is not None and not _served_without(case, procedure):
            reason = _missing(procedure, cause)
            found.append(Finding(f"{procedure}.answered", 1, OWNERS[procedure], Outcome.DIVERT_MANUAL, reason))
    for procedure in case.contradicted:
        reason = Reason(f"{procedure}.contradictory")
        found.append(Finding(f"{procedure}.contradicted", 1, OWNERS[procedure], Outcome.DIVERT_MANUAL, reason))
    if case.trouble is not None:
        found.append(Finding("decision.order", 1, Authority.SITE, Outcome.HOLD, case.trouble))
    return found


def _missing(procedure: Procedure, cause: str) -> Reason:
    if cause == "late":
        return Reason(f"{procedure}.unanswered")
    if cause == "out_of_service":
        return Reason(f"{procedure}.out_of_service")
    if cause.startswith("fault:"):
        return Reason(f"{procedure}.faulty", {"fault": cause.removeprefix("fault:")})
    return Reason(f"{procedure}.missing")


def _served_without(case: Case, procedure: Procedure) -> bool:
    """Say whether the lane lacks the device and the vehicle is pre-authorised; the ``lane`` rules judge the rest."""
    return procedure in case.lacking and case.pre_authorised


def rule_findings(case: Case, entries: Sequence[RuleEntry]) -> list[Finding]:
    """Return a finding for each reason of each rule that is not satisfied, in the order of the rulebook."""
    found = []
    for entry in entries:
        verdict = RULES[entry.check].apply(case, entry.params)
        if isinstance(verdict, Refused):
            for reason in verdict.reasons:
                outcome = entry.outcomes.get(reason.code, entry.outcome)
                found.append(Finding(entry.name, entry.version, entry.authority, outcome, reason))
    return found


def stray_holds(case: Case, findings: Sequence[Finding]) -> list[Finding]:
    """Return a finding for each hold that no rule of the book speaks of, so that no rulebook can overlook one."""
    spoken = {finding.reason.params.get("number") for finding in findings if finding.reason.code.startswith("hold.")}
    found = []
    for hold in case.standing_holds:
        number = hold.split(":", 2)[-1]
        if number not in spoken:
            reason = Reason("hold.detain", {"number": number})
            found.append(Finding("papers.hold", 1, _holder(hold), Outcome.HOLD, reason))
    return found


def _holder(hold: str) -> Authority:
    name = hold.split(":", 1)[0]
    return Authority(name) if name in list(Authority) else Authority.CUSTOMS


def verdict_findings(case: Case, verdicts: Sequence[AgencyVerdict], now: Instant) -> list[Finding]:
    """Return a finding for each authority that has not said ``grant`` of its latest case file, in time."""
    return [finding for authority in Authority for finding in _judge(case, authority, verdicts, now)]


def _judge(case: Case, authority: Authority, verdicts: Sequence[AgencyVerdict], now: Instant) -> list[Finding]:
    verdict = next((found for found in reversed(verdicts) if found.authority == authority), None)
    cause = unusable(verdict, case.revision(authority), now)
    if verdict is None or cause is not None:
        reason = Reason(f"{authority}.{cause or 'absent'}")
        return [_verdict_finding(authority, Outcome.DIVERT_MANUAL, reason)]
    if verdict.outcome == "grant":
        return []
    outcome = Outcome.HOLD if verdict.outcome == "refuse" else _REFERRED[authority]
    reasons = verdict.reasons or (Reason(f"{authority}.{verdict.outcome}"),)
    return [_verdict_finding(authority, outcome, reason) for reason in reasons]


def unusable(verdict: AgencyVerdict | None, revision: int | None, now: Instant) -> str | None:
    """Return why a verdict says nothing about the latest case file now (one of ``UNSPOKEN``), or None where it does."""
    if verdict is None:
        return "absent"
    if revision is None or verdict.revision != revision:
        return "stale"
    if now >= verdict.expires_at:
        return "expired"
    return None if verdict.outcome in {"grant", "refuse", "refer"} else "unknown"


def _verdict_finding(authority: Authority, outcome: Outcome, reason: Reason) -> Finding:
    return Finding(f"verdict.{authority}", 1, authority, outcome, reason)


def _lifted(
    findings: Sequence[Finding], exceptions: Sequence[RuleException], rulebook: Rulebook, at: Instant
) -> dict[str, RuleException]:
    """Return the rules all of whose findings one lawful exception lifts, with that exception."""
    found: dict[str, RuleException] = {}
    for rule in dict.fromkeys(finding.rule for finding in findings):
        same = [finding for finding in findings if finding.rule == rule]
        for exception in exceptions:
            if all(_lifts(exception, finding, exception_terms(finding, rulebook, at)) for finding in same):
                found[rule] = exception
    return found


def _lifts(exception: RuleException, finding: Finding, terms: Terms | None) -> bool:
    """Say whether an exception is lawful for a finding: own authority, seen reasons, stepped up, capped, confirmed."""
    return (
        terms is not None
        and exception.rule == finding.rule
        and exception.authority == finding.authority
        and finding.reason in exception.reasons
        and exception.stepped_up
        and exception.recent < terms.cap_per_hour
        and (exception.survey is not None or not terms.needs_survey)
        and (not terms.second_person or exception.confirmed_by not in (None, exception.by))
    )


_VERDICT_TERMS = Terms(second_person=True, cap_per_hour=6)
"""An exception from an authority's own signed refusal, or from an order gone wrong. Our choice: two persons, and as
many an hour as the rulebook's default."""


def exception_terms(finding: Finding, rulebook: Rulebook, at: Instant) -> Terms | None:
    """Return on what terms a person of its authority may except from a finding; None where nobody may.

    A refusal or referral in a signed verdict may be lifted by a person of the same authority with a second one of it;
    the absence of a verdict may not, because then the authority has not spoken.
    """
    if finding.rule == "decision.order":
        return _VERDICT_TERMS
    if is_unspoken(finding):
        return None
    if finding.rule.startswith("verdict."):
        return _VERDICT_TERMS
    entry = rulebook.find(finding.rule, at)
    if entry is None or not entry.overridable:
        return None
    return Terms(entry.second_person, entry.cap_per_hour, entry.needs_survey)


def is_unspoken(finding: Finding) -> bool:
    """Say whether a finding is that an authority has not spoken on the case as it stands now: it can only be asked."""
    return finding.rule == f"verdict.{finding.authority}" and finding.reason.code in {
        f"{finding.authority}.{cause}" for cause in UNSPOKEN
    }


UNSPOKEN = ("absent", "stale", "expired", "unknown")
"""Causes for which an authority has not spoken on the case as it stands."""


def _signed(exception: RuleException) -> str:
    return exception.by if exception.confirmed_by is None else f"{exception.by}+{exception.confirmed_by}"
