"""Which tests prove which invariant of the port, and those tests that have no other home.

Every invariant names at least one test that tries to break it where it is decided and, where a running system has more
to say, one that tries to break it there.
"""

import ast
import asyncio
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tests.unit.gate.passage_kit import DAY, NOON, Drive, but

from kouan.adapters.heads import HeadSigner
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.ledger.heads import SignedHead, verify_head
from kouan.ledger.merkle import verify_inclusion
from kouan.ledger.roles import Draft, Unit
from kouan.ledger.tiles import prove_inclusion
from kouan.protocols.jws import PrivateKeySigner
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Unavailable

ROOT = Path(__file__).resolve().parents[2]

HERE = "tests/faults/test_invariants.py::"
LANE = "tests/unit/gate/test_lane_controller.py::"
LANE_PROCESS = "tests/integration/lane_controller/test_process.py::"
LANE_KILLED = "tests/integration/lane_controller/test_killed.py::"
LOGS = "tests/integration/lane_controller/test_nonce_logs.py::"
PASSAGE = "tests/unit/gate/test_passage.py::"
DECIDE = "tests/unit/gate/test_decide.py::"
RULES = "tests/unit/gate/test_rules.py::"
KILLED = "tests/faults/test_killed_port.py::"
RESTARTED = "tests/faults/test_restarted_platform.py::"
WEB = "tests/integration/web/test_gate.py::"
LEDGER_WEB = "tests/integration/web/test_ledger_and_papers.py::"

