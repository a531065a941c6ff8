"""Studies over HTTP: files brought, columns confirmed, studied in a process of their own, read, asked, deleted."""

import datetime as dt
import io
import json
import stat
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from python_calamine import CalamineWorkbook
from tests.integration.web.web_kit import WebPort, json_of, web_port

from kouan.access.people import Account, Agency, Role
from kouan.access.use_cases import issue_token, save_account
from kouan.adapters.study import shelf, studies
from kouan.adapters.study.studies import FileStudies
from kouan.simulator.exports.truth import Sample
from kouan.simulator.exports.writing import write
from kouan.vocabulary.clock import SECOND
from kouan.web.services import Limits

API = "/api/v1/studies"
ROWS = "Plate,Way,Time\n1234УБА,in,2026-10-01 08:00:00\n1234УБА,out,2026-10-01 12:00:00\n1234УБА,in,never\n"
EAGER = "import sys; from kouan.adapters.study.job import run; run(sys.stdin.buffer, sys.stdout.buffer)"
WAITS = "import sys; sys.stdin.buffer.readline(); sys.stdin.read(); import signal; signal.pause()"
DIES = "import os; os._exit(9)"


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Exports of some thousand rows, mistakes included: CSV in Mongolian, an Excel file."""
    folder = tmp_path_factory.mktemp("sample")
    written = write(Sample(rows=3000, seed=3), folder, ["mn", "xlsx"])
    return [folder / name for name in written.files]


def ten_days() -> list[tuple[str, bytes]]:
    """Exports of thirty lorries a day on ten days, each weighed twice."""
    start = dt.datetime(2026, 10, 1, 8)  # noqa: DTZ001 - local time, as files have it
    passages, tickets = ["Plate,Direction,Queued at,Stopped at,Left at"], ["Plate,Ticket,Gross at,Tare at,Gross,Tare"]
    for number in range(300):
        came = start + dt.timedelta(days=number // 30, minutes=number % 30 * 20)
        late = number * 7 % 5 + number // 30 % 3
        at = [came + dt.timedelta(minutes=minute) for minute in (0, 5 + late, 6 + late, 15, 30 + late, 40, 41)]
        plate = f"{1000 + number}УБА"
        passages += [f"{plate},in,{at[0]},{at[1]},{at[2]}", f"{plate},out,,{at[5]},{at[6]}"]
        tickets.append(f"{plate},T{number},{at[3]},{at[4]},60000,{20000 + number}")
    return [("passages.csv", "\n".join(passages).encode()), ("tickets.csv", "\n".join(tickets).encode())]


class Studying:
    """A port that keeps studies, and a planner of it."""

    def __init__(self, port: WebPort, folder: Path) -> None:
        self.port, self.folder = port, folder
        self.planner = port.machine("planner")

    @property
    def studies(self) -> FileStudies:
        found = self.port.services.studies
        assert isinstance(found, FileStudies)
        return found

    async def begun(self, *files: Path | tuple[str, bytes]) -> str:
        """Begin a study and bring files; return its number."""
        answer = await self.planner.post(API)
        assert answer.status_code == 201, answer.text
        number = str(json_of(answer)["number"])
        for file in files:
            name, content = (file.name, file.read_bytes()) if isinstance(file, Path) else file
            answer = await self.bring(number, name, content)
            assert answer.status_code == 200, answer.text
        return number

    async def bring(self, number: str, name: str, content: Any) -> httpx.Response:
        return await self.planner.put(f"{API}/{number}/files/{name}", content=content)

    async def looked(self, number: str) -> list[dict[str, Any]]:
        """Look which tables the files have."""
        answer = await self.planner.post(f"{API}/{number}/look")
        assert answer.status_code == 202, answer.text
        await self.studies.settled()
        return list((await self.found(number))["tables"])

    async def run(self, number: str, tables: list[dict[str, Any]]) -> dict[str, Any]:
        """Study with the columns as they are taken for, and return what is known then."""
        confirmed = [{name: each[name] for name in ("headers", "kind", "columns")} for each in tables if each["kind"]]
        answer = await self.planner.post(f"{API}/{number}/run", json={"tables": confirmed})
        assert answer.status_code == 202, answer.text
        await self.studies.settled()
        return await self.found(number)

    async def found(self, number: str, purpose: str | None = None) -> dict[str, Any]:
        headers = {} if purpose is None else {"kouan-purpose": purpose}
        answer = await self.planner.get(f"{API}/{number}", headers=headers)
        assert answer.status_code == 200, answer.text
        return dict(json_of(answer))

    async def reads(self) -> list[str]:
        """Return what the ledger says was read."""
        entries = [one for one in await self.port.ledger.read(limit=1000) if one.kind == "access.read/1"]
        return [read["about"] for one in entries for read in json.loads(bytes(one.body))["read"]]


async def opened(folder: Path, command: tuple[str, ...] = studies.COMMAND, **changes: Any) -> AsyncIterator[Studying]:
    async with web_port(**changes) as port:
        kept = FileStudies(folder, "ganqimaodu", "Asia/Shanghai", port.clock, port.secret, command)
        object.__setattr__(port.services, "studies", kept)
        yield Studying(port, folder)
        await kept.close()


@pytest.fixture
async def studying(tmp_path: Path) -> AsyncIterator[Studying]:
    async for each in opened(tmp_path / "studies"):
        yield each


@pytest.fixture
async def stuck(tmp_path: Path) -> AsyncIterator[Studying]:
    """Where a job's process never ends by itself."""
    async for each in opened(tmp_path / "studies", (sys.executable, "-c", WAITS)):
        yield each


