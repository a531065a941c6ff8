"""What becomes of a vehicle at the stop line."""

import pytest
from msgspec.structs import replace
from tests.unit.gate.passage_kit import ARRIVED, GOOD, NOON, POLICY, Drive, but, grant, officer, second

from kouan.gate.commands import FindPapers, IssueOrder, RaiseAlarm, SendOrder, Show, StopLane
from kouan.gate.evidence import Failed
from kouan.gate.facts import (
    TRACK_CHANGED,
    BarrierMoved,
    ControllerReported,
    DeadlinePassed,
    EvidenceFound,
    HoldLifted,
    HoldPlaced,
    IdentityBroken,
    LaneFault,
    VehicleLeft,
)
from kouan.gate.moves import order
from kouan.gate.passage import open_passage
from kouan.gate.procedures import Authority, Outcome, Procedure
from kouan.gate.recovery import resume
from kouan.gate.states import Abandoned, Cleared, InReview
from kouan.vocabulary.clock import SECOND


def ordered(**changes: object) -> Drive:
    """Return a passage with an order out."""
    return Drive().show(but(**changes)).agree()  # type: ignore[arg-type]


def report(drive: Drive, outcome: str, rule: str | None = None) -> Drive:
    return drive.take(ControllerReported(drive.now, drive.orders[-1].order_id, outcome, rule))


def left(drive: Drive, vehicles: int = 1) -> Drive:
    return drive.take(VehicleLeft(drive.now, 7, vehicles, drive.orders[-1].order_id))


def alarms(drive: Drive) -> list[str]:
    return [command.reason.code for command in drive.commands if isinstance(command, RaiseAlarm)]


def emergencies(drive: Drive) -> list[str]:
    raised = [command for command in drive.commands if isinstance(command, RaiseAlarm)]
    return [command.reason.code for command in raised if command.priority == 1]


def stopped(drive: Drive) -> list[str]:
    return [command.reason.code for command in drive.commands if isinstance(command, StopLane)]


def test_a_lorry_in_order_is_released_by_three_verdicts_and_clears() -> None:
    drive = Drive().show(GOOD)
    assert drive.name == "awaiting_verdicts"
    drive.agree()
    assert drive.name == "ordered"
    assert (drive.orders[0].barrier, drive.orders[0].outcome) == ("release", "RELEASE")
    assert any(isinstance(command, SendOrder) for command in drive.commands)
    report(drive, "actuated")
    assert drive.name == "opened"
    assert drive.commands[-1] == Show("I3", "green", drive.commands[-1].lines, "1234УБА", "release")
    left(drive)
    assert isinstance(drive.state, Cleared)
    assert drive.deadline is None


def test_an_order_lives_five_seconds_and_names_the_vehicle_as_its_lane_sees_it() -> None:
    order = ordered().orders[0]
    assert order.expires_at - order.issued_at == 5 * SECOND
    vehicle = order.vehicle
    assert (vehicle.plate, vehicle.trailer, vehicle.seal, vehicle.axles, vehicle.track) == (
        "1234УБА", "5678УБА", "CN1234567", 6, 7,
    )  # fmt: skip


def test_an_order_never_outlives_a_verdict_on_which_it_rests() -> None:
    drive = Drive().show(GOOD)
    for authority in Authority:
        case = drive.last_case(authority)
        assert case is not None
        drive.take(grant(case, drive.now, life_us=2 * SECOND))
    assert drive.orders[0].expires_at == drive.now + 2 * SECOND


def test_papers_are_asked_for_as_soon_as_the_plate_is_read() -> None:
    drive = Drive().show({Procedure.PLATES: GOOD[Procedure.PLATES]})
    (asked,) = [command for command in drive.commands if isinstance(command, FindPapers)]
    assert (asked.query.plate, asked.query.trailer, asked.query.containers) == ("1234УБА", "5678УБА", ())


