"""Builds the network of a port's day: who goes where, who waits for whom, and what the calendar of the day does."""

import itertools
from collections.abc import Mapping

import numpy as np

from kouan.planning.model.arrivals import Floats, by_appointment, exactly, following
from kouan.planning.model.chance import generator
from kouan.planning.model.network import ENDLESS, Change, Kind, Network, Room, Station, Work
from kouan.planning.model.pack import Coming, merged
from kouan.planning.model.plan import DAY_S, HOUR_S, PortPlan, Tide, checked
from kouan.planning.model.run import Outcome, simulate
from kouan.planning.traffic import SLOT_S, SLOTS

DAYS_OPEN = 8
"""Days after the first for which the calendar goes on, so that whoever was not served on the first day is later."""

IMPORT, EXPORT, AGV, TRAIN = "import", "export", "agv", "train"


def simulate_port(plan: PortPlan, seed: int, *, days: int = 1, traced: bool = False) -> Outcome:
    """Run the days of a port, from midnight on the first until the last vehicle left; queues by the quarter hour."""
    network = build(plan, seed, days=days)
    bins = SLOTS * (days + 1)
    return simulate(network, arrivals(plan, seed, days=days), seed, bins=bins, bin_s=SLOT_S, traced=traced)


def build(plan: PortPlan, seed: int, *, days: int = 1) -> Network:
    """Return the network; raise InvalidValue for a plan that cannot be. The seed draws breakdowns and weather."""
    checked(plan)
    stops = stops_of(plan)
    stations = (
        Station(name="far_side", servers=plan.far_side.lanes, work={IMPORT: Work(plan.far_side.check)}),
        Station(name="road", servers=ENDLESS, work={IMPORT: Work(plan.far_side.drive)}, room="road"),
        *stops,
        Station(name="scan", servers=plan.second.scanners, work={"": Work(plan.second.scan)}),
        Station(name="review", servers=ENDLESS, work={"": Work(plan.second.review)}),
        Station(name="examine", servers=plan.second.bays, work={"": Work(plan.second.examine)}),
        Station(name="drive", servers=ENDLESS, work={"": Work(plan.drive)}),
        Station(name="weigh_gross", servers=plan.yard.scales, work={"": Work(plan.yard.weighing)}, room="yard"),
        Station(name="hold", servers=ENDLESS, work={"": Work(plan.yard.held)}, room="yard"),
        Station(name="unload", servers=_places(plan), work={"": Work(plan.yard.unload)}, room="yard"),
        Station(name="weigh_tare", servers=plan.yard.scales, work={"": Work(plan.yard.weighing)}, room="yard"),
        Station(name="gate_out", servers=plan.lanes_out, work={"": Work(plan.gate_out)}),
        Station(name="away", servers=ENDLESS, work={"": Work(plan.away)}),
        Station(name="agv", servers=plan.line.vehicles, work={"": Work(plan.line.trip)}),
        Station(name="agv_gate", servers=plan.line.gates, work={"": Work(plan.line.check)}),
        Station(name="track", servers=plan.rail.tracks, work={"": Work(plan.rail.handle)}),
    )
    names = [station.name for station in stations]
    return Network(
        stations=stations,
        kinds=(
            Kind(IMPORT, "far_side", _import_route(plan, [stop.name for stop in stops])),
            Kind(EXPORT, "gate_out", _export_route([stop.name for stop in stops])),
            Kind(AGV, "agv_gate", {"agv_gate": {"agv": 1.0}}),
            Kind(TRAIN, "track", {}),
        ),
        rooms=(Room("road", plan.far_side.road), Room("yard", plan.yard.space)),
        calendar=tuple(_calendar(plan, names, seed, days)),
    )


def stops_of(plan: PortPlan) -> tuple[Station, ...]:
    """Return the stops at the gate: one with all checks, or one for each check with driving in and out each time."""
    gate = plan.gate
    if gate.one_stop:
        works = {"": Work(gate.moving, gate.checks, gate.combined)}
        return (Station(name="gate_in", servers=plan.lanes_in, work=works, stream="gate_in"),)
    return tuple(
        Station(name=f"gate_in_{place + 1}", servers=plan.lanes_in, work={"": Work(gate.moving, (check,))})
        for place, check in enumerate(gate.checks)
    )


