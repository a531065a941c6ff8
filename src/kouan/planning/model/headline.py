"""The headline experiment: does one stop pay, and what else does: each change paired with its base, with intervals."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from kouan.planning.model.intervals import Interval, Spread, interval, one_by_one, paired
from kouan.planning.model.laws import lognormal, uniform
from kouan.planning.model.network import Combined
from kouan.planning.model.plan import FarSide, Gate, Line, PortPlan, Second, Trouble, Yard
from kouan.planning.model.what_if import replicate
from kouan.planning.traffic import SLOTS

BOOTHS = 4
"""Booths of each of the three checkpoints: twelve in all, as Ganqimaodu has lanes in. Our choice."""

CHECK_S, MOVING_S = 30.0, 30.0
"""Three checks of 30 s each, and 30 s of driving in and out at a stop: the 90 s and 30 s of
docs/explanation/calibration.md."""

HELD_SHARE = 0.2
"""Share of the lorries that must stand in the yard for a result where inspection comes first. Our choice: a batch of
about five lorries has one sample taken."""

REPLACED = 0.7
"""Share of hand checks that review by a machine replaces: the experiment's own figure (issue of this project)."""

HAND_SHARE = 0.15
"""Share of lorries that are examined by hand without it. Our choice: what sixteen bays can bear on the record day."""

AGV_LOADS = 160
"""Round trips a day of 24 vehicles; 65 t each (published)."""

AGV_T, LORRY_T = 65.0, 117.0
"""Tonnes of an AGV's load and of a lorry's on the record day (published)."""

GATE, PORT = "gate_min", "turn_round_min"


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """One change: ``before`` and ``after`` are means of ``measure`` in minutes, ``difference`` is paired.

    ``verdict`` is ``pays``, ``costs`` or ``no_difference``: whether the interval of the difference leaves out 0.
    """

    question: str
    change: str
    traffic: float
    measure: str
    before: Interval
    after: Interval
    difference: Interval

    @property
    def verdict(self) -> str:
        """What the interval says."""
        if self.difference.holds(0.0):
            return "no_difference"
        return "pays" if self.difference.mean < 0 else "costs"


class Question(msgspec.Struct, frozen=True):
    """A base and changes of it, told by one measure."""

    name: str
    measure: str
    base: PortPlan
    changes: Mapping[str, PortPlan]


def questions(traffic: float) -> tuple[Question, ...]:
    """Return the experiment's questions at so many times today's traffic."""
    return (*_one_stop(traffic), _release(traffic), _review(traffic), _agv(traffic), _hours(traffic))


def run(
    traffics: Sequence[float],
    replications: int,
    seed: int,
    spread: Spread = one_by_one,
    tell: Callable[[str], None] = lambda _: None,
) -> tuple[Row, ...]:
    """Run every question at each traffic; every change lives through the same chance as its base."""
    rows = []
    for traffic in traffics:
        for question in questions(traffic):
            tell(f"{question.name}, {traffic:g} times today's traffic")
            base = [each[question.measure] for each in replicate(question.base, replications, seed, spread)]
            for change, plan in question.changes.items():
                found = [each[question.measure] for each in replicate(plan, replications, seed, spread)]
                rows.append(
                    Row(
                        question=question.name, change=change, traffic=traffic, measure=question.measure,
                        before=interval(base), after=interval(found), difference=paired(found, base),
                    )
                )  # fmt: skip
    return tuple(rows)


def gate_alone(traffic: float, lanes: int, combined: Combined, *, one_stop: bool) -> PortPlan:
    """Return a port where only the gate can hold anybody: the far side and the yard are as wide as one likes."""
    check = lognormal(CHECK_S, 0.3)
    return PortPlan(
        traffic=traffic,
        lanes_in=lanes,
        lanes_out=40,
        gate=Gate(
            moving=lognormal(MOVING_S, 0.3), checks=(check, check, check), combined=combined, one_stop=one_stop
        ),
        far_side=FarSide(lanes=1_000, road=1_000_000, check=uniform(60.0, 120.0)),
        second=Second(scan_share=0.0, examine_share=0.0),
        yard=Yard(space=1_000_000, scales=100, unloading=1_000),
        trouble=Trouble(lane_mtbf_h=0.0, storm_share=0.0),
    )  # fmt: skip


def _one_stop(traffic: float) -> tuple[Question, ...]:
    three = gate_alone(traffic, BOOTHS, Combined.SERIAL, one_stop=False)
    ways = {
        "one stop, serial checks": (BOOTHS, Combined.SERIAL),
        "one stop, parallel checks": (BOOTHS, Combined.PARALLEL),
        "one stop, serial checks, freed booths redeployed": (3 * BOOTHS, Combined.SERIAL),
        "one stop, parallel checks, freed booths redeployed": (3 * BOOTHS, Combined.PARALLEL),
    }
    changes = {name: gate_alone(traffic, lanes, way, one_stop=True) for name, (lanes, way) in ways.items()}
    return (Question("three checkpoints become one stop", GATE, three, changes),)


def _release(traffic: float) -> Question:
    first = PortPlan(traffic=traffic, yard=Yard(held_share=HELD_SHARE))
    return Question("inspection first", PORT, first, {"release before inspection": PortPlan(traffic=traffic)})


def _review(traffic: float) -> Question:
    by_hand = Second(scan_share=HAND_SHARE, examine_share=HAND_SHARE, bays=16)
    by_machine = msgspec.structs.replace(by_hand, examine_share=HAND_SHARE * (1 - REPLACED))
    return Question(
        "hand checks of 15 % of lorries", PORT, PortPlan(traffic=traffic, second=by_hand),
        {"review by a machine replaces 70 % of them": PortPlan(traffic=traffic, second=by_machine)},
    )  # fmt: skip


def _agv(traffic: float) -> Question:
    """Return today's lorries against those that are left when AGVs carry their tonnes of them."""
    today = PortPlan(traffic=traffic)
    lorries = sum(today.imports)
    left = 1 - AGV_LOADS * AGV_T / LORRY_T / (lorries * traffic)
    imports = tuple(each * left for each in today.imports)
    carried = msgspec.structs.replace(today, imports=imports, line=Line(loads_per_day=AGV_LOADS))
    return Question("all by lorry", PORT, today, {"AGV line carries 10,400 t a day": carried})


def _hours(traffic: float) -> Question:
    """Return twelve hours against twenty-four, with the same lorries coming evenly through the day."""
    today = PortPlan(traffic=traffic)
    even = {name: (sum(getattr(today, name)) / SLOTS,) * SLOTS for name in ("imports", "exports")}
    always = msgspec.structs.replace(today, opens_h=0.0, closes_h=24.0, **even)
    return Question("open 08:00 to 20:00", PORT, today, {"open 24 hours, lorries spread evenly": always})
