"""What a gate may do while the hub of its region is gone (I13)."""

import itertools
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from tests.unit.gate.passage_kit import BOOK, DAY, GOOD, NOON, POLICY, Drive, but, officer, second
from tests.unit.gate.test_decide import exception, grants, subject
from tests.unit.gate.test_replay import entries_of
from tests.unit.gate.test_rules import case, judge

from kouan.gate.decide import decide
from kouan.gate.evidence import NEVER_HEARD_US, Evidence, PapersMatched
from kouan.gate.facts import EvidenceFound
from kouan.gate.offline import offline_rule, with_offline_rule
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.replay import replay
from kouan.gate.rulebook import make_rulebook
from kouan.gate.states import Ordered
from kouan.gate.what_if import decisive, what_if
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue

MOST_S = 300
RULE = offline_rule(MOST_S, "pre_authorised")
HUB_BOOK = with_offline_rule(BOOK, RULE, since=0)
HUB_POLICY = replace(POLICY, rulebook=HUB_BOOK)
HOUR = 3600 * SECOND
TOO_OLD_US = (MOST_S + 1) * SECOND
PERMIT: dict[str, Any] = {
    "pre_authorised": True,
    "low_risk": True,
    "permit": "pre_authorised@4/1",
    "permit_from": NOON - HOUR,
    "permit_until": NOON + HOUR,
}


def lorry(age_s: float, **papers: Any) -> dict[Procedure, Evidence]:
    return but(papers={"hub_age_us": int(age_s * SECOND), **papers})


def outcome(evidence: dict[Procedure, Evidence], at: int = NOON, **more: Any) -> Outcome:
    return decide(subject(evidence, **more), grants(), (), HUB_BOOK, at).outcome


def codes(evidence: dict[Procedure, Evidence], at: int = NOON) -> list[str]:
    return [finding.reason.code for finding in decide(subject(evidence), grants(), (), HUB_BOOK, at).findings]


def test_a_port_without_a_hub_is_not_concerned() -> None:
    assert outcome(GOOD) is Outcome.RELEASE


def test_while_the_hub_is_heard_everybody_is_served() -> None:
    assert outcome(lorry(MOST_S)) is Outcome.RELEASE


@pytest.mark.parametrize(
    ("age_us", "papers", "expected"),
    [
        (TOO_OLD_US, {}, ["network.hub_stale"]),
        (72 * HOUR, {}, ["network.hub_stale"]),
        (TOO_OLD_US, PERMIT, []),
        (TOO_OLD_US, PERMIT | {"low_risk": False}, ["network.not_low_risk"]),
        (TOO_OLD_US, PERMIT | {"permit_until": NOON}, ["network.permit_over"]),
        (TOO_OLD_US, PERMIT | {"permit_from": NOON + 1}, ["network.permit_over"]),
        (NEVER_HEARD_US, {}, ["network.hub_never_heard"]),
    ],
)
def test_without_the_hub_only_pre_authorised_unexpired_low_risk_vehicles_are_released(
    age_us: int, papers: dict[str, Any], expected: list[str]
) -> None:
    evidence = but(papers={"hub_age_us": age_us, **papers})
    assert codes(evidence) == expected
    assert outcome(evidence) is (Outcome.DIVERT_MANUAL if expected else Outcome.RELEASE)


def test_a_port_may_serve_nobody_at_all_without_its_hub() -> None:
    book = with_offline_rule(BOOK, offline_rule(MOST_S, "nobody"), since=0)
    decision = decide(subject(lorry(MOST_S + 1, **PERMIT)), grants(), (), book, NOON)
    assert decision.outcome is Outcome.DIVERT_MANUAL


def test_the_age_counts_at_the_instant_of_the_decision_not_when_the_papers_were_found() -> None:
    evidence = lorry(MOST_S - 10)
    assert outcome(evidence, NOON + 10 * SECOND) is Outcome.RELEASE
    assert outcome(evidence, NOON + 10 * SECOND + 1) is Outcome.DIVERT_MANUAL


