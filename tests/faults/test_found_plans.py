"""Plans in which a port once broke a promise: they are run as they stand, without what was mended and with it.

Each is what was left of a seed's plan when all that did not matter was dropped from it (``proving.seeds.shrink``). The
mistake is planted again as well, so that a plan that no longer leads to it is noticed.
"""

import pytest
from msgspec import Struct

from kouan.proving.nemesis.plan import FaultAct, FaultKind, Plan
from kouan.proving.planted.planting import Planted, planted
from kouan.proving.seeds.campaign import quiet
from kouan.proving.seeds.run import run_plan
from kouan.simulator.anomalies import Anomaly
from kouan.vocabulary.clock import SECOND


class Found(Struct, frozen=True):
    """A plan, the mistake that it showed, and what was said of it."""

    plan: Plan
    mistake: Planted
    text: str


def tailgaters(seed: int, *faults: FaultAct) -> Plan:
    """Return a plan in which every second lorry is followed out by another."""
    return Plan(
        seed=seed,
        lanes=("I1", "O1"),
        queue=2,
        rates={Anomaly.TAILGATER: 500},
        calibrated=seed % 2 == 1,
        faults=faults,
        heals_us=360 * SECOND,
        ends_us=480 * SECOND,
    )


def dies_at_command(at_s: int, span_s: float, steps: int) -> FaultAct:
    """Let the lane controller lose its power just as a barrier was commanded: what became of it is uncertain."""
    params = {"steps": steps, "power": 1}
    return FaultAct(at_s * SECOND, FaultKind.CRASH_AT_COMMAND, "controller", round(span_s * SECOND), params)


ONLY_UNDER_ITS_ORDER = Planted(
    "only_under_its_order", "I20", "kouan.gate.intake:alarms_for",
    "        case VehicleLeft():", "        case VehicleLeft() if fact.order_id == known:",
    "a passage that was given up was thought to open nothing any more",
)  # fmt: skip
FORGOTTEN_AT_A_START = Planted(
    "forgotten_at_a_start", "I20", "kouan.adapters.driver.port_driver:PortDriver.start",
    "            seen.update(await self.lanes[name].remember(passage))", "            seen.update(())",
    "of a passage that has ended nothing was thought to come any more",
)  # fmt: skip
SHOWS_WHAT_IS_OVERTAKEN = Planted(
    "shows_what_is_overtaken", "durable", "kouan.adapters.driver.passage_runner:PassageRunner._record",
    "not isinstance(command, Show) or number == self._shows", "number > 0",
    "a green light that waited for the store was shown to the next vehicle",
)  # fmt: skip

FOUND = (
    Found(
        tailgaters(
            24,
            FaultAct(15 * SECOND, FaultKind.CUT_DOWN, "lane-controller", 21 * SECOND, {}),
            FaultAct(35_577_401, FaultKind.STORE_AWAY, "platform", 25 * SECOND, {}),
        ),
        SHOWS_WHAT_IS_OVERTAKEN,
        "lane O1 shows green before an order was recorded",
    ),
    Found(
        tailgaters(1, dies_at_command(201, 1, 1)),
        ONLY_UNDER_ITS_ORDER,
        "order.tailgating in O1 was never shown",
    ),
    Found(
        tailgaters(
            32,
            dies_at_command(243, 1.5, 0),
            dies_at_command(277, 2, 0),
            FaultAct(288 * SECOND, FaultKind.PLATFORM_CRASH, "platform", SECOND, {"steps": 30}),
        ),
        FORGOTTEN_AT_A_START,
        "tailgating in O1 on track 5 is not in the ledger",
    ),
)


@pytest.fixture(autouse=True)
def _quiet() -> None:
    quiet()


@pytest.mark.parametrize("found", FOUND, ids=lambda found: found.mistake.name)
def test_what_a_plan_showed_is_mended_and_it_still_shows_what_was_wrong(found: Found) -> None:
    assert run_plan(found.plan).violations == ()
    with planted(found.mistake):
        assert found.text in [violation.text for violation in run_plan(found.plan).violations]
