"""Who looks at what and why: pictures shown for a purpose, and the data-protection officer's page of all reads."""

import csv
import hashlib
import io
import pathlib
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from PIL import Image, ImageDraw
from playwright.sync_api import Page, expect
from tests.browser import bays
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import violations
from tests.browser.test_examinations import at_the_bay, opened, photograph
from tests.integration.web.web_kit import WebPort, json_of

API = "/api/v1"


def jpeg() -> bytes:
    """A lane camera's picture: a plate, and nothing else."""
    image = Image.new("RGB", (1280, 720), "#404448")
    ImageDraw.Draw(image).text((520, 560), "1234 УБА", fill="#f0f0f0", font_size=64)
    made = io.BytesIO()
    image.save(made, "JPEG", quality=80)
    return made.getvalue()


SHA = hashlib.sha256(jpeg()).hexdigest()


async def watched(port: WebPort) -> None:
    """Let a lorry stand in a lane, with a picture of its plate, and three people read of it."""
    headers = {"content-type": "image/jpeg"}
    assert (await port.machine("camera").put(f"{API}/images/{SHA}", content=jpeg(), headers=headers)).status_code == 204
    pictured = {"images": ({"sha256": SHA, "box": (500, 550, 330, 90)},)}
    passage = await port.arrive(plates=pictured, seal={"number": "CN7654321"})
    for name, purpose in (("border", "control"), ("inspector", "control"), ("auditor", "audit")):
        client = await port.reader(name, purpose)
        assert json_of(await client.get(f"{API}/passages/{passage}"))["id"] == passage
        assert (await client.delete(f"{API}/shift")).status_code in (204, 403)
        port.clock.advance(60)


@pytest.fixture
def port(built_console: None) -> Iterator[MemoryPort]:
    with MemoryPort(watched) as served:
        yield served


def passage_of(port: MemoryPort) -> str:
    (record,) = port.do(port.port.records.open_passages())
    return str(record.passage)


def reads(port: MemoryPort) -> list[tuple[str, str]]:
    entries = port.do(port.port.ledger.read(limit=1000))
    found = [json_of_entry(one) for one in entries if one.kind == "access.read/1"]
    return [(one["by"], each["about"]) for one in found for each in one["read"]]


def json_of_entry(entry: Any) -> Any:

    return msgspec.json.decode(entry.body)


def test_a_picture_is_shown_on_shift_once_its_purpose_is_said_and_the_look_is_recorded(
    context_of: OpenContext, port: MemoryPort
) -> None:
    passage = passage_of(port)
    page = opened(
        context_of, port.url, f"/passages/{passage}?lang=en", "operator", viewport={"width": 1440, "height": 900}
    )
    page.get_by_text("say what you look for").wait_for()
    assert page.locator("figure img").count() == 0
    page.get_by_role("button", name="Show pictures").press("Enter")
    page.get_by_text("withheld: begin your shift").wait_for()
    assert ("operator", f"passage:{passage}") not in reads(port)
    page.get_by_role("button", name="Begin shift").press("Enter")
    page.get_by_text("on shift until").wait_for()
    page.get_by_role("button", name="Hide pictures").press("Enter")
    page.get_by_role("button", name="Show pictures").press("Enter")
    shown = page.locator("figure img")
    expect(shown).to_be_visible()
    page.wait_for_function("document.querySelector('figure img').naturalWidth === 1280")
    assert (shown.get_attribute("src") or "").startswith("blob:")
    assert page.locator("figure svg rect").count() == 2
    assert reads(port)[-1] == ("operator", f"passage:{passage}")
    assert violations(page) == []


def test_the_review_desk_shows_pictures_for_a_purpose(context_of: OpenContext, port: MemoryPort) -> None:
    passage = passage_of(port)
    page = opened(context_of, port.url, f"/reviews/{passage}?lang=zh", "inspector")
    page.get_by_role("button", name="开始当班").press("Enter")
    page.get_by_role("button", name="显示图像").press("Enter")
    expect(page.locator("figure img")).to_be_visible()
    assert reads(port)[-1] == ("inspector", f"passage:{passage}")
    assert page.evaluate("window.kouanMissingMessages()") == []


def asked(page: Page, **fields: str) -> None:
    for label, text in fields.items():
        page.get_by_label(label.capitalize(), exact=True).fill(text)
    page.get_by_role("button", name="Show", exact=True).press("Enter")


