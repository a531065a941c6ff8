"""A planner drops a port's own files, confirms once how they are read, and reads where the hours go."""

import io
import pathlib
import re
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from python_calamine import CalamineWorkbook
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import violations
from tests.browser.test_examinations import opened
from tests.browser.test_freight import whole
from tests.integration.web.test_study import ten_days
from tests.integration.web.web_kit import WebPort

from kouan.adapters.study.studies import FileStudies
from kouan.simulator.exports.truth import Sample
from kouan.simulator.exports.writing import write

STUDIED_MS = 240_000
"""How long a study of some thousand rows may take on a busy machine."""

JOB = "import sys; from kouan.adapters.study.job import run; run(sys.stdin.buffer, sys.stdout.buffer)"
"""A study's process that does not make way for whatever else this machine does."""

DROP = """files => {
  const held = new DataTransfer();
  for (const file of files) held.items.add(new File([file.text], file.name));
  return held;
}"""


@pytest.fixture
def port(built_console: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[MemoryPort]:
    """A port that keeps studies."""

    async def with_studies(port: WebPort) -> None:
        folder = tmp_path_factory.mktemp("data")
        job = (sys.executable, "-c", JOB)
        kept = FileStudies(folder / "studies", "ganqimaodu", "Asia/Shanghai", port.clock, port.secret, job)
        object.__setattr__(port.services, "studies", kept)

    with MemoryPort(with_studies) as served:
        yield served


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> list[pathlib.Path]:
    """A month's exports with mistakes in them."""
    folder = tmp_path_factory.mktemp("sample")
    written = write(Sample(rows=2000, seed=5), folder, ["mn"])
    return [folder / name for name in written.files]


def drop(page: Page, *files: pathlib.Path) -> None:
    """Drop files on the page, as a hand would."""
    told = [{"name": path.name, "text": path.read_text("utf-8")} for path in files]
    held = page.evaluate_handle(DROP, told)
    page.locator(".drop").dispatch_event("drop", {"dataTransfer": held})


def studied(page: Page) -> None:
    """Confirm what the columns are taken for, and wait for the answer."""
    page.locator("main button.primary").click(timeout=STUDIED_MS)
    page.locator(".tiles").wait_for(timeout=STUDIED_MS)


def ask(page: Page, label: str, button: str, changes: str) -> None:
    """Ask the model, once the page lets one, and see that the question is sent."""
    pressed = page.get_by_role("button", name=button)
    page.get_by_label(label, exact=True).fill(changes)
    expect(pressed).to_be_enabled()
    with page.expect_response(re.compile("/what-ifs$")):
        pressed.press("Enter")


def test_files_are_dropped_confirmed_and_answered_and_the_study_can_be_opened_again_and_deleted(
    context_of: OpenContext, port: MemoryPort, sample: list[pathlib.Path]
) -> None:
    page = opened(context_of, port.url, "/study?lang=en", "planner")
    drop(page, *sample)
    first = page.locator("section.table").first
    first.wait_for(timeout=STUDIED_MS)
    plate = first.get_by_role("combobox", name=re.compile("Read as: Улсын дугаар"))
    expect(plate).to_have_value("plate")
    assert violations(page) == []
    studied(page)
    expect(page.locator(".tiles dd")).to_have_count(6)
    expect(page.locator(".lead li").first).to_contain_text("vehicles entered a day")
    expect(page.locator(".ranking tbody")).to_contain_text("queue before the gate, inbound")
    expect(page.get_by_role("img", name="Vehicles waiting, by the clock · inbound")).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("Space and time"))).to_be_visible()
    assert page.locator("path.visit").count() > 50
    assert violations(page) == []
    refused = page.get_by_role("region", name="Rows that were not used")
    expect(refused).to_contain_text("withheld")
    page.get_by_role("button", name="Show what the rows say").press("Enter")
    expect(refused).to_contain_text("each look is recorded")
    expect(refused).to_contain_text("“")
    with page.expect_download() as download:
        page.get_by_role("button", name="Excel workbook").press("Enter")
    book = CalamineWorkbook.from_filelike(io.BytesIO(download.value.path().read_bytes()))
    assert len(book.get_sheet_by_name("visits").to_python()) > 300
    with page.context.expect_page() as printed:
        page.get_by_role("link", name="Report to print").click()
    expect(printed.value.locator("section.en h1")).to_have_text("Where the hours go: a study of the port")
    assert printed.value.locator("section.en svg").count() >= 5
    address = page.url
    page.goto(f"{port.url}/study?lang=en")
    page.locator(".kept a").first.click()
    page.locator(".tiles").wait_for()
    assert page.url == address.replace("?lang=en", "")
    page.get_by_role("button", name=re.compile("Delete…")).press("Enter")
    page.get_by_role("button", name="Delete", exact=True).press("Enter")
    expect(page.get_by_text("None yet.")).to_be_visible()
    assert page.evaluate("window.kouanMissingMessages()") == []


