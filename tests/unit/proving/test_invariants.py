"""Each checker on a stream made by hand: it is silent where its invariant holds, and speaks where it does not."""

import hashlib
from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.proving.stream_kit import (
    LANE,
    ORDER,
    PASSAGE,
    PLATE,
    START,
    EpochRaised,
    Latched,
    ResetTaken,
    Stream,
    rule,
)

from kouan.ledger.heads import SignedHead
from kouan.proving.invariants import CHECKERS
from kouan.proving.invariants.alarms import AlarmsKept
from kouan.proving.invariants.goods import ManifestOnce, RadiationCleared, SealIntact, WeightBelieved
from kouan.proving.invariants.holds import LateHold
from kouan.proving.invariants.lanes import CertainClock, PowerLost, SilentNetwork
from kouan.proving.invariants.ledger import OneChain
from kouan.proving.invariants.liveness import EverybodyServed
from kouan.proving.invariants.orders import DurableFirst, FreshOrders, OnlyRecordedOrders, OpensOnce
from kouan.proving.invariants.people import LawfulOverrides, NothingAssumed
from kouan.proving.invariants.privacy import NobodyNamed
from kouan.proving.invariants.vehicles import OnePlace, OneVehicleAnOpening, RightVehicle
from kouan.proving.nemesis.plan import FaultAct, FaultKind
from kouan.proving.observations import Checker
from kouan.vocabulary.clock import SECOND

OTHER = "ganqimaodu-I2-20261120T000005-1"
MRZ = ["P<MNGBATBOLD<<BOLD<<<<<<<<<<<<<<<<<<<<<<<<<<<", "E123456784MNG8001014M3001012<<<<<<<<<<<<<<00"]


def answered(stream: Stream) -> Stream:
    """Let the platform answer a poll."""
    stream.wire("order/poll_answer", {"nonce": "n", "time": stream.now, "epochs": {}})
    return stream


@pytest.mark.parametrize("kind", CHECKERS)
def test_a_lorry_that_is_released_as_it_should_be_violates_nothing(kind: type[Checker]) -> None:
    stream = answered(Stream(kind(), (rule("seal.match"),))).released()
    stream.settle()
    stream.wait(8).leave()
    stream.fact("gate.departed/1", {"vehicles": 1, "track": 1, "order_id": ORDER})
    stream.entry("gate.closed/1", {"at": stream.now, "passage": PASSAGE, "state": "cleared"})
    stream.tell("nemesis", "heal", None)
    stream.tell("nemesis", "end", None)
    assert stream.found == []


# ---- I1


def test_a_second_movement_under_one_order_is_seen() -> None:
    stream = Stream(OpensOnce()).released()
    stream.move(nth=2)
    assert stream.found == [f"order {ORDER} moved an arm 2 times"]


def test_a_command_before_its_intent_is_seen() -> None:
    stream = Stream(OpensOnce()).arrive()
    stream.order()
    stream.command()
    assert "before its intent was durable" in stream.found[0]


def test_an_order_after_an_uncertain_one_needs_a_person() -> None:
    stream = Stream(OpensOnce()).released()
    stream.fact("gate.actuation/1", {"order_id": ORDER, "outcome": "uncertain"})
    stream.fact("gate.review_decided/1", decided())
    stream.order(f"{PASSAGE}-2")
    assert stream.found == []
    stream.fact("gate.actuation/1", {"order_id": f"{PASSAGE}-2", "outcome": "uncertain"})
    stream.order(f"{PASSAGE}-3")
    assert "nobody decided" in stream.found[0]


# ---- I2


@pytest.mark.parametrize(("seconds", "violated"), [(5.2, False), (5.3, True)])
def test_an_order_that_is_commanded_too_late_is_seen(seconds: float, violated: bool) -> None:
    stream = Stream(FreshOrders()).arrive()
    stream.decide()
    stream.order()
    stream.wait(seconds).command()
    assert bool(stream.found) == violated


def test_an_order_of_an_old_epoch_or_one_that_outlives_a_verdict_is_seen() -> None:
    stream = Stream(FreshOrders()).arrive()
    stream.verdict("site", expires_at=stream.now + SECOND)
    stream.fact("gate.hold_seen/1", {"type": "hold_lifted", "number": "H", "epoch": 1})
    stream.decide()
    stream.order()
    assert "after 1 was recorded" in stream.found[0]
    assert "outlives a verdict" in stream.found[1]