def test_data_protection_finds_who_read_what_by_person_matter_purpose_and_time(
    context_of: OpenContext, port: MemoryPort
) -> None:
    passage = passage_of(port)
    page = opened(context_of, port.url, "/?lang=en", "protection")
    expect(page.get_by_role("navigation").get_by_role("link", name="Reads")).to_have_attribute("aria-current", "page")
    asked(page)
    rows = page.locator("tbody tr")
    expect(rows).to_have_count(3)
    expect(rows.nth(0)).to_contain_text("auditor")
    expect(rows.nth(2)).to_contain_text("who drives")
    asked(page, person="border")
    expect(rows).to_have_count(1)
    asked(page, person="", matter=f"passage:{passage}")
    expect(rows).to_have_count(3)
    page.get_by_label("Purpose", exact=True).select_option("control")
    asked(page)
    expect(rows).to_have_count(2)
    page.get_by_label("Purpose", exact=True).select_option("")
    asked(page, until="2020-01-01T00:00")
    page.get_by_text("Nobody read anything of that kind.").wait_for()
    asked(page, until="")
    expect(rows).to_have_count(3)
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    expect(page.locator("[data-read]").nth(0)).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("[data-read]").nth(1)).to_be_focused()
    assert violations(page) == []


def test_that_the_reads_were_read_is_recorded_and_nothing_is_shown_of_what_they_said(
    context_of: OpenContext, port: MemoryPort
) -> None:
    page = opened(context_of, port.url, "/reads?lang=en", "protection")
    asked(page, person="border")
    expect(page.locator("tbody tr")).to_have_count(1)
    assert reads(port)[-1] == ("protection", "reads:border")
    assert "face_score" not in page.content()
    entries = port.do(port.port.ledger.read(limit=1000))
    (first, *_) = [one.seq for one in entries if one.kind == "access.read/1" and one.stream == "border"]
    page.goto(f"{port.url}/ledger/{first}?lang=en")
    page.get_by_text("withheld", exact=False).first.wait_for()
    page.get_by_label("Read what I open to audit (recorded)").check()
    page.get_by_text("border (Border inspection) read for: control").wait_for()
    page.goto(f"{port.url}/reads?lang=en")
    asked(page, person="protection")
    expect(page.locator("tbody tr")).to_have_count(2)
    expect(page.locator("tbody tr").first).to_contain_text("reads by border")
    officer = opened(context_of, port.url, "/?lang=en", "inspector")
    assert officer.get_by_role("navigation").get_by_role("link", name="Reads").count() == 0


@pytest.mark.parametrize(("language", "button"), [("en", "Save as CSV"), ("zh", "导出 CSV")])
def test_what_is_shown_is_kept_as_csv(
    context_of: OpenContext, port: MemoryPort, language: str, button: str, tmp_path: pathlib.Path
) -> None:
    page = opened(context_of, port.url, f"/reads?lang={language}", "protection")
    page.locator("form button").press("Enter")
    expect(page.locator("tbody tr")).to_have_count(3)
    with page.expect_download() as kept:
        page.get_by_role("button", name=button).press("Enter")
    kept.value.save_as(tmp_path / "reads.csv")
    assert kept.value.suggested_filename.startswith("reads-20")
    text = (tmp_path / "reads.csv").read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    head, *rows = csv.reader(io.StringIO(text.decode("utf-8-sig")))
    assert len(head) == 7
    assert [row[1] for row in rows] == ["auditor", "inspector", "border"]
    shown = page.locator("tbody tr").all_inner_texts()
    assert all(row[0] in line and row[5] in line for row, line in zip(rows, shown, strict=True))
    assert {row[3] for row in rows} == {f"passage:{passage_of(port)}"}
    assert violations(page) == []
    assert page.evaluate("window.kouanMissingMessages()") == []


def test_a_photograph_that_was_just_brought_is_shown_from_here(context_of: OpenContext, built_console: None) -> None:

    with MemoryPort(bays.full) as busy:
        at_the_bay(busy, "X-coal", "B9")
        page = opened(context_of, busy.url, "/examinations/X-coal?lang=en")
        chosen = page.locator("input[type=file]").first
        chosen.set_input_files({"name": "door.jpg", "mimeType": "image/jpeg", "buffer": photograph()})
        expect(page.locator("figure img").first).to_be_visible(timeout=20_000)
        assert (page.locator("figure img").first.get_attribute("src") or "").startswith("blob:")
        assert [entry.kind for entry in busy.do(busy.port.ledger.read(limit=1000))].count("access.read/1") == 0