def test_papers_not_found_by_the_plate_are_looked_for_by_the_containers() -> None:
    drive = Drive().show({Procedure.PLATES: GOOD[Procedure.PLATES]})
    none = Failed(source="papers", at=NOON, procedure=Procedure.PAPERS, cause="none")
    drive.take(EvidenceFound(NOON, none))
    assert drive.name == "collecting"
    drive.show({Procedure.CONTAINER: GOOD[Procedure.CONTAINER]})
    asked = [command.query for command in drive.commands if isinstance(command, FindPapers)]
    assert asked[-1].containers == ("CSQU3054383",)
    drive.take(EvidenceFound(NOON, none))
    assert (
        next(record for record in drive.state.dossier.procedures if record.procedure == "papers").evidence is not None
    )


def test_a_vehicle_without_plate_and_container_has_no_papers() -> None:
    evidence = but(plates={"tractor": None}, container={"numbers": ()})
    del evidence[Procedure.PAPERS]
    drive = Drive().show(evidence).agree()
    assert drive.name == "in_review"
    assert {"plates.unread", "papers.missing"} <= set(drive.codes())
    assert drive.state.decision.outcome is Outcome.DIVERT_MANUAL  # type: ignore[union-attr]


def test_an_empty_vehicle_is_not_asked_for_container_and_seal() -> None:
    empty = but(
        papers={"load": "empty", "containers": (), "seals": (), "consignments": (), "cargo": "general"},
        weight={"mass_kg": 18_100},
    )
    for procedure in (Procedure.CONTAINER, Procedure.SEAL):
        del empty[procedure]
    assert Drive().show(empty).agree().name == "ordered"


def test_evidence_that_does_not_come_in_time_diverts_and_names_the_procedure() -> None:
    evidence = dict(GOOD)
    del evidence[Procedure.WEIGHT]
    drive = Drive().show(evidence).wait().agree()
    assert drive.codes() == ["weight.unanswered"]
    assert drive.name == "in_review"
    drive.wait()
    assert drive.name == "ordered"
    assert (drive.orders[0].barrier, drive.orders[0].outcome) == ("divert", "DIVERT_MANUAL")
    left(report(drive, "actuated"))
    assert drive.name == "diverted"


def test_a_device_fault_is_named_when_its_procedure_fails() -> None:
    evidence = dict(GOOD)
    del evidence[Procedure.SEAL]
    drive = Drive().take(LaneFault(NOON, Procedure.SEAL, "seal_reader", "offline", active=True))
    assert drive.show(evidence).wait().agree().codes() == ["seal.faulty"]


def test_evidence_after_its_deadline_is_recorded_and_opens_nothing() -> None:
    evidence = dict(GOOD)
    late = evidence.pop(Procedure.WEIGHT)
    drive = Drive().show(evidence).wait().take(EvidenceFound(NOON, late)).agree()
    assert drive.unused() == ["late"]
    assert drive.codes() == ["weight.unanswered"]


def test_evidence_is_late_from_its_deadline_on_whether_or_not_a_timer_fired() -> None:
    evidence = dict(GOOD)
    late = evidence.pop(Procedure.WEIGHT)
    drive = Drive().show(evidence)
    assert drive.deadline is not None
    drive.take(EvidenceFound(NOON, late), after_us=drive.deadline - drive.now).agree()
    assert drive.unused() == ["late"]
    assert drive.codes() == ["weight.unanswered"]
    in_time = Drive().show(evidence)
    in_time.take(EvidenceFound(NOON, late), after_us=20 * SECOND - 1).agree()
    assert in_time.name == "ordered"


def test_evidence_of_another_stop_is_not_used() -> None:
    drive = Drive().take(EvidenceFound(NOON, replace(GOOD[Procedure.POSITIONING], track=6)))
    assert drive.unused() == ["another_track"]


def test_the_same_reading_twice_changes_nothing_and_another_one_calls_a_person() -> None:
    drive = Drive().show(GOOD).take(EvidenceFound(NOON + 1, replace(GOOD[Procedure.PLATES], at=NOON + 1)))
    assert drive.unused() == ["duplicate"]
    other = replace(GOOD[Procedure.PLATES], tractor="9999УБА")
    assert drive.take(EvidenceFound(NOON + 2, other)).agree().codes() == ["plates.contradictory"]
    assert not drive.orders


