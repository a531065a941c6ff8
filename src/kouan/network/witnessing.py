"""When the hub vouches for a port's signed head: it agrees with every entry that the hub has taken (I19)."""

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.ledger.heads import SignedHead, verify_head
from kouan.network.taking import Broken
from kouan.vocabulary.errors import InvalidValue


class Tree(msgspec.Struct, frozen=True):
    """What the hub itself holds at the size of a head: the Merkle root and the last entry's hash, both in hex."""

    root: str
    last: str


class Agrees(msgspec.Struct, frozen=True):
    """The head is genuine and names what the hub holds: it can be witnessed."""


class Ahead(msgspec.Struct, frozen=True):
    """The head is genuine and beyond what was taken: it is looked at again once that much is there."""


class Stale(msgspec.Struct, frozen=True):
    """A head as large was witnessed before, or it cannot be told whose it is: nothing follows."""


def judge_head(
    head: SignedHead, port: str, key: Ed25519PublicKey, taken: int, witnessed: int, tree: Tree | None
) -> Agrees | Ahead | Stale | Broken:
    """Return what a head is worth; ``tree`` is what is held at its size, None where that is beyond ``taken``.

    Two heads that agree with the same copy are consistent with each other. A genuine head that does not agree is a
    fork: ``Broken`` with the rule ``head.fork``. One whose signature does not verify proves nothing, and is ``Stale``.
    """
    try:
        verify_head(head, key)
    except InvalidValue:
        return Stale()
    if head.port != port or head.size <= witnessed:
        return Stale()
    if head.size > taken or tree is None:
        return Ahead()
    return Agrees() if (head.root, head.last) == (tree.root, tree.last) else Broken("head.fork", head.size)
