"""Files as offices send them: read for what can be used, with a list of what cannot and why."""

import datetime as dt

import pytest
import xlsxwriter

from kouan.adapters.study.csv_file import CsvTable
from kouan.adapters.study.gathering import gather
from kouan.adapters.study.kept import KeptMappings
from kouan.planning.study.bridge import traffic_of
from kouan.planning.study.mapping import fingerprint, guess
from kouan.planning.study.studying import study_of
from kouan.planning.traffic import Stage
from kouan.proving.bench_study.grading import grade
from kouan.simulator.exports.truth import Sample
from kouan.simulator.exports.writing import write
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.vocabulary.places import Direction

HEADER = "车牌号,进出境,通行时间\n"
ROW = "1234УБА,进境,2026-10-01 08:00:00\n"


class Kept:
    def __init__(self):
        self.mappings = {}

    def find(self, headers):
        return self.mappings.get(fingerprint(headers))

    def keep(self, headers, mapping):
        self.mappings[fingerprint(headers)] = mapping


def gathered(*paths, mappings=None, confirm=lambda table, mapping: mapping):
    return gather(paths, mappings or Kept(), confirm, lambda name, read, size: None)


def rules(found):
    return dict(found.rejected.group_by("rule").len().rows())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gbk", "gb18030", "utf-16"])
def test_chinese_files_are_read_in_each_encoding(tmp_path, encoding):
    text = HEADER + ROW.replace("УБА", "").replace("1234", "蒙B023H6")
    (tmp_path / "a.csv").write_bytes(text.encode(encoding))
    assert gathered(tmp_path / "a.csv").passages["plate"].to_list() == ["蒙B023H6"]


def test_cyrillic_of_an_old_windows_is_told_from_chinese(tmp_path):
    text = "Гос. номер;Направление;Время\n1234УБА;Въезд;01.10.2026 08:00\n"
    (tmp_path / "a.csv").write_bytes(text.encode("cp1251"))
    assert gathered(tmp_path / "a.csv").passages["plate"].to_list() == ["1234УБА"]


def test_bytes_of_another_encoding_in_the_middle_cost_their_row_alone(tmp_path):
    (tmp_path / "a.csv").write_bytes(
        (HEADER + ROW).encode() + "蒙B023H6,进境,2026-10-01 08:00:00\n".encode("gbk") + ROW.encode()
    )
    found = gathered(tmp_path / "a.csv")
    assert (found.passages["row"].to_list(), rules(found)) == ([2, 4], {"text.encoding": 1})


def test_titles_totals_and_headers_once_more_are_told_and_rows_keep_their_numbers(tmp_path):
    text = f"十月通行记录\n\n{HEADER}{ROW}\n{HEADER}{ROW}合计,2,\n"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    found = gathered(tmp_path / "a.csv")
    assert found.passages["row"].to_list() == [4, 7]
    assert rules(found) == {"row.outside": 1, "row.header": 1, "row.total": 1}


@pytest.mark.parametrize("bad", ['12"34УБА,进境,2026-10-01 08:00:00\n', '"1234УБА,进境,2026-10-01 08:00:00\n'])
def test_a_stray_quotation_mark_swallows_no_other_row(tmp_path, bad):
    (tmp_path / "a.csv").write_text(HEADER + ROW + bad + ROW * 5, encoding="utf-8")
    found = gathered(tmp_path / "a.csv")
    assert found.passages.height + found.rejected.height == 7
    assert found.passages.height >= 6


def test_merged_cells_and_two_tables_of_a_sheet_are_read(tmp_path):
    with xlsxwriter.Workbook(tmp_path / "a.xlsx") as book:
        page, form = book.add_worksheet("十月"), book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        page.merge_range(0, 0, 0, 6, "通行")
        for place, title in enumerate(["车牌号", "进出境", "通行时间", "", "磅单号", "车号", "毛重", "毛重时间"]):
            page.write(1, place, title)
        page.merge_range(2, 0, 3, 0, "1234УБА")
        for row, way in ((2, "进"), (3, "出")):
            page.write(row, 1, way)
            page.write_datetime(row, 2, dt.datetime(2026, 10, 1, 8 + row), form)  # noqa: DTZ001 - local time, as files have it
        page.write_row(2, 4, ["T1", "1234УБА", 60_000])
        page.write_datetime(2, 7, dt.datetime(2026, 10, 1, 11), form)  # noqa: DTZ001 - local time, as files have it
        for place, title in enumerate(["车牌号码", "方向", "时间"]):
            page.write(8, place, title)
        page.write_row(9, 0, ["蒙B023H6", "进", "2026-10-02 08:00"])
    found = gathered(tmp_path / "a.xlsx")
    assert found.passages["plate"].to_list() == ["1234УБА", "1234УБА", "蒙B023H6"]
    assert found.tickets["gross_kg"].to_list() == [60_000]
    assert rules(found) == {"row.outside": 1}


