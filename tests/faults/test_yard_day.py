"""The yard in a simulated day: lorries go on to it and leave by its exits, and whatever must not be is found."""

from pathlib import Path
from typing import Any

import pytest

from kouan.proving.port_day import DaySetting, simulate_day
from kouan.proving.yard_day import without_leave
from kouan.simulator import scenario
from kouan.wiring.port_file import folder

QUIET = {"opening_queue_in = 180": "opening_queue_in = 6", "opening_queue_out = 70": "opening_queue_out = 0"}
"""What is changed of a port so that a morning has few lorries."""


def quiet_morning(place: Path) -> DaySetting:
    port, day = place / "quiet.toml", place / "day.toml"
    text = (folder() / "ganqimaodu.toml").read_text(encoding="utf-8")
    for busy, quiet in QUIET.items():
        assert busy in text
        text = text.replace(busy, quiet)
    port.write_text(text, encoding="utf-8")
    shipped = Path(scenario.__file__).parent / "scenarios" / "day.toml"
    day.write_text(shipped.read_text(encoding="utf-8").replace("traffic = 0.68", "traffic = 0.05"), encoding="utf-8")
    return DaySetting(port=str(port), scenario=str(day), days=0.04, yard=True)


@pytest.mark.slow
def test_loaded_lorries_are_unloaded_weighed_and_leave_by_the_exits_and_nothing_is_found_wrong(tmp_path: Path) -> None:
    figures = simulate_day(quiet_morning(tmp_path))
    assert figures["violation_texts"] == []
    assert figures["yard_visits"] >= 8
    assert figures["yard_left"] >= 4
    assert figures["yard_left"] <= figures["yard_exits_opened"]
    assert figures["yard_exits_opened"] <= figures["yard_exits_ordered"]
    assert figures["yard_kg_in"] > 400_000
    assert figures["double_actuations"] == 0


def entry(kind: str, stream: str, **body: Any) -> dict[str, Any]:
    return {"kind": f"yard.{kind}/1", "stream": stream, "seq": 1, "body": body}


def test_whoever_left_by_no_order_or_with_more_than_he_had_leave_for_is_found() -> None:
    delivery, fetched = {"purpose": "delivery"}, {"purpose": "pick_up"}
    told = [
        entry("opened", "v1", arrived=delivery),
        entry("exit_ordered", "v1", order={"order_id": "v1/exit-5"}),
        entry("left", "v1", net_kg=80_000, order_id="v1/exit-5"),
        entry("opened", "v2", arrived=fetched),
        entry("gate_out", "v2", mass_kg=30_000),
        entry("exit_ordered", "v2", order={"order_id": "v2/exit-5"}),
        entry("left", "v2", net_kg=30_000, order_id="v2/exit-5"),
        entry("opened", "v3", arrived=fetched),
        entry("exit_ordered", "v3", order={"order_id": "v3/exit-5"}),
        entry("left", "v3", net_kg=0, order_id="v3/exit-5"),
    ]
    assert without_leave(told) == []
    told[6]["body"]["net_kg"] = 31_000
    told[2]["body"]["order_id"] = None
    assert without_leave(told) == [
        "yard: v1 left by no order",
        "yard: v2 left with 31000 kg, and had leave for 30000",
    ]
