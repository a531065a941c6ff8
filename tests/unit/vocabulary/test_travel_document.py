"""Travel documents are read with every check digit; refusals name the field and never tell the value."""

from datetime import date

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import TravelDocument
from kouan.vocabulary.identifiers.mrz_fields import check_digit

# The specimens of ICAO Doc 9303: part 4 appendix B, part 6 appendix B, part 5 appendix B.
TD3 = "P<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<<<<<<<<<\nL898902C36UTO7408122F1204159ZE184226B<<<<<10"
TD2 = "I<UTOERIKSSON<<ANNA<MARIA<<<<<<<<<<<\nD231458907UTO7408122F1204159<<<<<<<6"
TD1 = "I<UTOD231458907<<<<<<<<<<<<<<<\n7408122F1204159UTO<<<<<<<<<<<6\nERIKSSON<<ANNA<MARIA<<<<<<<<<<"
LONG = "I<UTOD23145890<7349<<<<<<<<<<<\n3407127M9507122UTO<<<<<<<<<<<2\nSTEVENSON<<PETER<JOHN<<<<<<<<<"


def test_the_vector_of_the_date():
    assert check_digit("510509") == "2"


@pytest.mark.parametrize(("text", "form", "number"), [(TD3, "TD3", "L898902C3"), (TD2, "TD2", "D23145890")])
def test_the_specimens_are_read(text, form, number):
    document = TravelDocument.parse(text)
    assert (document.format, document.number) == (form, number)
    assert (document.surname, document.given_names) == ("ERIKSSON", "ANNA MARIA")
    assert (document.issuer, document.nationality, document.sex) == ("UTO", "UTO", "F")
    assert (document.birth, document.expiry) == ("740812", "120415")
    assert document.optional == ("ZE184226B" if form == "TD3" else "")


def test_a_card_of_three_lines_is_read():
    document = TravelDocument.parse(TD1)
    assert (document.format, document.code, document.number, document.surname) == ("TD1", "I", "D23145890", "ERIKSSON")


def test_a_long_document_number_goes_on_in_the_optional_field():
    assert TravelDocument.parse(LONG).number == "D23145890734"


@pytest.mark.parametrize("text", [TD1, TD2, TD3, LONG])
def test_a_document_round_trips_in_every_layout(text):
    document = TravelDocument.parse(text)
    assert TravelDocument.parse(str(document)) == document
    assert TravelDocument.parse(text.replace("\n", "")) == document
    assert TravelDocument.parse(text.split("\n")) == document
    assert TravelDocument.parse(text.lower().replace("\n", " \r\n ")) == document
    assert TravelDocument.parse(text.replace("<<", "«")) == document


def test_look_alikes_are_mended_where_the_field_allows_it():
    misread = TD3.replace("UTO7408122F1204159", "UT074O8I22FI2O4I59")
    assert TravelDocument.parse(misread).nationality == "UTO"
    assert TravelDocument.parse(misread).birth == "740812"


def test_mended_look_alikes_stand_in_the_lines_too():
    misread = TD3.replace("UTO7408122F1204159", "UT074O8I22FI2O4I59")
    assert TravelDocument.parse(misread) == TravelDocument.parse(TD3)


PLACES_TD3 = [
    (1, 0, "number"),
    (1, 9, "number"),
    (1, 13, "birth_date"),
    (1, 19, "birth_date"),
    (1, 21, "expiry_date"),
    (1, 27, "expiry_date"),
    (1, 28, "optional"),
    (1, 42, "optional"),
    (1, 43, "composite"),
]


@pytest.mark.parametrize(("line", "place", "field"), PLACES_TD3)
def test_a_refusal_names_the_field_and_never_tells_the_value(line, place, field):
    lines = [list(row) for row in TD3.split("\n")]
    lines[line][place] = "3" if lines[line][place] != "3" else "4"
    with pytest.raises(InvalidValue) as refused:
        TravelDocument.parse(["".join(row) for row in lines])
    assert refused.value.field == f"travel_document.{field}"
    assert refused.value.rule == "mrz.check_digit"
    for secret in ("ERIKSSON", "L898902C3", "740812"):
        assert secret not in str(refused.value)


