"""The peer: the same ten durable steps a passage as a DBOS workflow on the same PostgreSQL.

DBOS is a development dependency, imported only here and only when it is to be measured.
"""

import concurrent.futures
import importlib.util
import logging
import statistics
import sys
import time
from typing import Any

import msgspec

from kouan.proving.bench_gate.children import say
from kouan.vocabulary.errors import Unavailable

STEPS = 10
"""Durable transitions a passage, as the issue of the measure states them."""

AT_ONCE = 32
"""Workflows at the same time, each on a thread, as DBOS's own queues run them. Our choice."""

PARTS = 3


class DurableSteps(msgspec.Struct, frozen=True):
    """Workflows a second in each part of the span, and their median."""

    per_s: float
    rates: tuple[float, ...]
    workflows: int


class DurableSetting(msgspec.Struct, frozen=True):
    """Where and how long to measure, and how many bytes each step records."""

    dsn: str
    step_bytes: int
    seconds: float


def is_installed() -> bool:
    """Say whether DBOS can be measured here."""
    return importlib.util.find_spec("dbos") is not None


def measure(setting: DurableSetting) -> DurableSteps:
    """Run ten-step workflows and count them; raise Unavailable without DBOS."""
    try:
        from dbos import DBOS, DBOSConfig
    except ImportError as error:
        raise Unavailable("DBOS is not installed: uv sync --group dev, or give --skip dbos") from error
    config: DBOSConfig = {
        "name": "kouan-bench",
        "system_database_url": setting.dsn,
        "log_level": "ERROR",
    }
    DBOS(config=config)
    payload = "x" * setting.step_bytes

    @DBOS.step()  # type: ignore[untyped-decorator, unused-ignore]
    def transition(number: int, before: str) -> str:
        return f"{number}{before[1:]}"

    @DBOS.workflow()  # type: ignore[untyped-decorator, unused-ignore]
    def passage(before: str) -> int:
        for number in range(STEPS):
            before = transition(number, before)
        return len(before)

    logging.getLogger("dbos").setLevel(logging.ERROR)
    DBOS.launch()
    try:
        return _count(passage, payload, setting.seconds)
    finally:
        DBOS.destroy()


def _count(passage: Any, payload: str, seconds: float) -> DurableSteps:
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(passage, [payload] * AT_ONCE))  # warm: connections, plans
        rates: list[float] = []
        total = 0
        for _ in range(PARTS):
            done = 0
            began = time.perf_counter()
            until = began + seconds / PARTS

            def work(until: float = until) -> int:
                count = 0
                while time.perf_counter() < until:
                    passage(payload)
                    count += 1
                return count

            done = sum(future.result() for future in [pool.submit(work) for _ in range(AT_ONCE)])
            rates.append(done / (time.perf_counter() - began))
            total += done
    return DurableSteps(statistics.median(rates), tuple(round(rate, 1) for rate in rates), total)


if __name__ == "__main__":
    say(measure(msgspec.json.decode(sys.argv[1], type=DurableSetting)))
