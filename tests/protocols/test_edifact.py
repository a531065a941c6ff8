"""EDIFACT: samples are read and written to the same bytes, and no bytes break the reader."""

import string
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.protocols.edifact.interchange import Interchange, looks_like_edifact, parse, render
from kouan.protocols.edifact.messages import (
    CargoItem,
    CargoReport,
    Content,
    CustomsResponse,
    GateMovement,
    read,
    write,
)
from kouan.vocabulary.errors import InvalidValue

GOLDEN = Path(__file__).parent / "golden" / "edifact"

FULL = {
    "cuscar.full": CargoReport(
        "MF20261122001", 2, "B20261122001", "in", "TRADER-01",
        (
            CargoItem("WB20261122001", "2701121000", "炼焦煤 (A+B: 50 %)", 50_000, "071320261000000001"),
            CargoItem("WB20261122002", "2701129090", "Don't: other coal?", 30_000),
        ),
    ),
    "cuscar.minimal": CargoReport("MF20261122002", 1, "B20261122002", "out", "TRADER-02", ()),
    "cusres.cleared": CustomsResponse("R-1", "071320261000000001", "cleared"),
    "cusres.under_control": CustomsResponse("R-2", "071320261000000001", "under_control"),
    "codeco.full": GateMovement(
        "GR-0001", 3, "out", "TERMINAL-1", "202611220830", ("CSQU3054383", "MSCU6639870"), "蒙B023H6", "一号堆场"
    ),
    "codeco.minimal": GateMovement("GR-0002", 1, "in", "TERMINAL-1", "202611220830", ("CSQU3054383",)),
}  # fmt: skip


def interchange(*contents: Content) -> Interchange:
    messages = tuple(write(content, str(number)) for number, content in enumerate(contents, 1))
    return Interchange("KOUAN", "CARRIER-01", "202611220930", "42", messages)


@pytest.mark.parametrize("name", FULL)
def test_a_sample_is_read_and_written_to_the_same_bytes(name: str) -> None:
    data = (GOLDEN / f"{name}.edi").read_bytes()
    found = parse(data)
    reading = read(found.messages[0])
    assert reading.content == FULL[name]
    assert reading.unused == ()
    assert render(interchange(reading.content)) == data


def test_a_message_of_another_house_is_understood_and_what_is_not_used_is_told() -> None:
    found = parse((GOLDEN / "cuscar.foreign.edi").read_bytes())
    assert (found.sender, found.prepared) == ("ULANBATOR", "202611220930")
    reading = read(found.messages[0])
    assert reading.content == CargoReport(
        "MF77", 1, "B000077", "in", "UBTZ", (CargoItem("WB000077", "270112", "焦煤", 69_500, "071320261000000001"),)
    )
    assert reading.unused == ("DTM", "LOC", "PAC")


LETTERS = st.characters(exclude_categories=("C", "Z"), include_characters=" ")
TEXT = st.text(LETTERS, min_size=1, max_size=30).map(str.strip).filter(bool)
CODE = st.text(string.ascii_uppercase + string.digits + "-?+:'", min_size=1, max_size=17)
ITEM = st.builds(CargoItem, CODE, CODE, TEXT, st.integers(0, 10**9), st.none() | CODE)
CONTENTS = st.one_of(
    st.builds(
        CargoReport, CODE, st.integers(1, 999), CODE, st.sampled_from(["in", "out"]), CODE,
        st.lists(ITEM, max_size=4).map(tuple),
    ),
    st.builds(CustomsResponse, CODE, CODE, st.sampled_from(["declared", "under_control", "cleared", "cancelled"])),
    st.builds(
        GateMovement, CODE, st.integers(1, 999), st.sampled_from(["in", "out"]), CODE,
        st.from_regex(r"[0-9]{12}", fullmatch=True), st.lists(CODE, min_size=1, max_size=3, unique=True).map(tuple),
        st.none() | TEXT, st.none() | TEXT,
    ),
)  # fmt: skip


@given(st.lists(CONTENTS, min_size=1, max_size=4))
def test_whatever_is_written_is_read_the_same(contents: list[Content]) -> None:
    sent = interchange(*contents)
    received = parse(render(sent))
    assert received == sent
    assert [read(message).content for message in received.messages] == contents
    assert render(received) == render(sent)


@given(st.binary(max_size=200) | st.text(alphabet="UNABHTZ+:'?.1 GMCI\n中", max_size=200).map(str.encode))
def test_no_bytes_break_the_parser(data: bytes) -> None:
    for sample in (data, b"UNA:+.? '" + data, b"UNB+UNOW:4+A+B+20261122:0930+1'" + data):
        try:
            for message in parse(sample).messages:
                read(message)
        except InvalidValue:
            continue


@given(st.sampled_from(sorted(FULL)), st.integers(0, 2000), st.integers(0, 255))
def test_a_flipped_byte_gives_another_message_or_a_refusal(name: str, place: int, byte: int) -> None:
    data = bytearray((GOLDEN / f"{name}.edi").read_bytes())
    data[place % len(data)] = byte
    try:
        for message in parse(bytes(data)).messages:
            read(message)
    except InvalidValue:
        return


HEAD, TAIL = "UNB+UNOW:4+A+B+20261122:0930+1'", "UNZ+1+1'"
BODY = "UNH+1+CUSRES:D:95B:UN'BGM+962+R+9'GIS+CLR::ZZZ'RFF+ABT:D'UNT+5+1'"


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        (BODY, "edifact.service"),
        (HEAD + BODY, "edifact.service"),
        (HEAD + BODY + "UNZ+2+1'", "edifact.count"),
        (HEAD + BODY + "UNZ+1+2'", "edifact.count"),
        (HEAD + BODY.replace("UNT+5", "UNT+4") + TAIL, "edifact.count"),
        (HEAD + BODY.replace("UNT+5+1", "UNT+5+2") + TAIL, "edifact.count"),
        (HEAD + BODY.replace("UNT+5+1'", "") + TAIL, "edifact.service"),
        (HEAD + "UNG+1'" + BODY + TAIL, "edifact.service"),
        (HEAD + BODY + "bad+1'" + TAIL, "edifact.syntax"),
        (HEAD + BODY + TAIL[:-1], "edifact.syntax"),
        ("UNA:::? '" + HEAD + BODY + TAIL, "edifact.syntax"),
        (HEAD + BODY.replace("CUSRES", "ORDERS") + TAIL, "edifact.type"),
        (HEAD + BODY.replace("CLR", "XXX") + TAIL, "edifact.code"),
        (HEAD + BODY.replace("GIS+CLR::ZZZ'", "").replace("UNT+5", "UNT+4") + TAIL, "edifact.segment"),
        (HEAD + BODY.replace("RFF+ABT:D", "RFF+ABT") + TAIL, "edifact.component"),
        (HEAD + BODY.replace("R+9", "R" * 513 + "+9") + TAIL, "edifact.size"),
    ],
)
def test_what_breaks_the_syntax_or_a_message_is_refused_with_a_rule(text: str, rule: str) -> None:
    assert rule == "edifact.service" or looks_like_edifact(text.encode())
    with pytest.raises(InvalidValue) as refusal:
        [read(message) for message in parse(text.encode()).messages]
    assert refusal.value.rule == rule
