"""Historic decisions come out again byte for byte, and what would have changed them is named."""

from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.unit.gate.passage_kit import BOOK, GOOD, NOON, POLICY, Drive, but, officer, second

from kouan.gate.facts import ControllerReported, VehicleLeft
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.replay import Grounds, read_policy, replay
from kouan.gate.what_if import decisive, parse_changes, what_if
from kouan.ledger.entries import GENESIS, Entry, canonical
from kouan.vocabulary.errors import Corrupt, InvalidValue


def entries_of(drive: Drive) -> list[Entry]:
    return [
        Entry(
            at=drive.now, body=msgspec.Raw(draft.body), epoch=1, key=draft.key, kind=draft.kind, port="ganqimaodu",
            prev=GENESIS, seq=number, stream=draft.stream,
        )
        for number, draft in enumerate(drive.drafts, start=1)
    ]  # fmt: skip


def decided(**changes: dict[str, Any]) -> Grounds:
    """Return the grounds of the last decision on a lorry that differs from the good one."""
    return replay(entries_of(Drive().show(but(**changes)).agree()), POLICY).grounds[-1]


def test_a_whole_passage_replays_byte_for_byte() -> None:
    drive = Drive().show(but(seal={"number": "CN7654321"})).agree().take(officer("release"), second())
    drive.take(ControllerReported(drive.now, drive.orders[0].order_id, "actuated"))
    drive.take(VehicleLeft(drive.now, 7, 1, drive.orders[0].order_id))
    remade = replay(entries_of(drive), POLICY)
    assert remade.faithful
    assert [found.decision.outcome for found in remade.grounds] == [Outcome.HOLD, Outcome.RELEASE]
    assert {entry.kind for entry in remade.remade} == {
        "gate.decision/1", "gate.review_opened/1", "gate.exception/1", "gate.closed/1",
    }  # fmt: skip


def test_a_decision_that_was_altered_is_found() -> None:
    entries = entries_of(Drive().show(but(seal={"number": "CN7654321"})).agree())
    altered = [
        replace_body(entry, b'"HOLD"', b'"RELEASE"') if entry.kind == "gate.decision/1" else entry for entry in entries
    ]
    remade = replay(altered, POLICY)
    assert not remade.faithful
    assert [entry.kind for entry in remade.remade if not entry.same] == ["gate.decision/1"]


def test_a_decision_that_was_dropped_is_found() -> None:
    entries = [entry for entry in entries_of(Drive().show(GOOD).agree()) if entry.kind != "gate.decision/1"]
    assert not replay(entries, POLICY).faithful


def test_evidence_that_was_altered_is_found() -> None:
    entries = entries_of(Drive().show(but(weight={"mass_kg": 60_000})).agree())
    altered = [replace_body(entry, b"60000", b"50000") for entry in entries]
    assert not replay(altered, POLICY).faithful


def replace_body(entry: Entry, old: bytes, new: bytes) -> Entry:
    return replace(entry, body=msgspec.Raw(bytes(entry.body).replace(old, new)))


def test_an_entry_that_cannot_be_read_is_corrupt() -> None:
    entries = entries_of(Drive().show(GOOD))
    entries[1] = replace(entries[1], body=msgspec.Raw(b"{}"))
    with pytest.raises(Corrupt):
        replay(entries, POLICY)
    with pytest.raises(Corrupt):
        replay(entries[1:], POLICY)


def test_a_policy_is_read_back_under_its_digest_only() -> None:
    body = canonical(POLICY)
    assert read_policy(body, POLICY.digest) == POLICY
    with pytest.raises(Corrupt):
        read_policy(body, "0" * 64)
    with pytest.raises(Corrupt):
        read_policy(body.replace(b'"from_dc":373', b'"from_dc":400'), POLICY.digest)


def test_what_if_the_weight_had_been_right() -> None:
    grounds = decided(weight={"mass_kg": 60_000})
    assert grounds.decision.outcome is Outcome.DIVERT_SCAN
    assert what_if(grounds, BOOK, parse_changes(["weight=50000"])).outcome is Outcome.RELEASE
    assert what_if(grounds, BOOK, {"weight.mass_kg": 55_000}).outcome is Outcome.DIVERT_SCAN


