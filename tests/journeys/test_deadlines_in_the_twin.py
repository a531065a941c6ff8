"""Deadlines of papers fall due in the twin too: in virtual time, and with nobody asking."""

import asyncio
from datetime import UTC, datetime

from tests.unit.inspection.papers_kit import line

from kouan.adapters.driver.setting import Watcher
from kouan.proving.virtual_loop import VirtualClock, VirtualLoop, run
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import load_scenario
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import Reason, Refused
from kouan.wiring.port_file import load, path_of
from kouan.wiring.twin import SimulatedPort
from kouan.wiring.twin.watched import tell_nobody

OPENING = int(datetime(2026, 11, 20, 0, 0, tzinfo=UTC).timestamp()) * SECOND
DAY = 86_400 * SECOND
NUMBER = "070620261000000001"


class Alarms(Watcher):
    """Keeps who was called, and about what."""

    def __init__(self) -> None:
        self.raised: list[tuple[int, str]] = []

    def alarm(self, lane: str, passage: str, priority: int, reason: Reason) -> None:
        self.raised.append((priority, f"{reason.code} {reason.params.get('declaration', '')}"))


def test_a_full_declaration_that_does_not_come_in_time_is_noted_once_and_a_person_called() -> None:
    loop, alarms = VirtualLoop(OPENING), Alarms()

    async def lived() -> list[str]:
        clock = VirtualClock(loop)
        field = load_port(path_of("ganqimaodu"))
        twin = SimulatedPort(
            load("ganqimaodu"), field, load_scenario("calm"), 1, clock, tell_nobody, watcher=alarms, people=False
        )
        try:
            await twin.start()
            goods = [line(hs_code="2603000090", goods="铜精矿", gross_kg=30_000)]
            lines = [{"line": 1, "hs_code": "260300", "goods": "铜精矿", "net_kg": 30_000, "value_fen": 10**8}]
            base = {
                "number": NUMBER, "direction": "in", "step": "summary", "consignee": "91350100M000100Y43",
                "consignments": goods, "lines": lines,
            }  # fmt: skip
            taken = await twin.platform.counter.declaration(base)
            assert not isinstance(taken, Refused), taken
            await asyncio.sleep(1_300)
            assert alarms.raised == []
            twin.clocks.platform.jump(16 * DAY)
            await asyncio.sleep(1_300)
            ledger = twin.disk.ledger(twin.name).entries
            return [entry.kind for entry in ledger if entry.kind == "papers.declaration_overdue/1"]
        finally:
            twin.finish()

    assert run(lived(), loop) == ["papers.declaration_overdue/1"]
    assert [text for _, text in alarms.raised if text.startswith("declaration.")] == [f"declaration.overdue {NUMBER}"]