def test_a_file_of_which_nothing_can_be_used_is_refused_and_the_others_are_used(tmp_path):
    (tmp_path / "a.csv").write_text(HEADER + ROW, encoding="utf-8")
    (tmp_path / "b.csv").write_text("name,age\nx,1\n", encoding="utf-8")
    (tmp_path / "c.csv").write_bytes(b"")
    (tmp_path / "d.xlsx").write_bytes(b"PK\x03\x04 broken")
    found = gathered(*(tmp_path / name for name in ("b.csv", "a.csv", "c.csv", "d.xlsx")))
    assert [source.refused for source in found.sources] == ["table.columns", "", "file.empty", "file.form"]
    assert found.passages.height == 1
    with pytest.raises(InvalidValue, match="no row that can be used"):
        gathered(tmp_path / "b.csv")
    with pytest.raises(NotFound):
        gathered(tmp_path / "none.csv")


def test_a_mapping_is_confirmed_once(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.csv").write_text(HEADER + ROW, encoding="utf-8")
    asked, kept = [], Kept()

    def confirm(table, mapping):
        asked.append(table.name)
        return mapping

    gathered(tmp_path / "a.csv", tmp_path / "b.csv", mappings=kept, confirm=confirm)
    assert asked == ["a.csv"]


def test_a_large_file_is_read_in_blocks_and_its_rows_are_numbered_through(tmp_path, monkeypatch):
    monkeypatch.setattr("kouan.adapters.study.csv_file.BLOCK_CHARS", 1000)
    (tmp_path / "a.csv").write_text(HEADER + ROW * 500, encoding="gbk" if "У".encode("gb18030") else "utf-8")
    blocks = list(CsvTable(tmp_path / "a.csv").blocks(lambda read: None))
    assert len(blocks) > 10
    assert [row for block in blocks for row in block["row"].to_list()] == list(range(2, 502))


TICKETS = "磅单号,承运人,车号,毛重,皮重,毛重时间\n"
TICKET = "T{n},甲,1234УБА,60000,20000,2026-10-01 09:00:00\n"


@pytest.mark.parametrize("block_chars", [16_000_000, 300])
@pytest.mark.parametrize("quoted", ["", '"蒙B023H6","进\n境",2026-10-01 08:00:00\n'])
def test_tables_below_one_another_in_a_csv_file_are_read_as_in_excel(tmp_path, monkeypatch, block_chars, quoted):
    monkeypatch.setattr("kouan.adapters.study.csv_file.BLOCK_CHARS", block_chars)
    tickets = "".join(TICKET.format(n=n) for n in range(40))
    text = f"十月\n{HEADER}{quoted}{ROW * 20}\n称重记录\n{TICKETS}{tickets}{TICKETS}\n{HEADER}{ROW}"
    (tmp_path / "a.csv").write_text(text, encoding="utf-8")
    found = gathered(tmp_path / "a.csv")
    many = 20 + bool(quoted)
    assert [(source.name, source.used) for source in found.sources] == [
        ("a.csv", many), ("a.csv [2]", 40), ("a.csv [3]", 1),
    ]  # fmt: skip
    assert found.tickets["ticket"].to_list() == [f"T{n}" for n in range(40)]
    assert found.passages["row"].to_list() == [*range(3, 3 + many), many + 49]
    assert rules(found) == {"row.outside": 1, "plate.form": 1, "row.header": 1}


def test_a_table_below_one_that_cannot_be_used_is_read(tmp_path):
    (tmp_path / "a.csv").write_text(f"name,age\nx,1\n\n{HEADER}{ROW}", encoding="utf-8")
    assert gathered(tmp_path / "a.csv").passages["row"].to_list() == [5]
    (tmp_path / "b.csv").write_text(f"车号,承运人\n1234УБА,甲\n\n{HEADER}{ROW}", encoding="utf-8")
    found = gathered(tmp_path / "b.csv")
    assert [(source.name, source.refused) for source in found.sources] == [
        ("b.csv", "table.columns"),
        ("b.csv [2]", ""),
    ]


def test_rows_that_name_columns_but_are_no_header_begin_no_table(tmp_path):
    (tmp_path / "a.csv").write_text(f"{HEADER}{ROW}车牌,不详,\n时间,未知,x\n{ROW}", encoding="utf-8")
    found = gathered(tmp_path / "a.csv")
    assert ([source.name for source in found.sources], found.passages.height) == (["a.csv"], 2)
    assert found.rejected.height == 2


def test_the_visits_of_a_sample_in_four_languages_are_rebuilt_as_they_truly_were(tmp_path):
    written = write(Sample(rows=6000, seed=7), tmp_path, ["zh", "mn", "ru", "en", "xlsx"])
    found = gathered(*(tmp_path / name for name in written.files))
    studied = study_of(found)
    counts = studied.study.counts
    assert (counts.rows, counts.passages_again + counts.tickets_again) == (written.rows, written.rows_twice)
    assert (
        sum(rejection.rows for rejection in studied.study.rejections if rejection.rule != "row.outside")
        == written.wrong_rows
    )
    graded = grade(studied.visits, tmp_path / "truth.csv")
    assert graded.rebuilt > 0.98
    assert max(abs(graded.queue_error), abs(graded.turn_round_error), abs(graded.unloading_error)) < 0.01
    worst = studied.study.carriers[0]
    assert (worst.carrier, abs(worst.median_kg - written.short_kg) < 40) == (written.short_carrier, True)


def test_of_too_many_rows_whole_vehicles_are_kept_and_counts_are_multiplied(tmp_path, monkeypatch):
    written = write(Sample(rows=6000, seed=7), tmp_path, ["zh"])
    paths = [tmp_path / name for name in written.files]
    whole = study_of(gathered(*paths)).study
    monkeypatch.setattr("kouan.adapters.study.gathering.MOST_KEPT", 2500)
    monkeypatch.setattr("kouan.adapters.study.csv_file.BLOCK_CHARS", 20_000)
    drawn = study_of(gathered(*paths)).study
    assert drawn.one_vehicle_in == 4
    assert (drawn.counts.rows, drawn.counts.used) == (whole.counts.rows, whole.counts.used)
    assert drawn.counts.whole_visits > 0.97 * drawn.counts.visits
    assert 0.8 < sum(day.entered for day in drawn.traffic) / sum(day.entered for day in whole.traffic) < 1.25
    assert drawn.rejections == whole.rejections


def test_a_study_hands_its_traffic_to_the_flow_model(tmp_path):
    written = write(Sample(rows=6000, seed=7), tmp_path, ["mn"])
    studied = study_of(gathered(*(tmp_path / name for name in written.files)))
    traffic = traffic_of(studied, "ganqimaodu")
    inbound = [day for day in traffic.arrivals if day.direction is Direction.IN]
    assert sum(day.total for day in inbound) == sum(day.entered for day in studied.study.traffic)
    assert not any(day.passed for day in inbound)
    assert (traffic.opens_s, {stage.stage for stage in traffic.stages}) == (
        8 * 3600,
        {Stage.GATE_IN, Stage.UNLOAD, Stage.GATE_OUT},
    )
    assert "stage.scan" in traffic.missing
    assert sum(day.visits for day in traffic.observed) == sum(day.entered for day in studied.study.traffic)


def test_only_what_a_person_confirmed_is_kept_and_a_script_uses_it(tmp_path):
    headers = ("Plate", "Time")
    mapping = guess(headers, [["1234УБА", "2026-10-01 08:00:00"]], "in.csv")
    script, person = (KeptMappings(tmp_path, confirmed=confirmed) for confirmed in (False, True))
    script.keep(headers, mapping)
    assert person.find(headers) is None
    person.keep(headers, mapping)
    assert script.find(("PLATE", " time")) == mapping
    assert script.find(("Plate",)) is None
