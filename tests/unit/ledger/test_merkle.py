"""The tree is RFC 9162's: checked against its recursive definition and against published roots."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.ledger.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_ranges,
    inclusion_ranges,
    leaf_hash,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from kouan.ledger.tiles import LeafTiles, prove_consistency, prove_inclusion, prove_root
from kouan.vocabulary.errors import Corrupt, InvalidValue

MOST = 130
LEAVES = [leaf_hash(f"entry {number}".encode()) for number in range(MOST)]


def naive_root(leaves):
    """RFC 9162 section 2.1.1, word for word."""
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return leaves[0]
    split = largest_power_below(len(leaves))
    return node_hash(naive_root(leaves[:split]), naive_root(leaves[split:]))


def largest_power_below(size):
    split = 1
    while split * 2 < size:
        split *= 2
    return split


def naive_path(index, leaves):
    """RFC 9162 section 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    split = largest_power_below(len(leaves))
    if index < split:
        return [*naive_path(index, leaves[:split]), naive_root(leaves[split:])]
    return [*naive_path(index - split, leaves[split:]), naive_root(leaves[:split])]


def naive_proof(first, leaves, whole=True):
    """RFC 9162 section 2.1.4.1, word for word."""
    if first == len(leaves):
        return [] if whole else [naive_root(leaves)]
    split = largest_power_below(len(leaves))
    if first <= split:
        return [*naive_proof(first, leaves[:split], whole), naive_root(leaves[split:])]
    return [*naive_proof(first - split, leaves[split:], False), naive_root(leaves[:split])]


def roots(ranges):
    return [naive_root(LEAVES[start:end]) for start, end in ranges]


def test_the_root_of_the_empty_tree_is_the_published_one():
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert Frontier().root() == EMPTY_ROOT


# Inputs and roots that the reference implementation of RFC 6962 (certificate-transparency) publishes with its tests.
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


@pytest.mark.parametrize("size", range(1, 9))
def test_the_roots_are_those_of_the_reference_implementation(size):
    assert root_of(leaf_hash(bytes.fromhex(text)) for text in INPUTS[:size]).hex() == ROOTS[size - 1]


def test_the_frontier_has_the_root_of_the_recursive_definition_at_every_size():
    frontier = Frontier()
    for size in range(MOST + 1):
        assert frontier.root() == naive_root(LEAVES[:size])
        assert Frontier(frontier.size, frontier.peaks).root() == frontier.root()
        if size < MOST:
            frontier.add(LEAVES[size])


