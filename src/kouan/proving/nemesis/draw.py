"""Drawing a plan from a seed: which kinds of trouble a run has at all, and then when, where and how much."""

from collections.abc import Mapping
from random import Random

import msgspec

from kouan.proving.nemesis.plan import FaultAct, FaultKind, Plan, in_order
from kouan.simulator.anomalies import Anomaly
from kouan.vocabulary.clock import SECOND

FIRST_S = 8.0
"""Nothing goes wrong before, so that the first lorries stand at the line. Our choice."""

LAST_S = 410.0
"""Nothing begins after. Our choice: half a minute before all heals."""

KINDS_OF_A_RUN = (3, 12)
"""How many kinds of trouble one run draws from. Our choice: few kinds often find what all kinds a little do not."""

ACTS_OF_A_RUN = (5, 16)
"""How many faults one run has. Our choice."""

UNCALIBRATED_EVERY = 15
"""In one run of so many the weighbridges' certificate has run out. Our choice: nobody is released in it at once."""

LINKS = ("platform", "lane-controller", "field-agencies", "field-{lane}", "field-{lane}", "lane-controller")
CLOCKS = ("platform", "platform", "controller", "devices", "agencies")
SENSORS = (
    "container_camera", "disinfection", "driver_terminal", "health_kiosk", "plate_camera", "radiation_portal",
    "seal_reader", "weighbridge",
)  # fmt: skip


class Drawn(msgspec.Struct, frozen=True):
    """How one kind is drawn: its targets, its span in seconds, and the bounds of its parameters."""

    targets: tuple[str, ...] = ("",)
    span_s: tuple[float, float] = (0.0, 0.0)
    params: Mapping[str, tuple[int, int]] = {}


_K = FaultKind

HOW: Mapping[FaultKind, Drawn] = {
    _K.LOSS: Drawn(LINKS, (5, 60), {"lose_pm": (50, 400)}),
    _K.DELAY: Drawn(LINKS, (5, 60), {"least_ms": (0, 50), "most_ms": (60, 900)}),
    _K.DUPLICATION: Drawn(LINKS, (5, 60), {"duplicate_pm": (50, 500)}),
    _K.REORDERING: Drawn(LINKS, (5, 60), {"reorder_pm": (50, 500), "most_ms": (20, 400)}),
    _K.CUT_UP: Drawn(LINKS, (0.5, 25)),
    _K.CUT_DOWN: Drawn(LINKS, (0.5, 25)),
    _K.CUT: Drawn(LINKS, (0.5, 40)),
    _K.DEAF: Drawn(("platform",), (40, 60)),
    _K.FLAPPING: Drawn(LINKS, (5, 30), {"up_ms": (100, 3000), "down_ms": (100, 3000)}),
    _K.DROPPED: Drawn(("field-{lane}", "field-{lane}", "field-agencies"), (0.2, 20)),
    _K.BROKER_RESTART: Drawn(("",), (0.5, 4)),
    _K.DISK_FULL: Drawn(("platform",), (0.5, 10)),
    _K.DISK_ERROR: Drawn(("platform",), (1, 20), {"rate_pm": (30, 500)}),
    _K.DISK_SLOW: Drawn(("platform",), (2, 30), {"most_ms": (100, 2500)}),
    _K.STORE_LOST: Drawn(("platform",), (1, 20), {"rate_pm": (30, 500)}),
    _K.ANSWER_LOST: Drawn(("platform",), (1, 20), {"rate_pm": (30, 500)}),
    _K.STORE_AWAY: Drawn(("platform",), (0.5, 45)),
    _K.FENCED: Drawn(("platform",)),
    _K.LEDGER_FLIPPED: Drawn(("platform",), (5, 5), {"back": (1, 30), "bit": (0, 4095)}),
    _K.LEDGER_LOST: Drawn(("platform",), (5, 5), {"entries": (1, 20)}),
    _K.LOG_FULL: Drawn(("controller",), (1, 15)),
    _K.LOG_LOST: Drawn(("controller",), (10, 30)),
    _K.LOG_TORN: Drawn(("controller",), (10, 30)),
    _K.LOG_FLIPPED: Drawn(("controller",), (5, 5), {"bit": (0, 1 << 20)}),
    _K.PLATFORM_CRASH: Drawn(("platform",), (0.2, 6), {"steps": (1, 2500)}),
    _K.CONTROLLER_CRASH: Drawn(("controller",), (0.2, 6), {"steps": (1, 1500), "power": (0, 1)}),
    _K.CRASH_AT_COMMIT: Drawn(("platform",), (0.2, 6), {"entries": (1, 60)}),
    _K.CRASH_AT_ORDER: Drawn(("platform",), (0.2, 6), {"steps": (0, 6)}),
    _K.CRASH_AT_NONCE: Drawn(("controller",), (0.2, 6), {"records": (1, 9), "power": (0, 1)}),
    _K.CRASH_AT_COMMAND: Drawn(("controller",), (0.2, 6), {"steps": (0, 6), "power": (0, 1)}),
    _K.CLOCK_SKEW: Drawn(CLOCKS, (5, 90), {"by_ms": (-2000, 2000)}),
    _K.CLOCK_FORWARD: Drawn(CLOCKS, (10, 120), {"by_ms": (2000, 3_600_000)}),
    _K.CLOCK_BACK: Drawn(CLOCKS, (10, 120), {"by_ms": (-3_600_000, -2000)}),
    _K.CLOCK_DRIFT: Drawn(CLOCKS, (30, 300), {"ppm": (-100, 100)}),
    _K.SWAP: Drawn(("",), (60, 120), {"moment": (0, 2)}),
    _K.UNCOUNTED_SWAP: Drawn(("",), (60, 120), {"moment": (0, 2)}),
    _K.TAILGATER: Drawn(("{lane}",), (60, 120)),
    _K.STUCK_LOOP: Drawn(("{lane}",), (2, 60), {"loop": (0, 2)}),
    _K.SILENT_DEVICE: Drawn(tuple(f"{{lane}}/{device}" for device in SENSORS), (2, 60)),
    _K.BABBLING_DEVICE: Drawn(tuple(f"{{lane}}/{device}" for device in (*SENSORS, "plc", "barrier")), (1, 20),
                              {"messages": (5, 120)}),
    _K.PLC_RESTART: Drawn(("{lane}",)),
    _K.BARRIER_RESTART: Drawn(("{lane}",)),
    _K.LATE_HOLD: Drawn(("customs", "border_inspection", "site"), (60, 120), {"moment": (0, 2)}),
    _K.CONTRADICTION: Drawn(("",), (120, 120)),
    _K.FOREIGN_RELEASE: Drawn(("customs", "border_inspection", "site"), (120, 120)),
    _K.FOREIGN_LIFT: Drawn(("customs", "border_inspection", "site"), (5, 20)),
    _K.OVERRIDE: Drawn(("",), (60, 240), {"how": (0, 5)}),
    _K.FORGED_ORDER: Drawn(("",), (60, 120), {"how": (0, 3), "later_ms": (500, 15_000)}),
    _K.HELD_ORDER: Drawn(("",), (60, 120), {"held_ms": (1500, 3500), "what": (0, 2)}),
    _K.DOUBLED_MANIFEST: Drawn(("",), (60, 120)),
}  # fmt: skip
"""Every kind of fault and how it is drawn. Bounds are our choice: below and above what the port is to bear."""

