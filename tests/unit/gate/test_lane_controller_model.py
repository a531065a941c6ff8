"""A lane in a hostile world: crashes between any two effects, lost holds, swapped vehicles, copies of every order.

Each command to the barrier is judged, at the moment at which it is given, by what is true in the world.
"""

from collections.abc import Callable
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule
from tests.unit.gate.lane_kit import PLATFORM, Crash, Table

from kouan.adapters.lane_controller import frames
from kouan.gate.lane_controller import controller as lane_controller
from kouan.gate.lane_controller import devices as lane_devices
from kouan.gate.lane_controller import restart as lane_restart
from kouan.gate.lane_controller import rules as lane_rules
from kouan.gate.lane_controller.records import EpochRaised, Intent, Latched, Uses
from kouan.gate.lane_controller.state import Actuate, Effect, OrderCame
from kouan.gate.lane_controller.view import VehicleView
from kouan.protocols.barrier.messages import BarrierPosition
from kouan.protocols.lane_order import codec
from kouan.protocols.lane_order.messages import OpenOrder
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import GRANTED

PLATES = ("蒙B023H6", "1234УБА", "蒙A88888")


class Violation(AssertionError):
    """A command was given that must never be."""


class World:
    """The lane's surroundings, as they truly are."""

    def __init__(self, seed: int) -> None:
        self.table = Table(seed)
        self.table.on_effect = self._before
        self.table.after_effect = self._after
        self.orders: list[tuple[OpenOrder, bytes]] = []
        self.commanded: list[OpenOrder] = []
        self.plate: str | None = None
        self.stopped_at = 0
        self.epoch = 0
        self.open: str | None = None
        self.opening: str | None = None
        self.countdown: int | None = None
        self.table.arms_closed()
        self.poll()

    # What happens

    def arrive(self, plate: str) -> None:
        if self.plate is None:
            self.plate, self.stopped_at = plate, self.table.wall
            self.table.track += 1
            self._alive(lambda: self.table.loop(True), self.table.measure, lambda: self.table.plate(plate))

    def roll_off(self) -> None:
        if self.plate is not None:
            self.plate = None
            self._alive(lambda: self.table.loop(False))

    def swap(self, plate: str) -> None:
        self.roll_off()
        self.arrive(plate)

    def issue(self, *, stale: bool) -> None:
        """The platform orders the barrier open, for what it believes; ``stale`` is an order from before a hold."""
        epoch = max(0, self.epoch - stale)
        order = self.table.order(
            vehicle_plate=self.plate or PLATES[0], vehicle_trailer=None, vehicle_seal=None, epoch=epoch
        )
        self.orders.append((order, codec.sign_order(PLATFORM, order)))
        self.deliver(-1)

    def deliver(self, which: int) -> None:
        if self.orders:
            compact = self.orders[which % len(self.orders)][1]
            self._alive(lambda: self.table.give(OrderCame(compact)))

    def hold(self, *, lost: bool) -> None:
        self.epoch += 1
        if not lost:
            self._alive(lambda: self.table.hold(self.epoch))

    def poll(self) -> None:
        self._alive(lambda: self.table.poll(epoch=self.epoch))

    def pass_time(self, span_us: int) -> None:
        self.table.now += span_us

    def wait(self) -> None:
        for _ in range(3):
            self.pass_time(SECOND)
            self.poll()

    def drive_through(self, *, vehicles: int) -> None:
        """The vehicle passes the open arm, perhaps with another behind it, and the arm comes down."""
        if self.open is None or self.plate is None:
            return
        order_id, self.open, self.plate = self.open, None, None
        table = self.table
        self._alive(
            lambda: table.arm(BarrierPosition.OPEN, order_id=order_id),
            lambda: table.leave(order_id, vehicles=vehicles),
            lambda: table.arm(BarrierPosition.CLOSED, order_id=order_id),
        )

    def reset(self) -> None:
        self._alive(self.table.reset)

    def crash_at(self, effects: int) -> None:
        self.countdown = effects

    # The process and its deaths

    def _alive(self, *deeds: Callable[[], None]) -> None:
        """Do these things; where the process dies at one, it starts again before the next. Messages are kept."""
        for deed in (*deeds, self._arm_opens):
            try:
                deed()
            except Crash:
                self.table.crash()
                self._boot()

    def _arm_opens(self) -> None:
        """A commanded arm says that it opens, once; the broker brings that even to a controller that died meanwhile."""
        while self.opening is not None:
            order_id, self.opening = self.opening, None
            self.table.arm(BarrierPosition.OPENING, order_id=order_id)

    def _boot(self) -> None:
        try:
            self.table.boot()
        except Crash:
            self.table.crash()
            self._boot()

    def _before(self, effect: Effect) -> None:
        self._die(effect)
        if isinstance(effect, Actuate):
            self._judge(effect)

    def _after(self, effect: Effect) -> None:
        self._die(effect)

    def _die(self, effect: Effect) -> None:
        if self.countdown is None:
            return
        self.countdown -= 1
        if self.countdown < 0:
            self.countdown = None
            raise Crash

    def _judge(self, effect: Actuate) -> None:
        order = next(order for order, _ in self.orders if order.order_id == effect.command.order_id)
        records = frames.decode(self.table.medium.durable)[0]
        epochs = [record.epoch for record in records if isinstance(record, EpochRaised)]
        latches = [record.cause for record in records if isinstance(record, Latched)]
        wrong = {
            "I1 opened twice": order.order_id in {done.order_id for done in self.commanded},
            "I11 nonce used twice": order.nonce in {done.nonce for done in self.commanded},
            "I1 intent not durable": order.order_id not in {r.order_id for r in records if isinstance(r, Intent)},
            "I2 expired": self.table.wall > order.expires_at,
            "I4 durable hold ignored": order.epoch < max(epochs, default=0),
            "I3 nobody there": self.plate is None,
            "I3 other vehicle": self.plate != order.vehicle.plate or self.table.track != order.vehicle.track,
            "I3 judged before it stopped": order.issued_at < self.stopped_at - 250_000,
            "I5 already open": self.open is not None,
            "I5 latched": bool(latches and latches[-1]),
        }
        broken = [name for name, is_broken in wrong.items() if is_broken]
        if broken:
            raise Violation(broken)
        self.commanded.append(order)
        self.open = self.opening = order.order_id


