"""What screens are told."""

import msgspec
from tests.unit.gate.passage_kit import BOOK, GOOD, NOON, Drive, but, officer
from tests.unit.gate.test_passage import left, ordered, report

from kouan.gate.lanes import Lane
from kouan.gate.procedures import Authority, Procedure
from kouan.gate.records import passage_record, passage_statement
from kouan.gate.states import decode_state
from kouan.gate.views import lane_view, passage_summary, passage_view, review_item, review_queue
from kouan.vocabulary.places import Direction

FIELDS = {
    "id", "lane", "direction", "track", "state", "plate", "trailer", "containers", "cargo", "load", "visit",
    "opened_at", "stopped_at", "decided_at", "ordered_at", "actuated_at", "closed_at", "stop_ms", "procedures",
    "verdicts", "decision", "order", "review", "entries", "hub_age_us",
}  # fmt: skip


def states(view: dict[str, object]) -> dict[str, str]:
    return {line["name"]: line["state"] for line in view["procedures"]}  # type: ignore[attr-defined]


def test_ten_procedures_are_shown_from_the_first_moment() -> None:
    view = passage_view(Drive().state, BOOK)
    assert set(view) == FIELDS
    assert list(states(view)) == [str(procedure) for procedure in Procedure]
    assert states(view)["papers"] == "waiting"
    assert states(view)["decision"] == "waiting"
    assert states(view)["weight"] == "running"
    assert view["plate"] is None


def test_a_passage_is_shown_at_every_stage_and_is_plain_json() -> None:
    drive = Drive()
    stages = [drive.state, drive.show(GOOD).state, drive.agree().state]
    stages += [report(drive, "actuated").state, left(drive).state]
    for state in stages:
        assert msgspec.json.decode(msgspec.json.encode(passage_view(state, BOOK, [1, 2], "v1")))["entries"] == [1, 2]
    view = passage_view(drive.state, BOOK)
    assert view["state"] == "cleared"
    assert view["stop_ms"] == 0
    assert view["closed_at"] == NOON
    assert set(states(view).values()) == {"done"}
    assert [line["outcome"] for line in view["verdicts"]] == ["grant"] * 3
    assert view["order"]["jws"] == "a.b.c"
    assert view["procedures"][1]["evidence"]["tractor"] == "1234УБА"


def test_what_was_read_goes_before_what_was_announced() -> None:
    view = passage_view(Drive().show(but(plates={"tractor": None})).state, BOOK)
    assert (view["plate"], view["cargo"], view["load"]) == ("1234УБА", "coal", "loaded")
    assert passage_view(Drive().show(but(plates={"tractor": "1284УБА"})).state, BOOK)["plate"] == "1284УБА"


def test_late_failed_and_unneeded_procedures_look_different() -> None:
    empty = but(papers={"load": "empty", "containers": (), "seals": (), "consignments": ()}, weight={"mass_kg": 18_000})
    for procedure in (Procedure.CONTAINER, Procedure.SEAL, Procedure.HEALTH):
        del empty[procedure]
    shown = states(passage_view(Drive().show(empty).wait().state, BOOK))
    assert (shown["container"], shown["seal"], shown["health"]) == ("not_required", "not_required", "late")


def test_a_review_item_says_what_its_reader_may_do() -> None:
    drive = ordered(seal={"number": "CN7654321"})
    item = review_item(drive.state, BOOK)  # type: ignore[arg-type]
    assert (item["authority"], item["outcome"], item["priority"], item["needs_second"]) == ("customs", "HOLD", 2, True)
    assert item["allowed"] == ["release", "divert", "refuse", "correct"]
    other = review_item(drive.state, BOOK, Authority.SITE)  # type: ignore[arg-type]
    assert other["allowed"] == ["correct"]
    drive.take(officer("release"))
    first = review_item(drive.state, BOOK)["first"]  # type: ignore[arg-type]
    assert (first["by"], first["action"]) == ("officer-1", "release")
    seal = next(line for line in passage_view(drive.state, BOOK)["procedures"] if line["name"] == "seal")
    assert seal["finding"] is True


def test_the_queue_is_ordered_by_urgency_then_by_waiting() -> None:
    plain = ordered(plates={"confidence_pm": 100}).state
    fish = ordered(plates={"confidence_pm": 100}, papers={"green_channel": True, "cargo": "live_fish"}).state
    hot = ordered(seal={"number": "CN7654321"}, radiation={"gamma_alarm": True}).state
    queue = review_queue([plain, Drive().state, fish, hot], BOOK)
    assert [item["priority"] for item in queue] == [1, 2, 3]


def test_a_lane_is_shown_with_its_passage_and_its_place() -> None:
    lane = Lane("I3", Direction.IN)
    view = lane_view(lane, None, {"x": 1, "y": 2, "heading": 180})
    assert set(view) == {
        "lane", "direction", "mode", "tidal", "degraded", "barriers", "light", "passage", "updated_at", "position",
    }  # fmt: skip
    assert view["barriers"] == {"release": "unknown", "divert": "unknown"}


def test_a_row_holds_the_whole_state() -> None:
    drive = ordered(seal={"number": "CN7654321"})
    record = passage_record(drive.state, NOON)
    assert decode_state(record.document) == drive.state
    assert (record.state, record.review_authority, record.review_outcome) == ("in_review", "customs", "HOLD")
    assert passage_summary(record)["plate"] == "1234УБА"


def test_each_change_of_a_row_is_a_statement_of_its_own() -> None:
    opened, drive = Drive().state, left(report(ordered(), "actuated"))
    assert passage_statement(None, opened, NOON).name == "gate.open_passage"
    assert passage_statement(opened, ordered().state, NOON).name == "gate.update_passage"
    closing = passage_statement(opened, drive.state, NOON)
    assert (closing.name, closing.params["closed_at"]) == ("gate.close_passage", NOON)
    assert passage_statement(drive.state, drive.state, NOON).name == "gate.update_passage"


def test_a_review_item_of_a_radiation_alarm_asks_for_a_survey_by_hand() -> None:
    alarmed = ordered(radiation={"gamma_alarm": True}, seal={"number": "CN7654321"})
    assert review_item(alarmed.state, BOOK)["needs_survey"] is True  # type: ignore[arg-type]
    sealed = ordered(seal={"number": "CN7654321"})
    assert review_item(sealed.state, BOOK)["needs_survey"] is False  # type: ignore[arg-type]
