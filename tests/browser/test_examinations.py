"""Inspectors at the bays: a whole shift by keyboard, on a tablet, with nothing lost where something is refused."""

import io
import random
import re
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import BrowserContext, Page, Request, expect
from tests.browser import bays
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import saturated_share, violations
from tests.integration.web.web_kit import PASSWORD

from kouan.access.people import Agency
from kouan.inspection.examination.examination import Found, Outcome, Report

UPRIGHT, ACROSS = {"width": 820, "height": 1180}, {"width": 1180, "height": 820}
"""The two ways in which a tablet is held."""


@pytest.fixture
def busy(built_console: None) -> Iterator[MemoryPort]:
    with MemoryPort(bays.full) as served:
        yield served


@pytest.fixture(scope="module")
def looked_at(built_console: None) -> Iterator[MemoryPort]:
    """A port that the tests of this file only look at."""
    with MemoryPort(bays.full) as served:
        yield served


@pytest.fixture(scope="module")
def idle(built_console: None) -> Iterator[MemoryPort]:
    with MemoryPort() as served:
        yield served


def officer(context_of: OpenContext, url: str, name: str, **options: Any) -> BrowserContext:
    context = context_of(url, user=None, **{"viewport": ACROSS, **options})
    data: dict[str, Any] = {"username": name, "password": PASSWORD}
    answer = context.request.post(f"{url}/api/v1/session", data=data, headers={"X-Kouan-CSRF": "test"})
    assert answer.ok, answer.text()
    return context


def photograph() -> bytes:
    """A picture of a camera's size that is far larger than the platform takes."""
    noise = random.Random(4).randbytes(2400 * 1800 * 3)
    made = io.BytesIO()
    Image.frombytes("RGB", (2400, 1800), noise).save(made, "JPEG", quality=90)
    return made.getvalue()


def asked(context: BrowserContext, url: str, path: str) -> Any:
    answer = context.request.get(f"{url}/api/v1{path}", max_retries=3)
    assert answer.ok, answer.text()
    return answer.json()


def tab_to(page: Page, name: str) -> None:
    """Press Tab until what has this name (a control's label or text) has the focus."""
    focused = ""
    for _ in range(90):
        focused = page.evaluate(
            "(e => [e.labels?.[0]?.innerText, e.getAttribute('aria-label'), e.tabIndex < 0 ? '' : e.innerText]"
            ".filter(Boolean).join('|'))(document.activeElement)"
        )
        if name in focused:
            return
        page.keyboard.press("Tab")
    raise AssertionError(f"Tab never came to {name}; last at {focused!r}")


def press(page: Page, name: str) -> None:
    """Go to a button by Tab and press it."""
    tab_to(page, name)
    page.keyboard.press("Enter")


def write(page: Page, field: str, text: str) -> None:
    """Go to a field by Tab and type into it."""
    tab_to(page, field)
    page.keyboard.type(text)


def report(page: Page, step: str) -> None:
    """Send what was filled in for a step, and wait until the platform has taken it."""
    press(page, "Report this step")
    expect(page.get_by_role("button", name=step)).not_to_contain_text("to do")


