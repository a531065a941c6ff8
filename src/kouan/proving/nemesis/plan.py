"""What goes wrong in one run, as data: drawn from a seed, shrunk, written to a file and read back."""

import enum
from collections.abc import Mapping, Sequence
from typing import Annotated

import msgspec

from kouan.simulator.anomalies import Anomaly
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import InvalidValue


class FaultKind(enum.StrEnum):
    """What can go wrong. The target names a link, a node, a clock, a lane or a device of one."""

    LOSS = "loss"
    DELAY = "delay"
    DUPLICATION = "duplication"
    REORDERING = "reordering"
    CUT_UP = "cut_up"
    CUT_DOWN = "cut_down"
    CUT = "cut"
    DEAF = "deaf"
    """The platform hears nothing for longer than it waits for anybody, and still speaks to its lanes."""
    FLAPPING = "flapping"
    DROPPED = "dropped"
    """The broker's connection to one part of the field ends, with its last will, and is made anew."""
    BROKER_RESTART = "broker_restart"
    DISK_FULL = "disk_full"
    DISK_ERROR = "disk_error"
    DISK_SLOW = "disk_slow"
    STORE_LOST = "store_lost"
    """The connection to the store ends before a commit."""
    ANSWER_LOST = "answer_lost"
    """It ends after a commit took effect, before the answer."""
    STORE_AWAY = "store_away"
    FENCED = "fenced"
    """Another writer raises the epoch before a commit."""
    LEDGER_FLIPPED = "ledger_flipped"
    """A bit of a synchronised entry is another one after a restart."""
    LEDGER_LOST = "ledger_lost"
    """Entries that were said to be synchronised are gone after a restart."""
    LOG_FULL = "log_full"
    """The lane controller's medium takes no more writes for a while."""
    LOG_LOST = "log_lost"
    """A write of the controller fails and nothing of it outlives the power cut that follows."""
    LOG_TORN = "log_torn"
    """As before, but a first part of it stays."""
    LOG_FLIPPED = "log_flipped"
    PLATFORM_CRASH = "platform_crash"
    """At the n-th await."""
    CONTROLLER_CRASH = "controller_crash"
    CRASH_AT_COMMIT = "crash_at_commit"
    """The platform dies as an entry becomes durable, before anybody is answered."""
    CRASH_AT_ORDER = "crash_at_order"
    """The platform dies between the order's commit and its going out, or a few awaits later."""
    CRASH_AT_NONCE = "crash_at_nonce"
    """The controller dies as a record becomes durable."""
    CRASH_AT_COMMAND = "crash_at_command"
    """The controller dies after the broker took the barrier's command, before it is acknowledged or reported."""
    CLOCK_SKEW = "clock_skew"
    CLOCK_FORWARD = "clock_forward"
    CLOCK_BACK = "clock_back"
    CLOCK_DRIFT = "clock_drift"
    SWAP = "swap"
    """The vehicle at the line drives off after the decision, and another takes its place."""
    UNCOUNTED_SWAP = "uncounted_swap"
    """As before, and the PLC gives the other one the same track."""
    TAILGATER = "tailgater"
    STUCK_LOOP = "stuck_loop"
    SILENT_DEVICE = "silent_device"
    BABBLING_DEVICE = "babbling_device"
    PLC_RESTART = "plc_restart"
    BARRIER_RESTART = "barrier_restart"
    LATE_HOLD = "late_hold"
    """A hold is placed between decision and actuation."""
    CONTRADICTION = "contradiction"
    """Two officers decide the same review differently at the same time."""
    FOREIGN_RELEASE = "foreign_release"
    """An officer releases what another authority found."""
    FOREIGN_LIFT = "foreign_lift"
    """An officer lifts a hold of another authority."""
    OVERRIDE = "override"
    """An officer releases what his own authority found: lawfully, or short of something that it takes."""
    FORGED_ORDER = "forged_order"
    """Somebody sends a lane an order that is forged, altered, another lane's or an old one."""
    HELD_ORDER = "held_order"
    """An order comes to its lane too late, or comes when another vehicle stands there."""
    DOUBLED_MANIFEST = "doubled_manifest"
    """A trader hands in a second manifest for the same goods."""


class FaultAct(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that goes wrong: from ``at`` on (microseconds from the start), for ``span_us``."""

    at: Annotated[int, msgspec.Meta(ge=0)]
    kind: FaultKind
    target: str
    span_us: Annotated[int, msgspec.Meta(ge=0)]
    params: Mapping[str, int] = {}

    def __str__(self) -> str:
        told = ", ".join(f"{name}={value}" for name, value in self.params.items())
        span = f"for {self.span_us / SECOND:.1f} s" if self.span_us else "at once"
        return f"{self.at / SECOND:7.1f} s  {self.kind.value:<16} {self.target or '-':<24} {span}{told and '  '}{told}"


class Plan(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One run: its traffic and its faults; everything else follows from ``seed``.

    ``queue`` lorries wait before each direction at the start, ``per_hour`` come in an hour each way. ``rates`` are per
    mille of vehicles with each kind of trouble of their own. ``calibrated`` says that the weighbridges' certificate has
    not run out. After ``heals_us`` nothing goes wrong any more.
    """

    seed: int
    lanes: tuple[str, ...] = ("I1", "I2", "O1", "O2")
    queue: int = 3
    per_hour: int = 60
    rates: Mapping[Anomaly, int] = {}
    calibrated: bool = True
    heals_us: int = 440 * SECOND
    ends_us: int = 600 * SECOND
    faults: tuple[FaultAct, ...] = ()

    def encode(self) -> bytes:
        """Return this plan as JSON, a fault a line."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1) + b"\n"

    def summary(self) -> str:
        """Return what remains to happen, for a person: instants, kinds and targets."""
        traffic = f"seed {self.seed}: lanes {', '.join(self.lanes)}; {self.queue} lorries queue each way, "
        traffic += f"{self.per_hour} an hour follow; heals after {self.heals_us / SECOND:.0f} s"
        troubles = ", ".join(f"{kind.value} {share} ‰" for kind, share in self.rates.items())
        return "\n".join([traffic, f"vehicles: {troubles or 'nothing wrong'}", *(str(act) for act in self.faults)])


def decode_plan(data: bytes) -> Plan:
    """Return the plan that was written so; raise InvalidValue."""
    try:
        return msgspec.json.decode(data, type=Plan)
    except msgspec.MsgspecError as error:
        raise InvalidValue("plan", "plan.json", str(error)) from error


def in_order(faults: Sequence[FaultAct]) -> tuple[FaultAct, ...]:
    """Return the faults in the order in which they begin."""
    return tuple(sorted(faults, key=lambda act: (act.at, act.kind, act.target)))