@pytest.fixture
async def eager(tmp_path: Path) -> AsyncIterator[Studying]:
    """Where a job's process does not make way for whatever else this machine does."""
    async for each in opened(tmp_path / "studies", (sys.executable, "-c", EAGER)):
        yield each


@pytest.fixture
async def dying(tmp_path: Path) -> AsyncIterator[Studying]:
    """Where a job's process ends before it is done."""
    async for each in opened(tmp_path / "studies", (sys.executable, "-c", DIES)):
        yield each


def refused(answer: httpx.Response) -> tuple[int, str, str]:
    error = json_of(answer)["errors"][0]
    return answer.status_code, str(error["field"]), str(error["rule"])


async def test_files_of_two_kinds_are_studied_and_the_answer_is_kept_and_the_files_are_not(
    studying: Studying, sample: list[Path]
) -> None:
    number = await studying.begun(*sample, ("broken.xlsx", b"PK\x03\x04 broken"))
    tables = await studying.looked(number)
    assert {each["kind"] for each in tables} >= {"passages", "tickets", None}
    assert [(each["name"], each["rule"]) for each in tables if each["rule"]] == [("broken.xlsx", "file.form")]
    assert all(each["first"] for each in tables if each["kind"])
    opened = await studying.run(number, tables)
    study, answer = opened["study"], opened["answer"]
    assert (study["state"], study["problem"], study["progress"]) == ("answered", None, None)
    assert [file["name"] for file in study["files"]] == [*(path.name for path in sample), "broken.xlsx"]
    counts = {each["name"]: each["value"] for each in answer["counts"]}
    assert counts["visits"] >= 900
    assert answer["legs"][0]["lost_h_a_day"] >= answer["legs"][1]["lost_h_a_day"] > 0
    assert len(answer["queues"][0]["waiting"]) == 96
    assert len(answer["tracks"]["points"]) > 100
    assert {len(points) for points in answer["tracks"]["points"]} == {len(answer["tracks"]["places"])} == {5}
    assert answer["summary"]["zh"]
    assert len(answer["summary"]["zh"]) == len(answer["summary"]["en"])
    assert sum(each["rows"] for each in answer["rejections"]) > 3
    assert not (studying.folder / "kept" / number / "files").exists()
    listed = json_of(await studying.planner.get(API))["items"]
    assert [(each["number"], each["by"], each["state"]) for each in listed] == [(number, "planner", "answered")]


