"""What can be changed of a plan, by name: ``open=07:00 lanes_in=14 slots=30min unload_min=12``."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from kouan.planning.model.laws import Law
from kouan.planning.model.network import Combined
from kouan.planning.model.plan import PortPlan, checked
from kouan.vocabulary.errors import InvalidValue

ENDLESS = 1_000_000
"""As many as nobody ever waits for: what a plan has of what its port's files do not show."""


class Change(NamedTuple):
    """One thing that can be changed: gives a plan a value, and tells the value that a plan has."""

    put: Callable[[PortPlan, str], PortPlan]
    now: Callable[[PortPlan], str]


class Changed(msgspec.Struct, frozen=True):
    """A change: its name, the value as the plan has it, and the one that it gets."""

    name: str
    before: str
    after: str


def changed(plan: PortPlan, changes: Sequence[str]) -> PortPlan:
    """Return a plan after changes ``name=value``; raise InvalidValue for an unknown name or an impossible value."""
    for text in changes:
        name, value = _parsed(text)
        plan = CHANGES[name].put(plan, value)
    return _validated(plan)


def told(plan: PortPlan, changes: Sequence[str]) -> tuple[Changed, ...]:
    """Return what changes do to a plan, each beside the value that it replaces; errors as in ``changed``."""
    after = changed(plan, changes)
    names = dict.fromkeys(_parsed(text)[0] for text in changes)
    return tuple(Changed(name, CHANGES[name].now(plan), CHANGES[name].now(after)) for name in names)


def now(plan: PortPlan) -> Mapping[str, str]:
    """Return the values that a plan has, by the names by which they can be changed."""
    return {name: change.now(plan) for name, change in CHANGES.items()}


def _parsed(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if name not in CHANGES or not equals:
        raise InvalidValue("what_if", "what_if.name", f"{text!r} must be name=value, of {', '.join(CHANGES)}")
    return name, value


def _validated(plan: PortPlan) -> PortPlan:
    """Return the plan after checking every bound that its types state."""
    try:
        return checked(msgspec.convert(msgspec.to_builtins(plan), PortPlan))
    except msgspec.ValidationError as error:
        raise InvalidValue("what_if", "what_if.value", str(error)) from error


def _of(holder: Any, path: str) -> Any:
    for name in path.split("."):
        holder = getattr(holder, name)
    return holder


def _with(holder: Any, path: str, value: Any) -> Any:
    name, _, rest = path.partition(".")
    return msgspec.structs.replace(holder, **{name: _with(getattr(holder, name), rest, value) if rest else value})


def _set(path: str, read: Callable[[str, str], Any], tell: Callable[[Any], str]) -> Change:
    last = path.rpartition(".")[2]
    return Change(lambda plan, text: _with(plan, path, read(last, text)), lambda plan: tell(_of(plan, path)))


def _law(path: str) -> Change:
    """Return what gives a law another mean in minutes, of the same shape."""
    last = path.rpartition(".")[2]

    def put(plan: PortPlan, text: str) -> PortPlan:
        law: Law = _of(plan, path)
        if not law.mean:
            raise InvalidValue(last, "what_if.value", "takes no time in this plan: the files do not show it")
        return _with(plan, path, law.times(_minutes(last, text) * 60 / law.mean))  # type: ignore[no-any-return]

    return Change(put, lambda plan: f"{_of(plan, path).mean / 60:.3g}min")


def _places() -> Change:
    """Return what gives a yard more places to unload, where its plan tells waiting from unloading."""
    count = _count("yard.unloading")

    def put(plan: PortPlan, text: str) -> PortPlan:
        if plan.yard.queue_in_unload:
            raise InvalidValue(
                "unloading", "what_if.value", "changes nothing: the files do not tell how many there are"
            )
        return count.put(plan, text)

    return Change(put, lambda plan: "–" if plan.yard.queue_in_unload else count.now(plan))


def _choice(path: str, **choices: Any) -> Change:
    def read(name: str, text: str) -> Any:
        if text not in choices:
            raise InvalidValue(name, "what_if.value", f"{text!r} must be one of {', '.join(choices)}")
        return choices[text]

    return _set(path, read, lambda value: next(name for name, each in choices.items() if each == value))


def _number(name: str, text: str, unit: str = "") -> float:
    found = re.fullmatch(rf"(\d+(?:\.\d+)?){unit and f'(?:{unit})?'}", text)
    if found is None:
        raise InvalidValue(name, "what_if.value", f"{text!r} must be a number{f' of {unit}' if unit else ''}")
    return float(found[1])


def _minutes(name: str, text: str) -> float:
    return _number(name, text, "min")


def _whole(name: str, text: str) -> int:
    if not text.isdecimal():
        raise InvalidValue(name, "what_if.value", f"{text!r} must be a whole number")
    return int(text)


def _time(name: str, text: str) -> float:
    found = re.fullmatch(r"(\d{1,2}):([0-5]\d)", text)
    if found is None:
        raise InvalidValue(name, "what_if.value", f"{text!r} must be a time of day, as in 07:00")
    return int(found[1]) + int(found[2]) / 60


def _hour(path: str) -> Change:
    return _set(path, _time, lambda hours: f"{int(hours):02d}:{round(hours % 1 * 60):02d}")


def _count(path: str) -> Change:
    return _set(path, _whole, lambda count: "∞" if count >= ENDLESS else str(count))


def _share(path: str) -> Change:
    return _set(path, _number, lambda value: f"{value:.3g}")


CHANGES: Mapping[str, Change] = {
    "open": _hour("opens_h"),
    "close": _hour("closes_h"),
    "lanes_in": _count("lanes_in"),
    "lanes_out": _count("lanes_out"),
    "traffic": _share("traffic"),
    "slots": _set("slots.minutes", _minutes, lambda minutes: f"{minutes:g}min"),
    "slot_places": _count("slots.places"),
    "stops": _choice("gate.one_stop", one=True, three=False),
    "checks": _choice("gate.combined", serial=Combined.SERIAL, parallel=Combined.PARALLEL),
    "scan_share": _share("second.scan_share"),
    "examine_share": _share("second.examine_share"),
    "scanners": _count("second.scanners"),
    "bays": _count("second.bays"),
    "examine_min": _law("second.examine"),
    "scales": _count("yard.scales"),
    "weighing_min": _law("yard.weighing"),
    "unloading": _places(),
    "unload_min": _law("yard.unload"),
    "held_share": _share("yard.held_share"),
    "yard_space": _count("yard.space"),
    "far_lanes": _count("far_side.lanes"),
    "agv_loads": _share("line.loads_per_day"),
    "agvs": _count("line.vehicles"),
    "trains": _share("rail.trains_per_day"),
}
"""What can be changed: hours ``07:00``, counts, shares from 0 to 1, mean minutes ``12`` or ``12min``."""