def test_a_hold_that_is_known_wins_over_a_permit_without_the_hub() -> None:
    evidence = lorry(MOST_S + 1, **PERMIT, holds=("border_inspection:detain:hub-R7-3",))
    assert outcome(evidence) is Outcome.HOLD


AGES_S = st.one_of(st.none(), st.integers(0, 2 * MOST_S), st.just(NEVER_HEARD_US // SECOND))


@given(
    age_s=AGES_S,
    pre_authorised=st.booleans(),
    low_risk=st.booleans(),
    begins=st.integers(-10, 10),
    ends=st.integers(-10, 10),
    held=st.booleans(),
    watched=st.booleans(),
    delay_s=st.integers(0, 60),
    heard_s=st.one_of(st.none(), st.integers(0, 2 * MOST_S)),
)
def test_whatever_is_known_a_release_is_one_that_the_policy_allows(
    age_s: int | None, pre_authorised: bool, low_risk: bool, begins: int, ends: int,
    held: bool, watched: bool, delay_s: int, heard_s: int | None,
) -> None:  # fmt: skip
    now = NOON + delay_s * SECOND
    evidence = but(
        papers={
            "hub_age_us": None if age_s is None else age_s * SECOND,
            "pre_authorised": pre_authorised,
            "low_risk": low_risk,
            "permit_from": now + begins * SECOND,
            "permit_until": now + ends * SECOND,
            "holds": ("customs:detain:H1",) if held else (),
        },
        driver={"watched": ("border_inspection:watch:watch-3-1",) if watched else ()},
    )
    heard_at = None if heard_s is None or age_s is None else now - heard_s * SECOND
    age_now_s = None if age_s is None else min(age_s + delay_s, heard_s if heard_s is not None else 2**60)
    fresh = age_s is None or age_now_s is None or (age_s <= MOST_S and age_now_s <= MOST_S)
    permitted = pre_authorised and low_risk and begins <= 0 < ends
    allowed = (fresh or permitted) and not held and not watched
    assert (outcome(evidence, now, hub_heard_at=heard_at) is Outcome.RELEASE) == allowed


def test_two_people_of_customs_may_except_and_nobody_else() -> None:
    evidence = lorry(MOST_S + 60)
    (finding,) = decide(subject(evidence), grants(), (), HUB_BOOK, NOON).findings
    assert (finding.rule, finding.authority) == ("network.hub_heard", Authority.CUSTOMS)
    later = NOON + 20 * SECOND  # the reason is the same, though the hub's word grew older
    for given_by, released in (
        (exception(finding), True),
        (exception(finding, confirmed_by=None), False),
        (exception(finding, confirmed_by="officer-1"), False),
        (exception(finding, stepped_up=False), False),
        (exception(finding, recent=6), False),
        (replace(exception(finding), authority=Authority.SITE), False),
    ):
        decision = decide(subject(evidence), grants(), (given_by,), HUB_BOOK, later)
        assert (decision.outcome is Outcome.RELEASE) == released


def test_a_vehicle_that_the_hub_silence_stopped_is_released_by_two_people() -> None:
    drive = Drive(policy=HUB_POLICY).show(lorry(MOST_S + 60)).agree()
    assert (drive.name, drive.codes()) == ("in_review", ["network.hub_stale"])
    drive.take(officer("release", hub_age_us=(MOST_S + 60) * SECOND))
    assert not drive.orders
    drive.take(second(hub_age_us=(MOST_S + 60) * SECOND)).agree()
    assert [order.barrier for order in drive.orders] == ["release"]


def test_a_review_that_takes_long_blames_no_hub_that_is_heard() -> None:
    late = lorry(10, late=True)
    drive = Drive(policy=HUB_POLICY).show(late).agree()
    drive.take(replace(officer("release"), at=NOON + 2 * HOUR, hub_age_us=5 * SECOND), after_us=2 * HOUR).agree()
    assert drive.codes() == ["papers.late"]
    assert drive.orders


def test_a_review_that_takes_long_does_blame_a_hub_that_fell_silent() -> None:
    drive = Drive(policy=HUB_POLICY).show(lorry(10, late=True)).agree()
    drive.take(replace(officer("release"), at=NOON + 2 * HOUR, hub_age_us=HOUR), after_us=2 * HOUR).agree()
    assert not [order for order in drive.orders if order.barrier == "release"]


def test_papers_found_while_the_hub_was_silent_are_looked_for_again_once_it_is_back() -> None:
    drive = Drive(policy=HUB_POLICY).show(lorry(MOST_S + 60)).agree()
    back = {"at": NOON + 60 * SECOND, "hub_age_us": 5 * SECOND}
    drive.take(replace(officer("release"), **back), after_us=60 * SECOND)
    drive.take(replace(second(), **back)).agree()
    (order,) = drive.orders
    assert order.barrier == "release", "two people may still except"
    again = Drive(policy=HUB_POLICY).show(lorry(MOST_S + 60)).agree()
    again.take(replace(officer("correct", corrections={"papers": "again"}), **back), after_us=60 * SECOND)
    fresh = replace(lorry(5)[Procedure.PAPERS], at=again.now)
    again.take(EvidenceFound(again.now, fresh)).agree()
    assert [order.barrier for order in again.orders] == ["release"]


def test_an_order_does_not_outlive_the_permit_that_it_may_rest_on() -> None:
    ends = NOON + 3 * SECOND
    drive = Drive(policy=HUB_POLICY).show(lorry(MOST_S + 1, **PERMIT | {"permit_until": ends})).agree()
    assert isinstance(drive.state, Ordered)
    assert drive.state.order.expires_at == ends


def test_a_degraded_lane_asks_whether_the_permit_is_in_force_when_it_decides() -> None:
    lacking = {"lacking": (Procedure.SEAL,)}
    assert judge("degraded_lane_serves_pre_authorised", case(but(papers=PERMIT), **lacking)) == []
    over = case(but(papers=PERMIT), **lacking, judged_at=NOON + HOUR)
    assert judge("degraded_lane_serves_pre_authorised", over) == ["lane.not_pre_authorised"]


def test_a_second_look_at_the_papers_is_no_contradiction_because_the_hub_grew_older() -> None:
    drive = Drive(policy=HUB_POLICY).show(lorry(10)).show({Procedure.PAPERS: lorry(20)[Procedure.PAPERS]})
    assert drive.unused() == ["duplicate"]


def test_what_if_knows_the_hubs_age_and_the_permit() -> None:
    drive = Drive(policy=HUB_POLICY).show(lorry(MOST_S + 60)).agree()
    (grounds,) = replay(entries_of(drive), HUB_POLICY).grounds
    assert what_if(grounds, HUB_BOOK, {"papers.hub_age_us": "0"}).outcome is Outcome.RELEASE
    (item,) = decisive(grounds, HUB_BOOK)
    assert (item.field, item.found, item.needed) == ("papers.hub_age_us", (MOST_S + 60) * SECOND, 0)


@pytest.mark.parametrize(
    ("papers", "field", "needed"),
    [
        (PERMIT | {"low_risk": False}, "papers.low_risk", True),
        (PERMIT | {"permit_until": NOON}, "papers.permit_until", None),
    ],
)
def test_what_was_wrong_with_a_permit_is_named(papers: dict[str, Any], field: str, needed: object) -> None:
    drive = Drive(policy=HUB_POLICY).show(lorry(MOST_S + 60, **papers)).agree()
    (item,) = decisive(replay(entries_of(drive), HUB_POLICY).grounds[-1], HUB_BOOK)
    assert (item.field, item.needed, item.outcome) == (field, needed, Outcome.RELEASE)


def test_an_offline_passage_replays_byte_for_byte() -> None:
    drive = Drive(policy=HUB_POLICY).show(lorry(MOST_S + 60)).agree().take(officer("release", hub_age_us=HOUR))
    assert replay(entries_of(drive), HUB_POLICY).faithful


def test_evidence_of_a_port_that_knew_no_hub_reads_as_it_was() -> None:
    old = msgspec.to_builtins(GOOD[Procedure.PAPERS])
    for field in ("hold_reasons", "low_risk", "permit", "permit_from", "permit_until", "seen_before_us",
                  "seen_distance_m", "hub_age_us"):  # fmt: skip
        del old[field]
    assert msgspec.convert(old, type=PapersMatched) == GOOD[Procedure.PAPERS]


# -- the rule in rulebooks


def test_a_rulebook_with_a_rule_of_its_own_keeps_it() -> None:
    own = make_rulebook("own", 1, (*BOOK.rules, replace(RULE, params={"max_age_s": 60})))
    assert with_offline_rule(own, RULE, since=NOON) == own


def test_until_a_rulebooks_own_rule_begins_the_ports_holds() -> None:
    begins = NOON + DAY
    later = replace(RULE, name="network.later", params={"max_age_s": 60}, effective_from=begins)
    book = with_offline_rule(make_rulebook("own", 1, (*BOOK.rules, later)), RULE, since=NOON)
    ages = [(rule.params["max_age_s"], at) for at, rule in itertools.product((NOON, begins), book.rules)
            if rule.check == "hub_heard_lately" and rule.in_force(at)]  # fmt: skip
    assert ages == [(MOST_S, NOON), (60, begins)]


@pytest.mark.parametrize(
    "changes",
    [{"cargoes": ("coal",)}, {"effective_until": NOON}, {"second_person": False}, {"authority": Authority.SITE}],
)
def test_no_rulebook_narrows_or_softens_the_rule(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue) as refusal:
        make_rulebook("own", 1, (*BOOK.rules, replace(RULE, **changes)))
    assert refusal.value.rule == "rulebook.safeguard"


# -- watch lists and cloned plates


def test_a_person_who_is_watched_for_is_held_and_why_is_said() -> None:
    watched = {"watched": ("border_inspection:watch:watch-3-1",), "hold_reasons": {"watch-3-1": "wanted in Erenhot"}}
    decision = decide(subject(but(driver=watched)), grants(), (), BOOK, NOON)
    (finding,) = decision.findings
    assert (finding.reason.code, finding.reason.params["why"]) == ("hold.watch", "wanted in Erenhot")
    assert (finding.authority, decision.outcome) == (Authority.BORDER_INSPECTION, Outcome.HOLD)


def test_the_rulebook_says_what_being_watched_for_leads_to() -> None:
    rules = tuple(
        replace(rule, outcomes={"hold.watch": Outcome.DIVERT_MANUAL}) if rule.name == "papers.hold_customs" else rule
        for rule in BOOK.rules
    )
    watched = but(papers={"holds": ("customs:watch:watch-ab-3",), "hold_reasons": {"watch-ab-3": "cigarettes"}})
    assert decide(subject(watched), grants(), (), make_rulebook("b", 2, rules), NOON).outcome is Outcome.DIVERT_MANUAL


def test_a_plate_that_stood_too_far_away_too_lately_is_held() -> None:
    seen = {"seen_elsewhere": "erenhot O1", "seen_before_us": 20 * 60 * SECOND, "seen_distance_m": 431_000}
    decision = decide(subject(but(papers=seen)), grants(), (), BOOK, NOON)
    (finding,) = decision.findings
    assert finding.reason.code == "plates.impossible_travel"
    assert finding.reason.params == {"plate": "1234УБА", "where": "erenhot O1", "minutes": 20, "km": 431}
    assert (finding.authority, decision.outcome) == (Authority.BORDER_INSPECTION, Outcome.HOLD)