def test_an_inspector_works_a_whole_shift_by_keyboard_alone(context_of: OpenContext, busy: MemoryPort) -> None:
    context = context_of(busy.url, user=None, viewport=ACROSS)
    page = context.new_page()
    page.goto(f"{busy.url}/?lang=en")
    sign_in(page)
    begin_the_shift(page)
    take_the_next_vehicle(page)
    open_the_seal(page)
    find_something(page)
    put_a_seal_on(page)
    take_a_sample(page)
    keep_the_hold(page)
    pass_a_second_vehicle(page)
    look_at_the_papers_and_place_a_hold(page)
    end_the_shift(page)
    said = asked(context, busy.url, "/examinations/X-coal")
    passed = asked(context, busy.url, "/examinations/X-scan")
    lot = asked(context, busy.url, f"/release/lots/{bays.LOT}")
    sign_out(page)
    assert context.request.get(f"{busy.url}/api/v1/session", max_retries=3).status == 401

    steps = {step["kind"]: step for step in said["steps"]}
    assert steps["open_seal"]["clear"]
    assert steps["open_seal"]["reports"][0]["seals"] == ["MN4455"]
    (picture,) = steps["appearance"]["reports"][0]["pictures"]
    assert steps["appearance"]["reports"][0]["found"] == [{"code": "foreign coal", "text": "slate between the coal"}]
    assert 1000 < len(busy.do(busy.port.services.images.get(picture))) <= 512 * 1024
    assert steps["sampling"]["clear"]
    assert said["seals_now"] == ["CN9001"]
    assert [(each["outcome"], each["by"]) for each in said["answers"]] == [("keep", "inspector")]
    assert said["state"] == "steps"
    assert (passed["state"], passed["outcome"]) == ("closed", "may_leave")
    assert [(each["number"], each["seal"]) for each in lot["samples"]] == [("D-77", "SD1"), ("S-77", "SS1")]
    assert [reason["code"] for reason in lot["blocking"]] == ["release.awaits_result", "release.certificate_missing"]
    assert ledger_kinds(busy, "X-coal") == [
        "ordered", "planned", "called", "arrived", "reported", "reported", "reported", "reported", "answered",
    ]  # fmt: skip
    assert ledger_kinds(busy, "X-scan")[-2:] == ["answered", "closed"]
    assert [each for each in ledger_kinds(busy, "inspector") if "shift" in each] == [
        "access.shift_opened", "access.shift_closed",
    ]  # fmt: skip
    (placed,) = [each for each in busy.do(orders(busy)) if each.plate == "蒙C77777"]
    assert (placed.authority, placed.placed_by, placed.reason) == ("customs", "inspector", "same sender as 1234УБА")


async def orders(busy: MemoryPort) -> Any:
    return await busy.port.papers.orders_in_force(busy.port.clock.now())


def ledger_kinds(busy: MemoryPort, stream: str) -> list[str]:
    entries = busy.do(busy.port.ledger.read(stream=stream))
    return [entry.kind.removeprefix("examination.").removesuffix("/1") for entry in entries]


