"""Which column of an export says what."""

import pytest

from kouan.planning.study.fields import Field, Kind, direction_named
from kouan.planning.study.mapping import again, fingerprint, guess, require_usable
from kouan.planning.study.times import SERIAL, forms_of
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

DAY = "2026-10-01 08:00:00"


@pytest.mark.parametrize(
    ("headers", "row"),
    [
        (["车牌号", "进出境", "通行时间", "放行时间"], ["蒙B023H6", "进境", DAY, DAY]),
        (["Чиглэл", "Чөлөөлсөн цаг", "Улсын дугаар", "Зогссон цаг"], ["Орох", DAY, "1234УБА", DAY]),
        (["Время выпуска", "Гос. номер", "Направление", "Время остановки"], [DAY, "А129ХУ196", "Въезд", DAY]),
        (["Released at", "Stopped at", "Direction", "Vehicle no."], [DAY, DAY, "in", "1234УБА"]),
    ],
)
def test_passages_are_known_in_four_languages_whatever_the_order_of_columns(headers, row):
    mapping = guess(headers, [row])
    assert mapping.kind is Kind.PASSAGES
    assert set(mapping.columns) == {Field.PLATE, Field.DIRECTION, Field.STOPPED_AT, Field.LEFT_AT}
    assert mapping.missing() == ()


def test_a_unit_in_the_header_or_the_size_of_the_numbers_tells_tonnes():
    headers = ["Ticket", "Plate", "Gross time", "Gross (t)", "Tare", "Net (kg)"]
    mapping = guess(headers, [["1", "1234УБА", DAY, "65.20", "20.15", "45050"]])
    assert mapping.kind is Kind.TICKETS
    assert mapping.unit_kg == {Field.GROSS_KG: 1000, Field.TARE_KG: 1000, Field.NET_KG: 1}


def test_two_times_hours_apart_are_a_visit_not_a_stop():
    headers = ["Plate", "Stopped at", "Left at"]
    far = [["1234УБА", "2026-10-01 08:00:00", "2026-10-01 14:00:00"]] * 3
    assert guess(headers, far).kind is Kind.VISITS
    near = [["1234УБА", "2026-10-01 08:00:00", "2026-10-01 08:00:40"]] * 3
    assert guess(headers, near, "入境十月.csv").direction is Direction.IN


def test_columns_with_unknown_headers_are_found_by_what_stands_below_them():
    rows = [["7", "1234УБА", "2026-10-01 08:00:00", "进"], ["8", "蒙B023H6", "2026-10-01 08:01:00", "出"]]
    mapping = guess(["A", "B", "C", "D"], rows)
    assert mapping.columns == {Field.PLATE: "B", Field.DIRECTION: "D", Field.STOPPED_AT: "C"}
    assert set(mapping.guessed) == set(mapping.columns)


def test_a_table_that_lacks_something_is_refused_with_what_it_lacks():
    with pytest.raises(InvalidValue, match="no column for direction"):
        require_usable(guess(["Plate", "Time"], [["1234УБА", DAY]]), ["Plate", "Time"])


def test_a_kept_mapping_reads_the_forms_and_the_direction_of_the_next_file_anew():
    headers = ["Plate", "Time"]
    first = guess(headers, [["1234УБА", DAY]], "in.csv")
    second = again(first, headers, [["1234УБА", "02.10.2026 08:00"]], "out.csv")
    assert (first.direction, second.direction) == (Direction.IN, Direction.OUT)
    assert second.forms[Field.STOPPED_AT] == ("%d.%m.%Y %H:%M",)
    assert fingerprint(["Plate ", "TIME"]) == fingerprint(headers)


@pytest.mark.parametrize(
    ("sample", "form"),
    [
        (["2026-10-01 08:00:00"], "%Y-%m-%d %H:%M:%S"),
        (["2026/1/5 8:03"], "%Y/%m/%d %H:%M"),
        (["05.01.2026 8:03", "15.01.2026 8:03"], "%d.%m.%Y %H:%M"),
        (["01/15/2026 8:03", "01/05/2026 9:03"], "%m/%d/%Y %H:%M"),
        (["05/01/2026 8:03", "06/01/2026 9:03", "07/01/2026 9:03"], "%d/%m/%Y %H:%M"),
        (["2026年1月5日 8:03"], "%Y年%m月%d日 %H:%M"),
        (["20260105080301"], "%Y%m%d%H%M%S"),
        (["46027.3354"], SERIAL),
    ],
)
def test_the_form_of_days_and_times_is_told_by_a_sample(sample, form):
    assert forms_of(sample)[0] == form


def test_what_is_no_time_has_no_form():
    assert forms_of(["1234УБА", "вчера", ""]) == ()


@pytest.mark.parametrize(
    ("name", "way"),
    [("入境记录.csv", Direction.IN), ("出境.xlsx", Direction.OUT), ("进出境.csv", None), ("weighing.csv", None),
     ("gate_out_2026.csv", Direction.OUT), ("въезд.csv", Direction.IN)],
)  # fmt: skip
def test_the_name_of_a_file_may_tell_the_direction(name, way):
    assert direction_named(name) is way


def test_of_columns_that_nobody_knows_the_first_time_is_the_first():
    rows = [
        [f"{n}УБА", "in", f"2026-10-01 08:{n % 60:02d}:00", f"2026-10-01 09:{n % 60:02d}:00"] for n in range(1000, 1040)
    ]
    found = guess(("A", "B", "C", "D"), rows)
    assert found.columns == {Field.PLATE: "A", Field.DIRECTION: "B", Field.STOPPED_AT: "C", Field.LEFT_AT: "D"}