PROOFS: dict[str, tuple[str, ...]] = {
    "I1 double release": (
        f"{LANE}test_a_crash_before_each_effect_never_opens_twice_and_always_ends_in_a_report",
        f"{LANE}test_copies_of_an_order_are_answered_with_what_became_of_it_and_open_nothing",
        f"{LANE_PROCESS}test_an_intent_without_outcome_is_reported_uncertain_and_never_tried",
        f"{LANE_KILLED}test_kill_dash_nine_at_the_worst_moments_opens_nothing_twice",
        f"{PASSAGE}test_an_uncertain_actuation_goes_to_two_people_and_is_never_repeated_by_itself",
        f"{RESTARTED}test_a_platform_that_dies_again_and_again_counts_nothing_twice_and_stops_nobody_for_it",
        f"{KILLED}test_a_part_that_is_killed_comes_back_and_nothing_acknowledged_is_lost",
    ),
    "I2 stale decision": (
        f"{LANE}test_an_expired_order_is_refused",
        f"{LANE}test_an_order_that_expires_while_its_intent_is_written_keeps_the_barrier_closed",
        f"{LANE}test_expiry_counts_with_the_clock_as_wrong_as_it_may_be",
        f"{LANE}test_an_order_of_a_later_epoch_is_taken_and_voids_the_earlier_ones",
        f"{PASSAGE}test_an_order_lives_five_seconds_and_names_the_vehicle_as_its_lane_sees_it",
        f"{PASSAGE}test_an_order_never_outlives_a_verdict_on_which_it_rests",
    ),
    "I3 wrong vehicle": (
        f"{LANE}test_an_order_for_another_vehicle_is_void",
        f"{LANE}test_a_vehicle_that_left_and_came_back_needs_a_new_order",
        f"{LANE}test_a_vehicle_that_rolls_off_while_the_intent_is_written_keeps_the_barrier_closed",
        f"{PASSAGE}test_a_broken_identity_voids_an_order_for_good",
        f"{PASSAGE}test_another_vehicle_at_the_line_ends_the_passage_before_it",
    ),
    "I4 late hold": (
        f"{LANE}test_a_hold_that_arrives_while_the_intent_is_written_keeps_the_barrier_closed",
        f"{LANE}test_a_hold_that_was_missed_is_learnt_from_the_poll",
        f"{LANE}test_a_hold_outlives_a_crash",
        f"{LANE_PROCESS}test_a_hold_reaches_the_lane_before_the_order_decided_before_it",
        f"{PASSAGE}test_a_hold_on_the_vehicle_voids_its_order_and_brings_it_to_its_authority",
        f"{WEB}test_a_hold_reaches_the_vehicle_at_the_stop_line_before_it_is_answered",
    ),
    "I5 tailgating": (
        f"{LANE}test_only_one_vehicle_an_opening",
        f"{LANE}test_tailgating_latches_the_lane_until_a_person_resets_it",
        f"{LANE}test_the_latch_outlives_a_crash",
        f"{PASSAGE}test_tailgating_stops_the_lane",
    ),
    "I7 seal mismatch": (
        f"{PASSAGE}test_a_seal_that_differs_waits_for_customs",
        f"{PASSAGE}test_two_people_of_customs_may_except_from_a_seal_that_differs",
        f"{PASSAGE}test_nobody_excepts_from_what_another_authority_holds",
    ),
    "I8 radiation": (
        f"{DECIDE}test_a_gamma_alarm_needs_two_people_of_customs_and_a_survey_whatever_else_is_signed",
        f"{DECIDE}test_some_findings_nobody_lifts",
        f"{PASSAGE}test_a_radiation_alarm_is_cleared_by_two_people_of_customs_with_a_survey",
        f"{PASSAGE}test_a_radiation_alarm_stands_whatever_else_the_portal_says",
        f"{PASSAGE}test_a_lane_without_radiation_portal_releases_nobody",
        "tests/unit/gate/test_rulebook.py::test_a_gap_in_a_safeguard_is_refused",
        "tests/protocols/test_radiation_portal.py::test_a_reader_that_began_amid_an_occupancy_does_not_take_it_for_whole",
    ),
    "I9 weighbridge drift": (
        f"{RULES}test_a_rule_grants_on_one_side_and_refuses_on_the_other",
        f"{RULES}test_the_zero_check_is_never_older_than_a_day_whatever_the_rulebook_says",
        f"{HERE}test_a_weight_that_may_not_be_believed_releases_nobody",
    ),
    "I10 clock skew": (
        f"{LANE}test_a_round_trip_too_long_leaves_the_clock_too_uncertain",
        f"{LANE}test_a_platform_clock_that_leaps_stops_orders_until_the_next_answer_agrees",
        f"{LANE}test_an_answer_that_was_not_asked_for_sets_no_clock",
        "tests/unit/gate/test_orders.py::test_the_estimate_never_errs_by_more_than_it_says",
    ),
    "I11 replay, forgery": (
        "tests/faults/test_hostile_orders.py::test_a_million_hostile_orders_open_nothing",
        f"{LANE}test_a_nonce_serves_one_order",
        f"{LANE}test_an_order_for_elsewhere_is_dropped_unanswered",
        f"{LANE}test_an_order_of_a_stranger_is_dropped_unanswered",
        f"{LOGS}test_an_order_id_or_a_nonce_is_taken_once_in_any_lane",
        "tests/integration/links/test_real_broker.py::test_only_the_lane_controller_moves_a_barrier",
    ),
    "I12 override abuse": (
        f"{PASSAGE}test_an_exception_needs_a_reason_a_fresh_sign_in_and_room_under_the_cap",
        f"{PASSAGE}test_nobody_excepts_from_what_another_authority_holds",
        f"{DECIDE}test_a_refusal_in_a_verdict_is_lifted_by_its_own_authority_only_and_absence_by_nobody",
        f"{WEB}test_a_release_needs_the_password_again_once_it_is_old",
        f"{WEB}test_a_second_person_confirms_and_never_the_first_one_again",
        f"{WEB}test_nobody_lifts_the_finding_of_another_authority",
    ),
    "I14 reviewer outage": (
        f"{DECIDE}test_absence_is_never_consent",
        f"{DECIDE}test_nothing_but_a_valid_grant_of_each_authority_releases",
        f"{DECIDE}test_no_required_evidence_may_be_missing",
        f"{PASSAGE}test_a_missing_verdict_is_never_consent",
        f"{PASSAGE}test_evidence_that_does_not_come_in_time_diverts_and_names_the_procedure",
    ),
    "I15 power loss": (
        f"{LANE}test_an_arm_never_heard_of_is_unknown",
        f"{LANE}test_a_restarted_lane_takes_no_order_before_it_has_settled",
        f"{LANE}test_an_order_given_before_the_restart_is_void_after_it",
        "tests/unit/simulator/test_barrier.py::test_after_a_start_the_arms_are_unknown_and_then_closed",
        f"{RESTARTED}test_what_must_hold_of_a_rough_port_holds_though_its_platform_dies",
        f"{KILLED}test_a_platform_that_is_killed_with_all_its_children_at_once_goes_on",
    ),
    "I19 audit tampering": (
        f"{HERE}test_a_head_is_signed_at_least_every_minute_and_proves_every_entry_under_it",
        f"{LEDGER_WEB}test_an_entry_is_proven_against_a_signed_head_with_nothing_but_what_is_served",
        "tests/integration/storage/test_postgres.py::test_a_writer_does_not_open_behind_a_signed_head",
        "tests/unit/ledger/test_export.py::test_no_changed_byte_passes",
        f"{KILLED}test_after_all_accidents_the_ledger_verifies_with_the_command",
    ),
}


