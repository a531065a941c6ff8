"""Every rule, granted and refused on both sides of its limit."""

from typing import Any

import pytest
from msgspec.structs import replace
from tests.unit.gate.passage_kit import ARRIVED, COAL, DAY, GOOD, NOON, but

from kouan.gate.case import Case
from kouan.gate.evidence import NEVER_HEARD_US, Evidence, SealCondition
from kouan.gate.procedures import Procedure
from kouan.gate.rules import RULES
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import GRANTED, Refused

HOUR = 3600 * SECOND
PARAMS: dict[str, dict[str, Any]] = {
    "axles_make_sense": {"fewest": 2, "most": 11},
    "length_fits": {"longest_mm": 35_000},
    "plate_read_with_confidence": {"least_pm": 700},
    "plate_matches_confirmation": {"near": 10},
    "trailer_matches_confirmation": {"near": 10},
    "container_read_with_confidence": {"least_pm": 700},
    "containers_match_manifest": {"near": 10},
    "container_undamaged": {"tolerated": ["dent"]},
    "weighbridge_zero_checked": {"hours": 24},
    "weight_stable": {"fewest": 3},
    "gross_weight_matches_papers": {"share_pm": 20, "mass_kg": 500},
    "empty_means_empty": {"share_pm": 30, "mass_kg": 500},
    "not_overloaded": {"per_axle_kg": 13_000, "by_axles": {"2": 20_000}},
    "counts_agree_with_no_alarm": {"sigmas": 10},
    "face_matches_document": {"least_pm": 700},
    "face_is_live": {"least_pm": 700},
    "fingerprint_matches": {"least_pm": 400},
    "no_fever": {"from_dc": 373},
    "green_channel_for_perishables": {"cargoes": ["vegetables"]},
    "no_control_order": {"authority": "customs"},
    "degraded_lane_serves_pre_authorised": {"procedures": ["seal"]},
    "hub_heard_lately": {"max_age_s": 300},
}
EMPTY = {"load": "empty", "consignments": (), "seals": (), "containers": ()}


def case(evidence: dict[Procedure, Evidence], **more: Any) -> Case:
    given: dict[str, Any] = {
        "passage": ARRIVED.passage,
        "port": ARRIVED.port,
        "lane": ARRIVED.lane,
        "direction": ARRIVED.direction,
        "at": NOON,
        "epoch": 3,
        "required": tuple(evidence),
        "evidence": tuple(evidence.values()),
    }
    return Case(**given | more)


def judge(rule: str, subject: Case) -> list[str]:
    """Return the codes of the reasons for which a rule refuses, none where it grants."""
    verdict = RULES[rule].apply(subject, PARAMS.get(rule, {}))
    return [reason.code for reason in verdict.reasons] if isinstance(verdict, Refused) else []