@pytest.mark.parametrize("quiet_first", [True, False])
def test_a_radiation_alarm_stands_whatever_else_the_portal_says(quiet_first: bool) -> None:
    alarm = replace(GOOD[Procedure.RADIATION], gamma_alarm=True, gamma_peak_cps=9_000)
    readings = [GOOD[Procedure.RADIATION], alarm] if quiet_first else [alarm, GOOD[Procedure.RADIATION]]
    evidence = dict(GOOD)
    del evidence[Procedure.RADIATION]
    drive = Drive().show(evidence).take(*(EvidenceFound(NOON, reading) for reading in readings)).agree()
    assert drive.orders[0].outcome is Outcome.DIVERT_RADIATION
    assert drive.orders[0].barrier == "divert"


def test_a_radiation_alarm_after_the_order_is_an_emergency() -> None:
    drive = ordered()
    drive.take(EvidenceFound(NOON, replace(GOOD[Procedure.RADIATION], neutron_alarm=True)))
    assert alarms(drive) == ["radiation.late_alarm"]
    report(drive, "refused", "order.expired").agree()
    assert [order.barrier for order in drive.orders] == ["release", "divert"]


@pytest.mark.parametrize("silent", list(Authority))
def test_a_missing_verdict_is_never_consent(silent: Authority) -> None:
    drive = Drive().show(GOOD)
    for authority in Authority:
        case = drive.last_case(authority)
        if authority is not silent and case is not None:
            drive.take(grant(case, drive.now))
    assert drive.name == "awaiting_verdicts"
    drive.wait()
    assert drive.name == "in_review"
    assert drive.codes() == [f"{silent}.absent"]
    case = drive.last_case(silent)
    assert case is not None
    drive.take(grant(case, drive.now))
    assert drive.name == "in_review", "a verdict that comes late opens nothing by itself"
    drive.take(officer("release", silent))
    assert drive.orders[-1].outcome is Outcome.RELEASE, "a person lets it go on"


def test_a_verdict_on_an_older_case_file_is_not_used() -> None:
    drive = Drive().show(GOOD)
    case = drive.last_case(Authority.CUSTOMS)
    assert case is not None
    drive.take(grant(replace(case, revision=case.revision - 1), drive.now))
    drive.take(grant(replace(case, revision=case.revision + 1), drive.now))
    drive.take(grant(case, drive.now - 700 * SECOND))
    drive.take(grant(case, drive.now, "perhaps"))
    assert drive.unused() == ["stale", "stale", "expired", "unknown"]


def test_a_grant_does_not_replace_a_refusal_of_the_same_instant() -> None:
    drive = Drive().show(GOOD)
    case = drive.last_case(Authority.CUSTOMS)
    assert case is not None
    drive.take(grant(case, drive.now, "refuse"), grant(case, drive.now, "grant"))
    assert drive.unused() == ["older"]
    drive.agree(customs="refuse")
    assert drive.name == "in_review"
    assert drive.codes() == ["customs.refuse"]


def test_a_verdict_that_ran_out_is_asked_for_again() -> None:
    evidence = dict(GOOD)
    weight = evidence.pop(Procedure.WEIGHT)
    drive = Drive().show(evidence)
    case = drive.last_case(Authority.BORDER_INSPECTION)
    assert case is not None
    drive.take(grant(case, drive.now, life_us=SECOND))
    drive.take(EvidenceFound(NOON, weight), after_us=3 * SECOND)
    again = drive.last_case(Authority.BORDER_INSPECTION)
    assert again is not None
    assert again.revision == case.revision + 1
    assert drive.agree().name == "ordered"


def test_each_authority_is_told_only_what_it_decides_on() -> None:
    drive = Drive().show(GOOD)
    facts = {authority: set(case.facts) for authority in Authority if (case := drive.last_case(authority))}
    assert "face_score_pm" in facts[Authority.BORDER_INSPECTION]
    assert "face_score_pm" not in facts[Authority.CUSTOMS] | facts[Authority.SITE]
    assert "gamma_alarm" in facts[Authority.CUSTOMS]
    assert "gamma_alarm" not in facts[Authority.BORDER_INSPECTION] | facts[Authority.SITE]
    assert "temperature_dc" not in facts[Authority.BORDER_INSPECTION] | facts[Authority.SITE]