@pytest.mark.parametrize(
    ("change", "field"),
    [
        (("F1204159", "Q1204159"), "sex"),
        (("P<UTO", "P<<<<"), "issuer"),
        (("P<UTO", "<<UTO"), "code"),
        (("ERIKSSON", "<<<<<<<<"), "names"),
        (("L898902C3", "L898902C*"), "lines"),
        (("P<UTO", "P<UT"), "lines"),
    ],
)
def test_other_refusals_name_their_field(change, field):
    with pytest.raises(InvalidValue) as refused:
        TravelDocument.parse(TD3.replace(*change))
    assert refused.value.field == f"travel_document.{field}"


letters = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=1, max_size=10)
days = st.dates(date(1940, 1, 1), date(2039, 12, 31)).map(lambda day: day.strftime("%y%m%d"))


@st.composite
def documents(draw):
    return TravelDocument.compose(
        draw(st.sampled_from(["TD1", "TD2", "TD3"])),
        code=draw(st.sampled_from(["P", "I", "AC"])),
        issuer=draw(st.sampled_from(["CHN", "MNG", "RUS", "D"])),
        number=draw(st.text("ABC0123456789", min_size=1, max_size=9)),
        nationality=draw(st.sampled_from(["CHN", "MNG", "RUS", "D"])),
        birth=draw(days),
        sex=draw(st.sampled_from("MFX")),
        expiry=draw(days),
        surname=draw(letters),
        given_names=draw(letters),
        optional=draw(st.text("ABC0123456789", max_size=7)),
    )


@given(documents())
def test_a_composed_document_reads_back(document):
    assert TravelDocument.parse(str(document)) == document


CHECKED = {"TD1": [(0, 5, 14), (1, 0, 6), (1, 8, 14)], "TD2": [(1, 0, 9), (1, 13, 19)], "TD3": [(1, 0, 9), (1, 21, 27)]}


@given(documents(), st.data())
def test_one_wrong_digit_in_a_checked_field_is_refused(document, data):
    """The weights 7, 3, 1 catch every wrong digit, because none shares a factor with 10."""
    rows = {
        "TD1": [(0, 5, 14), (1, 0, 6), (1, 8, 14)],
        "TD2": [(1, 0, 9), (1, 13, 19)],
        "TD3": [(1, 0, 9), (1, 21, 27)],
    }
    line, start, end = data.draw(st.sampled_from(rows[document.format]))
    place = data.draw(st.integers(start, end - 1))
    digit = data.draw(st.sampled_from("0123456789"))
    lines = list(document.lines)
    assume(lines[line][place].isdigit() and lines[line][place] != digit)
    lines[line] = lines[line][:place] + digit + lines[line][place + 1 :]
    with pytest.raises(InvalidValue):
        TravelDocument.parse(lines)


@given(st.text(max_size=150) | st.text("P<UTO0123456789\n", min_size=72, max_size=93))
def test_hostile_text_is_refused_and_raises_nothing_else(text):
    with pytest.raises(InvalidValue, match="travel_document"):
        TravelDocument.parse(text)


@given(st.lists(st.text("ABC<0123456789", min_size=30, max_size=44), max_size=5))
def test_hostile_lines_are_refused_and_raise_nothing_else(lines):
    with pytest.raises(InvalidValue):
        TravelDocument.parse(lines)


@pytest.mark.parametrize("day", ["740230", "741301", "740000", "74<812"])
def test_a_day_that_is_not_in_the_calendar_is_refused(day):
    text = TD3.replace("7408122", day + check_digit(day))
    with pytest.raises(InvalidValue, match=r"birth_date.*mrz\.date"):
        TravelDocument.parse(text)


PARTS = {"code": "P", "issuer": "MNG", "nationality": "MNG", "birth": "740101", "sex": "M", "expiry": "300101"}


def test_an_unknown_day_of_birth_is_accepted():
    document = TravelDocument.compose("TD3", number="E1", surname="B", given_names="T", **(PARTS | {"birth": "74<<<<"}))
    assert document.birth == "74<<<<"


def test_a_document_expires_after_its_last_day():
    document = TravelDocument.parse(TD3)
    assert not document.is_expired(date(2012, 4, 15))
    assert document.is_expired(date(2012, 4, 16))


def test_a_document_shows_nothing_of_the_person_in_a_log():
    assert repr(TravelDocument.parse(TD3)) == "<TravelDocument TD3 UTO>"


def test_a_field_that_does_not_fit_is_refused():
    with pytest.raises(InvalidValue, match=r"travel_document\.number"):
        TravelDocument.compose("TD3", number="E123456789", surname="B", given_names="T", **PARTS)