# ---- I3


def test_an_arm_that_moves_for_another_vehicle_is_seen() -> None:
    stream = Stream(RightVehicle()).arrive()
    stream.order()
    stream.leave()
    stream.stop(crossing="X2")
    stream.move(crossing="X2")
    assert "X2 stood there" in stream.found[0]


def test_a_release_by_what_was_read_of_another_vehicle_is_seen() -> None:
    stream = Stream(RightVehicle()).arrive(gross_kg=44_000)
    stream.order()
    assert "weighs 44000 kg" in stream.found[0]


def test_an_order_that_names_what_no_device_read_is_seen() -> None:
    stream = Stream(RightVehicle()).arrive()
    stream.order(vehicle={"plate": PLATE, "seal": "CN1", "axles": 5, "track": 1})
    assert "another axles, seal" in stream.found[0]


# ---- I4


def test_an_order_older_than_the_lane_s_hold_is_seen() -> None:
    stream = Stream(LateHold()).arrive()
    stream.order()
    stream.nonce(EpochRaised(LANE, 1))
    stream.intend()
    stream.command()
    assert "of epoch 0 opens in epoch 1" in stream.found[0]


def hold(number: str = "H1", plate: str | None = PLATE, **more: Any) -> dict[str, Any]:
    return {"type": "hold_placed", "number": number, "plate": plate, "container": None, "epoch": 1, **more}


@pytest.mark.parametrize(
    ("placed", "ours"),
    [
        (hold(), True),
        (hold(plate=None), True),
        (hold(plate="蒙L12345"), False),
        (hold(plate=None, declaration="022520261000000001"), False),
    ],
)
def test_a_release_under_a_hold_that_the_passage_has_seen_is_seen(placed: dict[str, Any], ours: bool) -> None:
    stream = Stream(LateHold()).arrive()
    stream.fact("gate.hold_seen/1", placed)
    stream.decide(epoch=1)
    stream.order(epoch=1)
    assert bool(stream.found) == ours


def test_a_release_long_after_an_officer_was_told_of_his_hold_is_seen() -> None:
    stream = Stream(LateHold())
    stream.entry("papers.order_placed/1", hold(), stream="H1")
    stream.tell("people", "acknowledged", {"what": "hold", "number": "H1"})
    stream.wait(10).released()
    assert "after its hold H1 was acknowledged" in stream.found[0]


# ---- I5


def test_an_opening_after_tailgating_needs_a_latch_and_a_reset() -> None:
    stream = Stream(OneVehicleAnOpening()).released()
    stream.leave(vehicles=2)
    stream.nonce(Latched(LANE, "tailgating"))
    stream.nonce(ResetTaken(LANE, "r", "platform", "n", START), Latched(LANE, None))
    stream.command("next")
    assert stream.found == []
    stream.leave(vehicles=2)
    stream.command("another")
    assert "without a reset" in stream.found[0]


def test_a_reset_that_overtakes_the_latch_unlocks_nothing() -> None:
    stream = Stream(OneVehicleAnOpening()).released()
    stream.leave(vehicles=2)
    stream.nonce(ResetTaken(LANE, "r", "platform", "n", START), Latched(LANE, None))
    assert stream.found == []  # it was on its way before the lane's controller knew
    stream.command("next")
    assert "without a reset" in stream.found[0]


def test_an_opening_while_an_arm_is_up_is_seen() -> None:
    stream = Stream(OneVehicleAnOpening()).arrive()
    stream.wire("barrier/event", {"barrier": "divert", "position": "open"})
    stream.wait(2).command()
    assert "while the divert arm is open" in stream.found[0]


# ---- I6


@pytest.mark.parametrize(("gone_s", "violated"), [(None, True), (60, True), (121, False)])
def test_a_plate_in_two_places_is_seen(gone_s: float | None, violated: bool) -> None:
    stream = Stream(OnePlace())
    stream.open(OTHER, "I2")
    stream.evidence("plates", stream=OTHER)
    if gone_s is not None:
        stream.entry("gate.closed/1", {"at": stream.now, "state": "cleared"}, stream=OTHER)
        stream.wait(gone_s)
    stream.released()
    assert bool(stream.found) == violated


