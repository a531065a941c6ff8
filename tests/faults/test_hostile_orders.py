"""A million hostile orders, each through the lane's real step: no command to a barrier.

Every kind is made from orders that a good platform signed. A million take about 45 s on one core of two, most of it in
the signatures of the one in five that reaches them; ``KOUAN_HOSTILE_ORDERS`` sets another count.
"""

import base64
import os
from collections import Counter
from collections.abc import Callable
from random import Random

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from msgspec.structs import replace
from tests.unit.gate.lane_kit import PLATFORM, PORT, STRANGER, Table

from kouan.gate.lane_controller import step
from kouan.gate.lane_controller.memory import TOLD_AGAIN_US
from kouan.gate.lane_controller.state import Actuate, LaneState, OrderCame, Report
from kouan.protocols import jws
from kouan.protocols.barrier.messages import Barrier, BarrierPosition
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.lane_order import codec
from kouan.vocabulary.clock import SECOND

COUNT = int(os.environ.get("KOUAN_HOSTILE_ORDERS", "1000000"))

AGENCY = PrivateKeySigner(f"agency:customs:{PORT}", Ed25519PrivateKey.from_private_bytes(bytes(range(2, 34))))
DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

Maker = Callable[[Random], bytes]


class Arsenal:
    """Makes hostile orders for a lane in which one good order was carried out, and a vehicle waits for another."""

    def __init__(self) -> None:
        self.table = Table().ready()
        used = self.table.order()
        self.used = self.table.send(used)
        self.table.arm(BarrierPosition.OPEN, order_id=used.order_id)
        self.table.leave(used.order_id)
        self.table.arm(BarrierPosition.CLOSED)
        self.table.arrive()
        self.table.now += SECOND
        self.table.poll()
        self.good = self.table.order()
        self.signed = codec.sign_order(PLATFORM, self.good)
        self.payload = codec.ORDERS.json.encode(self.good)
        self.wrong_vehicles = [self._sign(self._wrong_vehicle(number)) for number in range(200)]
        self.forged = [codec.sign_order(STRANGER, replace(self.good, order_id=f"forged-{n}")) for n in range(400)]
        self.elsewhere = [self._elsewhere(number) for number in range(200)]
        self.expired = [self._expired(number) for number in range(200)]
        self.other_types = [
            jws.sign(signer, typ, self.payload)
            for signer in (PLATFORM, AGENCY)
            for typ in (
                codec.HOLD_TYPE,
                codec.RESET_TYPE,
                codec.POLL_TYPE,
                codec.REPORT_TYPE,
                "kouan-verdict+jws",
                "JWT",
            )
        ] + [jws.sign(AGENCY, codec.ORDER_TYPE, self.payload)]
        self.makers: dict[str, tuple[int, Maker]] = {
            "replayed": (20, lambda chance: self.used),
            "wrong vehicle": (10, lambda chance: chance.choice(self.wrong_vehicles)),
            "for another lane or port": (12, lambda chance: chance.choice(self.elsewhere)),
            "expired": (12, lambda chance: chance.choice(self.expired)),
            "wrong type or signer": (8, lambda chance: chance.choice(self.other_types)),
            "forged": (3, lambda chance: chance.choice(self.forged)),
            "truncated": (12, lambda chance: self.signed[: chance.randrange(len(self.signed))]),
            "bit flipped": (10, self._flipped),
            "signature changed": (3, self._resigned),
            "spliced": (3, self._spliced),
            "unsigned": (3, self._unsigned),
            "noise": (4, lambda chance: chance.randbytes(chance.randrange(1200))),
        }

    def _sign(self, order: object) -> bytes:
        return codec.sign_order(PLATFORM, order)  # type: ignore[arg-type]

    def _wrong_vehicle(self, number: int) -> object:
        changes = (
            {"plate": f"蒙B{number:05d}"},
            {"axles": self.good.vehicle.axles + 1 + number % 4},
            {"track": self.good.vehicle.track + 1 + number},
            {"seal": f"GQ9{number:05d}"},
        )[number % 4]
        vehicle = replace(self.good.vehicle, **changes)
        return replace(self.good, order_id=f"wrong-{number}", nonce=f"wrong-vehicle-{number:06d}", vehicle=vehicle)

    def _elsewhere(self, number: int) -> bytes:
        if number % 2:
            return self._sign(replace(self.good, order_id=f"lane-{number}", lane=f"O{number % 7}"))
        away = PrivateKeySigner("platform:erenhot", Ed25519PrivateKey.from_private_bytes(bytes(range(3, 35))))
        return codec.sign_order(away, replace(self.good, order_id=f"port-{number}", port="erenhot"))

    def _expired(self, number: int) -> bytes:
        late = (2 + number) * SECOND
        order = replace(self.good, order_id=f"expired-{number}", nonce=f"expired-order-{number:06d}")
        return self._sign(
            replace(order, issued_at=order.issued_at - 5 * SECOND - late, expires_at=order.issued_at - late)
        )

    def _flipped(self, chance: Random) -> bytes:
        """Flip one bit of the good order's bytes: dots, header, payload or signature."""
        at = chance.randrange(len(self.signed))
        return self.signed[:at] + bytes([self.signed[at] ^ (1 << chance.randrange(8))]) + self.signed[at + 1 :]

    def _resigned(self, chance: Random) -> bytes:
        """Put random bytes in the place of the signature."""
        fake = base64.urlsafe_b64encode(chance.randbytes(64)).rstrip(b"=")
        return self.signed[: self.signed.rindex(b".") + 1] + fake

    def _spliced(self, chance: Random) -> bytes:
        """Join the head and payload of one order with the signature of another."""
        other = chance.choice(self.wrong_vehicles)
        return self.signed[: self.signed.rindex(b".")] + other[other.rindex(b".") :]

    def _unsigned(self, chance: Random) -> bytes:
        """Claim that no signature is needed, as attacks on JSON Web Signatures do."""
        header = chance.choice(
            (
                b'{"alg":"none","typ":"kouan-order+jws"}',
                b'{"alg":"HS256","kid":"platform:ganqimaodu","typ":"kouan-order+jws"}',
            )
        )
        return b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in (header, self.payload, b""))


@pytest.mark.slow
def test_a_million_hostile_orders_open_nothing() -> None:
    arsenal = Arsenal()
    chance = Random(20251122)
    names = list(arsenal.makers)
    kinds = chance.choices(names, weights=[arsenal.makers[name][0] for name in names], k=COUNT)
    state, now = arsenal.table.state, arsenal.table.now
    commands = reports = 0
    sent: Counter[str] = Counter()
    for number, kind in enumerate(kinds):
        compact = arsenal.makers[kind][1](chance)
        stepped = step(state, OrderCame(compact), now)
        state = stepped.state
        sent[kind] += 1
        for effect in stepped.effects:
            commands += isinstance(effect, Actuate)
            reports += isinstance(effect, Report)
        if number % 1000 == 0:
            now += 1000
    assert sum(sent.values()) == COUNT
    assert set(sent) == set(names)
    assert commands == 0
    assert reports <= len(state.known) * (1 + (now - arsenal.table.now) / TOLD_AGAIN_US)
    assert _still_opens_for_the_good_order(arsenal, state, now)
    assert sum(state.rejected.values()) > COUNT / 2


def _still_opens_for_the_good_order(arsenal: Arsenal, state: LaneState, now: int) -> bool:
    """Show that the lane would have opened all the while, had one of them been right."""
    table = arsenal.table
    table.state, table.now, table.commands = state, now, []
    table.poll()
    table.send(table.order(barrier=Barrier.RELEASE))
    return len(table.commands) == 1
