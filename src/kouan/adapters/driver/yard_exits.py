"""Carries out what the yard orders of its exits: signs, sends, voids; and ends a latch where a person has looked.

An exit is a lane of another kind: its orders, holds and resets are the gate's, and the same lane controller takes them.
"""

from collections.abc import Callable, Sequence

from kouan.adapters.driver.messenger import Messenger
from kouan.gate.commands import SendOrder
from kouan.gate.roles import GateRecords
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Ledger, Statement, Unit, UnitRefused
from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.jws import Signer
from kouan.protocols.lane_order.codec import sign_order
from kouan.protocols.lane_order.messages import GATE_OUT, LONGEST_LIFE_US, LaneReset, OpenOrder, OrderedVehicle
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.errors import Conflict, NotFound
from kouan.yard.events import IssueExit, OpenExit
from kouan.yard.facts import Signed
from kouan.yard.units import draft

NOTICE = "hold.changed"
"""What an exit is told where goods were held: whose they are is none of its business."""


class YardExits:
    """The exits of one port's yard; ``epochs`` are their hold epochs, which polls are answered with (I4)."""

    def __init__(
        self, port: str, names: Sequence[str], messenger: Messenger, signer: Signer, chance: Callable[[int], bytes],
        ledger: Ledger, records: GateRecords, clock: Clock,
    ) -> None:  # fmt: skip
        """``chance`` returns that many random bytes."""
        self.epochs = dict.fromkeys(names, 0)
        self._port = port
        self._messenger = messenger
        self._signer = signer
        self._chance = chance
        self._ledger = ledger
        self._records = records
        self._clock = clock

    async def start(self) -> None:
        """Read the exits' epochs; an order that was signed before is of epoch 0, and void where one was raised."""
        for name, epoch in (await self._records.lane_epochs()).items():
            if name in self.epochs:
                self.epochs[name] = max(epoch, self.epochs[name])

    def close(self) -> None:
        """Send nothing more."""
        self._messenger.close()

    def sign(self, issue: IssueExit) -> Signed:
        """Sign the order to an exit, with a fresh nonce; raise InvalidValue where it cannot be one."""
        asked, line = issue.order, issue.order.line
        order = OpenOrder(
            order_id=asked.order_id, port=self._port, lane=line.exit, passage=issue.visit, barrier=Barrier.EXIT,
            outcome=GATE_OUT, vehicle=OrderedVehicle(plate=issue.plate, axles=line.axles, track=line.track),
            epoch=self.epochs[line.exit], issued_at=asked.issued_at, expires_at=asked.expires_at,
            nonce=self._chance(16).hex(),
        )  # fmt: skip
        return Signed(order.nonce, sign_order(self._signer, order).decode("ascii"))

    def send(self, command: OpenExit) -> None:
        """Send a signed order until it is answered or expires."""
        order = command.order
        self._messenger.order(SendOrder(order.order_id, order.line.exit, order.jws, order.expires_at))

    def answered(self, name: str) -> None:
        """Send this order, or reset, no more."""
        self._messenger.order_answered(name)

    async def void(self, name: str) -> None:
        """Raise an exit's epoch: every order that it was given until now is void, and the exit is told so at once."""
        epoch = self.epochs[name] + 1
        body = canonical({"at": self._clock.now(), "epoch": epoch})
        raised = Draft("gate.epoch_raised/1", name, f"epoch:{name}:{epoch}", body)
        guard = Statement("gate.raise_epoch", {"lane": name, "epoch": epoch})
        answer = await self._ledger.append(Unit((raised,), (guard,)))
        if isinstance(answer, UnitRefused):
            raise Conflict(f"the epoch of exit {name} could not be raised: {answer.guard}")
        self.epochs[name] = epoch
        self._messenger.hold(name, epoch, NOTICE)

    async def reset(self, name: str, by: str, reason: str) -> None:
        """Give the lane controller leave to end an exit's latch, once that is recorded; raise NotFound."""
        if name not in self.epochs:
            raise NotFound(f"the yard has no exit lane {name}")
        now, nonce = self._clock.now(), self._chance(16).hex()
        reset = LaneReset(
            reset_id=f"reset-{name}-{nonce[:16]}", port=self._port, lane=name, by=by,
            reason="".join(sign if sign.isprintable() else " " for sign in reason)[:200],
            issued_at=now, expires_at=now + LONGEST_LIFE_US, nonce=nonce,
        )  # fmt: skip
        body = {"at": now, "exit": name, "by": by, "reason": reason, "reset": reset.reset_id}
        await self._ledger.append(Unit((draft("exit_reset", name, reset.reset_id, body),)))
        self._messenger.reset(reset)
