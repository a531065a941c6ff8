"""A signed head vouches for one ledger at one size, and for nothing else."""

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.ledger.building import KEY, SIGNER, KeyInMemory, make_entries, make_head

from kouan.ledger.damage import Damage
from kouan.ledger.heads import sign_head, verify_head
from kouan.ledger.merkle import EMPTY_ROOT
from kouan.ledger.tiles import LeafTiles, prove_consistency
from kouan.ledger.verifier import compare_heads
from kouan.vocabulary.errors import InvalidValue

LEDGER = make_entries(40)
HEAD = make_head(LEDGER)


def test_a_signed_head_verifies():
    verify_head(HEAD, KEY)


def test_the_bytes_of_a_head_are_what_they_have_always_been():
    head = sign_head(SIGNER, port="ganqimaodu", size=0, root=EMPTY_ROOT, last="0" * 64, at=1, epoch=2)
    assert head.head.signed_bytes() == (
        b'kouan-ledger-head/1\x00{"at":1,"epoch":2,"key_id":"ledger:ganqimaodu","last":"' + b"0" * 64 + b'",'
        b'"port":"ganqimaodu","root":"e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855","size":0}'
    )
    assert head.encode() == msgspec.json.encode(msgspec.to_builtins(head), order="sorted")


@pytest.mark.parametrize(
    "change",
    [
        {"at": 1},
        {"epoch": 9},
        {"key_id": "ledger:ceke"},
        {"last": "ab" * 32},
        {"port": "ceke"},
        {"root": "ab" * 32},
        {"size": 41},
        {"signature": "ab" * 64},
    ],
)
def test_no_field_of_a_head_can_be_changed(change):
    with pytest.raises(InvalidValue, match=r"head\.signature"):
        verify_head(msgspec.structs.replace(HEAD, **change), KEY)


@given(st.text(max_size=130), st.sampled_from(["root", "last", "signature"]))
def test_hostile_fields_are_refused_and_raise_nothing_else(text, field):
    with pytest.raises(InvalidValue):
        verify_head(msgspec.structs.replace(HEAD, **{field: text}), KEY)


def test_a_signature_over_a_bare_head_is_no_signature_of_it():
    bare = SIGNER.sign(msgspec.json.encode(HEAD.head)).hex()
    with pytest.raises(InvalidValue, match=r"head\.signature"):
        verify_head(msgspec.structs.replace(HEAD, signature=bare), KEY)


async def leaves(start, end):
    return [entry.leaf for entry in LEDGER[start:end]]


@pytest.mark.parametrize(("first", "second"), [(0, 40), (1, 2), (17, 40), (32, 33), (40, 40)])
async def test_a_head_that_extends_another_is_shown_to(first, second):
    proof = await prove_consistency(LeafTiles(leaves), first, second)
    assert compare_heads(make_head(LEDGER, first), make_head(LEDGER, second), proof, KEY) == ()


async def test_two_heads_are_compared_in_all_they_say():
    proof = await prove_consistency(LeafTiles(leaves), 17, 40)
    first = make_head(LEDGER, 17)
    cases = [
        (Damage.BAD_SIGNATURE, make_head(LEDGER, signer=KeyInMemory(b"thief"))),
        (Damage.WRONG_PORT, make_head(LEDGER, port="ceke")),
        (Damage.EPOCH_WENT_BACK, make_head(LEDGER, epoch=0)),
        (Damage.FORKED, make_head(LEDGER, root=b"\x01" * 32)),
    ]
    for damage, second in cases:
        assert [found.damage for found in compare_heads(first, second, proof, KEY)] == [damage]
    twin = make_head(LEDGER, 17, last="ab" * 32)
    assert [found.damage for found in compare_heads(first, twin, (), KEY)] == [Damage.FORKED]