# ---- I7, I8, I9, I16


@pytest.mark.parametrize("seal", [{"number": "CN1"}, {"condition": "tampered"}, {"number": None}])
def test_a_release_with_a_wrong_seal_needs_an_exception(seal: dict[str, Any]) -> None:
    for excepted in (False, True):
        stream = Stream(SealIntact())
        stream.stop(anomalies=("seal_differs",))
        stream.open()
        stream.evidence("seal", **seal)
        stream.evidence("papers")
        if excepted:
            stream.entry("gate.exception/1", exception("seal.match"))
        stream.order()
        stream.move()
        assert len(stream.found) == (0 if excepted else 2)


def test_a_radiation_alarm_needs_two_people_and_a_survey() -> None:
    for confirmed_by, survey, violated in (("b", "clean", False), ("a", "clean", True), ("b", "", True)):
        stream = Stream(RadiationCleared())
        stream.open()
        stream.evidence("radiation", gamma_alarm=True)
        stream.fact("gate.review_decided/1", decided(corrections={"survey": survey}))
        stream.entry("gate.exception/1", exception("radiation.gamma", confirmed_by=confirmed_by, by="a"))
        stream.order()
        assert bool(stream.found) == violated


def test_a_source_that_nobody_measured_is_seen_as_it_leaves() -> None:
    stream = Stream(RadiationCleared()).released(anomalies=("radiation_source",))
    assert "source aboard" in stream.found[0]


@pytest.mark.parametrize(
    "scale",
    [
        {"calibrated_until": START},
        {"zero_checked_at": START - 25 * 3600 * SECOND},
        {"zero_checked_at": START + 99 * SECOND},
    ],
)
def test_a_weight_that_may_not_be_believed_is_seen(scale: dict[str, int]) -> None:
    stream = Stream(WeightBelieved())
    stream.open()
    stream.evidence("weight", **scale)
    stream.order()
    assert stream.found


def manifest(number: str, kg: int = 100) -> dict[str, Any]:
    return {"number": number, "direction": "in", "consignments": [{"number": "C1", "gross_kg": kg}]}


def test_goods_under_two_manifests_are_seen_and_an_amendment_is_none() -> None:
    stream = Stream(ManifestOnce())
    stream.entry("papers.manifest/1", manifest("M1"))
    stream.entry("papers.manifest/1", manifest("M1", 200))
    assert stream.found == []
    stream.entry("papers.manifest/1", manifest("M2"))
    assert "stands in manifests M1 and M2" in stream.found[0]


def test_more_than_is_declared_and_papers_used_twice_are_seen() -> None:
    stream = Stream(ManifestOnce())
    stream.entry("papers.confirmation/1", {"number": "CF1", "direction": "in"})
    stream.entry("papers.manifest/1", manifest("M1"))
    for passage in ("P1", "P2"):
        parts = [{"number": "C1", "mass_kg": 60}]
        body = {"confirmation": "CF1", "passage": passage, "consignments": parts}
        stream.entry("papers.written_off/1", body, stream="CF1")
    assert "was used twice" in stream.found[0]
    assert "120 kg of consignment C1 crossed" in stream.found[1]


# ---- I10, I13, I15


def test_an_opening_by_an_uncertain_clock_is_seen() -> None:
    stream = Stream(CertainClock())
    stream.settle(us=250_000)
    assert stream.found == []
    stream.settle(us=250_001)
    assert "uncertain by 250001" in stream.found[0]


@pytest.mark.parametrize(("seconds", "violated"), [(5.1, False), (5.3, True)])
def test_an_opening_in_silence_is_seen(seconds: float, violated: bool) -> None:
    stream = answered(Stream(SilentNetwork()))
    stream.wait(seconds).command()
    assert bool(stream.found) == violated


def test_an_answer_may_be_on_its_way_where_the_network_is_slow() -> None:
    stream = answered(Stream(SilentNetwork()))
    stream.tell("nemesis", "fault", FaultAct(0, FaultKind.DELAY, "platform", 60 * SECOND))
    stream.wait(7).command()
    assert stream.found == []


