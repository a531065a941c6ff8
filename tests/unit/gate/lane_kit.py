"""A lane controller on a table: a platform's key, a clock, a log on a medium, and a barrier that counts."""

from collections.abc import Callable
from random import Random
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.adapters.lane_controller.memory_log import Medium, MemoryNonceLog
from kouan.gate.lane_controller import step
from kouan.gate.lane_controller.restart import SETTLING_US, restart
from kouan.gate.lane_controller.state import (
    Actuate,
    AnswerCame,
    Commanded,
    Effect,
    HoldCame,
    Input,
    LaneSetting,
    LaneState,
    OrderCame,
    PollSent,
    Report,
    ReportTaken,
    ResetCame,
    Write,
)
from kouan.protocols.barrier.messages import Barrier, BarrierChanged, BarrierPosition, OpenBarrier
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import (
    ControllerReport,
    HoldNotice,
    LaneReset,
    OpenOrder,
    OrderedVehicle,
    PollAnswer,
)
from kouan.protocols.plate_camera.messages import PlateColour, PlatePosition, PlateRead
from kouan.protocols.plc.messages import CrossingSeen, Loop, LoopChanged, VehicleMeasured
from kouan.protocols.seal_reader.messages import SealCondition, SealRead
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Conflict

PORT = "ganqimaodu"
LANE = "I1"
START = 1_700_000_000 * SECOND
PLATFORM = PrivateKeySigner(f"platform:{PORT}", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
STRANGER = PrivateKeySigner(f"platform:{PORT}", Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33))))


class Crash(Exception):
    """The process dies here."""