@pytest.mark.parametrize(
    ("changes", "field", "found", "needed", "outcome"),
    [
        ({"weight": {"mass_kg": 60_000}}, "weight.mass_kg", 60_000, 51_000, "RELEASE"),
        ({"weight": {"mass_kg": 30_000}}, "weight.mass_kg", 30_000, 49_000, "RELEASE"),
        ({"seal": {"number": "CN7654321"}}, "seal.number", "CN7654321", "CN1234567", "RELEASE"),
        ({"seal": {"number": None, "condition": "absent"}}, "seal.number", None, "CN1234567", "RELEASE"),
        ({"plates": {"tractor": "1284УБА"}}, "plates.tractor", "1284УБА", "1234УБА", "RELEASE"),
        ({"plates": {"tractor": None}}, "plates.tractor", None, "1234УБА", "RELEASE"),
        ({"radiation": {"gamma_alarm": True, "gamma_peak_cps": 900}}, "radiation.gamma_alarm", True, False, "RELEASE"),
        ({"health": {"temperature_dc": 390}}, "health.temperature_dc", 390, 372, "RELEASE"),
        ({"driver": {"occupants": 3}}, "driver.occupants", 3, 1, "RELEASE"),
        ({"papers": {"late": True}}, "papers.late", True, False, "RELEASE"),
        ({"papers": {"holds": ("customs:detain:B1",)}}, "papers.holds", ["customs:detain:B1"], [], "RELEASE"),
        ({"container": {"damage": ("hole",)}}, "container.damage", ["hole"], [], "RELEASE"),
    ],
)
def test_the_evidence_whose_change_would_have_changed_the_decision_is_named(
    changes: dict[str, dict[str, Any]], field: str, found: object, needed: object, outcome: str
) -> None:
    (item,) = decisive(decided(**changes), BOOK)
    assert (item.field, item.found, item.needed, item.outcome) == (field, found, needed, outcome)


def test_what_only_changes_together_is_named_together() -> None:
    items = decisive(decided(seal={"number": "CN7654321"}, driver={"occupants": 2}), BOOK)
    assert [(item.field, item.outcome) for item in items] == [
        ("seal.number", "RELEASE"), ("driver.occupants", "RELEASE"),
    ]  # fmt: skip


def test_a_milder_outcome_counts_as_a_change() -> None:
    items = decisive(decided(seal={"number": "CN7654321"}, plates={"confidence_pm": 300}), BOOK)
    assert [(item.field, item.outcome) for item in items] == [("seal.number", "DIVERT_MANUAL")]


def test_missing_evidence_and_missing_verdicts_are_named() -> None:
    evidence = dict(GOOD)
    del evidence[Procedure.WEIGHT]
    late = Drive().show(evidence).wait().agree()
    (item,) = decisive(replay(entries_of(late), POLICY).grounds[-1], BOOK)
    assert (item.field, item.found) == ("required.weight", "late")
    refused = Drive().show(GOOD).agree(customs="refuse")
    (item,) = decisive(replay(entries_of(refused), POLICY).grounds[-1], BOOK)
    assert (item.field, item.found, item.needed) == ("verdict.customs", "refuse", "grant")


def test_a_release_has_nothing_to_change() -> None:
    assert decisive(decided(), BOOK) == ()


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"weight": "heavy"}, "what_if.value"),
        ({"weight.colour": "1"}, "what_if.field"),
        ({"cargo.mass_kg": "1"}, "what_if.no_evidence"),
        ({"verdict.police": "grant"}, "what_if.verdict"),
        ({"verdict.customs": "perhaps"}, "what_if.verdict"),
    ],
)
def test_a_change_that_cannot_be_is_refused_by_name(changes: dict[str, str], rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        what_if(decided(), BOOK, changes)
    assert refusal.value.rule == rule


def test_a_verdict_can_be_asked_about() -> None:
    assert what_if(decided(), BOOK, {"verdict.site": "refuse"}).findings[0].authority is Authority.SITE
    with pytest.raises(InvalidValue):
        parse_changes(["weight"])


def test_grounds_keep_the_instant_of_the_decision() -> None:
    assert decided().at == NOON