def test_a_release_without_the_hub_needs_a_permit() -> None:
    heard = rule("network.hub", check="hub_heard_lately", params={"max_age_s": 60, "serve": "pre_authorised"})
    permit = {"pre_authorised": True, "low_risk": True, "permit_from": None, "permit_until": None}
    for change, violated in (({}, False), ({"low_risk": False}, True), ({"permit_until": START}, True)):
        stream = Stream(SilentNetwork(), (heard,))
        stream.open()
        stream.evidence("papers", hub_age_us=61 * SECOND, **{**permit, **change})
        stream.order()
        assert bool(stream.found) == violated


def test_an_opening_right_after_a_start_or_with_an_unknown_arm_is_seen() -> None:
    stream = Stream(PowerLost())
    stream.command()
    assert stream.found == []
    stream.tell("controller", "crash", 1)
    stream.tell("controller", "start", 2)
    stream.wire("barrier/event", {"barrier": "release", "position": "unknown"})
    stream.wait(1.9).command()
    assert len(stream.found) == 2


def test_an_order_that_is_taken_before_the_last_was_settled_is_seen() -> None:
    stream = Stream(PowerLost())
    stream.intend("a")
    stream.settle("a")
    stream.intend("b")
    assert stream.found == []
    stream.intend("c")
    assert "before b was settled" in stream.found[0]


# ---- I11, durable


def test_an_opening_without_an_order_of_the_ledger_is_seen() -> None:
    stream = Stream(OnlyRecordedOrders()).arrive()
    stream.command("forged-1")
    stream.order()
    stream.command(barrier="divert")
    assert "no order of the ledger" in stream.found[0]
    assert "otherwise than ordered" in stream.found[1]


def test_what_is_visible_before_it_is_durable_is_seen() -> None:
    stream = Stream(DurableFirst())
    stream.wire("order/open", {"order_id": ORDER})
    stream.wire("customs/case", {"case": PASSAGE, "authority": "customs", "revision": 1})
    stream.wire("light/command", {"colour": "green"})
    stream.tell("people", "acknowledged", {"what": "hold", "number": "H9"})
    stream.tell("people", "acknowledged", {"what": "decision", "number": PASSAGE, "by": "sim-site-1"})
    assert len(stream.found) == 5


# ---- I12, I14


def decided(**fields: Any) -> dict[str, Any]:
    fact = {"action": "release", "by": "sim-customs-1", "authority": "customs", "reason": "Seen", "stepped_up": True}
    return {**fact, "corrections": {}, **fields}


def exception(name: str, **fields: Any) -> dict[str, Any]:
    given = {"rule": name, "authority": "customs", "by": "sim-customs-1", "confirmed_by": "sim-customs-2"}
    return {**given, "reason": "Seen", "at": START, **fields}


@pytest.mark.parametrize(
    ("given", "fact", "said"),
    [
        ({}, {}, None),
        ({"confirmed_by": None}, {}, "did not confirm"),
        ({"confirmed_by": "sim-customs-1"}, {}, "second person is"),
        ({"confirmed_by": "sim-site-2"}, {}, "second person is"),
        ({"reason": " "}, {}, "no reason"),
        ({}, {"stepped_up": False}, "signed in anew"),
        ({"by": "sim-site-1"}, {"by": "sim-site-1"}, "not of customs"),
        ({"rule": "radiation.neutron"}, {}, "nobody may"),
        ({"rule": "radiation.gamma"}, {}, "surveyed"),
    ],
)
def test_an_exception_that_is_not_lawful_is_seen(given: dict[str, Any], fact: dict[str, Any], said: str | None) -> None:
    rules = (
        rule("seal.match"),
        rule("radiation.gamma", needs_survey=True),
        rule("radiation.neutron", overridable=False),
    )
    stream = Stream(LawfulOverrides(), rules)
    stream.open()
    stream.decide("HOLD", findings=[{"rule": "seal.match", "authority": "customs", "outcome": "HOLD"}])
    stream.fact("gate.review_decided/1", decided(**fact))
    stream.entry("gate.exception/1", {**exception("seal.match"), **given})
    assert (said is None and stream.found == []) or any(str(said) in text for text in stream.found)


def test_the_seventh_exception_in_an_hour_is_seen() -> None:
    stream = Stream(LawfulOverrides(), (rule("seal.match"),))
    stream.open()
    stream.fact("gate.review_decided/1", decided())
    for number in range(6):
        stream.entry("gate.exception/1", exception("seal.match", at=START + number))
    assert stream.found == []
    stream.entry("gate.exception/1", exception("seal.match", at=START + 6))
    assert "share was used up" in stream.found[0]