def names_of_tests(path: Path) -> set[str]:
    """Return the names of a file's tests, without running it."""
    found = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    return {node.name for node in found if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)}


@pytest.mark.parametrize("invariant", PROOFS)
def test_every_proof_of_an_invariant_is_a_test_that_exists(invariant: str) -> None:
    for proof in PROOFS[invariant]:
        file, _, name = proof.partition("::")
        assert name.startswith("test_")
        assert name in names_of_tests(ROOT / file), proof


def test_the_invariants_that_the_gate_promises_are_all_in_the_table() -> None:
    numbers = {int(name.split()[0].removeprefix("I")) for name in PROOFS}
    assert numbers == {*range(1, 6), *range(7, 13), 14, 15, 19}


@pytest.mark.parametrize(
    ("scale", "code"),
    [
        ({"calibrated_until": NOON}, "weight.out_of_calibration"),
        ({"calibrated_until": NOON - 300 * DAY}, "weight.out_of_calibration"),
        ({"zero_checked_at": NOON - DAY - 1}, "weight.zero_unchecked"),
        ({"zero_checked_at": 0}, "weight.zero_unchecked"),
        ({"stable_frames": 0}, "weight.unstable"),
    ],
)
def test_a_weight_that_may_not_be_believed_releases_nobody(scale: dict[str, int], code: str) -> None:
    """I9: however good everything else is, and though every authority grants."""
    drive = Drive().show(but(weight=scale)).agree()
    assert code in drive.codes()
    assert [order for order in drive.orders if order.barrier == "release"] == []


class Outage:
    """A ledger whose heads cannot be kept while ``down``."""

    def __init__(self, ledger: MemoryLedger) -> None:
        self._ledger = ledger
        self.down = False

    def __getattr__(self, name: str) -> object:
        return getattr(self._ledger, name)

    async def add_head(self, head: SignedHead) -> None:
        if self.down:
            raise Unavailable("the store is away")
        await self._ledger.add_head(head)


async def keep_a_ledger(clock: VirtualClock, signer: PrivateKeySigner) -> MemoryLedger:
    """Append for ten minutes while heads are signed; for half a minute of them no head can be kept."""
    ledger = await MemoryLedger.open_writer(
        MemoryDisk(), "ganqimaodu", clock, Sealer(SealingKeys(bytes(32), bytes(32)), Random(1).randbytes)
    )
    store = Outage(ledger)
    signing = asyncio.create_task(HeadSigner(store, ledger.writer, signer, "ganqimaodu", clock).run())  # type: ignore[arg-type]
    for number in range(600):
        store.down = 200 <= number < 230
        await ledger.append(Unit((Draft("gate.evidence/1", "a", f"k{number}", b"{}"),)))
        await asyncio.sleep(1)
    signing.cancel()
    return ledger


def test_a_head_is_signed_at_least_every_minute_and_proves_every_entry_under_it() -> None:
    """I19, over an outage too."""
    loop = VirtualLoop(NOON)
    clock = VirtualClock(loop)
    signer = PrivateKeySigner("ledger:ganqimaodu", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))

    async def main() -> None:
        ledger = await keep_a_ledger(clock, signer)
        heads = list(reversed(await ledger.heads(limit=1000)))
        instants = [NOON, *(head.at for head in heads), clock.now()]
        assert max(after - before for before, after in pairwise(instants)) <= 60 * SECOND
        last = heads[-1]
        assert last.size > 570
        for head in heads:
            verify_head(head, signer.public_key)
        for sequence in range(1, last.size + 1, 37):
            entry = await ledger.get(sequence)
            path = await prove_inclusion(ledger, sequence - 1, last.size)
            verify_inclusion(bytes.fromhex(entry.hash), sequence - 1, last.size, path, bytes.fromhex(last.root))

    run(main(), loop)