# (rule, the code of its refusal or None where it grants, what differs from the good lorry)
TABLE: list[tuple[str, str | None, dict[str, dict[str, Any]]]] = [
    ("stands_alone", None, {"positioning": {"alone": True}}),
    ("stands_alone", "positioning.not_alone", {"positioning": {"alone": False}}),
    ("axles_make_sense", None, {"positioning": {"axles": 2}}),
    ("axles_make_sense", None, {"positioning": {"axles": 11}}),
    ("axles_make_sense", "positioning.axles", {"positioning": {"axles": 1}}),
    ("axles_make_sense", "positioning.axles", {"positioning": {"axles": 12}}),
    ("length_fits", None, {"positioning": {"length_mm": 35_000}}),
    ("length_fits", "positioning.too_long", {"positioning": {"length_mm": 35_001}}),
    ("plate_read_with_confidence", None, {"plates": {"confidence_pm": 700}}),
    ("plate_read_with_confidence", "plates.unsure", {"plates": {"confidence_pm": 699}}),
    ("plate_read_with_confidence", "plates.unread", {"plates": {"tractor": None}}),
    ("plate_has_known_form", None, {"plates": {"parsed": True}}),
    ("plate_has_known_form", "plates.unknown_form", {"plates": {"tractor": "X1", "parsed": False}}),
    ("plate_matches_confirmation", None, {}),
    ("plate_matches_confirmation", "plates.near", {"plates": {"tractor": "1284УБА"}}),
    ("plate_matches_confirmation", "plates.near", {"plates": {"tractor": "1234УВА"}}),
    ("plate_matches_confirmation", "plates.differs", {"plates": {"tractor": "9934УБА"}}),
    ("plate_matches_confirmation", "plates.differs", {"plates": {"tractor": "蒙B023H6"}}),
    ("plate_matches_confirmation", "plates.not_announced", {"papers": {"plate": None}}),
    ("trailer_matches_confirmation", None, {"plates": {"trailer": None}, "papers": {"trailer": None}}),
    ("trailer_matches_confirmation", "trailer.unread", {"plates": {"trailer": None}}),
    ("trailer_matches_confirmation", "trailer.not_announced", {"papers": {"trailer": None}}),
    ("trailer_matches_confirmation", "trailer.near", {"plates": {"trailer": "5679УБА"}}),
    ("trailer_matches_confirmation", "trailer.differs", {"plates": {"trailer": "0001ӨМА"}}),
    ("plate_seen_once", None, {"papers": {"seen_elsewhere": None}}),
    ("plate_seen_once", "plates.seen_elsewhere", {"papers": {"seen_elsewhere": "erenhot O2"}}),
    ("container_read_with_confidence", None, {"container": {"confidence_pm": 700}}),
    ("container_read_with_confidence", "container.unsure", {"container": {"confidence_pm": 699}}),
    ("container_numbers_valid", None, {"container": {"valid": True}}),
    ("container_numbers_valid", "container.check_digit", {"container": {"valid": False}}),
    ("containers_match_manifest", None, {"container": {"numbers": ("B", "A")}, "papers": {"containers": ("A", "B")}}),
    ("containers_match_manifest", "container.absent", {"container": {"numbers": ()}}),
    ("containers_match_manifest", "container.not_announced", {"papers": {"containers": ()}}),
    ("containers_match_manifest", "container.near", {"container": {"numbers": ("CSQU3054388",)}}),
    ("containers_match_manifest", "container.differs", {"container": {"numbers": ("CSQU3054404",)}}),
    ("containers_match_manifest", "container.differs", {"container": {"numbers": ("CSQU3054383", "CSQU3054404")}}),
    ("container_undamaged", None, {"container": {"damage": ("dent",)}}),
    ("container_undamaged", "container.damaged", {"container": {"damage": ("dent", "hole")}}),
    ("seal_present", None, {"seal": {"condition": SealCondition("absent"), "number": None}, "papers": {"seals": ()}}),
    ("seal_present", "seal.absent", {"seal": {"condition": SealCondition("absent"), "number": None}}),
    ("seal_intact", None, {"seal": {"condition": SealCondition("intact")}}),
    ("seal_intact", "seal.tampered", {"seal": {"condition": SealCondition("tampered")}}),
    ("seal_readable", None, {"seal": {"condition": SealCondition("absent"), "number": None}}),
    ("seal_readable", "seal.unreadable", {"seal": {"condition": SealCondition("unreadable"), "number": None}}),
    ("seal_readable", "seal.unreadable", {"seal": {"condition": SealCondition("intact"), "number": None}}),
    ("seal_matches_manifest", None, {"papers": {"seals": ("OTHER", "CN1234567")}}),
    ("seal_matches_manifest", "seal.differs", {"seal": {"number": "CN7654321"}}),
    ("seal_matches_manifest", "seal.not_declared", {"papers": {"seals": ()}}),
    ("weighbridge_in_calibration", None, {"weight": {"calibrated_until": NOON + 1}}),
    ("weighbridge_in_calibration", "weight.out_of_calibration", {"weight": {"calibrated_until": NOON}}),
    ("weighbridge_zero_checked", None, {"weight": {"zero_checked_at": NOON - 24 * HOUR}}),
    ("weighbridge_zero_checked", "weight.zero_unchecked", {"weight": {"zero_checked_at": NOON - 24 * HOUR - 1}}),
    ("weighbridge_zero_checked", "weight.zero_unchecked", {"weight": {"zero_checked_at": NOON + 1}}),
    ("weight_stable", None, {"weight": {"stable_frames": 3}}),
    ("weight_stable", "weight.unstable", {"weight": {"stable_frames": 2}}),
    ("gross_weight_matches_papers", None, {"weight": {"mass_kg": 51_000}}),
    ("gross_weight_matches_papers", None, {"weight": {"mass_kg": 49_000}}),
    ("gross_weight_matches_papers", "weight.differs", {"weight": {"mass_kg": 51_001}}),
    ("gross_weight_matches_papers", "weight.differs", {"weight": {"mass_kg": 48_999}}),
    ("gross_weight_matches_papers", "weight.no_tare", {"papers": {"tare_kg": None}}),
    ("gross_weight_matches_papers", None, {"papers": EMPTY}),
    ("empty_means_empty", None, {"papers": EMPTY, "weight": {"mass_kg": 18_540}}),
    ("empty_means_empty", "weight.not_empty", {"papers": EMPTY, "weight": {"mass_kg": 18_541}}),
    ("empty_means_empty", "weight.no_tare", {"papers": EMPTY | {"tare_kg": None}}),
    ("empty_means_empty", None, {"weight": {"mass_kg": 99_000}}),
    ("not_overloaded", None, {"weight": {"mass_kg": 78_000}}),
    ("not_overloaded", "weight.overloaded", {"weight": {"mass_kg": 78_001}}),
    ("not_overloaded", None, {"positioning": {"axles": 2}, "weight": {"mass_kg": 20_000}}),
    ("not_overloaded", "weight.overloaded", {"positioning": {"axles": 2}, "weight": {"mass_kg": 20_001}}),
    ("no_gamma_alarm", None, {"radiation": {"gamma_alarm": False}}),
    ("no_gamma_alarm", "radiation.gamma", {"radiation": {"gamma_alarm": True}}),
    ("no_neutron_alarm", None, {"radiation": {"neutron_alarm": False}}),
    ("no_neutron_alarm", "radiation.neutron", {"radiation": {"neutron_alarm": True}}),
    ("portal_in_order", None, {"radiation": {"fault": None}}),
    ("portal_in_order", "radiation.fault", {"radiation": {"fault": "GL"}}),
    ("counts_agree_with_no_alarm", None, {"radiation": {"gamma_peak_cps": 600}}),
    ("counts_agree_with_no_alarm", "radiation.no_alarm", {"radiation": {"gamma_peak_cps": 601}}),
    ("counts_agree_with_no_alarm", None, {"radiation": {"gamma_peak_cps": 9_000, "gamma_alarm": True}}),
    ("document_valid", None, {"driver": {"document_valid": True}}),
    ("document_valid", "driver.document_invalid", {"driver": {"document_valid": False}}),
    ("document_in_date", None, {"driver": {"document_expired": False}}),
    ("document_in_date", "driver.document_expired", {"driver": {"document_expired": True}}),
    ("driver_expected", None, {"driver": {"expected": True}}),
    ("driver_expected", "driver.another", {"driver": {"expected": False}}),
    ("driver_expected", "driver.not_announced", {"driver": {"expected": None}}),
    ("face_matches_document", None, {"driver": {"face_score_pm": 700}}),
    ("face_matches_document", "driver.face", {"driver": {"face_score_pm": 699}}),
    ("face_is_live", None, {"driver": {"liveness_pm": 700}}),
    ("face_is_live", "driver.liveness", {"driver": {"liveness_pm": 699}}),
    ("fingerprint_matches", None, {"driver": {"fingerprint_score_pm": None}}),
    ("fingerprint_matches", None, {"driver": {"fingerprint_score_pm": 400}}),
    ("fingerprint_matches", "driver.fingerprint", {"driver": {"fingerprint_score_pm": 399}}),
    ("occupants_as_announced", None, {"driver": {"occupants": 2, "announced_crew": 2}}),
    ("occupants_as_announced", "driver.occupants", {"driver": {"occupants": 2}}),
    ("occupants_as_announced", "driver.occupants", {"driver": {"occupants": 0}}),
    ("occupants_as_announced", "driver.crew_unknown", {"driver": {"announced_crew": None}}),
    ("no_fever", None, {"health": {"temperature_dc": 372}}),
    ("no_fever", "health.fever", {"health": {"temperature_dc": 373}}),
    ("no_symptoms", None, {"health": {"symptoms": False}}),
    ("no_symptoms", "health.symptoms", {"health": {"symptoms": True}}),
    ("health_declared", None, {"health": {"declared": True}}),
    ("health_declared", "health.undeclared", {"health": {"declared": False}}),
    ("vehicle_disinfected", None, {"health": {"disinfected": True}}),
    ("vehicle_disinfected", "health.not_disinfected", {"health": {"disinfected": False}}),
    ("papers_present", None, {}),
    ("papers_present", "papers.no_confirmation", {"papers": {"confirmation": None}}),
    ("papers_present", "papers.no_manifest", {"papers": {"consignments": ()}}),
    ("papers_present", None, {"papers": EMPTY}),
    ("papers_in_time", None, {"papers": {"late": False}}),
    ("papers_in_time", "papers.late", {"papers": {"late": True}}),
    ("manifest_only_once", None, {"papers": {"duplicate_of": None}}),
    ("manifest_only_once", "papers.duplicate", {"papers": {"duplicate_of": "M2"}}),
    ("quantity_not_exceeded", None, {"papers": {"consignments": (replace(COAL, crossed_kg=58_000),)}}),
    ("quantity_not_exceeded", "papers.exceeded", {"papers": {"consignments": (replace(COAL, crossed_kg=58_001),)}}),
    ("quantity_not_exceeded", None, {"papers": {"consignments": (replace(COAL, crossed_kg=99_000, total_kg=None),)}}),
    ("convoy_complete", None, {"papers": {"convoy_expected": 3, "convoy_present": 3}}),
    ("convoy_complete", "papers.convoy", {"papers": {"convoy_expected": 3, "convoy_present": 2}}),
    ("green_channel_for_perishables", None, {"papers": {"green_channel": True, "cargo": "vegetables"}}),
    ("green_channel_for_perishables", "papers.green_channel", {"papers": {"green_channel": True}}),
    ("no_control_order", None, {"papers": {"holds": ("border_inspection:detain:B1",)}}),
    ("no_control_order", "hold.detain", {"papers": {"holds": ("customs:detain:B1",)}}),
    ("no_control_order", "hold.scan", {"papers": {"holds": ("customs:scan:B1",)}}),
    ("no_control_order", "hold.examine", {"papers": {"holds": ("customs:examine:B1",)}}),
    ("no_control_order", "hold.quarantine", {"papers": {"holds": ("customs:quarantine:B1",)}}),
    ("no_control_order", "hold.detain", {"papers": {"holds": ("customs:whatever:B1",)}}),
    ("no_control_order", "hold.detain", {"papers": {"holds": ("customs",)}}),
    ("consignments_cleared", None, {}),
    ("consignments_cleared", "papers.not_cleared", {"papers": {"consignments": (replace(COAL, cleared=False),)}}),
    ("consignments_declared", None, {}),
    ("consignments_declared", "papers.undeclared", {"papers": {"consignments": (replace(COAL, declaration=None),)}}),
    ("consignments_not_controlled", None, {}),
    (
        "consignments_not_controlled",
        "papers.controlled",
        {"papers": {"consignments": (replace(COAL, controlled=True),)}},
    ),
    ("hub_heard_lately", None, {"papers": {"hub_age_us": 300 * SECOND}}),
    ("hub_heard_lately", "network.hub_stale", {"papers": {"hub_age_us": 301 * SECOND}}),
    ("hub_heard_lately", "network.hub_never_heard", {"papers": {"hub_age_us": NEVER_HEARD_US}}),
    ("transit_cleared", None, {}),
    ("transit_cleared", "papers.transit", {"papers": {"consignments": (replace(COAL, transit_cleared=False),)}}),
]


