"""The bench measures every figure that it promises, leaves nothing running, and says what it left out.

How fast anything is, is not asserted: that is the business of docs/reference/benchmarks.md.
"""

import asyncio
import json
import os
import subprocess
import sys
from random import Random

import pytest

from kouan.protocols.topics import decode
from kouan.proving.bench_gate.figures import BenchSetting, Parts, figures, measure
from kouan.proving.bench_gate.load_process import quantile
from kouan.proving.bench_gate.pipes import Batches, BatchReader, Parcel
from kouan.proving.bench_gate.script import COMPLETE_US, LaneWriter
from kouan.proving.bench_gate.world import PORT, make_lorries, make_port, make_signers
from kouan.vocabulary.clock import SECOND

AT = 1_780_000_000 * SECOND
FIGURES = (
    "p50_order_ms", "p99_order_ms", "saturation_per_s", "floor_per_s", "floor_ratio", "dbos_per_s", "dbos_ratio",
    "first_cleared_s", "port_rss_mb",
)  # fmt: skip


@pytest.mark.slow
async def test_a_very_short_bench_measures_latency_saturation_and_floor() -> None:
    setting = BenchSetting(seconds=1.0, rates=(2.0, 4.0), skip=frozenset({"dbos", "run"}), lanes=12)
    found = await measure(setting, lambda _: None)
    assert set(FIGURES) < set(found)
    assert list(found["p50_order_ms"]) == ["2", "4"]
    assert all(0 < found["p50_order_ms"][rate] <= found["p99_order_ms"][rate] for rate in ("2", "4"))
    assert [rate["misses"] for rate in found["detail"]["latency"]["rates"]] == [0, 0]
    assert found["saturation_per_s"] > 0
    assert found["floor_per_s"] > 0
    assert found["floor_ratio"] == pytest.approx(found["saturation_per_s"] / found["floor_per_s"], rel=0.05)
    assert found["environment"]["cores"] >= 1
    assert found["detail"]["floor"]["rows"] > found["detail"]["floor"]["entries"]


def test_figures_of_parts_that_were_left_out_are_there_and_empty() -> None:
    found = figures(Parts())
    assert {name: found[name] for name in FIGURES} == dict.fromkeys(FIGURES)


def test_a_part_that_does_not_exist_is_refused_by_name() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kouan", "bench", "gate", "--skip", "nothing"],
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "latency, saturation, floor, dbos, run" in done.stderr


def test_the_same_seed_makes_the_same_lorries_and_keys_in_another_process() -> None:
    code = (
        "from kouan.proving.bench_gate.world import *; import json;"
        f"print(json.dumps([[l.rig.plate for l in make_lorries(7, 5, {AT})],"
        " make_signers(7).platform.public_key.public_bytes_raw().hex()]))"
    )
    other = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True,
        env={**os.environ, "PYTHONHASHSEED": "5"},
    )  # fmt: skip
    mine = [
        [lorry.rig.plate for lorry in make_lorries(7, 5, AT)],
        make_signers(7).platform.public_key.public_bytes_raw().hex(),
    ]
    assert json.loads(other.stdout) == mine


def test_every_device_of_a_lane_speaks_once_before_the_evidence_is_complete() -> None:
    lane = make_port(1).lanes[0].name
    script = LaneWriter(lane, Random(1)).passage(make_lorries(7, 1, AT)[0], AT)
    needed = [message for message in script.messages if message.after_us <= COMPLETE_US]
    devices = {message.topic.split("/")[3] for message in needed}
    assert devices == {
        "plc", "plate_camera", "container_camera", "seal_reader", "weighbridge", "radiation_portal", "driver_terminal",
        "health_kiosk", "disinfection",
    }  # fmt: skip
    assert all(message.topic.startswith(f"kouan/{PORT}/{lane}/") for message in script.messages)
    for message in script.messages:
        decode(message.topic, message.payload)
    assert [m.after_us for m in script.messages] == sorted(m.after_us for m in script.messages)


async def test_batches_come_out_as_they_went_in_wherever_the_bytes_are_cut() -> None:
    written: list[bytes] = []
    batches = Batches(written.append)
    sent = [Parcel("a", b"1"), Parcel("b", b"", telemetry=True), Parcel("c", b"x" * 300)]
    batches.put(sent[0])
    await asyncio.sleep(0)
    for parcel in sent[1:]:
        batches.put(parcel)
    await asyncio.sleep(0)
    reader, stream = BatchReader(), b"".join(written)
    assert len(written) == 2
    assert [parcel for byte in stream for parcel in reader.feed(bytes([byte]))] == sent


@pytest.mark.parametrize(("share", "expected"), [(0.5, 5.0), (0.99, 10.0), (0.1, 1.0)])
def test_a_quantile_is_a_value_that_was_measured(share: float, expected: float) -> None:
    assert quantile([float(value) for value in range(1, 11)], share) == expected