def test_inclusion_proofs_are_those_of_the_recursive_definition_and_verify():
    for size in range(1, MOST + 1):
        root = naive_root(LEAVES[:size])
        for index in range(size) if size < 20 or size > MOST - 3 else {0, size // 2, size - 1}:
            proof = roots(inclusion_ranges(index, size))
            assert proof == naive_path(index, LEAVES[:size])
            verify_inclusion(LEAVES[index], index, size, proof, root)


def test_consistency_proofs_are_those_of_the_recursive_definition_and_verify():
    for second in range(1, MOST + 1):
        root = naive_root(LEAVES[:second])
        for first in range(1, second + 1) if second < 20 or second > MOST - 3 else {1, second // 2, second - 1, second}:
            proof = roots(consistency_ranges(first, second))
            assert proof == naive_proof(first, LEAVES[:second])
            verify_consistency(first, second, naive_root(LEAVES[:first]), root, proof)


def test_every_tree_extends_the_empty_one():
    verify_consistency(0, 5, EMPTY_ROOT, naive_root(LEAVES[:5]), ())
    with pytest.raises(InvalidValue):
        verify_consistency(0, 5, LEAVES[0], naive_root(LEAVES[:5]), ())


hashes = st.lists(st.binary(min_size=32, max_size=32), max_size=9)


@given(st.data())
def test_an_inclusion_proof_that_was_tampered_with_is_refused(data):
    size = data.draw(st.integers(1, MOST))
    index = data.draw(st.integers(0, size - 1))
    proof = naive_path(index, LEAVES[:size])
    other = data.draw(tampered(proof))
    leaf = LEAVES[index]
    if other != proof:
        with pytest.raises(InvalidValue, match=r"merkle\.inclusion"):
            verify_inclusion(leaf, index, size, other, naive_root(LEAVES[:size]))


@given(st.data())
def test_an_inclusion_proof_of_another_place_is_refused(data):
    size = data.draw(st.integers(2, MOST))
    index, other = data.draw(st.lists(st.integers(0, size - 1), min_size=2, max_size=2, unique=True))
    proof = naive_path(index, LEAVES[:size])
    with pytest.raises(InvalidValue):
        verify_inclusion(LEAVES[other], other, size, proof, naive_root(LEAVES[:size]))
    with pytest.raises(InvalidValue):
        verify_inclusion(LEAVES[other], index, size, proof, naive_root(LEAVES[:size]))


@given(st.data())
def test_a_consistency_proof_that_was_tampered_with_is_refused(data):
    second = data.draw(st.integers(1, MOST))
    first = data.draw(st.integers(1, second))
    proof = naive_proof(first, LEAVES[:second])
    other = data.draw(tampered(proof))
    if other != proof:
        with pytest.raises(InvalidValue, match=r"merkle\.consistency"):
            verify_consistency(first, second, naive_root(LEAVES[:first]), naive_root(LEAVES[:second]), other)


@given(st.data())
def test_a_tree_that_does_not_extend_another_has_no_consistency_proof(data):
    second = data.draw(st.integers(2, MOST))
    first = data.draw(st.integers(1, second))
    changed = data.draw(st.integers(0, first - 1))
    forked = list(LEAVES[:second])
    forked[changed] = leaf_hash(b"another history")
    with pytest.raises(InvalidValue):
        verify_consistency(first, second, naive_root(LEAVES[:first]), naive_root(forked), naive_proof(first, forked))


@given(st.integers(-3, 10**18), st.integers(-3, 10**18), hashes)
def test_hostile_proofs_are_refused_and_raise_nothing_else(first, second, proof):
    with pytest.raises(InvalidValue):
        verify_inclusion(LEAVES[0], first, second, proof, b"\x01" * 32)
    with pytest.raises(InvalidValue):
        verify_consistency(first, second, b"\x01" * 32, b"\x02" * 32, proof)


@st.composite
def tampered(draw, proof):
    changed = list(proof)
    kind = draw(st.sampled_from(["flip", "drop", "add", "swap"]))
    place = draw(st.integers(0, max(len(changed) - 1, 0)))
    if kind == "flip" and changed:
        changed[place] = bytes([changed[place][0] ^ 1]) + changed[place][1:]
    elif kind == "drop" and changed:
        del changed[place]
    elif kind == "swap" and changed:
        changed[place], changed[-1] = changed[-1], changed[place]
    else:
        changed.insert(place, LEAVES[-1])
    return changed


@pytest.mark.parametrize(("index", "size"), [(-1, 5), (5, 5), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_proof(index, size):
    with pytest.raises(InvalidValue, match=r"merkle\.index"):
        inclusion_ranges(index, size)


def test_a_frontier_of_the_wrong_number_of_peaks_is_refused():
    with pytest.raises(InvalidValue, match=r"merkle\.frontier"):
        Frontier(3, [LEAVES[0]])


def test_a_copied_frontier_grows_apart():
    frontier = Frontier()
    frontier.extend(LEAVES[:5])
    other = frontier.copy()
    other.add(LEAVES[5])
    assert frontier.root() == naive_root(LEAVES[:5])
    assert other.root() == naive_root(LEAVES[:6])


# ---- tiles

MANY = [leaf_hash(number.to_bytes(4, "big")) for number in range(70_000)]


class Leaves:
    """Leaf hashes by range, as a ledger gives them, with a count of what was asked."""

    def __init__(self, leaves):
        self.leaves = leaves
        self.asked = 0

    async def __call__(self, start, end):
        self.asked += 1
        return self.leaves[start:end]


def test_the_frontier_tells_each_tile_that_it_completes():
    completed = Frontier().extend(MANY)
    first = [tile for tile in completed if tile.level == 1]
    assert [tile.place for tile in first] == list(range(len(MANY) // 256))
    assert all(tile.root == root_of(MANY[tile.place * 256 : (tile.place + 1) * 256]) for tile in first[:5])
    second = [tile for tile in completed if tile.level == 2]
    assert [(tile.place, tile.root) for tile in second] == [(0, root_of(MANY[:65_536]))]


@pytest.mark.parametrize("size", [1, 255, 256, 257, 511, 512, 65_535, 65_536, 65_537, 70_000])
async def test_proofs_out_of_tiles_verify_at_every_edge(size):
    source = LeafTiles(Leaves(MANY))
    root = root_of(MANY[:size])
    assert await prove_root(source, size) == root
    for index in {0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)):
        verify_inclusion(MANY[index], index, size, await prove_inclusion(source, index, size), root)
    for first in {1, 2, 255, 256, 257, size // 2, size - 1, size} & set(range(1, size + 1)):
        proof = await prove_consistency(source, first, size)
        verify_consistency(first, size, root_of(MANY[:first]), root, proof)


async def test_a_proof_reads_a_few_tiles_once_the_upper_levels_are_known():
    leaves = Leaves(MANY)
    source = LeafTiles(leaves)
    await prove_root(source, len(MANY))
    leaves.asked = 0
    for index in range(0, len(MANY), 7_001):
        await prove_inclusion(source, index, len(MANY))
    assert leaves.asked <= 2 * 10


async def test_tiles_follow_a_ledger_that_grows():
    leaves = Leaves(MANY)
    source = LeafTiles(leaves)
    for size in (300, 70_000, 600, 66_000):
        assert await prove_root(source, size) == root_of(MANY[:size])


async def test_a_ledger_that_gives_too_few_leaves_is_corrupt():
    with pytest.raises(Corrupt):
        await prove_root(LeafTiles(Leaves(MANY[:100])), 300)
    with pytest.raises(Corrupt):
        await prove_root(LeafTiles(Leaves([b"short"] * 300)), 300)