async def test_what_rows_say_is_shown_for_a_purpose_only_and_each_read_is_recorded(
    studying: Studying, sample: list[Path]
) -> None:
    number = await studying.begun(*sample[:2])
    opened = await studying.run(number, await studying.looked(number))
    plain = [row["value"] for each in opened["answer"]["rejections"] for row in each["examples"]]
    assert (opened["withheld"], set(plain), await studying.reads()) == (True, {None}, [])
    shown = await studying.found(number, "planning")
    wrong = [each for each in shown["answer"]["rejections"] if each["rule"] != "row.outside"]
    said = [row["value"] for each in wrong for row in each["examples"]]
    assert (shown["withheld"], any(said), await studying.reads()) == (False, True, [f"study:{number}"])
    workbook = f"{API}/{number}/workbook?language=en"
    assert refused(await studying.planner.get(workbook)) == (403, "Kouan-Purpose", "need.rows_withheld")
    book = await studying.planner.get(workbook, headers={"kouan-purpose": "planning"})
    visits = CalamineWorkbook.from_filelike(io.BytesIO(book.content)).get_sheet_by_name("visits").to_python()
    assert len(visits) > 400
    assert await studying.reads() == [f"study:{number}"] * 2
    plates = {str(row[0]) for row in visits[1:]}
    for language in ("zh", "en"):
        report = await studying.planner.get(f"{API}/{number}/report?language={language}")
        assert "unsafe-inline" not in report.headers["content-security-policy"]
        assert not any(plate in report.text for plate in plates)
        assert not any(str(value) in report.text for value in said if value and len(value) > 6)


async def test_columns_are_confirmed_once_as_a_person_says_and_known_from_then_on(studying: Studying) -> None:
    text = "A,B,C,D\n" + "".join(
        f"{n}УБА,{way},2026-10-0{day} 0{hour}:00:00,2026-10-0{day} 0{hour}:30:00\n"
        for n in range(1000, 1009) for day in range(1, 9) for way, hour in (("in", 2), ("out", 6))
    )  # fmt: skip
    number = await studying.begun(("export.csv", text.encode()))
    (table,) = await studying.looked(number)
    assert (table["known"], table["columns"]) == (
        False, {"plate": "A", "direction": "B", "stopped_at": "C", "left_at": "D"},
    )  # fmt: skip
    columns = {"plate": "A", "direction": "B", "queued_at": "C", "stopped_at": "D"}
    opened = await studying.run(number, [table | {"columns": columns}])
    legs = {each["leg"]: each["median_s"] for each in opened["answer"]["legs"]}
    assert (legs["queue_in"], "stop_in" in legs) == (1800, False)
    again = await studying.begun(("export.csv", text.encode()))
    (table,) = await studying.looked(again)
    assert (table["known"], table["columns"]) == (True, columns)
    strange = {"tables": [{"headers": ["A", "B"], "kind": "passages", "columns": {"plate": "X"}}]}
    answer = await studying.planner.post(f"{API}/{again}/run", json=strange)
    assert refused(answer) == (422, "tables.0.columns.plate", "study.column")


async def test_files_that_cannot_be_taken_are_refused_with_field_and_rule(
    studying: Studying, monkeypatch: pytest.MonkeyPatch
) -> None:
    number = await studying.begun(("a.csv", ROWS.encode()))
    assert refused(await studying.bring(number, "b.csv", b"")) == (422, "file", "file.empty")
    assert refused(await studying.bring(number, "a.csv", b"x")) == (422, "name", "study.name_taken")
    assert refused(await studying.bring(number, ".hidden", b"x")) == (422, "name", "study.name")
    assert refused(await studying.bring(number, "..%5Cx.csv", b"x")) == (422, "name", "study.name")
    assert (await studying.bring(number, "..%2F..%2Fx.csv", b"x")).status_code in (404, 405)
    monkeypatch.setattr(shelf, "MOST_FILES", 1)
    assert refused(await studying.bring(number, "c.csv", b"x")) == (422, "file", "study.files")
    monkeypatch.setattr(shelf, "MOST_FILES", 9)
    monkeypatch.setattr(shelf, "ROOM_BYTES", 2**62)
    assert refused(await studying.bring(number, "c.csv", b"x")) == (422, "file", "study.room")
    assert [path.name for path in (studying.folder / "kept" / number / "files").iterdir()] == ["a.csv"]


