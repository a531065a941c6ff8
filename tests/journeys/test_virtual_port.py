"""One port-hour's beginning on the virtual loop: the composed platform and the simulated field, in memory."""

import json
import subprocess
import sys
from datetime import UTC, datetime

import msgspec
import pytest

from kouan.ledger.heads import sign_head
from kouan.ledger.verifier import verify
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import load_scenario
from kouan.vocabulary.clock import SECOND
from kouan.wiring.port_file import load, path_of
from kouan.wiring.twin import Twin, run_twin, seeded_signer

OPENING = int(datetime(2026, 11, 20, 0, 0, tzinfo=UTC).timestamp()) * SECOND
"""08:00 in Ganqimaodu."""


def run_port(seed: int, seconds: int, scenario: str) -> Twin:
    loop = VirtualLoop(OPENING)
    clock = VirtualClock(loop)
    end = OPENING + seconds * SECOND
    port = load("ganqimaodu")
    twin = run_twin(
        port, load_port(path_of("ganqimaodu")), load_scenario(scenario), seed, clock, lambda: clock.now() >= end
    )
    return run(twin, loop)


def root_of(seed: int, seconds: int, scenario: str) -> str:
    entries = run_port(seed, seconds, scenario).disk.ledger("ganqimaodu").entries
    return entries[-1].hash


@pytest.fixture(scope="module")
def rough() -> Twin:
    return run_port(seed=3, seconds=150, scenario="rough")


def bodies(twin: Twin, kind: str) -> list[dict]:
    entries = twin.disk.ledger("ganqimaodu").entries
    return [msgspec.json.decode(entry.body) for entry in entries if entry.kind == kind]


def test_lorries_clear_far_below_thirty_seconds_of_stop():
    twin = run_port(seed=1, seconds=60, scenario="calm")
    stops = [body["stop_us"] / SECOND for body in bodies(twin, "gate.closed/1") if body["state"] == "cleared"]
    assert len(stops) >= 10
    assert sorted(stops)[len(stops) // 2] < 20


def test_a_calm_port_releases_every_lorry_and_asks_nobody():
    twin = run_port(seed=1, seconds=60, scenario="calm")
    assert {body["decision"]["outcome"] for body in bodies(twin, "gate.decision/1")} == {"RELEASE"}
    assert bodies(twin, "gate.review_opened/1") == []
    assert twin.refusals == ()


def test_the_same_seed_gives_the_same_ledger_in_two_fresh_processes():
    code = (
        "from tests.journeys.test_virtual_port import root_of; import json;"
        "print(json.dumps(root_of(seed=7, seconds=45, scenario='rough')))"
    )
    roots = {
        json.loads(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout)
        for _ in range(2)
    }
    assert len(roots) == 1


def test_another_seed_gives_another_ledger():
    assert root_of(seed=1, seconds=20, scenario="calm") != root_of(seed=2, seconds=20, scenario="calm")


def test_no_barrier_opens_twice_and_none_without_an_order(rough: Twin):
    ordered = {body["fact"]["order_id"] for body in bodies(rough, "gate.order/1")}
    actuated = [line["order_id"] for line in rough.actuations.lines]
    assert len(actuated) == len(set(actuated))
    assert set(actuated) <= ordered
    assert rough.summary.double_openings == 0


def test_only_a_literal_release_opens_the_release_barrier(rough: Twin):
    orders = {body["order"]["order_id"]: body["order"] for body in bodies(rough, "gate.order/1")}
    for line in rough.actuations.lines:
        order = orders[line["order_id"]]
        assert (order["barrier"] == "release") == (order["outcome"] == "RELEASE")


def test_planted_anomalies_are_found_for_a_reason(rough: Twin):
    found = {
        finding["reason"]["code"]
        for body in bodies(rough, "gate.decision/1")
        for finding in body["decision"]["findings"]
    }
    assert len(found) >= 5
    assert bodies(rough, "gate.review_opened/1")


def test_garbage_from_devices_is_kept_and_stops_nothing(rough: Twin):
    assert bodies(rough, "gate.unparsed/1")
    assert bodies(rough, "gate.closed/1")


def test_the_ledger_of_a_rough_port_verifies(rough: Twin):
    from random import Random

    entries = rough.disk.ledger("ganqimaodu").entries
    signer = seeded_signer("ledger:ganqimaodu", Random(1))
    standing = rough.ledger.writer.standing
    assert standing is not None
    head = sign_head(
        signer,
        port="ganqimaodu",
        size=standing.sequence,
        root=standing.frontier.root(),
        last=standing.last,
        at=OPENING,
        epoch=standing.epoch,
    )
    report = verify(entries, [head], signer.public_key, port="ganqimaodu", expected_size=len(entries))
    assert report.findings == ()


def test_no_entry_holds_a_name_or_a_document_number(rough: Twin):
    import re

    text = b"".join(bytes(entry.body) for entry in rough.disk.ledger("ganqimaodu").entries)
    assert b"document_number" not in text
    assert not re.search(rb"[A-Z0-9<]{44}", text)