def test_a_seal_that_differs_waits_for_customs() -> None:
    drive = ordered(seal={"number": "CN7654321"})
    assert drive.name == "in_review"
    assert drive.codes() == ["seal.differs"]
    assert drive.deadline is None, "a hold waits without end"
    assert not drive.orders


def test_two_people_of_customs_may_except_from_a_seal_that_differs() -> None:
    drive = ordered(seal={"number": "CN7654321"}).take(officer("release"))
    assert drive.name == "in_review"
    drive.take(second(by="officer-1"), second(Authority.SITE), second(stepped_up=False))
    assert drive.unused() == ["same_person", "another_authority", "not_stepped_up"]
    assert not drive.orders
    drive.take(second())
    assert drive.orders[0].outcome is Outcome.RELEASE
    assert drive.state.decision.exceptions == ("seal.match:officer-1+officer-2",)  # type: ignore[union-attr]


def test_nobody_excepts_from_what_another_authority_holds() -> None:
    drive = ordered(seal={"number": "CN7654321"})
    drive.take(officer("release", Authority.BORDER_INSPECTION), officer("release", Authority.SITE))
    drive.take(officer("divert", Authority.SITE))
    assert drive.unused() == ["not_yours", "not_yours", "not_yours"]
    assert drive.take(officer("divert")).orders[0].outcome is Outcome.DIVERT_MANUAL


def test_a_radiation_alarm_is_cleared_by_two_people_of_customs_with_a_survey() -> None:
    drive = ordered(seal={"number": "CN7654321"}, radiation={"gamma_alarm": True})
    assert drive.take(officer("release")).unused() == ["no_survey"]
    drive.take(officer("release", corrections={"survey": "hand survey 2041: potash"}), second())
    assert drive.orders[0].outcome is Outcome.RELEASE
    assert drive.state.dossier.exceptions[0].survey == "hand survey 2041: potash"


def test_verdicts_that_ran_out_during_a_review_are_asked_for_again_by_the_release() -> None:
    drive = ordered(seal={"number": "CN7654321"})
    drive.take(officer("release"), second(), after_us=700 * SECOND)
    assert drive.name == "awaiting_verdicts"
    assert {case.revision for authority in Authority if (case := drive.last_case(authority))} == {2}
    drive.agree()
    assert drive.orders[0].outcome is Outcome.RELEASE


def test_a_person_can_have_a_silent_authority_asked_again() -> None:
    drive = Drive().show(GOOD).wait()
    assert drive.codes() == ["border_inspection.absent", "customs.absent", "site.absent"]
    drive.take(officer("release", Authority.SITE))
    assert drive.name == "awaiting_verdicts"
    assert drive.agree().orders[0].outcome is Outcome.RELEASE


def test_an_exception_needs_a_reason_a_fresh_sign_in_and_room_under_the_cap() -> None:
    drive = ordered(seal={"number": "CN7654321"})
    drive.take(officer("release", reason=" "), officer("release", stepped_up=False), officer("release", recent=6))
    assert drive.unused() == ["no_reason", "not_stepped_up", "cap"]


def test_an_exception_that_was_confirmed_too_late_needs_room_under_the_cap_then() -> None:
    drive = ordered(seal={"number": "CN7654321"}).take(officer("release", recent=5), second(recent=6))
    assert drive.unused() == ["cap"]
    assert drive.name == "in_review"
    assert drive.take(second(recent=5)).agree().orders[0].outcome is Outcome.RELEASE


def test_a_person_turns_a_vehicle_back() -> None:
    drive = ordered(seal={"number": "CN7654321"}).take(officer("refuse"))
    assert drive.name == "refused"
    assert not drive.orders


def test_a_misread_plate_is_corrected_from_the_picture_and_everything_is_asked_again() -> None:
    drive = Drive().show(but(plates={"tractor": "1284УБА", "confidence_pm": 600})).agree()
    assert drive.state.decision.outcome is Outcome.DIVERT_MANUAL  # type: ignore[union-attr]
    drive.take(officer("correct", Authority.SITE, corrections={"plate": "1234 УБА"}))
    drive.take(second(Authority.SITE))
    assert drive.name == "collecting"
    drive.take(EvidenceFound(drive.now, GOOD[Procedure.PAPERS])).agree()
    assert drive.orders[0].outcome is Outcome.RELEASE
    assert drive.orders[0].vehicle.plate == "1284УБА", "the lane's own camera still reads it so"


