"""``kouan run`` as a demonstration: a lorry that the gate diverts is examined by simulated inspectors, and leaves."""

from pathlib import Path
from typing import Any

import httpx
import pytest

from kouan.proving.running_port import API, RunningPort, wait_until

pytestmark = pytest.mark.slow

SCENARIO = """
name = "examined"
pictures = false

[rates]
control_order_target = 0.3
norm_alarm = 0.3

[people]
officer_waits_s = 2

[inspection]
drives_s = [1, 5]
pace = 0.01
settles_s = [5, 10]
"""


def test_a_diverted_lorry_is_examined_leaves_and_has_crossed_then(tmp_path: Path) -> None:
    scenario = tmp_path / "examined.toml"
    scenario.write_text(SCENARIO, encoding="utf-8")
    with RunningPort(tmp_path / "data", "--scenario", str(scenario)) as port:
        port.start()
        headers = {"x-kouan-csrf": "1"}
        with httpx.Client(base_url=port.url + API, timeout=30, headers=headers) as onlooker:
            onlooker.post("/session", json={"username": "demo", "password": "kouan-demo"}).raise_for_status()

            def ended() -> list[dict[str, Any]]:
                listed = onlooker.get("/examinations?closed=true").raise_for_status().json()["items"]
                return [item for item in listed if item["outcome"] == "may_leave"]

            wait_until(lambda: bool(ended()), "a lorry may leave the examination yard", 240)
            sheet = onlooker.get(f"/examinations/{ended()[0]['number']}").raise_for_status().json()
            assert sheet["appointment"]["bay"]
            assert all(answer["releases"] for answer in sheet["answers"] if answer["outcome"] == "release")
            passage = sheet["vehicle"]["passage"]
            assert onlooker.get(f"/passages/{passage}").raise_for_status().json()["state"] == "diverted"

            def crossed() -> bool:
                after, found = 0, False
                while not found:
                    page = onlooker.get(f"/ledger/entries?after={after}&limit=1000").raise_for_status().json()["items"]
                    if not page:
                        return False
                    after = page[-1]["seq"]
                    found = any(each["kind"] == "papers.written_off/1" and passage in str(each) for each in page)
                return True

            wait_until(crossed, "its papers are written off once it left", look_every_s=1.0)