def test_the_page_reads_in_chinese_says_what_it_cannot_use_and_is_without_violations(
    context_of: OpenContext, port: MemoryPort, tmp_path: pathlib.Path
) -> None:
    page = opened(context_of, port.url, "/study?lang=zh", "planner")
    expect(page.get_by_role("heading", name="时间花在了哪里？")).to_be_visible()
    good, bad = tmp_path / "通行.csv", tmp_path / "其他.csv"
    good.write_text("车牌号,进出境,通行时间\n1234УБА,进境,2026-10-01 08:00\n1234УБА,出境,昨天\n", "utf-8")
    bad.write_text("车号,承运人\n1234УБА,甲\n", "utf-8")
    page.locator("input[type=file]").set_input_files([good, bad])
    page.get_by_text("table.columns").wait_for(timeout=STUDIED_MS)
    whole(page)
    studied(page)
    expect(page.get_by_role("region", name="未采用的数据行")).to_contain_text("时间无法识别")
    expect(page.get_by_role("region", name="文件的采用情况")).to_contain_text("table.columns")
    ask(page, "改变", "询问模型", "lames_in=14")
    page.get_by_text("须写作 名称=值").wait_for(timeout=STUDIED_MS)
    whole(page)
    assert page.evaluate("window.kouanMissingMessages()") == []


@pytest.mark.slow
def test_a_question_is_answered_behind_the_error_with_who_stands_where_before_and_after(
    context_of: OpenContext, port: MemoryPort, tmp_path: pathlib.Path
) -> None:
    page = opened(context_of, port.url, "/study?lang=en", "planner")
    for name, content in ten_days():
        (tmp_path / name).write_bytes(content)
    page.locator("input[type=file]").set_input_files([tmp_path / name for name, _ in ten_days()])
    studied(page)
    ask(page, "Changes", "Ask the model", "unload_min=120 lanes_in=3")
    told = page.get_by_role("region", name="unload_min=120 lanes_in=3")
    told.or_(page.locator(".problem")).first.wait_for(timeout=STUDIED_MS)
    expect(told).to_contain_text("unloading, on average")
    expect(told.get_by_role("group", name=re.compile("Vehicle-hours in line a day"))).to_contain_text("unloading")
    expect(told.get_by_role("img", name=re.compile("Vehicles in line, by the clock"))).to_be_visible()
    assert violations(page) == []
    with page.expect_download() as download:
        page.get_by_role("link", name="Excel workbook of the answers").click()
    book = CalamineWorkbook.from_filelike(io.BytesIO(download.value.path().read_bytes()))
    assert book.sheet_names == ["what if", "days held out", "lines by clock"]
    with page.context.expect_page() as printed:
        page.get_by_role("link", name="Report to print").click()
    expect(printed.value.get_by_role("heading", name="What if: unload_min=120 lanes_in=3")).to_be_visible()
    assert page.evaluate("window.kouanMissingMessages()") == []