class Table:
    """One lane, with everything around it; ``now`` is monotonic, and the platform's wall time is START later."""

    def __init__(self, seed: int = 0, *, medium: Medium | None = None) -> None:
        self.random = Random(seed)
        self.medium = medium or Medium()
        self.now = 1000 * SECOND
        self.seq = 0
        self.serial = 0
        self.track = 0
        self.commands: list[OpenBarrier] = []
        self.reports: list[ControllerReport] = []
        self.on_effect: Callable[[Effect], None] = lambda effect: None
        self.after_effect: Callable[[Effect], None] = lambda effect: None
        self.log = MemoryNonceLog(self.medium)
        self.state: LaneState
        self.boot()

    # The process

    @property
    def setting(self) -> LaneSetting:
        return LaneSetting(PORT, LANE, "lane-controller", {PLATFORM.key_id: PLATFORM.public_key})

    def boot(self) -> None:
        """Start the process on what the medium holds."""
        self.log = MemoryNonceLog(self.medium)
        started = restart(self.setting, self.log.records, self.now)
        self.state = started.state
        for effect in started.effects:
            self.perform(effect)

    def crash(self) -> None:
        """Lose the process's memory and whatever the medium did not keep."""
        self.medium.cut_power(self.random)

    def give(self, came: Input) -> None:
        """Give the lane one input and do all that it asks for."""
        stepped = step(self.state, came, self.now)
        self.state = stepped.state
        for effect in stepped.effects:
            self.perform(effect)

    def perform(self, effect: Effect) -> None:
        self.on_effect(effect)
        follow: Input | None = None
        match effect:
            case Write():
                try:
                    self.log.append_now(effect.records)
                    follow = effect.then
                except Conflict:
                    follow = effect.refused
            case Actuate():
                self.commands.append(effect.command)
                follow = Commanded(effect.command.order_id)
            case Report():
                self.reports.append(effect.report)
                follow = ReportTaken(effect.report.order_id)
        self.after_effect(effect)
        if follow is not None:
            self.give(follow)

    # The platform

    @property
    def wall(self) -> int:
        return START + self.now

    def poll(self, round_trip: int = 2000, epoch: int | None = 0, skew: int = 0, **changes: Any) -> None:
        nonce = f"{self.random.getrandbits(128):032x}"
        self.give(PollSent(nonce))
        self.now += round_trip // 2
        epochs = {} if epoch is None else {LANE: epoch}
        answer = msgspec.structs.replace(PollAnswer(nonce=nonce, time=self.wall + skew, epochs=epochs), **changes)
        self.now += round_trip - round_trip // 2
        self.give(AnswerCame(codec.sign_poll_answer(PLATFORM, PORT, answer)))

    def order(self, **changes: Any) -> OpenOrder:
        """Return a good order for the vehicle at the line, changed as asked; ``vehicle_*`` changes the vehicle."""
        self.serial += 1
        vehicle = {"plate": "蒙B023H6", "trailer": "蒙B1234挂", "seal": "GQ123456", "axles": 6, "track": self.track}
        vehicle |= {name[8:]: changes.pop(name) for name in tuple(changes) if name.startswith("vehicle_")}
        fields: dict[str, Any] = {
            "order_id": f"order-{self.serial}",
            "port": PORT,
            "lane": LANE,
            "passage": f"passage-{self.track}",
            "barrier": Barrier.RELEASE,
            "outcome": "RELEASE",
            "vehicle": OrderedVehicle(**vehicle),
            "epoch": self.state.epoch,
            "issued_at": self.wall,
            "expires_at": self.wall + 5 * SECOND,
            "nonce": f"nonce-{self.serial:012d}",
        }
        return OpenOrder(**(fields | changes))

    def send(self, order: OpenOrder, signer: PrivateKeySigner = PLATFORM) -> bytes:
        compact = codec.sign_order(signer, order)
        self.give(OrderCame(compact))
        return compact

    def hold(self, epoch: int, signer: PrivateKeySigner = PLATFORM) -> None:
        notice = HoldNotice(port=PORT, lane=LANE, epoch=epoch, reason="hold.placed")
        self.give(HoldCame(codec.sign_hold(signer, notice)))

    def reset(self, signer: PrivateKeySigner = PLATFORM, **changes: Any) -> None:
        self.serial += 1
        fields: dict[str, Any] = {
            "reset_id": f"reset-{self.serial}",
            "port": PORT,
            "lane": LANE,
            "by": "officer",
            "reason": "looked",
            "issued_at": self.wall,
            "expires_at": self.wall + 5 * SECOND,
            "nonce": f"nonce-{self.serial:012d}",
        }
        self.give(ResetCame(codec.sign_reset(signer, LaneReset(**(fields | changes)))))

    # The lane's devices

    def stamp(self, device: str) -> dict[str, Any]:
        self.seq += 1
        return {"device": f"{LANE}.{device}", "seq": self.seq, "at": self.wall}

    def loop(self, occupied: bool, track: int | None = None) -> None:
        track = self.track if track is None else track
        self.give(LoopChanged(**self.stamp("plc"), loop=Loop.STOP, occupied=occupied, track=track))

    def measure(self, axles: int = 6, *, alone: bool = True) -> None:
        self.give(VehicleMeasured(**self.stamp("plc"), track=self.track, axles=axles, length_mm=16500, alone=alone))

    def plate(self, text: str = "蒙B023H6", position: PlatePosition = PlatePosition.FRONT) -> None:
        self.give(
            PlateRead(
                **self.stamp("plate_camera"),
                track=self.track,
                position=position,
                text=text,
                confidence_pm=950,
                colour=PlateColour.YELLOW,
            )
        )

    def seal(self, number: str | None = "GQ123456") -> None:
        self.give(
            SealRead(**self.stamp("seal_reader"), track=self.track, number=number, condition=SealCondition.INTACT)
        )

    def arm(self, position: BarrierPosition, barrier: Barrier = Barrier.RELEASE, order_id: str | None = None) -> None:
        self.give(
            BarrierChanged(**self.stamp("barrier"), barrier=barrier, position=position, order_id=order_id, boots=1)
        )

    def arms_closed(self, *arms: Barrier) -> None:
        for barrier in arms or (Barrier.RELEASE, Barrier.DIVERT):
            self.arm(BarrierPosition.CLOSED, barrier)

    def arrive(self) -> None:
        """A lorry stops at the line and everything of it is read."""
        self.track += 1
        self.loop(True)
        self.measure()
        self.plate()
        self.plate("蒙B1234挂", PlatePosition.REAR)
        self.seal()

    def leave(self, order_id: str | None = None, *, vehicles: int = 1) -> None:
        """The lorry passes the open arm, which then comes down."""
        self.loop(False)
        self.give(CrossingSeen(**self.stamp("plc"), track=self.track, vehicles=vehicles, order_id=order_id))

    def ready(self, *arms: Barrier) -> "Table":
        """Bring the lane to where a good order opens it: a gate's, unless it has other arms."""
        self.arms_closed(*arms)
        self.poll()
        self.arrive()
        self.now += SECOND
        return self

    def wait(self, span_us: int) -> None:
        """Let time pass, polled each second."""
        end = self.now + span_us
        while self.now < end:
            self.now = min(end, self.now + SECOND)
            self.poll(epoch=self.state.epoch)

    def restart(self) -> None:
        """Crash, start again, and settle."""
        self.crash()
        self.boot()
        self.wait(SETTLING_US + SECOND)


def rule_of(table: Table) -> str | None:
    """Return the rule of the last report."""
    return table.reports[-1].rule if table.reports else None