def test_who_diverts_or_lifts_what_another_authority_holds_is_seen() -> None:
    stream = Stream(LawfulOverrides())
    stream.open()
    stream.decide("HOLD", findings=[{"rule": "plates.match", "authority": "border_inspection", "outcome": "HOLD"}])
    stream.fact("gate.review_decided/1", decided(action="divert"))
    stream.entry("papers.order_lifted/1", {"number": "H1", "authority": "site", "by": "sim-customs-1"}, stream="H1")
    assert "which border_inspection holds" in stream.found[0]
    assert "lifted hold H1 of site" in stream.found[1]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda stream: stream.verdict("customs", "refer"), "customs said refer"),
        (lambda stream: stream.verdict("customs", expires_at=START), "expired verdict"),
        (lambda stream: stream.wire("customs/case", case(2)), "an old case file"),
        (lambda stream: stream.evidence("weight", mass_kg=1), "contradictory evidence of weight"),
        (lambda stream: stream.decide(findings=[{"rule": "seal.match"}]), "seal.match stands"),
        (lambda stream: stream.decide(exceptions=["seal.match:a"]), "that nobody gave"),
    ],
)
def test_a_release_on_an_assumption_is_seen(change: Any, said: str) -> None:
    stream = Stream(NothingAssumed()).arrive()
    stream.decide()
    change(stream)
    stream.order()
    assert [text for text in stream.found if said in text]


def case(revision: int) -> dict[str, Any]:
    return {"case": PASSAGE, "authority": "customs", "revision": revision}


def test_a_release_with_nothing_from_anybody_is_seen() -> None:
    stream = Stream(NothingAssumed())
    stream.open()
    stream.evidence("failed", procedure="weight", cause="late")
    stream.decide()
    stream.order()
    assert len([text for text in stream.found if "without a word" in text]) == 3
    assert [text for text in stream.found if "with late for weight" in text]
    assert [text for text in stream.found if "with nothing for plates" in text]


# ---- I17


@pytest.mark.parametrize("text", ["E12345678", "BATBOLD BOLD", MRZ[0]])
def test_a_driver_who_is_named_is_seen(text: str) -> None:
    stream = Stream(NobodyNamed())
    stream.wire("driver_terminal/event", {"mrz": MRZ})
    stream.entry("gate.evidence/1", {"driver": "5ff0"})
    assert stream.found == []
    stream.entry("gate.evidence/1", {"driver": text})
    stream.wire("customs/case", {**case(1), "driver": text})
    stream.tell("log", "logged", f"read {text}")
    assert len({text.split(" stands")[0] for text in stream.found}) >= 1
    assert len(stream.found) >= 3


def test_a_number_that_stood_in_papers_before_the_driver_came_is_seen() -> None:
    stream = Stream(NobodyNamed())
    stream.entry("papers.confirmation/1", {"driver": "E12345678"})
    stream.wire("driver_terminal/event", {"mrz": MRZ})
    assert "papers.confirmation/1" in stream.found[0]


# ---- I19


def head(size: int, root: str, last: str) -> SignedHead:
    return SignedHead(START, 1, "ledger:ganqimaodu", last, "ganqimaodu", root, "00" * 64, size)


def test_a_head_vouches_for_all_entries() -> None:
    stream = Stream(OneChain())
    leaves = [stream.entry("a/1", {"n": number}).leaf for number in range(2)]
    first = hashlib.sha256(b"\x01" + leaves_of(stream)[0] + leaves[0]).digest()
    root = hashlib.sha256(b"\x01" + first + leaves[1]).hexdigest()
    stream.tell("platform", "head", head(3, root, stream.last))
    assert stream.found == []
    stream.tell("platform", "head", head(3, "ab" * 32, stream.last))
    assert "does not vouch" in stream.found[0]


def leaves_of(stream: Stream) -> list[bytes]:
    """Return the leaf hashes that the checker keeps, from the first entry on."""
    assert isinstance(stream.checker, OneChain)
    return [bytes.fromhex(each) for each in stream.checker._hashes[1:]]


@pytest.mark.parametrize("change", [{"seq": 7}, {"prev": "ab" * 32}, {"key": "k1"}])
def test_an_entry_that_does_not_follow_on_is_seen(change: dict[str, Any]) -> None:
    stream = Stream(OneChain())
    stream.entry("a/1", {}, **change)
    assert stream.found