async def test_a_file_is_written_as_it_comes_and_never_held_whole(
    studying: Studying, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[int] = []
    take = shelf.Taking.take

    def noted(self: shelf.Taking, block: bytes) -> None:
        taken.append(len(block))
        take(self, block)

    monkeypatch.setattr(shelf.Taking, "take", noted)
    monkeypatch.setattr(studies, "BLOCK_BYTES", 10_000)

    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    number = await studying.begun()
    answer = await studying.bring(number, "a.csv", blocks())
    assert json_of(answer)["files"][0]["bytes"] == 100_000
    assert max(taken) == 10_000


async def test_a_file_that_is_too_long_is_refused_also_where_it_does_not_say_how_long_it_is(tmp_path: Path) -> None:
    async def blocks() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b"x" * 1000

    async for studying in opened(tmp_path / "studies", limits=Limits(study_bytes=50_000)):
        number = await studying.begun()
        for content in (b"x" * 60_000, blocks()):
            assert (await studying.bring(number, "a.csv", content)).status_code == 413
        assert list((studying.folder / "kept" / number / "files").iterdir()) == []


async def test_files_are_nobody_elses_to_read_on_the_disk(studying: Studying) -> None:
    number = await studying.begun(("a.csv", ROWS.encode()))
    await studying.looked(number)
    paths = [studying.folder / "kept", *(studying.folder / "kept").rglob("*")]
    modes = {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_dir()}
    assert (modes, {stat.S_IMODE(path.stat().st_mode) for path in paths if path.is_file()}) == ({0o700}, {0o600})


async def test_another_planner_sees_the_study_but_neither_its_rows_nor_its_files(studying: Studying) -> None:
    number = await studying.begun(("a.csv", ROWS.encode()))
    (own,) = await studying.looked(number)
    port = studying.port
    account = Account("other", "Other", Agency.CUSTOMS, (Role.PLANNER,))
    await port.ledger.append(save_account(account, "test", port.clock.now()))
    secret = port.secret()
    await port.ledger.append(issue_token(account, "test", secret, port.clock.now(), None)[1])
    other = port.client(authorization=f"Bearer {secret}")
    (table,) = json_of(await other.get(f"{API}/{number}"))["tables"]
    assert (own["first"], table["first"]) == (["1234УБА", "in", "2026-10-01 08:00:00"], [])
    assert (await other.put(f"{API}/{number}/files/b.csv", content=b"x")).status_code == 403
    assert (await other.post(f"{API}/{number}/run", json={"tables": []})).status_code == 403
    assert (await other.delete(f"{API}/{number}")).status_code == 204


async def test_one_study_is_made_at_a_time_and_ends_when_it_is_cancelled(stuck: Studying) -> None:
    first, second = await stuck.begun(("a.csv", ROWS.encode())), await stuck.begun(("a.csv", ROWS.encode()))
    began = json_of(await stuck.planner.post(f"{API}/{first}/look"))
    assert (began["state"], began["progress"]["stage"]) == ("reading", "look")
    assert (await stuck.planner.post(f"{API}/{second}/look")).status_code == 409
    assert (await stuck.bring(first, "b.csv", b"x")).status_code == 409
    ended = json_of(await stuck.planner.post(f"{API}/{first}/cancellation"))
    assert (ended["state"], ended["progress"], ended["problem"]["rule"]) == ("bringing", None, "study.cancelled")
    assert (await stuck.planner.post(f"{API}/{second}/look")).status_code == 202
    assert (await stuck.planner.delete(f"{API}/{second}")).status_code == 204
    assert [each["number"] for each in json_of(await stuck.planner.get(API))["items"]] == [first]


async def test_a_process_that_dies_is_told_and_the_study_can_be_begun_again(dying: Studying) -> None:
    number = await dying.begun(("a.csv", ROWS.encode()))
    assert await dying.looked(number) == []
    study = (await dying.found(number))["study"]
    assert (study["state"], study["problem"]["rule"]) == ("bringing", "study.broken")
    assert (await dying.planner.post(f"{API}/{number}/look")).status_code == 202


async def test_files_without_a_usable_row_are_told_and_may_be_mended(studying: Studying) -> None:
    number = await studying.begun(("a.csv", b"Plate,Way,Time\nx,in,2026-10-01 08:00:00\n"))
    opened = await studying.run(number, await studying.looked(number))
    assert (opened["study"]["state"], opened["study"]["problem"]["rule"]) == ("to_confirm", "study.nothing")
    assert (await studying.bring(number, "b.csv", ROWS.encode())).status_code == 200
    opened = await studying.run(number, await studying.looked(number))
    assert (opened["study"]["state"], opened["study"]["problem"]) == ("answered", None)


@pytest.mark.slow
async def test_a_what_if_is_answered_behind_its_back_test_and_a_strange_change_is_refused(
    eager: Studying,
) -> None:
    number = await eager.begun(*ten_days())
    await eager.run(number, await eager.looked(number))
    assert (await eager.planner.get(f"{API}/{number}/what-ifs/workbook")).status_code == 404
    await eager.planner.post(f"{API}/{number}/what-ifs", json={"changes": ["lames_in=14"]})
    await eager.studies.settled()
    opened = await eager.found(number)
    assert (opened["study"]["problem"]["rule"], opened["what_ifs"]) == ("what_if.name", [])
    await eager.planner.post(f"{API}/{number}/what-ifs", json={"changes": ["unload_min=60"]})
    await eager.studies.settled()
    opened = await eager.found(number)
    (told,) = opened["what_ifs"]
    assert (opened["study"]["problem"], told["changes"], told["replications"]) == (None, ["unload_min=60"], 30)
    assert told["back_test"]["days"]
    assert told["back_test"]["absolute"] > 0
    measures = {each["compared"]["measure"]: each for each in told["measures"]}
    assert measures["visit_min"]["compared"]["after"]["mean"] > measures["visit_min"]["compared"]["before"]["mean"]
    assert all(len(line[name]) == 96 for line in told["lines"] for name in ("before", "after"))
    for language, title in (("zh", "若改变：unload_min=60"), ("en", "What if: unload_min=60")):
        report = (await eager.planner.get(f"{API}/{number}/report?language={language}")).text
        assert title in report
        assert "УБА" not in report
    book = await eager.planner.get(f"{API}/{number}/what-ifs/workbook?language=en")
    sheets = CalamineWorkbook.from_filelike(io.BytesIO(book.content))
    assert sheets.sheet_names == ["what if", "days held out", "lines by clock"]
    assert {row[0] for row in sheets.get_sheet_by_name("what if").to_python()[1:]} == {"unload_min=60"}
    cells = [cell for name in sheets.sheet_names for row in sheets.get_sheet_by_name(name).to_python() for cell in row]
    assert not any("УБА" in str(cell) for cell in cells)


async def test_what_waited_for_a_day_is_gone_and_no_more_are_begun_than_are_kept(
    studying: Studying, monkeypatch: pytest.MonkeyPatch
) -> None:
    left = await studying.begun(("a.csv", ROWS.encode()))
    studying.port.clock.advance(shelf.DRAFT_US / SECOND + 1)
    monkeypatch.setattr(shelf, "MOST_STUDIES", 1)
    fresh = await studying.begun()
    assert (await studying.planner.get(f"{API}/{left}")).status_code == 404
    assert (await studying.planner.get(f"{API}/{fresh}")).status_code == 200
    assert (await studying.planner.post(API)).status_code == 409


async def test_a_port_without_a_place_for_studies_says_so(port: WebPort) -> None:
    assert (await port.machine("planner").get(API)).status_code == 404
