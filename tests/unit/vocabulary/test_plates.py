"""Plates of three countries are told apart, normalised, and compared as cameras see them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import Country, PlateNumber, PlateSeries, nearest_plates, plate_distance
from kouan.vocabulary.identifiers.plate_distance import CONFUSION, EDIT
from kouan.vocabulary.identifiers.plate_tables import AIMAGS, MONGOLIAN_LETTERS, PROVINCES, RUSSIAN_LETTERS

CHN, MNG, RUS = Country.CHINA, Country.MONGOLIA, Country.RUSSIA

PLATES = [
    ("蒙B023H6", "蒙B023H6", CHN, PlateSeries.ORDINARY, "蒙B"),
    ("蒙B·023h6", "蒙B023H6", CHN, PlateSeries.ORDINARY, "蒙B"),
    ("蒙B\n023H6", "蒙B023H6", CHN, PlateSeries.ORDINARY, "蒙B"),
    ("蒙Ｂ０２３Ｈ６", "蒙B023H6", CHN, PlateSeries.ORDINARY, "蒙B"),
    ("黄蒙B023H6", "蒙B023H6", CHN, PlateSeries.ORDINARY, "蒙B"),
    ("黑A12345", "黑A12345", CHN, PlateSeries.ORDINARY, "黑A"),
    ("黑黑A12345", "黑A12345", CHN, PlateSeries.ORDINARY, "黑A"),
    ("蒙BO23HI", "蒙B023H1", CHN, PlateSeries.ORDINARY, "蒙B"),
    ("蒙В023Н6", "蒙B023H6", CHN, PlateSeries.ORDINARY, "蒙B"),
    ("京AD12345", "京AD12345", CHN, PlateSeries.NEW_ENERGY, "京A"),
    ("京AF12345", "京AF12345", CHN, PlateSeries.NEW_ENERGY, "京A"),
    ("京A12345D", "京A12345D", CHN, PlateSeries.NEW_ENERGY, "京A"),
    ("蒙A1234警", "蒙A1234警", CHN, PlateSeries.POLICE, "蒙A"),
    ("蒙B1234挂", "蒙B1234挂", CHN, PlateSeries.TRAILER, "蒙B"),
    ("蒙B1234学", "蒙B1234学", CHN, PlateSeries.LEARNER, "蒙B"),
    ("粤Z1234港", "粤Z1234港", CHN, PlateSeries.HONG_KONG, "粤Z"),
    ("粤Z1234澳", "粤Z1234澳", CHN, PlateSeries.MACAO, "粤Z"),
    ("使014·578", "使014578", CHN, PlateSeries.EMBASSY, None),
    ("224001使", "224001使", CHN, PlateSeries.EMBASSY, None),
    ("沪A1234领", "沪A1234领", CHN, PlateSeries.CONSULATE, "沪A"),
    ("1234 УБА", "1234УБА", MNG, PlateSeries.ORDINARY, "УБ"),
    ("0123 ӨМА", "0123ӨМА", MNG, PlateSeries.ORDINARY, "ӨМ"),
    ("0123 ӨMA", "0123ӨМА", MNG, PlateSeries.ORDINARY, "ӨМ"),
    ("0123 ΘMA", "0123ӨМА", MNG, PlateSeries.ORDINARY, "ӨМ"),
    ("0123 ÖMA", "0123ӨМА", MNG, PlateSeries.ORDINARY, "ӨМ"),
    ("0123 өма", "0123ӨМА", MNG, PlateSeries.ORDINARY, "ӨМ"),
    ("1234 YBA", "1234УВА", MNG, PlateSeries.ORDINARY, "УВ"),
    ("O123 УБ0", "0123УБО", MNG, PlateSeries.ORDINARY, "УБ"),
    ("1234 УБ", "1234УБ", MNG, PlateSeries.TRAILER, "УБ"),
    ("А129ХУ196", "А129ХУ196", RUS, PlateSeries.ORDINARY, "196"),
    ("A129XY196", "А129ХУ196", RUS, PlateSeries.ORDINARY, "196"),
    ("а129ху 75", "А129ХУ75", RUS, PlateSeries.ORDINARY, "75"),
    ("0O01OO75", "О001ОО75", RUS, PlateSeries.ORDINARY, "75"),
    ("AH7331 54", "АН733154", RUS, PlateSeries.TRAILER, "54"),
    ("АН7331754", "АН7331754", RUS, PlateSeries.TRAILER, "754"),
    ("АВ123 77", "АВ12377", RUS, PlateSeries.PUBLIC, "77"),
    ("А1234 77", "А123477", RUS, PlateSeries.POLICE, "77"),
    ("1234АВ77", "1234АВ77", RUS, PlateSeries.MOTORCYCLE, "77"),
]


@pytest.mark.parametrize(("text", "normal", "country", "series", "region"), PLATES)
def test_a_plate_is_read_with_its_country_series_and_region(text, normal, country, series, region):
    plate = PlateNumber.parse(text)
    assert (plate, plate.country, plate.series, plate.region) == (normal, country, series, region)
    assert PlateNumber.parse(str(plate)) == plate
    assert plate.is_trailer == (series is PlateSeries.TRAILER)


REFUSED = [
    "",
    "蒙",
    "蒙B",
    "蒙B023H",
    "蒙B023H67",
    "蒙I023H6",
    "蒙B023Н6挂警",
    "B023H6",
    "1234",
    "12345УБА",
    "1234ЫЫЫ",
    "Ф129ХУ196",
    "А129ХУ000",
    "А129ХУ00",
    "А129ХУ096",
    "粤B1234港",
    "使01457",
]


@pytest.mark.parametrize("text", REFUSED)
def test_what_is_no_plate_is_refused(text):
    with pytest.raises(InvalidValue, match=r"plate\.form"):
        PlateNumber.parse(text)


def test_a_plate_that_was_not_parsed_says_so_when_asked():
    with pytest.raises(InvalidValue, match="was not made"):
        _ = PlateNumber("nothing").country


def test_an_unknown_aimag_warns_and_never_rejects():
    plate = PlateNumber.parse("1234 ОМА")
    assert plate.country is MNG
    assert plate.warnings() == ("plate.aimag_unknown:ОМ",)


@pytest.mark.parametrize("code", AIMAGS)
def test_known_aimags_do_not_warn(code):
    assert PlateNumber.parse(f"1234{code}А").warnings() == ()


def test_the_aimag_that_faces_ganqimaodu_is_known():
    assert AIMAGS["ӨМ"] == "Ömnögovi"


digits = "0123456789"
chinese = st.from_regex(f"[{PROVINCES}][A-HJ-Z][0-9A-HJ-NP-Z]{{5}}", fullmatch=True)
mongolian = st.from_regex(f"[0-9]{{4}}[{MONGOLIAN_LETTERS}]{{3}}", fullmatch=True)
russian = st.from_regex(f"[{RUSSIAN_LETTERS}][0-9]{{3}}[{RUSSIAN_LETTERS}]{{2}}[1-9][0-9]{{1,2}}", fullmatch=True)
plates = chinese | mongolian | russian


@given(plates)
def test_every_plate_of_the_forms_is_kept_as_it_is(text):
    assert PlateNumber.parse(text) == text


@given(russian)
def test_a_russian_plate_in_latin_letters_is_the_same_plate(text):
    latin = text.translate(str.maketrans("АВЕКМНОРСТУХ", "ABEKMHOPCTYX"))
    assert PlateNumber.parse(latin) == text


short = st.text(digits + "АВЕӨУБ蒙BDO", max_size=8)


@given(short, short, short)
def test_the_distance_is_a_distance(a, b, c):
    assert plate_distance(a, a) == 0
    assert plate_distance(a, b) == plate_distance(b, a)
    assert plate_distance(a, b) <= EDIT * max(len(a), len(b))
    assert (plate_distance(a, b) == 0) == (a == b)


@pytest.mark.parametrize(
    ("left", "right", "distance"),
    [
        ("蒙B023H6", "蒙B023H6", 0),
        ("蒙B023H6", "蒙8023H6", CONFUSION),
        ("1234ӨМА", "1234ОМА", CONFUSION),
        ("1234УБА", "1234УВА", CONFUSION),
        ("蒙B023H6", "蒙B0Z3HG", 2 * CONFUSION),
        ("蒙B023H6", "蒙B423H6", EDIT),
        ("蒙B023H6", "蒙B023H", EDIT),
        ("", "蒙B", 2 * EDIT),
    ],
)
def test_look_alikes_are_nearer_than_other_characters(left, right, distance):
    assert plate_distance(left, right) == distance


def test_the_nearest_known_plates_are_proposed_in_order():
    known = ["1234УБА", "1234УВА", "1235УБА", "9999ХЭБ"]
    assert nearest_plates("1234УБА", known) == (("1234УБА", 0), ("1234УВА", CONFUSION), ("1235УБА", EDIT))


def test_hostile_lengths_are_refused_before_any_work():
    with pytest.raises(InvalidValue):
        plate_distance("1" * 10**6, "2" * 10**6)