def test_a_platform_that_signs_no_head_is_seen() -> None:
    stream = Stream(OneChain())
    stream.tell("platform", "start", 1)
    stream.wait(111).tell("nemesis", "end", None)
    assert "no head was signed for 111 s" in stream.found


# ---- I20


def test_tailgating_that_is_not_recorded_or_not_shown_is_seen() -> None:
    stream = Stream(AlarmsKept()).released()
    stream.wire("plc/event", {"type": "CrossingSeen", "track": 1, "vehicles": 2})
    stream.wait(200).tell("nemesis", "end", None)
    assert "is not in the ledger" in stream.found[0]
    stream = Stream(AlarmsKept()).released()
    stream.fact("gate.departed/1", {"vehicles": 2, "track": 1, "order_id": ORDER})
    alarm = {"lane": LANE, "passage": PASSAGE, "priority": 1, "code": "order.tailgating"}
    stream.wait(1.1).tell("platform", "alarm", alarm)
    assert "shown 1.1 s late" in stream.found[0]


def test_a_radiation_alarm_or_a_failure_that_is_not_recorded_is_seen() -> None:
    stream = Stream(AlarmsKept())
    stream.open()
    stream.wire("radiation_portal/lines", b"GA,000900,000900,000900,000900\r\n")
    stream.wire("seal_reader/status", {"online": False, "faults": []})
    stream.wait(200).tell("nemesis", "end", None)
    assert len(stream.found) == 2
    stream = Stream(AlarmsKept())
    stream.open()
    stream.wire("radiation_portal/lines", b"GA,000900,000900,000900,000900\r\n")
    stream.wire("seal_reader/status", {"online": False, "faults": []})
    stream.evidence("radiation", gamma_alarm=True)
    stream.entry("gate.device_fault/1", {"lane": LANE, "fact": {"device": "seal_reader", "cause": "offline"}})
    stream.wait(200).tell("nemesis", "end", None)
    assert stream.found == []


@pytest.mark.parametrize(
    ("lines", "alarms"),
    [
        (b"GS,000056,000082,000066,000070\r\nGA,000900,000900,000900,000900\r\n", 1),
        (b"NA,000009,000009,000009,000009\n", 1),
        (b"GA,999999,-1,,\r\nGX\r\n", 0),
        (b"GA,000900,000900,000900\r\n", 0),
        (b"XGA,000900,000900,000900,000900\r\n", 0),
    ],
)
def test_only_a_whole_line_of_counts_is_a_radiation_alarm(lines: bytes, alarms: int) -> None:
    stream = Stream(AlarmsKept())
    stream.wire("radiation_portal/lines", lines)
    stream.wait(200).tell("nemesis", "end", None)
    assert len(stream.found) == alarms
    assert all("a radiation alarm" in found for found in stream.found)


def test_tailgating_that_comes_when_its_passage_is_over_must_be_shown_as_well() -> None:
    stream = Stream(AlarmsKept())
    stream.open()
    stream.fact("gate.departed/1", {"vehicles": 2, "track": 1, "order_id": "of-a-passage-before"}, used=False)
    stream.wait(2).tell("nemesis", "end", None)
    assert "order.tailgating in I1 was never shown" in stream.found[0]


# ---- I21


@pytest.mark.parametrize(("stopped_s", "violated"), [(10, False), (20, True)])
def test_a_vehicle_that_nobody_serves_once_all_is_well_is_seen(stopped_s: float, violated: bool) -> None:
    stream = Stream(EverybodyServed())
    stream.tell("nemesis", "heal", None)
    stream.wait(stopped_s).stop()
    stream.wait(81).tell("nemesis", "end", None)
    assert bool(stream.found) == violated
    stream.leave(exit="withdrew")
    assert len(stream.found) == (2 if violated else 0)


def test_violations_come_in_order_with_what_shows_them() -> None:
    stream = Stream(OpensOnce()).released()
    stream.move(nth=2)
    stream.wait(1).move(nth=3)
    first, second = stream.watch.violations
    assert (first.invariant, first.evidence["order"]) == ("I1", ORDER)
    assert second.at - first.at == SECOND
    assert replace(first, at=0) != first
