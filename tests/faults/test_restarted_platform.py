"""The whole port in virtual time, whose platform dies again and again in mid-traffic, at instants that a seed draws.

What a crash interrupts comes again from the broker; nothing of it may count twice, and no lorry may suffer for it.
"""

from collections import Counter
from datetime import UTC, datetime
from random import Random
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from tests.faults.facts import check_barriers

from kouan.ledger.verifier import verify
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.anomalies import Anomaly
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import Scenario, load_scenario
from kouan.vocabulary.clock import SECOND
from kouan.wiring.port_file import load, path_of
from kouan.wiring.twin import Twin, run_twin, seeded_signer

OPENING = int(datetime(2026, 11, 20, 0, 0, tzinfo=UTC).timestamp()) * SECOND
"""08:00 in Ganqimaodu."""


def run_port(seed: int, seconds: int, crashes: int, scenario: Scenario) -> Twin:
    chance = Random(f"crashes/{seed}")
    gap_us = seconds * SECOND // (crashes + 1)
    instants = [OPENING + (number + 1) * gap_us + chance.randrange(gap_us // 2) for number in range(crashes)]
    loop = VirtualLoop(OPENING)
    clock = VirtualClock(loop)
    end = OPENING + seconds * SECOND
    port, field = load("ganqimaodu"), load_port(path_of("ganqimaodu"))
    twin = run_twin(port, field, scenario, seed, clock, lambda: clock.now() >= end, crashes=instants)
    return run(twin, loop)


def entries_of(twin: Twin) -> list[dict[str, Any]]:
    entries = twin.disk.ledger("ganqimaodu").entries
    return [{**msgspec.structs.asdict(each), "body": msgspec.json.decode(each.body)} for each in entries]


def of_kind(entries: list[dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    return [entry for entry in entries if entry["kind"] == kind]


@pytest.mark.parametrize("seed", range(3))
def test_a_platform_that_dies_again_and_again_counts_nothing_twice_and_stops_nobody_for_it(seed: int) -> None:
    twin = run_port(seed, seconds=120, crashes=6, scenario=load_scenario("calm"))
    entries = entries_of(twin)
    check_barriers(entries, twin.actuations.lines)
    assert twin.summary.double_openings == 0
    assert twin.refusals == ()

    stops = Counter((line["lane"], line["track"]) for line in twin.truth.lines if line["event"] == "stopped")
    began = Counter(
        (entry["body"]["fact"]["lane"], entry["body"]["fact"]["track"])
        for entry in of_kind(entries, "gate.passage_opened/1")
    )
    assert max(began.values()) == 1
    assert began.keys() <= stops.keys()
    found = Counter(
        finding["reason"]["code"]
        for entry in of_kind(entries, "gate.decision/1")
        for finding in entry["body"]["decision"]["findings"]
    )
    assert found == {}
    assert len(of_kind(entries, "gate.closed/1")) >= 20


RADIANT = {Anomaly.NORM_ALARM: 0.3, Anomaly.RADIATION_SOURCE: 0.1}


@pytest.mark.parametrize("seed", [11, 12])
def test_what_was_measured_of_one_vehicle_is_never_taken_for_another(seed: int) -> None:
    """Portal and weighbridge know no vehicle, only when they measured; a crash must not shift them by one."""
    calm = load_scenario("calm")
    impatient = replace(calm.people, patience_s=15.0)
    twin = run_port(seed, seconds=150, crashes=8, scenario=replace(calm, rates=RADIANT, people=impatient))
    entries = entries_of(twin)
    check_barriers(entries, twin.actuations.lines)
    truth = {(line["lane"], line["track"]): line for line in twin.truth.lines if line["event"] == "stopped"}
    opened = {entry["stream"]: entry["body"]["fact"] for entry in of_kind(entries, "gate.passage_opened/1")}
    measured = weighed = 0
    for entry in of_kind(entries, "gate.evidence/1"):
        fact, passage = entry["body"]["fact"], opened[entry["stream"]]
        evidence, vehicle = fact["evidence"], truth[passage["lane"], passage["track"]]
        if entry["body"]["used"] and evidence["type"] == "radiation" and evidence["fault"] is None:
            measured += 1
            radiant = bool(RADIANT.keys() & set(vehicle["anomalies"]))
            assert (evidence["gamma_alarm"] or evidence["neutron_alarm"]) == radiant, (entry, vehicle)
        if entry["body"]["used"] and evidence["type"] == "weight":
            weighed += 1
            assert abs(evidence["mass_kg"] - vehicle["gross_kg"]) <= 60 + vehicle["gross_kg"] // 100
    assert measured >= 40
    assert weighed >= 40


@pytest.mark.parametrize("seed", [103])
def test_what_must_hold_of_a_rough_port_holds_though_its_platform_dies(seed: int) -> None:
    twin = run_port(seed, seconds=120, crashes=5, scenario=load_scenario("rough"))
    entries = entries_of(twin)
    check_barriers(entries, twin.actuations.lines)
    assert twin.summary.double_openings == 0
    assert of_kind(entries, "gate.closed/1")
    report = verify(
        twin.disk.ledger("ganqimaodu").entries,
        [],
        seeded_signer("ledger:ganqimaodu", Random(1)).public_key,
        port="ganqimaodu",
        expected_size=len(entries),
    )
    assert report.findings == ()
