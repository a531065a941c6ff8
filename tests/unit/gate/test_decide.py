"""The decision: what it takes to be released, and what outweighs what."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.gate.passage_kit import BOOK, GOOD, NOON, but
from tests.unit.gate.test_rules import case

from kouan.gate.case import Case
from kouan.gate.decide import SEVERITY, decide, standing_findings
from kouan.gate.decision import AgencyVerdict, Decision, Finding, RuleException
from kouan.gate.evidence import Evidence, Failed
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.rulebook import make_rulebook, parse_rulebook
from kouan.ledger.entries import canonical
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import Reason

GOLDEN = Path(__file__).parent / "golden"
GOLDEN_BOOK = parse_rulebook((GOLDEN / "rulebook_1.toml").read_text(encoding="utf-8"))
REVISIONS = tuple((authority, 1) for authority in Authority)


def grants(**outcomes: str) -> tuple[AgencyVerdict, ...]:
    """Return a verdict of each authority on revision 1: ``grant`` unless said otherwise, none for an empty text."""
    return tuple(
        AgencyVerdict(authority, outcome, 1, NOON, NOON + 600 * SECOND, f"agency:{authority}")
        for authority in Authority
        if (outcome := outcomes.get(authority, "grant"))
    )


def subject(evidence: dict[Procedure, Evidence] = GOOD, **more: Any) -> Case:
    return case(evidence, **({"revisions": REVISIONS} | more))


def settle(evidence: dict[Procedure, Evidence], verdicts: tuple[AgencyVerdict, ...] | None = None) -> Decision:
    return decide(subject(evidence), grants() if verdicts is None else verdicts, (), BOOK, NOON + SECOND)


def exception(finding: Finding, **more: Any) -> RuleException:
    given = {"by": "officer-1", "reason": "seen by eye", "at": NOON, "confirmed_by": "officer-2", "stepped_up": True}
    return RuleException(
        rule=finding.rule,
        authority=finding.authority,
        reasons=(finding.reason,),
        **(given | more),  # type: ignore[arg-type]
    )


def test_everything_in_order_and_three_grants_release() -> None:
    decision = settle(GOOD)
    assert (decision.outcome, decision.findings) == (Outcome.RELEASE, ())
    assert "seal.match@1" in decision.rules
    assert decision.rulebook == BOOK.reference


@pytest.mark.parametrize("procedure", list(GOOD))
def test_no_required_evidence_may_be_missing(procedure: Procedure) -> None:
    missing = {name: found for name, found in GOOD.items() if name is not procedure}
    required = replace(subject(missing), required=tuple(GOOD))
    decision = decide(required, grants(), (), BOOK, NOON)
    assert decision.outcome is Outcome.DIVERT_MANUAL
    assert f"{procedure}.missing" in [finding.reason.code for finding in decision.findings]


@pytest.mark.parametrize(
    ("cause", "code"),
    [
        ("late", "weight.unanswered"),
        ("out_of_service", "weight.out_of_service"),
        ("fault:overflow", "weight.faulty"),
        ("nonsense", "weight.missing"),
    ],
)
def test_a_failed_procedure_says_why(cause: str, code: str) -> None:
    failed = Failed(source="platform", at=NOON, procedure=Procedure.WEIGHT, cause=cause)
    assert [finding.reason.code for finding in settle(GOOD | {Procedure.WEIGHT: failed}).findings] == [code]


@pytest.mark.parametrize("authority", list(Authority))
@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"revision": 0}, "stale"),
        ({"revision": 2}, "stale"),
        ({"expires_at": NOON + SECOND}, "expired"),
        ({"outcome": "granted"}, "unknown"),
        ({"outcome": "GRANT"}, "unknown"),
        ({"outcome": ""}, "unknown"),
        ({"outcome": "refuse"}, "refuse"),
        ({"outcome": "refer"}, "refer"),
    ],
)
def test_nothing_but_a_valid_grant_of_each_authority_releases(
    authority: Authority, change: dict[str, Any], cause: str
) -> None:
    verdicts = tuple(replace(word, **change) if word.authority is authority else word for word in grants())
    decision = settle(GOOD, verdicts)
    assert decision.outcome is not Outcome.RELEASE
    assert [finding.reason.code for finding in decision.findings] == [f"{authority}.{cause}"]
    assert decision.findings[0].authority is authority


@given(st.lists(st.sampled_from(list(Authority)), max_size=6), st.permutations(list(GOOD.values())))
def test_absence_is_never_consent(speaking: list[Authority], evidence: list[Evidence]) -> None:
    words = tuple(AgencyVerdict(authority, "grant", 1, NOON, NOON + SECOND, "key") for authority in speaking)
    shuffled = replace(subject(), evidence=tuple(evidence))
    decision = decide(shuffled, words, (), BOOK, NOON)
    assert (decision.outcome is Outcome.RELEASE) == (set(speaking) == set(Authority))


def test_the_gravest_finding_gives_the_outcome_and_stands_first() -> None:
    decision = settle(
        but(
            plates={"confidence_pm": 100},
            seal={"number": "CN7654321"},
            radiation={"gamma_alarm": True},
            health={"temperature_dc": 390},
        )
    )
    assert decision.outcome is Outcome.HOLD
    assert [finding.reason.code for finding in decision.findings] == [
        "seal.differs", "radiation.gamma", "health.fever", "plates.unsure",
    ]  # fmt: skip
    severities = [SEVERITY[finding.outcome] for finding in decision.findings]
    assert severities == sorted(severities, reverse=True)


def test_the_outcome_may_depend_on_the_reason() -> None:
    assert settle(but(plates={"tractor": "1284УБА"})).outcome is Outcome.DIVERT_MANUAL
    assert settle(but(plates={"tractor": "9934УБА"})).outcome is Outcome.HOLD
    assert settle(but(papers={"holds": ("customs:scan:B1",)})).outcome is Outcome.DIVERT_SCAN


@pytest.mark.parametrize("hold", ["customs:detain:B1", "site:detain:B1", "police:detain:B1", "detain", ""])
def test_no_rulebook_overlooks_a_hold(hold: str) -> None:
    blind = make_rulebook("blind", 1, tuple(entry for entry in BOOK.rules if entry.check != "no_control_order"))
    decision = decide(subject(but(papers={"holds": (hold,)})), grants(), (), blind, NOON)
    assert decision.outcome is Outcome.HOLD


def held() -> tuple[Case, Finding]:
    evidence = but(seal={"number": "CN7654321"})
    return subject(evidence), settle(evidence).findings[0]


def test_a_lawful_exception_lifts_a_finding_and_is_named() -> None:
    differing, finding = held()
    decision = decide(differing, grants(), (exception(finding),), BOOK, NOON)
    assert decision.outcome is Outcome.RELEASE
    assert decision.findings == (finding,)
    assert decision.exceptions == ("seal.match:officer-1+officer-2",)
    assert standing_findings(decision) == ()


@pytest.mark.parametrize(
    "flaw",
    [
        {"confirmed_by": None},
        {"confirmed_by": "officer-1"},
        {"stepped_up": False},
        {"recent": 6},
        {"authority": Authority.SITE},
        {"authority": Authority.BORDER_INSPECTION},
        {"rule": "seal.intact"},
        {"reasons": ()},
        {"reasons": (Reason("seal.differs", {"read": "CN0000000", "declared": "CN1234567"}),)},
    ],
)
def test_an_unlawful_exception_lifts_nothing(flaw: dict[str, Any]) -> None:
    differing, finding = held()
    flawed = replace(exception(finding), **flaw)
    assert decide(differing, grants(), (flawed,), BOOK, NOON).outcome is Outcome.HOLD


def test_an_exception_lifts_no_other_finding() -> None:
    differing, finding = held()
    hot = replace(differing, evidence=(*but(seal={"number": "CN7654321"}, driver={"occupants": 2}).values(),))
    decision = decide(hot, grants(), (exception(finding),), BOOK, NOON)
    assert [left.reason.code for left in standing_findings(decision)] == ["driver.occupants"]


@pytest.mark.parametrize("rule", ["radiation.neutron", "weight.stable", "papers.present"])
def test_some_findings_nobody_lifts(rule: str) -> None:
    evidence = but(radiation={"neutron_alarm": True}, weight={"stable_frames": 0}, papers={"confirmation": None})
    finding = next(found for found in settle(evidence).findings if found.rule == rule)
    decision = decide(subject(evidence), grants(), (exception(finding),), BOOK, NOON)
    assert finding in standing_findings(decision)


def test_a_gamma_alarm_needs_two_people_of_customs_and_a_survey_whatever_else_is_signed() -> None:
    evidence = but(radiation={"gamma_alarm": True})
    finding = settle(evidence).findings[0]
    one = exception(finding, confirmed_by=None)
    assert decide(subject(evidence), grants(), (one, one), BOOK, NOON).outcome is Outcome.DIVERT_RADIATION
    without = exception(finding)
    assert decide(subject(evidence), grants(), (without,), BOOK, NOON).outcome is Outcome.DIVERT_RADIATION
    surveyed = exception(finding, survey="hand survey 2041: potash, 0.3 µSv/h")
    assert decide(subject(evidence), grants(), (surveyed,), BOOK, NOON).outcome is Outcome.RELEASE


def test_a_refusal_in_a_verdict_is_lifted_by_its_own_authority_only_and_absence_by_nobody() -> None:
    refused = settle(GOOD, grants(customs="refuse")).findings[0]
    assert decide(subject(), grants(customs="refuse"), (exception(refused),), BOOK, NOON).outcome is Outcome.RELEASE
    other = replace(exception(refused), authority=Authority.SITE)
    assert decide(subject(), grants(customs="refuse"), (other,), BOOK, NOON).outcome is Outcome.HOLD
    absent = settle(GOOD, grants(customs="")).findings[0]
    assert decide(subject(), grants(customs=""), (exception(absent),), BOOK, NOON).outcome is Outcome.DIVERT_MANUAL


SCENES: dict[str, dict[Procedure, Evidence]] = {
    "released": GOOD,
    "seal_differs": but(seal={"number": "CN7654321"}),
    "overweight_and_feverish": but(weight={"mass_kg": 55_500}, health={"temperature_dc": 381}),
    "radioactive": but(radiation={"gamma_alarm": True, "gamma_peak_cps": 4_100}),
}


def golden_of(scene: str) -> str:
    return canonical(decide(subject(SCENES[scene]), grants(), (), GOLDEN_BOOK, NOON + SECOND)).decode()


@pytest.mark.parametrize("scene", list(SCENES))
def test_golden_decisions_stay_the_same_byte_for_byte(scene: str) -> None:
    """A change here changes what old passages replay to: it needs a new version of the decider or of the rulebook."""
    decided = golden_of(scene)
    golden = GOLDEN / f"decision_{scene}.json"
    assert json.loads(decided)["decider"] == 1
    assert decided == golden.read_text(encoding="utf-8").rstrip("\n")


def test_decisions_do_not_depend_on_the_order_of_verdicts() -> None:
    words = grants(customs="refuse")
    assert canonical(settle(GOOD, words)) == canonical(settle(GOOD, tuple(reversed(words))))
