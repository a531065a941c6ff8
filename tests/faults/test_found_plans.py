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
AN_ALARM_GROWS_OLD = Planted(
    "an_alarm_grows_old", "I20", "kouan.gate.assembly:Assembly.begin",
    "            if passed.alarm or now - passed", "            if now - passed",
    "the platform's clock leapt while the vehicle drove from the portal to the line",
)  # fmt: skip
COUNTED_AT_THE_FIRST_WORD = Planted(
    "counted_at_the_first_word", "I12", "kouan.gate.review:confirm_review",
    "recent=max(first.recent, fact.recent)", "recent=first.recent",
    "two exceptions waited for their second person at once, and each had room for one",
)  # fmt: skip

FOUND = (
    Found(
        Plan(
            seed=489,
            lanes=("I1", "I2", "O1", "O2"),
            queue=4,
            per_hour=10,
            rates={Anomaly.NORM_ALARM: 34, Anomaly.TAILGATER: 92},
            calibrated=True,
            faults=(FaultAct(9_915_189, FaultKind.CLOCK_BACK, "platform", 34_061_395, {"by_ms": -854_265}),),
            heals_us=440 * SECOND,
            ends_us=600 * SECOND,
        ),
        AN_ALARM_GROWS_OLD,
        "a radiation alarm in I2 559 s ago is not in the ledger",
    ),
    Found(
        Plan(
            seed=1403,
            lanes=("I1", "I2", "O1", "O2"),
            queue=3,
            per_hour=60,
            rates={},
            calibrated=True,
            faults=(
                FaultAct(78_969_366, FaultKind.OVERRIDE, "", 145_292_327, {"how": 4}),
                FaultAct(88_415_776, FaultKind.OVERRIDE, "", 191_692_965, {"how": 1}),
                FaultAct(95_839_747, FaultKind.LOG_FULL, "controller", 1_483_718, {}),
                FaultAct(109_492_690, FaultKind.LOG_LOST, "controller", 5_011_248, {}),
                FaultAct(211_302_938, FaultKind.CLOCK_FORWARD, "devices", 13_475_040, {"by_ms": 2_517_225}),
                FaultAct(229_897_964, FaultKind.LOG_LOST, "controller", 14_364_172, {}),
            ),
            heals_us=440 * SECOND,
            ends_us=600 * SECOND,
        ),
        COUNTED_AT_THE_FIRST_WORD,
        "decision.order was lifted by sim-site-1: his hour's share was used up",
    ),
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
