"""The order that opens an exit of the yard, as it travels: what the yard decides becomes exactly the kept sample."""

from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.adapters.driver.yard_exits import YardExits
from kouan.protocols import jws
from kouan.protocols.lane_order.codec import ORDER_TYPE, verify_order
from kouan.protocols.signed import platform_key
from kouan.vocabulary.errors import InvalidValue
from kouan.yard.events import IssueExit
from kouan.yard.exits import let_out
from kouan.yard.facts import Line, Purpose
from kouan.yard.people import Aboard
from kouan.yard.states import Stay

GOLDEN = Path(__file__).parents[2] / "protocols/golden/lane_order"
PORT = "ganqimaodu"
KEY = jws.PrivateKeySigner(
    platform_key(PORT),
    Ed25519PrivateKey.from_private_bytes(
        bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")
    ),
)
"""The private key of RFC 8037, appendix A.1, which makes the golden samples."""


def exits() -> YardExits:
    nothing: Any = None  # signing sends and records nothing
    return YardExits(PORT, ("X1",), nothing, KEY, lambda count: bytes(range(count)), nothing, nothing, nothing)


def issued() -> IssueExit:
    """Return the order of a lorry that fetched 30 t and stands in exit X1."""
    stay = Stay(
        visit="yard-PU-2026-000017", site="coal", plate="蒙B55678", carrier="CARRIER-02", purpose=Purpose.PICK_UP,
        lot="071320261000000001-1", hs_code="2701121000", opened_at=1_767_225_000_000_000, aboard=Aboard(1, ()),
        version=7,
    )  # fmt: skip
    move = let_out(stay, 30_000, 1_767_225_600_000_000, Line("X1", 4712, 6), None)
    (command,) = move.commands
    assert isinstance(command, IssueExit)
    return command


def test_an_exit_is_ordered_to_open_with_the_bytes_of_the_kept_sample() -> None:
    signed = exits().sign(issued())
    assert signed.jws.encode() == (GOLDEN / "OpenOrder.exit.jws").read_bytes()
    order = verify_order({KEY.key_id: KEY.public_key}, signed.jws.encode())
    assert (order.outcome, order.barrier.value, order.nonce) == ("GATE_OUT", "exit", signed.nonce)
    assert order.expires_at - order.issued_at == 5_000_000


@pytest.mark.parametrize("outcome", ["RELEASE", "DIVERT_MANUAL"])
def test_no_outcome_of_the_gate_opens_an_exit(outcome: str) -> None:
    raw = (GOLDEN / "OpenOrder.exit.json").read_bytes().replace(b"GATE_OUT", outcome.encode())
    with pytest.raises(InvalidValue, match=r"order\.outcome"):
        verify_order({KEY.key_id: KEY.public_key}, jws.sign(KEY, ORDER_TYPE, raw))
