"""What if: a plan and a changed plan live through the same chance, and the difference is told with its interval."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from kouan.planning.model.intervals import LEAST_REPLICATIONS, Interval, Spread, interval, one_by_one, paired
from kouan.planning.model.laws import Law
from kouan.planning.model.measures import MEASURES, measured
from kouan.planning.model.network import Combined
from kouan.planning.model.plan import PortPlan, checked
from kouan.planning.model.port import simulate_port
from kouan.vocabulary.errors import InvalidValue

Given = Mapping[str, Interval]
Setter = Callable[[PortPlan, str], PortPlan]


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One measure without the change and with it, and the mean of the paired differences."""

    measure: str
    before: Interval
    after: Interval
    difference: Interval

    @property
    def certain(self) -> bool:
        """Whether the interval of the difference leaves out 0: the change does something."""
        return not self.difference.holds(0.0)


def replicate(
    plan: PortPlan, replications: int, seed: int, spread: Spread = one_by_one, days: int = 1
) -> list[Mapping[str, float]]:
    """Return the measures of independent replications; replication n of any plan lives through the same chance.

    Raise InvalidValue for fewer than 30, which no figure may rest on.
    """
    if replications < LEAST_REPLICATIONS:
        raise InvalidValue("replications", "what_if.replications", f"must be at least {LEAST_REPLICATIONS}")

    def once(number: int) -> Mapping[str, float]:
        return measured(simulate_port(plan, seed * 100_000 + number, days=days))

    return spread(once, range(replications))


def intervals_of(found: Sequence[Mapping[str, float]]) -> Given:
    """Return each measure's mean and interval over replications."""
    return {name: interval([each[name] for each in found]) for name in MEASURES}


def compare(base: Sequence[Mapping[str, float]], changed: Sequence[Mapping[str, float]]) -> tuple[Compared, ...]:
    """Return every measure without and with a change, from replications of both in the same order."""
    before, after = intervals_of(base), intervals_of(changed)
    return tuple(
        Compared(
            measure=name, before=before[name], after=after[name],
            difference=paired([each[name] for each in changed], [each[name] for each in base]),
        )
        for name in MEASURES
    )  # fmt: skip


def what_if(
    plan: PortPlan, changes: Sequence[str], replications: int, seed: int, spread: Spread = one_by_one
) -> tuple[Compared, ...]:
    """Compare a plan with the same plan after changes such as ``lanes_in=14``; errors as in ``changed``."""
    other = changed(plan, changes)
    return compare(replicate(plan, replications, seed, spread), replicate(other, replications, seed, spread))


def changed(plan: PortPlan, changes: Sequence[str]) -> PortPlan:
    """Return a plan after changes ``name=value``; raise InvalidValue for an unknown name or an impossible value."""
    for change in changes:
        name, equals, value = change.partition("=")
        setter = SETTERS.get(name)
        if setter is None or not equals:
            raise InvalidValue("what_if", "what_if.name", f"{change!r} must be name=value, of {', '.join(SETTERS)}")
        plan = setter(plan, value)
    return _validated(plan)


def _validated(plan: PortPlan) -> PortPlan:
    """Return the plan after checking every bound that its types state."""
    try:
        return checked(msgspec.convert(msgspec.to_builtins(plan), PortPlan))
    except msgspec.ValidationError as error:
        raise InvalidValue("what_if", "what_if.value", str(error)) from error


def _set(path: str, read: Callable[[str, str], Any]) -> Setter:
    names = path.split(".")

    def put(plan: Any, value: Any, at: int) -> Any:
        new = value if at == len(names) - 1 else put(getattr(plan, names[at]), value, at + 1)
        return msgspec.structs.replace(plan, **{names[at]: new})

    return lambda plan, text: put(plan, read(names[-1], text), 0)


def _law(path: str) -> Setter:
    """Return what gives a law another mean in minutes, of the same shape."""
    *outer, last = path.split(".")

    def put(plan: PortPlan, text: str) -> PortPlan:
        holder: Any = plan
        for name in outer:
            holder = getattr(holder, name)
        law: Law = getattr(holder, last)
        scaled = law.times(_number(last, text, "min") * 60 / law.mean)
        return _set(path, lambda _, __: scaled)(plan, text)

    return put


def _number(name: str, text: str, unit: str = "") -> float:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?){unit and f'(?:{unit})?'}", text)
    if found is None:
        raise InvalidValue(name, "what_if.value", f"{text!r} must be a number{f' of {unit}' if unit else ''}")
    return float(found[1])


def _count(name: str, text: str) -> int:
    if not text.isdecimal():
        raise InvalidValue(name, "what_if.value", f"{text!r} must be a whole number")
    return int(text)


def _hour(name: str, text: str) -> float:
    found = re.fullmatch(r"(\d{1,2}):([0-5]\d)", text)
    if found is None:
        raise InvalidValue(name, "what_if.value", f"{text!r} must be a time of day, as in 07:00")
    return int(found[1]) + int(found[2]) / 60


def _of(**choices: Any) -> Callable[[str, str], Any]:
    def read(name: str, text: str) -> Any:
        if text not in choices:
            raise InvalidValue(name, "what_if.value", f"{text!r} must be one of {', '.join(choices)}")
        return choices[text]

    return read


def _minutes(name: str, text: str) -> float:
    return _number(name, text, "min")


SETTERS: Mapping[str, Setter] = {
    "open": _set("opens_h", _hour),
    "close": _set("closes_h", _hour),
    "lanes_in": _set("lanes_in", _count),
    "lanes_out": _set("lanes_out", _count),
    "traffic": _set("traffic", _number),
    "slots": _set("slots.minutes", _minutes),
    "slot_places": _set("slots.places", _count),
    "stops": _set("gate.one_stop", _of(one=True, three=False)),
    "checks": _set("gate.combined", _of(serial=Combined.SERIAL, parallel=Combined.PARALLEL)),
    "scan_share": _set("second.scan_share", _number),
    "examine_share": _set("second.examine_share", _number),
    "scanners": _set("second.scanners", _count),
    "bays": _set("second.bays", _count),
    "examine_min": _law("second.examine"),
    "scales": _set("yard.scales", _count),
    "weighing_min": _law("yard.weighing"),
    "unloading": _set("yard.unloading", _count),
    "unload_min": _law("yard.unload"),
    "held_share": _set("yard.held_share", _number),
    "yard_space": _set("yard.space", _count),
    "far_lanes": _set("far_side.lanes", _count),
    "agv_loads": _set("line.loads_per_day", _number),
    "agvs": _set("line.vehicles", _count),
    "trains": _set("rail.trains_per_day", _number),
}
"""What can be changed: hours ``07:00``, counts, shares from 0 to 1, mean minutes ``12`` or ``12min``."""