def test_a_plate_that_the_camera_did_not_read_needs_one_person_only() -> None:
    evidence = but(plates={"tractor": None})
    del evidence[Procedure.PAPERS]
    drive = Drive().show(evidence).take(EvidenceFound(NOON, GOOD[Procedure.PAPERS])).agree()
    drive.take(officer("correct", Authority.SITE, corrections={"plate": "1234УБА"}))
    drive.take(EvidenceFound(drive.now, GOOD[Procedure.PAPERS])).agree()
    assert drive.orders[0].outcome is Outcome.RELEASE


def test_a_hold_on_the_vehicle_voids_its_order_and_brings_it_to_its_authority() -> None:
    drive = ordered()
    drive.take(HoldPlaced(NOON, "H1", Authority.CUSTOMS, "detain", 4, plate="1234 УБА"))
    report(drive, "refused", "order.epoch_stale")
    assert drive.name == "in_review"
    assert drive.codes() == ["hold.detain"]
    drive.take(HoldLifted(NOON, "H1", 5))
    assert len(drive.orders) == 1
    drive.take(officer("release"))
    assert drive.orders[1].epoch == 5


def test_a_hold_on_another_vehicle_only_raises_the_epoch() -> None:
    drive = ordered()
    drive.take(HoldPlaced(NOON, "H1", Authority.CUSTOMS, "detain", 4, plate="0000УБА"))
    report(drive, "refused", "order.epoch_stale")
    assert [order.epoch for order in drive.orders] == [3, 4]
    assert drive.name == "ordered"


def test_a_hold_in_force_before_the_plate_is_read_is_not_forgotten() -> None:
    drive = Drive().take(HoldPlaced(NOON, "H1", Authority.BORDER_INSPECTION, "detain", 4, plate="1234УБА"))
    assert drive.show(GOOD).agree().codes() == ["hold.detain"]


def test_a_hold_that_comes_after_the_barrier_opened_is_an_emergency() -> None:
    drive = report(ordered(), "actuated")
    drive.take(HoldPlaced(NOON, "H1", Authority.CUSTOMS, "detain", 4, plate="1234УБА"))
    assert alarms(drive) == ["hold.too_late"]


def test_a_broken_identity_ends_the_passage_without_an_order() -> None:
    drive = Drive().show(GOOD).take(IdentityBroken(NOON, "stop_loop_cleared")).agree()
    assert drive.name == "abandoned"
    assert not drive.orders


def test_a_broken_identity_voids_an_order_for_good() -> None:
    drive = ordered().take(IdentityBroken(NOON, "stop_loop_cleared"))
    assert drive.name == "ordered", "the lane controller may have opened already"
    drive.wait()
    assert drive.name == "abandoned"
    assert len(drive.orders) == 1


def test_the_stop_loop_clearing_before_the_report_is_no_fault() -> None:
    drive = ordered().take(IdentityBroken(NOON, "stop_loop_cleared"))
    left(report(drive, "actuated"))
    assert drive.name == "cleared"


def test_no_order_rests_on_a_decision_of_an_older_epoch() -> None:
    drive = ordered()
    decided = drive.state.decision  # type: ignore[union-attr]
    later = replace(drive.state.dossier, epoch=drive.state.dossier.epoch + 1)
    assert isinstance(order(later, decided, NOON, POLICY).state, InReview)


def test_no_order_is_for_a_vehicle_that_may_be_another_one() -> None:
    drive = ordered()
    decided = drive.state.decision  # type: ignore[union-attr]
    broken = replace(drive.state.dossier, broken="stop_loop_cleared")
    move = order(broken, decided, NOON, POLICY)
    assert isinstance(move.state, Abandoned)
    assert not any(isinstance(command, IssueOrder) for command in move.commands)


