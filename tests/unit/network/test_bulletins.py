"""Bulletins go forward only; heads are witnessed only where they agree with what the hub holds."""

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from kouan.ledger.heads import sign_head
from kouan.ledger.merkle import Frontier, leaf_hash
from kouan.network.bulletins import (
    MAX_AHEAD_US,
    PublishedRulebook,
    age_us,
    bulletin,
    may_keep,
    newest,
    next_issued,
    rulebooks_in_force,
)
from kouan.network.taking import Broken
from kouan.network.witnessing import Agrees, Ahead, Stale, Tree, judge_head
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.network.messages import MAX_ITEMS, BulletinKind, HoldItem, Holds, SightingItem
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import GRANTED, Refused

NOON = 1_788_242_400_000_000
HOLD = HoldItem(number="h1", authority="customs", kind="detain", plate="A", reason="-")


def holds(version: int, at: int = NOON) -> Holds:
    return Holds(region="r", port="ceke", version=version, issued_at=at, valid_until=at + 1, items=())


def test_the_version_rises_with_each_change_of_the_items_and_with_nothing_else() -> None:
    first = next_issued(None, "ceke", BulletinKind.HOLDS, [])
    assert first.version == 1
    assert next_issued(first, "ceke", BulletinKind.HOLDS, []) == first
    second = next_issued(first, "ceke", BulletinKind.HOLDS, [HOLD])
    assert second.version == 2
    assert next_issued(second, "ceke", BulletinKind.HOLDS, []).version == 3
    made = bulletin("r", second, [HOLD], NOON)
    assert isinstance(made, Holds)
    assert (made.version, made.items, made.port, made.issued_at) == (2, (HOLD,), "ceke", NOON)


@given(st.lists(st.tuples(st.integers(1, 5), st.integers(0, 20)), max_size=30))
def test_whatever_comes_in_whatever_order_a_port_never_goes_back(coming: list[tuple[int, int]]) -> None:
    held: Holds | None = None
    for version, later in coming:
        offered = holds(version, NOON + later)
        if may_keep(held, offered, "r", "ceke", NOON + 30) == GRANTED:
            assert held is None or (version, offered.issued_at) > (held.version, held.issued_at)
            held = offered
    if held is not None:
        assert (held.version, held.issued_at - NOON) == max(coming)


@pytest.mark.parametrize(
    ("offered", "code"),
    [
        (replace(holds(2), port="ganqimaodu"), "bulletin.address"),
        (replace(holds(2), region="other"), "bulletin.address"),
        (holds(2, NOON + MAX_AHEAD_US + 1), "bulletin.future"),
        (holds(1), "bulletin.old"),
        (holds(1, NOON + 1), "bulletin.old"),
    ],
)
def test_a_bulletin_for_others_from_the_future_or_from_before_is_not_kept(offered: Holds, code: str) -> None:
    held = holds(1, NOON + 1)
    verdict = may_keep(held, offered, "r", "ceke", NOON)
    assert isinstance(verdict, Refused)
    assert verdict.reasons[0].code == code


def test_an_age_is_never_negative() -> None:
    assert age_us(holds(1), NOON + 7) == 7
    assert age_us(holds(1), NOON - 7) == 0


def test_of_too_many_sightings_the_latest_are_told() -> None:
    seen = [
        SightingItem(plate=f"P{number}", port="ceke", lane="I1", at=NOON + number, direction=Direction.IN)
        for number in range(MAX_ITEMS + 10)
    ]
    told = newest(seen)
    assert len(told) == MAX_ITEMS
    assert (told[0].at, told[-1].at) == (NOON + 10, NOON + MAX_ITEMS + 9)


def test_of_each_rulebook_the_one_in_force_and_those_to_come_are_told() -> None:
    books = [PublishedRulebook("ceke", str(n), NOON + n, "", "wang", NOON) for n in range(4)]
    other = PublishedRulebook("a", "9", NOON - 5, "", "wang", NOON)
    found = rulebooks_in_force([*books[::-1], other], NOON + 1)
    assert [(one.name, one.version) for one in found] == [("a", "9"), ("ceke", "1"), ("ceke", "2"), ("ceke", "3")]


KEY = Ed25519PrivateKey.from_private_bytes(bytes(32))
SIGNER = PrivateKeySigner("ledger:ceke", KEY)
LEAVES = [leaf_hash(b"%d" % number) for number in range(5)]


def tree(size: int) -> Tree:
    frontier = Frontier()
    frontier.extend(LEAVES[:size])
    return Tree(frontier.root().hex(), LEAVES[size - 1].hex())


def judged(
    size: int = 3, *, taken: int = 5, witnessed: int = 0, key: Ed25519PrivateKey = KEY, **changes: str
) -> object:
    held = tree(size)
    root, last = changes.get("root", held.root), changes.get("last", held.last)
    head = sign_head(
        SIGNER, port=changes.get("port", "ceke"), size=size, root=bytes.fromhex(root), last=last, at=NOON, epoch=1
    )
    return judge_head(head, "ceke", key.public_key(), taken, witnessed, held if size <= taken else None)


def test_a_head_that_agrees_with_all_that_was_taken_is_witnessed() -> None:
    assert judged() == Agrees()


def test_a_head_beyond_what_was_taken_waits() -> None:
    assert judged(taken=2) == Ahead()


def test_a_head_that_names_another_tree_is_a_fork() -> None:
    assert judged(root=tree(2).root) == Broken("head.fork", 3)
    assert judged(last=tree(2).last) == Broken("head.fork", 3)


def test_a_head_that_was_witnessed_or_that_nobody_known_signed_says_nothing() -> None:
    assert judged(witnessed=3) == Stale()
    assert judged(port="ganqimaodu") == Stale()
    assert judged(key=Ed25519PrivateKey.from_private_bytes(bytes([1]) * 32)) == Stale()