OFTEN = (
    _K.CRASH_AT_COMMAND, _K.CRASH_AT_NONCE, _K.CONTROLLER_CRASH, _K.SWAP, _K.HELD_ORDER, _K.LATE_HOLD, _K.OVERRIDE,
    _K.FORGED_ORDER, _K.CLOCK_SKEW, _K.DEAF,
)  # fmt: skip
"""What a run has more often than the rest: between command and outcome, decision and opening, finding and release lies
what planted bugs break, and each was missed too long without (``proving.planted``)."""

OFTEN_OF_A_RUN = 2
"""How many of them a run draws beside what it draws from all. Our choice."""

TROUBLES = (
    Anomaly.PLATE_MISREAD, Anomaly.SEAL_DIFFERS, Anomaly.SEAL_BROKEN, Anomaly.OVERWEIGHT_UNDECLARED,
    Anomaly.RADIATION_SOURCE, Anomaly.NORM_ALARM, Anomaly.WRONG_DRIVER, Anomaly.STOWAWAY, Anomaly.FEVER,
    Anomaly.LATE_MANIFEST, Anomaly.MISSING_MANIFEST, Anomaly.CLONED_PLATE, Anomaly.TAILGATER,
    Anomaly.CONTROL_ORDER_TARGET,
)  # fmt: skip


def draw(seed: int) -> Plan:
    """Return the plan of a seed: the same one, whenever and wherever it is asked for."""
    chance = Random(f"plan/{seed}")
    kinds = chance.sample(list(HOW), chance.randint(*KINDS_OF_A_RUN)) + chance.sample(OFTEN, OFTEN_OF_A_RUN)
    plan = Plan(
        seed=seed, queue=chance.randint(2, 4), per_hour=chance.randint(40, 90), rates=_rates(chance),
        calibrated=chance.randrange(UNCALIBRATED_EVERY) > 0,
    )  # fmt: skip
    acts = [_act(chance, chance.choice(kinds), plan) for _ in range(chance.randint(*ACTS_OF_A_RUN))]
    return msgspec.structs.replace(plan, faults=in_order(acts))


def _act(chance: Random, kind: FaultKind, plan: Plan) -> FaultAct:
    how = HOW[kind]
    at = round(chance.uniform(FIRST_S, LAST_S) * SECOND)
    span_us = round(chance.uniform(*how.span_s) * SECOND)
    target = chance.choice(how.targets).format(lane=chance.choice(plan.lanes))
    params = {name: chance.randint(*bounds) for name, bounds in how.params.items()}
    return FaultAct(at, kind, target, min(span_us, plan.heals_us - at), params)


def _rates(chance: Random) -> Mapping[Anomaly, int]:
    """Return which trouble vehicles have of their own: none in every third run, two to six kinds in the others."""
    if chance.randrange(3) == 0:
        return {}
    return {kind: chance.randint(20, 120) for kind in chance.sample(TROUBLES, chance.randint(2, 6))}