@pytest.mark.parametrize("outcome", [Outcome.HOLD, Outcome.REFUSE])
def test_a_hold_or_refusal_opens_nothing(outcome: Outcome) -> None:
    drive = ordered()
    held = replace(drive.state.decision, outcome=outcome)  # type: ignore[union-attr]
    assert isinstance(order(drive.state.dossier, held, NOON, POLICY).state, InReview)


def test_leaving_before_the_report_clears_when_the_report_comes() -> None:
    drive = left(ordered())
    assert drive.name == "ordered"
    report(drive, "actuated")
    assert drive.name == "cleared"


def test_an_order_that_nobody_reported_on_is_issued_once_more_only() -> None:
    drive = ordered().wait()
    assert [order.order_id for order in drive.orders] == ["ganqimaodu-I3-7-1", "ganqimaodu-I3-7-2"]
    drive.wait()
    assert drive.name == "in_review"
    assert drive.codes() == ["order.unanswered"]


def test_an_order_whose_barrier_moved_is_not_issued_again() -> None:
    drive = ordered()
    drive.take(BarrierMoved(NOON, "release", "opening", drive.orders[0].order_id)).wait()
    assert drive.name == "opened"
    assert len(drive.orders) == 1


def test_an_uncertain_actuation_goes_to_two_people_and_is_never_repeated_by_itself() -> None:
    drive = report(ordered(), "uncertain")
    assert drive.name == "in_review"
    assert drive.codes() == ["order.uncertain"]
    drive.take(officer("release", Authority.SITE))
    assert len(drive.orders) == 1
    drive.take(second(Authority.SITE))
    assert len(drive.orders) == 2


def test_an_opening_that_the_controller_takes_back_goes_to_two_people_too() -> None:
    drive = report(report(ordered(), "actuated"), "uncertain", "barrier.never_moved")
    assert drive.name == "in_review"
    assert drive.codes() == ["order.never_moved"]
    drive.take(officer("release", Authority.SITE)).take(second(Authority.SITE))
    assert len(drive.orders) == 2


def test_an_opening_that_was_reported_is_not_taken_back_by_a_refusal() -> None:
    drive = report(report(ordered(), "actuated"), "refused", "vehicle.absent")
    assert drive.name == "opened"


def test_a_refused_order_goes_to_a_person_with_the_controllers_rule() -> None:
    drive = report(ordered(), "refused", "vehicle.plate_differs")
    assert drive.codes() == ["order.refused"]
    assert drive.state.decision.findings[0].reason.params["rule"] == "vehicle.plate_differs"  # type: ignore[union-attr]


def test_another_vehicle_at_the_line_ends_the_passage_before_it() -> None:
    gone = IdentityBroken(NOON, TRACK_CHANGED)
    assert Drive().show(GOOD).take(gone).name == "abandoned"
    assert ordered().take(gone).name == "abandoned"
    drive = report(ordered(), "actuated").take(gone)
    assert (drive.name, alarms(drive)) == ("cleared", ["order.crossing_unseen"])
    assert left(ordered()).take(gone).name == "cleared"
    seen = ordered()
    seen.take(BarrierMoved(NOON, "release", "opening", seen.orders[0].order_id), gone)
    assert seen.name == "cleared"


def test_tailgating_stops_the_lane() -> None:
    drive = left(report(ordered(), "actuated"), vehicles=2)
    assert drive.name == "cleared"
    assert alarms(drive) == ["order.tailgating"]
    assert any(isinstance(command, StopLane) for command in drive.commands)


def test_a_second_vehicle_that_is_seen_after_the_first_left_stops_the_lane_as_well() -> None:
    drive = left(left(report(ordered(), "actuated")), vehicles=2)
    assert drive.unused() == ["closed"]
    assert alarms(drive) == ["order.tailgating"]


def test_a_second_vehicle_under_an_order_that_became_uncertain_stops_the_lane_though_the_passage_is_over() -> None:
    drive = ordered().take(IdentityBroken(NOON, "stop_loop_cleared"))
    report(drive, "uncertain", "lane.restarted")
    assert drive.name == "abandoned"
    left(drive, vehicles=2)
    assert drive.unused() == ["closed"]
    assert emergencies(drive) == ["order.tailgating"]
    assert stopped(drive) == ["order.tailgating"]