@pytest.mark.parametrize(("rule", "code", "changes"), TABLE)
def test_a_rule_grants_on_one_side_and_refuses_on_the_other(
    rule: str, code: str | None, changes: dict[str, dict[str, Any]]
) -> None:
    assert judge(rule, case(but(**changes))) == ([] if code is None else [code])


def test_every_rule_is_tried_on_both_sides() -> None:
    granted = {rule for rule, code, _ in TABLE if code is None}
    refused = {rule for rule, code, _ in TABLE if code is not None}
    elsewhere = {"degraded_lane_serves_pre_authorised"}
    assert granted == refused == set(RULES) - elsewhere


def test_a_rule_says_nothing_about_evidence_that_is_not_there() -> None:
    nothing = case({})
    for rule in RULES:
        assert judge(rule, nothing) == [], rule


@pytest.mark.parametrize(
    ("lacking", "pre_authorised", "codes"),
    [
        ((), False, []),
        ((Procedure.SEAL,), True, []),
        ((Procedure.SEAL,), False, ["lane.not_pre_authorised"]),
        ((Procedure.SEAL, Procedure.RADIATION), True, ["lane.lacks"]),
    ],
)
def test_a_degraded_lane_serves_what_was_authorised_beforehand(
    lacking: tuple[Procedure, ...], pre_authorised: bool, codes: list[str]
) -> None:
    subject = case(but(papers={"pre_authorised": pre_authorised}), lacking=lacking)
    assert judge("degraded_lane_serves_pre_authorised", subject) == codes


def test_holds_placed_at_the_gate_count_and_lifted_ones_do_not() -> None:
    placed = case(GOOD, holds=("customs:detain:H1",))
    assert judge("no_control_order", placed) == ["hold.detain"]
    assert judge("no_control_order", replace(placed, lifted=("H1",))) == []


def test_the_zero_check_is_never_older_than_a_day_whatever_the_rulebook_says() -> None:
    old = case(but(weight={"zero_checked_at": NOON - DAY - 1}))
    assert RULES["weighbridge_zero_checked"].apply(old, {"hours": 48}) != GRANTED


@pytest.mark.parametrize("params", [{}, {"fewest": "2", "most": 3}, {"fewest": 2, "most": 3, "more": 4}])
def test_parameters_of_another_form_are_refused_by_name(params: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue) as refusal:
        RULES["axles_make_sense"].parse_params(params)
    assert (refusal.value.field, refusal.value.rule) == ("params", "rulebook.params")
