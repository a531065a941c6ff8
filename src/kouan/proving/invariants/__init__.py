"""The invariants as incremental checkers: written from what must hold, none of them asks the platform's own rules."""

from kouan.proving.invariants.alarms import AlarmsKept
from kouan.proving.invariants.goods import ManifestOnce, RadiationCleared, SealIntact, WeightBelieved
from kouan.proving.invariants.holds import LateHold
from kouan.proving.invariants.known import Known
from kouan.proving.invariants.lanes import CertainClock, PowerLost, SilentNetwork
from kouan.proving.invariants.ledger import OneChain
from kouan.proving.invariants.liveness import EverybodyServed
from kouan.proving.invariants.orders import DurableFirst, FreshOrders, OnlyRecordedOrders, OpensOnce
from kouan.proving.invariants.people import LawfulOverrides, NothingAssumed
from kouan.proving.invariants.privacy import NobodyNamed
from kouan.proving.invariants.vehicles import OnePlace, OneVehicleAnOpening, RightVehicle
from kouan.proving.observations import Checker, Watch

CHECKERS: tuple[type[Checker], ...] = (
    OpensOnce,
    FreshOrders,
    RightVehicle,
    LateHold,
    OneVehicleAnOpening,
    OnePlace,
    SealIntact,
    RadiationCleared,
    WeightBelieved,
    CertainClock,
    OnlyRecordedOrders,
    LawfulOverrides,
    SilentNetwork,
    NothingAssumed,
    PowerLost,
    ManifestOnce,
    NobodyNamed,
    OneChain,
    AlarmsKept,
    EverybodyServed,
    DurableFirst,
)
"""Every checker, in the order of the invariants; ``durable``: nothing is visible before it is durable."""

NOT_YET = {
    "I18": "no driverless vehicle and no road segment exists yet that could lose its heartbeat",
    "I22": "a simulated day ends at the gate, or at its yard's exit, before any buyer. `kouan simulate month` sells "
    "goods, and checks I22 at every entry, with planted bugs of its own; `kouan prove release` visits every state that "
    "a lot can reach",
    "I23": "no border resident's quota exists yet that could be oversold",
}
"""Invariants of what does not exist yet, and why."""


def all_checkers() -> tuple[Checker, ...]:
    """Return a fresh checker of each kind, for one run."""
    return tuple(kind() for kind in CHECKERS)


def invariants_covered() -> tuple[str, ...]:
    """Return the invariants that are checked, in order."""
    return tuple(dict.fromkeys(kind.invariant for kind in CHECKERS))


def watch_all() -> tuple[Watch, Known]:
    """Return a watch over everything, and what it knows; tell ``known.port`` of the simulated port, once it is made."""
    known = Known()
    return Watch(all_checkers(), known), known
