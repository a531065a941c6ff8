"""An export verifies offline with nothing but the file and a public key."""

import io
from pathlib import Path

import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.ledger.building import KEY, PORT, KeyInMemory, edited, make_entries, make_head

from kouan.ledger.damage import Damage
from kouan.ledger.export import MAX_LINE, export_ledger, export_lines, load_public_key, public_key_pem, verify_export
from kouan.ledger.merkle import leaf_hash
from kouan.vocabulary.errors import InvalidValue

GOLDEN = Path(__file__).parent / "golden"
LEDGER = make_entries(9)
HEADS = [make_head([]), make_head(LEDGER, 4), make_head(LEDGER)]
LINES = list(export_lines(PORT, LEDGER, HEADS))
EXPORT = b"".join(LINES)
ENTRY_LINES = [number for number, line in enumerate(LINES) if line.startswith(b'{"at"')]


def check(data, **more):
    return verify_export(io.BytesIO(data), KEY, **more)


def named(lines, **more):
    return [(finding.damage, finding.position) for finding in check(b"".join(lines), **more).findings]


def test_an_export_verifies():
    report = check(EXPORT, port=PORT, expected_size=9)
    assert report.intact
    assert (report.size, report.heads, report.vouched, report.port) == (9, 3, 9, PORT)


def test_the_golden_export_verifies_for_ever():
    key = load_public_key((GOLDEN / "key.pem").read_bytes())
    with (GOLDEN / "export.jsonl").open("rb") as file:
        report = verify_export(file, key, port=PORT)
    assert report.intact
    assert (report.size, report.heads, report.vouched) == (7, 3, 7)


def test_each_head_follows_the_entry_of_its_size():
    kinds = ["head" if line.startswith(b'{"head"') else "entry" if line.startswith(b'{"at"') else "-" for line in LINES]
    assert kinds == ["-", "head", *["entry"] * 4, "head", *["entry"] * 5, "head", "-"]


@given(st.integers(0, 8))
def test_an_edited_line_is_named(place):
    lines = list(LINES)
    lines[ENTRY_LINES[place]] = edited(LEDGER[place]).encode() + b"\n"
    assert named(lines) == [(Damage.EDITED, place + 1)]


@given(st.integers(0, 8))
def test_a_dropped_line_is_named(place):
    lines = list(LINES)
    del lines[ENTRY_LINES[place]]
    damage = Damage.DROPPED if place < 8 else Damage.TRUNCATED
    assert named(lines) == [(damage, place + 1)]


@given(st.integers(1, len(LINES) - 1))
def test_a_file_that_was_cut_off_is_truncated(kept):
    entries = sum(1 for line in LINES[:kept] if line.startswith(b'{"at"'))
    assert named(LINES[:kept]) == [(Damage.TRUNCATED, entries + 1)]


@given(st.integers(len(LINES[0]), len(EXPORT) - 2))
def test_a_file_that_was_cut_off_within_a_line_never_passes(kept):
    assert not check(EXPORT[:kept]).intact


@given(st.integers(0, len(EXPORT) - 2), st.integers(1, 255))
def test_no_changed_byte_passes(place, change):
    data = bytearray(EXPORT)
    data[place] ^= change
    try:
        report = check(bytes(data), port=PORT)
    except InvalidValue:
        assume(place < len(LINES[0]))
        return
    assert not report.intact


def test_an_unreadable_line_in_an_entrys_place_is_named_once():
    lines = list(LINES)
    lines[ENTRY_LINES[4]] = b"\x00\xff garbage\n"
    assert named(lines) == [(Damage.NOT_CANONICAL, 5)]


def test_an_entry_in_another_notation_is_not_canonical():
    lines = list(LINES)
    lines[ENTRY_LINES[4]] = lines[ENTRY_LINES[4]].replace(b'"at":', b'"at" : ')
    assert named(lines) == [(Damage.NOT_CANONICAL, 5)]


def test_a_head_in_another_notation_is_not_canonical():
    lines = [line.replace(b'"size":4}', b'"size":4 }') for line in LINES]
    assert named(lines) == [(Damage.NOT_CANONICAL, 4)]


def test_a_line_that_never_ends_is_read_in_bounded_pieces():
    class Endless(io.RawIOBase):
        largest = 0

        def __init__(self):
            self.first = True
            self.left = 5

        def readline(self, size=-1):
            if self.first:
                self.first = False
                return LINES[0]
            self.largest = max(self.largest, size)
            self.left -= 1
            return b"x" * size if self.left > 0 else b""

    file = Endless()
    report = verify_export(file, KEY)
    assert not report.intact
    assert 0 < file.largest <= MAX_LINE + 1


def test_what_follows_the_last_line_is_named():
    assert named([*LINES, LINES[1]]) == [(Damage.NOT_CANONICAL, 10)]


@pytest.mark.parametrize(
    "first", [b"", b"\n", b"{}\n", b"[" * 100_000, b'{"kouan":"ledger-export","port":"x","v":2}\n']
)
def test_a_file_that_is_no_export_is_refused(first):
    with pytest.raises(InvalidValue, match=r"export\."):
        check(first)


def test_an_export_of_another_port_is_refused():
    with pytest.raises(InvalidValue, match=r"export\.port"):
        check(EXPORT, port="ceke")


def test_an_export_whose_header_names_another_port_than_its_entries_is_named():
    lines = [LINES[0].replace(b"ganqimaodu", b"ceke"), *LINES[1:]]
    assert {damage for damage, _ in named(lines)} == {Damage.WRONG_PORT}


@given(st.lists(st.binary(max_size=60) | st.sampled_from(LINES), max_size=30))
def test_hostile_files_are_reported_and_raise_nothing(lines):
    data = LINES[0] + b"".join(line.rstrip(b"\n") + b"\n" for line in lines)
    report = check(data)
    assert report.findings or data == EXPORT


def test_another_key_vouches_for_nothing():
    report = verify_export(io.BytesIO(EXPORT), KeyInMemory(b"thief").public)
    assert {finding.damage for finding in report.findings} == {Damage.BAD_SIGNATURE}
    assert report.vouched == 0


def test_a_public_key_goes_through_a_file():
    assert load_public_key(public_key_pem(KEY)).public_bytes_raw() == KEY.public_bytes_raw()


def test_what_is_no_ed25519_key_is_refused():
    other = generate_private_key(SECP256R1()).public_key()
    pem = other.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    with pytest.raises(InvalidValue, match=r"key\.algorithm"):
        load_public_key(pem)
    with pytest.raises(InvalidValue, match=r"key\.form"):
        load_public_key(b"garbage")


class LedgerInMemory:
    async def size(self):
        return len(LEDGER)

    async def heads(self, limit=100):
        return list(reversed(HEADS))[:limit]

    async def read(self, after=0, limit=1000, stream=None):
        return LEDGER[after : after + min(limit, 2)]


async def test_a_whole_ledger_is_exported_page_by_page():
    lines = [line async for line in export_ledger(LedgerInMemory(), PORT)]
    assert b"".join(lines) == EXPORT


def test_an_exported_line_hashes_to_its_leaf():
    lines = EXPORT.splitlines()
    assert msgspec.json.decode(lines[2])["seq"] == 1
    assert leaf_hash(lines[2]).hex() == LEDGER[0].hash
