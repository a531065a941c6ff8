"""What the in-memory players rest on: topics and who listens, tables with indices, and quick keys."""

from collections.abc import Callable
from copy import copy, deepcopy
from random import Random

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from kouan.adapters.memory.keys import MemoryKey
from kouan.adapters.memory.tables import Tables
from kouan.adapters.memory.topics import Subscribers, matches
from kouan.protocols import jws
from kouan.protocols.jws import PrivateKeySigner
from kouan.vocabulary.errors import InvalidValue

FILTERS = ("a/#", "a/+/c", "a/b", "+/b/c", "#", "a/b/c")
TOPICS = ("a", "a/b", "a/b/c", "a/x/c", "b/b/c", "a/b/c/d")


@pytest.mark.parametrize("seed", range(10))
def test_who_listens_is_found_as_by_matching_each_filter_whatever_came_and_went_before(seed: int) -> None:
    chance, listening, plain = Random(seed), Subscribers(), dict[str, tuple[str, ...]]()
    for _ in range(200):
        name = f"client-{chance.randrange(5)}"
        if chance.random() < 0.3:
            listening.remove(name)
            plain.pop(name, None)
        elif chance.random() < 0.4:
            filters = tuple(chance.sample(FILTERS, chance.randrange(3)))
            listening.add(name, filters)
            plain.pop(name, None)
            plain[name] = filters
        topic = chance.choice(TOPICS)
        expected = tuple(name for name, filters in plain.items() if any(matches(each, topic) for each in filters))
        assert listening.of(topic) == expected


@pytest.mark.parametrize("seed", range(10))
def test_an_index_finds_what_a_search_finds_through_changes_deletions_and_undoing(seed: int) -> None:
    chance, tables = Random(seed), Tables()
    colours, marks = ("red", "green", None), ("", "x", "x y", "y z", None)
    for _ in range(300):
        key = chance.randrange(8)
        match chance.randrange(5):
            case 0:
                tables.delete("t", key)
            case 1:
                mark = tables.mark()
                tables.put("t", {"key": -1, "colour": "red", "marks": "x"}, key)
                tables.delete("t", chance.randrange(8))
                tables.undo_to(mark)
            case _:
                tables.put("t", {"key": key, "colour": chance.choice(colours), "marks": chance.choice(marks)}, key)
        if chance.random() < 0.2:
            tables.settle()
        rows = {row["key"]: row for row in tables.rows("t")}
        for colour in ("red", "green", "blue"):
            found = {row["key"]: row for row in tables.where("t", "colour", colour)}
            assert found == {key: row for key, row in rows.items() if row["colour"] == colour}
        for word in ("x", "y", "z"):
            found = {row["key"]: row for row in tables.where("t", "marks", word, parted=True)}
            wanted = {key for key, row in rows.items() if row["marks"] is not None and word in row["marks"].split(" ")}
            assert found.keys() == wanted


def test_an_index_of_whole_values_takes_no_word_for_one() -> None:
    tables = Tables()
    tables.put("t", {"batch": "B 1"}, 1)
    assert tables.where("t", "batch", "B") == []
    assert tables.where("t", "batch", "B 1") == [{"batch": "B 1"}]
    assert tables.where("empty", "batch", "B 1") == []


KINDS: tuple[Callable[[bytes], Ed25519PrivateKey], ...] = (MemoryKey, Ed25519PrivateKey.from_private_bytes)


@pytest.mark.parametrize("kind", KINDS, ids=("memory", "Ed25519"))
def test_a_signature_is_good_for_its_message_and_key_and_for_nothing_else(
    kind: Callable[[bytes], Ed25519PrivateKey],
) -> None:
    key, other = kind(bytes(range(32))), kind(bytes(range(1, 33)))
    signature = key.sign(b"open")
    key.public_key().verify(signature, b"open")
    assert len(signature) == 64
    assert signature == kind(bytes(range(32))).sign(b"open")
    forged = bytes([signature[0] ^ 1]) + signature[1:]
    for public, signed, data in (
        (key, signature, b"open!"),
        (other, signature, b"open"),
        (key, other.sign(b"open"), b"open"),
        (key, forged, b"open"),
        (key, signature[:-1], b"open"),
        (key, b"", b"open"),
    ):
        with pytest.raises(InvalidSignature):
            public.public_key().verify(signed, data)


def test_a_memory_key_is_written_out_as_the_true_key_of_its_secret() -> None:
    key, true = MemoryKey(bytes(range(32))), Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
    assert key.public_key().public_bytes_raw() == true.public_key().public_bytes_raw()
    written = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert written == true.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    assert key.private_bytes_raw() == true.private_bytes_raw()
    secret = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    assert key.private_bytes(*secret) == true.private_bytes(*secret)
    assert copy(key).sign(b"a") == deepcopy(key).sign(b"a") == key.sign(b"a")
    assert copy(key.public_key()) == deepcopy(key.public_key()) == key.public_key()
    assert key.public_key() != MemoryKey(bytes(32)).public_key()


def test_signed_messages_know_no_difference_and_true_keys_take_nothing_that_a_memory_key_signed() -> None:
    signer = PrivateKeySigner("platform:ganqimaodu", MemoryKey(bytes(range(32))))
    compact = jws.sign(signer, "order", b"{}")
    assert jws.verify({signer.key_id: signer.public_key}, "order", compact) == (signer.key_id, b"{}")
    true = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key()
    with pytest.raises(InvalidValue, match="does not verify"):
        jws.verify({signer.key_id: true}, "order", compact)