def test_a_second_vehicle_under_an_order_that_a_person_looks_into_is_told_as_tailgating() -> None:
    drive = report(ordered(), "uncertain", "lane.restarted")
    assert drive.name == "in_review"
    left(drive, vehicles=2)
    assert drive.name == "abandoned"
    assert "order.tailgating" in emergencies(drive)
    assert "order.tailgating" in stopped(drive)


def test_a_second_vehicle_is_told_of_at_once_and_not_when_the_order_is_reported_at_last() -> None:
    drive = left(ordered(), vehicles=2)
    assert drive.name == "ordered"
    assert emergencies(drive) == stopped(drive) == ["order.tailgating"]
    report(drive, "actuated")
    assert drive.name == "cleared"
    assert emergencies(drive) == ["order.tailgating"]


def test_a_second_vehicle_that_was_told_of_before_a_restart_is_told_of_after_it() -> None:
    drive = left(ordered(), vehicles=2)
    again = resume(drive.state, drive.now)
    assert [command for command in again.commands if isinstance(command, RaiseAlarm | StopLane)] == [
        command for command in drive.commands if isinstance(command, RaiseAlarm | StopLane)
    ]
    alone = left(ordered())
    assert not any(isinstance(each, RaiseAlarm | StopLane) for each in resume(alone.state, alone.now).commands)


def test_a_second_vehicle_that_left_under_an_earlier_passage_stops_the_lane() -> None:
    drive = Drive().take(VehicleLeft(NOON, 6, 2, "ganqimaodu-I3-6-1"))
    assert drive.unused() == ["another_track"]
    assert drive.name == "collecting"
    assert emergencies(drive) == stopped(drive) == ["order.tailgating"]


def test_a_vehicle_that_breaks_through_is_an_emergency() -> None:
    drive = Drive().show(GOOD).take(VehicleLeft(NOON, 7, 1))
    assert drive.name == "abandoned"
    assert alarms(drive) == ["order.broke_through"]


def test_a_barrier_that_opens_without_an_order_is_an_emergency() -> None:
    drive = Drive().take(BarrierMoved(NOON, "release", "opening"))
    assert alarms(drive) == ["order.opened_without"]
    assert drive.unused() == ["another_order"]


def test_a_vehicle_that_does_not_leave_is_told_of_once() -> None:
    drive = report(ordered(), "actuated").wait()
    assert alarms(drive) == ["order.not_left"]
    assert drive.deadline is None


def test_a_deadline_that_comes_too_early_does_nothing() -> None:
    drive = Drive()
    before = drive.state
    assert drive.take(DeadlinePassed(NOON)).state == before


def test_a_degraded_lane_diverts_what_was_not_authorised_beforehand() -> None:
    degraded = replace(ARRIVED, lacking=(Procedure.SEAL,))
    evidence = dict(GOOD)
    del evidence[Procedure.SEAL]
    assert Drive(arrived=degraded).show(evidence).agree().codes() == ["seal.out_of_service", "lane.not_pre_authorised"]
    evidence[Procedure.PAPERS] = replace(GOOD[Procedure.PAPERS], pre_authorised=True)
    assert Drive(arrived=degraded).show(evidence).agree().name == "ordered"


def test_a_lane_without_radiation_portal_releases_nobody() -> None:
    degraded = replace(ARRIVED, lacking=(Procedure.RADIATION,))
    evidence = but(papers={"pre_authorised": True})
    del evidence[Procedure.RADIATION]
    drive = Drive(arrived=degraded).show(evidence).agree()
    assert drive.codes() == ["lane.lacks"]
    assert not drive.orders


def test_the_same_facts_give_the_same_bytes() -> None:
    first, again = ordered(), ordered()
    assert [draft.body for draft in first.drafts] == [draft.body for draft in again.drafts]
    assert len({draft.key for draft in first.drafts}) == len(first.drafts)


def test_a_passage_names_the_policy_under_which_it_runs() -> None:
    assert open_passage(ARRIVED, NOON, POLICY).state.dossier.policy == POLICY.digest