def sign_in(page: Page) -> None:
    page.get_by_label("User name").wait_for()
    write(page, "User name", "inspector")
    write(page, "Password", PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_role("navigation").get_by_role("link", name="Examinations").wait_for()


def begin_the_shift(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("x")
    page.get_by_role("button", name="Begin shift").wait_for()
    press(page, "Begin shift")
    page.get_by_text("on shift until").wait_for()


def end_the_shift(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("x")
    page.get_by_role("button", name="End shift").wait_for()
    press(page, "End shift")
    page.get_by_text("not on shift").wait_for()


def take_the_next_vehicle(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(page.locator("[data-examination]").first).to_have_text(bays.LATE_LORRY)
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    expect(page.locator("[data-examination=X-coal]")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name=bays.COAL_LORRY).wait_for()
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Call the driver")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Stands at bay B9")).to_be_focused()
    page.keyboard.press("Enter")


def open_the_seal(page: Page) -> None:
    seal = page.get_by_role("button", name="Open the seal")
    expect(seal).to_be_focused()
    tab_to(page, "Nothing found")
    page.keyboard.press("Space")
    press(page, "Report this step")
    problem = page.get_by_role("alert")
    expect(problem).to_contain_text("must name the seal")
    expect(problem).to_contain_text("examination.seal_number")
    expect(page.get_by_label("Seal as read on the vehicle")).to_be_focused()
    page.keyboard.type("MN4455")
    report(page, "Open the seal")
    expect(page.get_by_role("button", name="Look at the goods")).to_be_focused()


def find_something(page: Page) -> None:
    tab_to(page, "Nothing found")
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("radio", name="Something found")).to_be_checked()
    write(page, "What was found", "foreign coal")
    write(page, "In your words", "slate between the coal")
    tab_to(page, "Add photographs")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Space")
    chooser.value.set_files({"name": "door.jpg", "mimeType": "image/jpeg", "buffer": photograph()})
    page.get_by_role("img", name="Photograph 1").wait_for()
    report(page, "Look at the goods")


def put_a_seal_on(page: Page) -> None:
    tab_to(page, "Nothing found")
    page.keyboard.press("Space")
    report(page, "Sampling")
    expect(page.get_by_role("button", name="Put a seal on")).to_be_focused()
    tab_to(page, "Nothing found")
    page.keyboard.press("Space")
    write(page, "New seal that was put on", "CN9001")
    report(page, "Put a seal on")


def take_a_sample(page: Page) -> None:
    lot = page.locator(f"[data-lot='{bays.LOT}']")
    expect(lot).to_contain_text("The certificate that its rule requires before sale is missing")
    press(page, "Take a sample…")
    for field, text in (
        ("Number of the sample", "S-77"), ("Its seal", "SS1"), ("Number of the duplicate", "D-77"),
        ("Seal of the duplicate", "SS1"), ("Witness", "consignee"), ("Laboratory", "lab 3"),
        ("Duplicate is kept at", "store 1"),
    ):  # fmt: skip
        write(page, field, text)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("release.sample_twice")
    expect(page.get_by_label("Number of the sample")).to_have_value("S-77")
    tab_to(page, "Seal of the duplicate")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("SD1")
    page.keyboard.press("Enter")
    expect(lot).to_contain_text("The laboratory's result is awaited")
    expect(lot).to_contain_text("Sample S-77, seal SS1")


def keep_the_hold(page: Page) -> None:
    page.keyboard.press("a")
    expect(page.get_by_role("button", name="Keep the hold…")).to_be_focused()
    page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("the vehicle does not leave until Customs releases it")
    page.keyboard.type("slate found, the sample decides")
    press(page, "Keep the hold")
    expect(page.locator("[data-ask]").first).to_contain_text("slate found, the sample decides")
    expect(page.get_by_role("region", name="What still holds it")).to_contain_text("Border inspection holds it")


def pass_a_second_vehicle(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("x")
    expect(page.locator("[data-examination=X-scan]")).to_be_visible()
    for key in ("j", "j", "j"):
        page.keyboard.press(key)
    expect(page.locator("[data-examination=X-scan]")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Call the driver").wait_for()
    for _ in range(2):
        page.keyboard.press("a")
        page.keyboard.press("Enter")
        page.get_by_text("Stands at bay").or_(page.get_by_text("at its bay", exact=True)).first.wait_for()
    expect(page.get_by_role("button", name="Scan")).to_be_focused()
    tab_to(page, "Nothing found")
    page.keyboard.press("Space")
    report(page, "Scan")
    expect(page.get_by_role("button", name="Release…")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_contain_text("the examination is closed and it may leave")
    page.keyboard.type("nothing in the picture")
    press(page, "Release")
    page.get_by_text("every agency has released its own hold, and the vehicle may leave").wait_for()


def look_at_the_papers_and_place_a_hold(page: Page) -> None:
    page.keyboard.press("g")
    page.keyboard.press("c")
    page.locator("main").get_by_text(bays.DECLARATION).first.wait_for()
    page.keyboard.press("j")
    expect(page).to_have_url(re.compile(f"/declarations/{bays.DECLARATION}"))
    expect(page.locator("main")).to_contain_text("The certificate that its rule requires before sale is missing")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.get_by_role("button", name="Place it").wait_for()
    write(page, "Plate", "蒙C77777")
    write(page, "Reason", "same sender as 1234УБА")
    press(page, "Place it")
    page.get_by_role("cell", name="蒙C77777").wait_for()


def sign_out(page: Page) -> None:
    press(page, "Sign out")
    page.get_by_label("User name").wait_for()


def at_the_bay(port: MemoryPort, number: str, bay: str) -> None:
    """Let a lorry stand at its bay."""
    port.do(port.port.examining.call(number, "inspector"))
    port.do(port.port.examining.arrive(number, bay, "inspector"))


def opened(context_of: OpenContext, url: str, path: str, name: str = "inspector", **options: Any) -> Page:
    page = officer(context_of, url, name, **options).new_page()
    page.goto(f"{url}{path}")
    page.locator("main h1").first.wait_for()
    return page


def test_what_was_filled_in_survives_a_refusal_and_a_page_that_was_dropped(
    context_of: OpenContext, busy: MemoryPort
) -> None:
    at_the_bay(busy, "X-coal", "B9")
    page = opened(context_of, busy.url, "/examinations/X-coal?lang=zh")
    page.get_by_role("radio", name="发现异常", exact=True).check()
    page.get_by_label("车上读到的关锁号").fill("MN0000")
    page.get_by_label("文字说明").fill("关锁有撬痕")
    page.get_by_role("button", name="提交本步骤结果").click()
    expect(page.get_by_role("alert")).to_contain_text("found.0.code")
    page.reload()
    expect(page.get_by_label("文字说明")).to_have_value("关锁有撬痕")
    expect(page.get_by_label("车上读到的关锁号")).to_have_value("MN0000")
    page.get_by_role("button", name="外观查验").click()
    page.get_by_role("radio", name="未发现异常").check()
    page.get_by_role("button", name="提交本步骤结果").click()
    expect(page.get_by_role("alert")).to_contain_text("须先完成它之前的步骤")
    page.get_by_role("button", name="退出").press("Enter")
    page.get_by_label("用户名").wait_for()
    assert page.evaluate("Object.keys(sessionStorage).filter((name) => name.startsWith('kouan.draft'))") == []


def test_a_report_whose_answer_was_lost_is_sent_again_and_taken_once(context_of: OpenContext, busy: MemoryPort) -> None:
    at_the_bay(busy, "X-scan", "B4")
    page = opened(context_of, busy.url, "/examinations/X-scan?lang=en")
    lost: list[Request] = []

    def lose(route: Any) -> None:
        lost.append(route.request)
        route.fetch()
        route.abort()

    page.route("**/api/v1/examinations/X-scan", lambda route: route.abort())  # nor is the sheet heard again
    page.route("**/reports", lose, times=1)
    page.get_by_role("radio", name="Nothing found").check()
    page.get_by_role("button", name="Report this step").click()
    page.locator("form").get_by_text("The platform cannot be reached.").wait_for()
    page.get_by_role("button", name="Report this step").press("Enter")
    page.get_by_role("button", name="Release…").wait_for()
    assert len(lost) == 1
    (step,) = busy.do(busy.port.examining.find("X-scan")).steps
    assert len(step.reports) == 1


def test_what_another_agency_found_is_read_on_shift_only_and_each_read_is_recorded(
    context_of: OpenContext, busy: MemoryPort
) -> None:
    busy.do(bays.ask_for_the_scan_too(busy.port))
    at_the_bay(busy, "X-scan", "B4")
    seen = Report(Agency.CUSTOMS, "inspector", 0, Outcome.ADVERSE, (Found("density", "a dark corner"),))
    busy.do(busy.port.examining.report("X-scan", 1, seen))
    page = opened(context_of, busy.url, "/examinations/X-scan?lang=en", "border")
    page.get_by_role("button", name="Scan").press("Enter")
    expect(page.locator("[data-step='1'] ~ div")).to_contain_text("Something found")
    read = page.get_by_role("button", name="Read what other agencies found")
    read.press("Enter")
    page.get_by_text("begin your shift").wait_for()
    assert "a dark corner" not in page.content()
    assert "access.read" not in ledger_kinds(busy, "border")
    page.goto(f"{busy.url}/examinations?lang=en")
    page.get_by_role("button", name="Begin shift").press("Enter")
    page.get_by_text("on shift until").wait_for()
    page.goto(f"{busy.url}/examinations/X-scan?lang=en")
    read.press("Enter")
    expect(read).to_have_count(0)
    page.get_by_role("button", name="Scan").press("Enter")
    page.get_by_text("density: a dark corner").wait_for()
    assert ledger_kinds(busy, "border").count("access.read") == 1


def test_a_worklist_that_hears_nothing_looks_old(context_of: OpenContext, looked_at: MemoryPort) -> None:
    page = officer(context_of, looked_at.url, "inspector").new_page()
    page.clock.install()
    page.goto(f"{looked_at.url}/examinations?lang=en")
    page.locator("[data-examination]").first.wait_for()
    page.route("**/api/v1/examinations*", lambda route: route.abort())
    page.clock.run_for(10_000)
    expect(page.locator("section.stale")).to_contain_text("not updated for")
    page.unroute("**/api/v1/examinations*")
    page.clock.run_for(3_500)
    expect(page.locator("section.stale")).to_have_count(0)


def test_the_worklist_shows_one_agency_or_one_bay_under_an_address_of_its_own(
    context_of: OpenContext, looked_at: MemoryPort
) -> None:
    page = opened(context_of, looked_at.url, "/examinations?lang=en")
    plates = page.locator("[data-examination]")
    expect(plates).to_have_text([bays.LATE_LORRY, bays.COAL_LORRY, bays.PLAIN_LORRY])
    expect(page.locator("tbody tr").first).to_contain_text("late")
    page.get_by_label("Agency").select_option("border_inspection")
    expect(plates).to_have_text([bays.COAL_LORRY])
    page.goto(f"{looked_at.url}/examinations?lang=en&bay=B4")
    expect(plates).to_have_text([bays.PLAIN_LORRY])


def test_who_does_not_examine_sees_the_sheet_and_nothing_to_press(
    context_of: OpenContext, looked_at: MemoryPort
) -> None:
    page = opened(context_of, looked_at.url, "/examinations/X-coal?lang=en", "auditor")
    page.get_by_role("button", name="Open the seal").wait_for()
    for name in ("Call the driver", "Release…", "Keep the hold…", "End without result…", "Take a sample…"):
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("navigation").get_by_role("link", name="Examinations")).to_have_count(0)


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("path", ["/examinations", "/examinations/X-late", "/examinations/X-coal"])
def test_its_pages_are_whole_in_words_and_width_and_axe_finds_nothing(
    context_of: OpenContext, looked_at: MemoryPort, path: str, language: str
) -> None:
    page = opened(context_of, looked_at.url, f"{path}?lang={language}&theme=day")
    page.locator("[data-examination], [data-step]").first.wait_for()
    for theme in ("day", "night"):
        page.evaluate("theme => (document.documentElement.dataset.theme = theme)", theme)
        assert violations(page) == [], theme
    assert page.evaluate("window.kouanMissingMessages()") == []
    for size in (UPRIGHT, ACROSS):
        page.set_viewport_size(size)
        wide = page.evaluate("[document.documentElement, document.querySelector('main')].map(e => e.scrollWidth)")
        assert wide == [size["width"], size["width"]]
        small = page.evaluate(
            "[...document.querySelectorAll('main button, main select, main input:not([type=radio])')]"
            ".filter((e) => e.getBoundingClientRect().height < 44).map((e) => e.outerHTML)"
        )
        assert small == []


@pytest.mark.parametrize("theme", ["day", "night"])
def test_a_worklist_where_nothing_waits_is_grey(context_of: OpenContext, idle: MemoryPort, theme: str) -> None:
    page = opened(context_of, idle.url, f"/examinations?lang=en&theme={theme}")
    page.get_by_text("No vehicle is to be examined.").wait_for()
    assert saturated_share(page.screenshot()) < 0.05


def test_nobody_is_examined_whom_nobody_asked_for(context_of: OpenContext, idle: MemoryPort) -> None:
    page = opened(context_of, idle.url, "/examinations?lang=en")
    page.get_by_role("button", name="Order an examination").press("Enter")
    page.keyboard.type("1111УБА")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("has no control order in force")
    expect(page.get_by_label("Plate")).to_have_value("1111УБА")
