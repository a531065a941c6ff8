"""Cells as offices fill them in."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.inspection.importing import cells
from kouan.vocabulary.errors import InvalidValue

DAY = "2026-11-22"
HALF_PAST_EIGHT = dt.datetime(2026, 11, 22, 8, 30)  # noqa: DTZ001 - as a spreadsheet keeps it


@pytest.mark.parametrize(
    "cell",
    ["2026-11-22", "2026/11/22", "2026.11.22", "20261122", "2026年11月22日", "2026年11月22", "２０２６-11-22",
     "2026-11-22 08:30", "2026-11-22T08:30:00", dt.date(2026, 11, 22), HALF_PAST_EIGHT, " 2026 / 11 / 22 "],
)  # fmt: skip
def test_a_day_is_read_in_every_form(cell: Any) -> None:
    assert cells.day(cell) == DAY


@pytest.mark.parametrize(
    "cell", ["22.11.2026", "2026-13-01", "2026-02-30", "11月22日", "soon", "2026-11-22 25:00", 5, True]
)
def test_what_is_no_day_is_refused(cell: Any) -> None:
    with pytest.raises(InvalidValue) as refusal:
        cells.day(cell)
    assert refusal.value.rule == "cell.date"


@pytest.mark.parametrize(
    "cell",
    ["2026-11-22 08:30", "2026-11-22T08:30:00", "2026年11月22日 8时30分", "20261122 0830", "20261122083000",
     "2026-11-22T08:30:00+08:00", "2026-11-22T00:30:00+00:00", HALF_PAST_EIGHT],
)  # fmt: skip
def test_a_time_is_china_s_unless_it_says_another(cell: Any) -> None:
    assert cells.instant(cell) == 1_795_307_400_000_000


def test_a_day_alone_begins_at_midnight() -> None:
    assert cells.instant(DAY) == 1_795_276_800_000_000


@pytest.mark.parametrize(
    ("cell", "kilograms"),
    [
        (80000, 80_000),
        (80000.0, 80_000),
        ("80,000", 80_000),
        ("８００００", 80_000),
        (" 80 000 ", 80_000),
        ("8e4", 80_000),
    ],
)
def test_a_mass_is_whole_kilograms(cell: Any, kilograms: int) -> None:
    assert cells.mass(1)(cell) == kilograms


def test_tonnes_become_kilograms_exactly() -> None:
    assert cells.mass(1000)(80.025) == 80_025
    assert cells.mass(1000)("0.001") == 1
    with pytest.raises(InvalidValue):
        cells.mass(1000)("80.0255")


@pytest.mark.parametrize("cell", ["heavy", "nan", "inf", "", "1.5", True, "8..0", dt.date(2026, 1, 1), "9" * 30])
def test_what_is_no_mass_is_refused(cell: Any) -> None:
    with pytest.raises(InvalidValue):
        cells.mass(1)(cell)


def test_identifiers_that_a_spreadsheet_took_for_numbers_come_back_or_are_refused() -> None:
    assert cells.code(2701121000.0) == "2701121000"
    assert cells.code("'071320251000000001") == "071320251000000001"
    for lost in (71320251000000001.0, "7.132E+16", "7E+16"):
        with pytest.raises(InvalidValue) as refusal:
            cells.code(lost)
        assert refusal.value.rule == "cell.precision"


def test_lists_are_parted_by_whatever_offices_part_them_by() -> None:
    assert cells.several("CSQU3054383、MSCU6639870；ABCU1234560，X  Y\nZ") == [
        "CSQU3054383", "MSCU6639870", "ABCU1234560", "X", "Y", "Z",
    ]  # fmt: skip


def test_yes_and_no_are_understood_in_both_languages() -> None:
    assert [cells.truth(cell) for cell in ("是", "YES", "√", 1, True, "合格")] == [True] * 6
    assert [cells.truth(cell) for cell in ("否", "no", "×", 0, False, "不合格", "无")] == [False] * 7
    with pytest.raises(InvalidValue):
        cells.truth("maybe")


def test_measured_values_keep_their_digits_and_words_stay_words() -> None:
    assert [cells.decimal(cell) for cell in ("0.080", 0.25, 3, "1,200.5", "未检出")] == [
        "0.080", "0.25", "3", "1200.5", "未检出",
    ]  # fmt: skip


@given(
    st.dates(dt.date(1970, 1, 1), dt.date(2100, 1, 1)),
    st.sampled_from(["%Y-%m-%d", "%Y/%m/%d", "%Y%m%d", "%Y年%m月%d日"]),
)
def test_every_day_is_read_back(day: dt.date, form: str) -> None:
    assert cells.day(day.strftime(form)) == day.isoformat()


@given(
    st.one_of(st.text(max_size=40), st.floats(), st.integers(), st.booleans(), st.dates(), st.datetimes(), st.times())
)
def test_no_cell_breaks_a_reader(cell: Any) -> None:
    for read in (cells.text, cells.code, cells.several, cells.whole, cells.mass(1000), cells.decimal, cells.truth,
                 cells.day, cells.instant, cells.one_of({"a": "b"})):  # fmt: skip
        try:
            read(cell)
        except InvalidValue:
            continue