def arrivals(plan: PortPlan, seed: int, *, days: int = 1) -> Coming:
    """Return when vehicles come; a seed brings the same lorries, at other times where slots or traffic differ."""
    streams = []
    for name, profile in ((IMPORT, plan.imports), (EXPORT, plan.exports)):
        if plan.counted:
            wanted = exactly([round(each) for each in profile] * days, SLOT_S, seed, f"arrivals/{name}")
        else:
            wanted = following([plan.traffic * each for each in profile] * days, SLOT_S, seed, f"arrivals/{name}")
        streams.append(_with_slots(plan, wanted, seed, name) if name == IMPORT else wanted)
    for name, a_day in ((AGV, plan.line.loads_per_day), (TRAIN, plan.rail.trains_per_day)):
        hours = (
            range(24)
            if name == TRAIN
            else range(round(24 - plan.line.hours) // 2, 24 - round(24 - plan.line.hours) // 2)
        )
        slots = [a_day / len(hours) if hour in hours else 0.0 for hour in range(24)] * days
        streams.append(following(slots, HOUR_S, seed, f"arrivals/{name}"))
    return merged(streams)


def _with_slots(plan: PortPlan, wanted: Floats, seed: int, name: str) -> Floats:
    slots = plan.slots
    if not slots.minutes:
        return wanted
    # A slot is for the gate: a lorry leaves the far side so much earlier as it takes to get there.
    ahead_s = plan.far_side.check.mean + plan.far_side.drive.mean
    came = by_appointment(
        wanted, plan.opens_h * HOUR_S, slots.minutes * 60, slots.places, slots.punctual_min * 60, seed, f"slots/{name}"
    )
    return np.asarray(np.maximum(came - ahead_s, 0.0), dtype=np.float64)


def _places(plan: PortPlan) -> int:
    return ENDLESS if plan.yard.queue_in_unload else plan.yard.unloading


def _import_route(plan: PortPlan, stops: list[str]) -> Mapping[str, Mapping[str, float]]:
    scanned, examined, held = plan.second.scan_share, plan.second.examine_share, plan.yard.held_share
    onward = {"drive": 1.0}
    # Of all lorries ``examined`` are examined: those scanned first, as far as they suffice.
    after_scan = min(1.0, examined / scanned) if scanned else 0.0
    at_once = max(0.0, examined - scanned)
    return {
        "far_side": {"road": 1.0},
        "road": {stops[0]: 1.0},
        **{here: {there: 1.0} for here, there in itertools.pairwise(stops)},
        stops[-1]: {"scan": scanned, "examine": at_once, "drive": max(0.0, 1.0 - scanned - at_once)},
        "scan": {"review": 1.0},
        "review": {"examine": after_scan, "drive": 1.0 - after_scan},
        "examine": onward,
        "drive": {"weigh_gross": 1.0},
        "weigh_gross": {"hold": held, "unload": 1.0 - held},
        "hold": {"unload": 1.0},
        "unload": {"weigh_tare": 1.0},
        "weigh_tare": {"gate_out": 1.0},
    }


def _export_route(stops: list[str]) -> Mapping[str, Mapping[str, float]]:
    pairs = {here: {there: 1.0} for here, there in itertools.pairwise(stops)}
    return {"gate_out": {"away": 1.0}, "away": {stops[0]: 1.0}, **pairs}


def _calendar(plan: PortPlan, names: list[str], seed: int, days: int) -> list[Change]:
    stops = [name for name in names if name.startswith("gate_in")]
    lanes = dict.fromkeys(stops, plan.lanes_in) | {"gate_out": plan.lanes_out}
    lanes |= {} if plan.far_side.always_open else {"far_side": plan.far_side.lanes}
    changes = []
    for day in range(days + DAYS_OPEN):
        changes += _hours(plan, lanes, day) + _tides(plan, stops, day) + _storm(plan, [*stops, "gate_out"], seed, day)
    return changes + _breakdowns(plan, lanes, seed, days)


def _hours(plan: PortPlan, lanes: Mapping[str, int], day: int) -> list[Change]:
    """Return the opening and closing of a day; a port that never closes has neither."""
    if plan.opens_h == 0 and plan.closes_h == 24:
        return []
    begins, changes = day * DAY_S, []
    for name, count in lanes.items():
        closes_h = plan.closes_h if name == "far_side" else min(plan.closes_h + plan.clears_h, 24.0)
        changes += [Change(begins, name, -count)] if day == 0 else []
        changes += [
            Change(begins + plan.opens_h * HOUR_S, name, count),
            Change(begins + closes_h * HOUR_S, name, -count),
        ]
    return changes


def _tides(plan: PortPlan, stops: list[str], day: int) -> list[Change]:
    # By the end of the day's work all is as it was: closing takes away what opening gave.
    ends_s = day * DAY_S + min(plan.closes_h + plan.clears_h, 24.0) * HOUR_S
    changes, now = [], _staffed(plan, stops, None)
    for tide in (*plan.tides, None):
        at_s, then = ends_s if tide is None else day * DAY_S + tide.from_h * HOUR_S, _staffed(plan, stops, tide)
        changes += [Change(at_s, name, then[name] - now[name]) for name in now if then[name] != now[name]]
        now = then
    return changes


def _staffed(plan: PortPlan, stops: list[str], tide: Tide | None) -> Mapping[str, int]:
    """Return the servers that work from a tide on, by station; without one, the plan's own."""
    lanes = (plan.lanes_in, plan.lanes_out) if tide is None else (tide.lanes_in, tide.lanes_out)
    bays = plan.second.bays if tide is None or tide.bays is None else tide.bays
    return {**dict.fromkeys(stops, lanes[0]), "gate_out": lanes[1], "examine": bays}


def _storm(plan: PortPlan, slowed: list[str], seed: int, day: int) -> list[Change]:
    chance = generator(seed, f"storm/{day}")
    comes, begins_h = chance.random() < plan.trouble.storm_share, chance.uniform(0, 24)
    if not comes:
        return []
    begins_s = day * DAY_S + begins_h * HOUR_S
    ends_s = begins_s + plan.trouble.storm_h * HOUR_S
    return [
        Change(at_s, name, pace=pace)
        for name in slowed
        for at_s, pace in ((begins_s, plan.trouble.storm_pace), (ends_s, 1.0))
    ]


def _breakdowns(plan: PortPlan, lanes: Mapping[str, int], seed: int, days: int) -> list[Change]:
    """Return each lane's failures and mendings; each lane has its own stream, so that one lane more changes none."""
    if not plan.trouble.lane_mtbf_h:
        return []
    changes, ends_s = [], (days + 1) * DAY_S
    for name, count in lanes.items():
        for lane in range(count if name != "far_side" else 0):
            chance, at_s = generator(seed, f"breakdown/{name}/{lane}"), 0.0
            while True:
                at_s += chance.exponential(plan.trouble.lane_mtbf_h * HOUR_S)
                mended_s = at_s + chance.exponential(plan.trouble.repair_min * 60)
                if at_s >= ends_s:
                    break
                changes += [Change(at_s, name, -1), Change(mended_s, name, 1)]
                at_s = mended_s
    return changes