class LaneMachine(RuleBasedStateMachine):
    @initialize(seed=st.integers(0, 2**16))
    def start(self, seed: int) -> None:
        self.world = World(seed)

    @rule(plate=st.sampled_from(PLATES))
    def arrives(self, plate: str) -> None:
        self.world.arrive(plate)

    @rule()
    def rolls_off(self) -> None:
        self.world.roll_off()

    @rule(plate=st.sampled_from(PLATES))
    def is_swapped(self, plate: str) -> None:
        self.world.swap(plate)

    @rule(stale=st.booleans())
    def order_is_issued(self, stale: bool) -> None:
        self.world.issue(stale=stale)

    @rule(which=st.integers(0, 20))
    def order_is_delivered_again(self, which: int) -> None:
        self.world.deliver(which)

    @rule(lost=st.booleans())
    def hold_is_placed(self, lost: bool) -> None:
        self.world.hold(lost=lost)

    @rule(span=st.sampled_from((1_000, 300_000, SECOND, 3 * SECOND, 6 * SECOND)))
    def time_passes(self, span: int) -> None:
        self.world.pass_time(span)

    @rule()
    def lane_polls(self) -> None:
        self.world.poll()

    @rule()
    def lane_settles(self) -> None:
        self.world.wait()

    @rule(vehicles=st.sampled_from((1, 1, 1, 2)))
    def vehicle_drives_through(self, vehicles: int) -> None:
        self.world.drive_through(vehicles=vehicles)

    @rule()
    def person_resets(self) -> None:
        self.world.reset()

    @rule(effects=st.integers(0, 8))
    def process_will_crash(self, effects: int) -> None:
        self.world.crash_at(effects)


LaneMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
TestLane = LaneMachine.TestCase


def walk(seed: int, steps: int = 150) -> World:
    """Let a lane live through a random day in which vehicles mostly come, are ordered through and go."""
    chance = Random(seed)
    world = World(seed)
    deeds: list[tuple[int, Callable[[], Any]]] = [
        (10, lambda: world.arrive(chance.choice(PLATES))),
        (2, world.roll_off),
        (2, lambda: world.swap(chance.choice(PLATES))),
        (12, lambda: world.issue(stale=chance.random() < 0.2)),
        (8, lambda: world.deliver(chance.randrange(20))),
        (6, lambda: world.deliver(-1)),
        (2, lambda: world.hold(lost=chance.random() < 0.3)),
        (8, world.poll),
        (8, lambda: world.pass_time(chance.choice((1_000, 200_000, SECOND, 4 * SECOND)))),
        (6, world.wait),
        (12, lambda: world.drive_through(vehicles=2 if chance.random() < 0.1 else 1)),
        (4, world.reset),
        (3, lambda: world.crash_at(chance.randrange(8))),
    ]
    weights = [weight for weight, _ in deeds]
    for _ in range(steps):
        chance.choices(deeds, weights)[0][1]()
    return world


def test_long_random_days_open_often_and_never_wrongly() -> None:
    opened = sum(len(walk(seed).commanded) for seed in range(60))
    assert opened > 200


def _forgetful(record: Any) -> Callable[..., Any]:
    return lambda state, *_: state


PLANTED: dict[str, Callable[[pytest.MonkeyPatch], None]] = {
    "intents are forgotten over a crash, and the log does not mind": lambda patch: (
        patch.setattr(lane_restart, "_intended", _forgetful(None)),
        patch.setattr(Uses, "has", lambda self, record: False),
        patch.setattr(lane_restart, "SETTLING_US", -60 * SECOND),
        patch.setattr(lane_rules, "RULES", _without("vehicle_stands_at_the_line", "nothing_else_is_opening")),
    )[0],
    "the epoch is not looked at": lambda patch: patch.setattr(lane_rules, "RULES", _without("hold_epoch_is_current")),
    "expiry is not looked at": lambda patch: patch.setattr(lane_rules, "RULES", _without("order_is_in_force")),
    "the plate is not looked at": lambda patch: patch.setattr(
        lane_rules, "RULES", _without("vehicle_is_the_one_judged", "vehicle_stands_at_the_line")
    ),
    "the stop line may be empty": lambda patch: patch.setattr(
        lane_devices,
        "see_loop",
        lambda view, message, now: (
            view if not message.occupied else VehicleView(message.track, now, view.readings, message.track - 1)
        ),
    ),
    "the latch is not looked at": lambda patch: patch.setattr(lane_rules, "RULES", _without("lane_is_not_latched")),
    "an opening does not end the next one": lambda patch: patch.setattr(
        lane_rules, "RULES", _without("nothing_else_is_opening", "barriers_are_closed")
    ),
    "the second judgement is left out, and a hold comes in between": lambda patch: patch.setattr(
        lane_controller, "judge_order", _first_time_only(lane_controller.judge_order)
    ),
}
"""Bugs, each planted into the real code; the world must find every one, else it proves nothing."""


def _without(*names: str) -> tuple[lane_rules.Rule, ...]:
    return tuple(each for each in lane_rules.RULES if each.__name__ not in names)


def _first_time_only(judge: Callable[..., Any]) -> Callable[..., Any]:
    judged: set[str] = set()

    def once(state: Any, issuer: str, order: OpenOrder, now: int) -> Any:
        if order.order_id in judged:
            return GRANTED
        judged.add(order.order_id)
        return judge(state, issuer, order, now)

    return once


@pytest.mark.parametrize("bug", list(PLANTED))
def test_every_planted_bug_is_found(bug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    PLANTED[bug](monkeypatch)
    with pytest.raises(Violation):
        _walk_many(400)


def _walk_many(seeds: int) -> None:
    for seed in range(seeds):
        walk(seed)
