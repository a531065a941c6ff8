"""What happens shows at once, and what is not known any more looks so."""

import re

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import OpenContext, until
from tests.browser.fixture_port import FixturePort
from tests.browser.line import Line

WATCH = """
window.waits = [];
const add = EventTarget.prototype.addEventListener;
const open = window.EventSource;
window.EventSource = class extends open {
  addEventListener(name, handler, ...rest) {
    super.addEventListener(name, (event) => {
      const at = performance.now();
      handler(event);
      queueMicrotask(() => window.waits.push(performance.now() - at));
    }, ...rest);
  }
};
window.shifts = [];
new PerformanceObserver((list) => list.getEntries().forEach((entry) => window.shifts.push(entry.value)))
  .observe({type: "layout-shift", buffered: true});
"""
SHIFTED = "window.shifts.reduce((a, b) => a + b, 0)"
SIZES = {"desk": (1440, 900), "laptop": (1280, 720), "tablet": (820, 1180)}


def test_a_change_is_on_the_page_within_250_ms_of_its_event_and_moves_nothing_else(
    context_of: OpenContext, port_url: str
) -> None:
    page = context_of(port_url).new_page()
    page.goto(f"{port_url}/?lang=en")
    page.locator("[data-lane]").nth(18).wait_for()
    page.wait_for_timeout(500)
    page.add_init_script(WATCH)
    page.reload()
    page.locator("[data-lane]").nth(18).wait_for()
    until(page, "() => document.querySelectorAll('.map text').length > 5")
    page.evaluate("window.shifts.length = 0; window.waits.length = 0")
    until(page, "() => window.waits.length > 40")
    assert page.evaluate("window.waits.sort((a, b) => a - b)[Math.floor(window.waits.length * 0.9)]") < 250
    assert page.evaluate(SHIFTED) < 0.01


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_nothing_moves_while_the_overview_fills_nor_when_what_it_counts_grows(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort, language: str, size: str
) -> None:
    width, height = SIZES[size]
    page = context_of(fixture_url, viewport={"width": width, "height": height}).new_page()
    page.add_init_script(WATCH)
    page.goto(f"{fixture_url}/?lang={language}")
    page.locator("a[data-lane]").nth(18).wait_for()
    page.get_by_role("definition").filter(has_text="170/171").wait_for()
    tall = page.locator("header").bounding_box()
    fixture_port.counts |= {"in_today": 14_206, "out_today": 9_999, "queue": {"in": 118, "out": 104}}
    fixture_port.counts |= {"stop_p95_s": 131, "passages_per_h": 1_204}
    fixture_port.out_of_order |= {f"I{n}" for n in range(1, 13)}
    page.get_by_text("14,206").wait_for()
    expect(page.locator(".faults li")).to_have_count(13)
    assert page.locator("header").bounding_box() == tall
    assert page.evaluate(SHIFTED) < 0.01


def test_the_place_the_reader_is_at_is_in_sight_however_narrow_the_screen(
    context_of: OpenContext, fixture_url: str
) -> None:
    page = context_of(fixture_url, viewport={"width": 360, "height": 740}).new_page()
    page.goto(f"{fixture_url}/ledger?lang=en")
    here = page.locator("nav [aria-current=page]")
    here.wait_for()
    expect(here).to_be_in_viewport(ratio=1)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    first = page.locator("nav a").first
    first.focus()
    expect(first).to_be_in_viewport(ratio=1)
    assert min(min(box) for box in _boxes(page)) >= 24


def _boxes(page: Page) -> list[tuple[float, float]]:
    """Return the width and the height of whatever is pressed in the header."""
    found = [target.bounding_box() for target in page.locator("header a, header button").all()]
    return [(box["width"], box["height"]) for box in found if box is not None]


def test_the_procedures_of_a_lane_fill_up_as_they_end(page: Page, port_url: str) -> None:
    lanes = page.request.get(f"{port_url}/api/v1/lanes", max_retries=3).json()
    fresh = next(
        (lane["lane"] for lane in lanes if lane["passage"] and lane["passage"]["state"] == "collecting"),
        lanes[0]["lane"],
    )
    page.goto(f"{port_url}/lanes/{fresh}?lang=en")
    page.locator('[data-procedure="weight"][data-state="done"]').wait_for(timeout=60_000)
    expect(page.locator('[data-procedure="weight"]')).to_contain_text(re.compile(r"\d\d,\d\d\d kg"))


def test_a_lost_connection_greys_the_view_and_says_since_when(context_of: OpenContext, port_url: str) -> None:
    with Line(port_url) as line:
        page = context_of(line.url).new_page()
        page.goto(f"{line.url}/?lang=en")
        page.locator("[data-lane]").first.wait_for()
        expect(page.get_by_text("Connection lost")).to_have_count(0)
        line.cut()
        notice = page.get_by_text(re.compile(r"Connection lost since \d\d:\d\d:\d\d"))
        notice.wait_for(timeout=5_000)
        assert "grayscale" in page.locator("main").evaluate("e => getComputedStyle(e).filter")
        stood = page.locator(".clock").inner_text()
        page.wait_for_timeout(1_200)
        assert page.locator(".clock").inner_text() == stood
        line.mend()
        expect(notice).to_have_count(0, timeout=15_000)


def test_a_late_overview_is_hatched_and_carries_its_age(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    page.add_init_script(
        "const now = performance.now.bind(performance); window.ahead = 0; performance.now = () => now() + window.ahead"
    )
    page.goto(f"{fixture_url}/?lang=en")
    page.get_by_text("Stop time, median").wait_for()
    page.evaluate("window.ahead = 40_000")
    expect(page.locator("footer dl")).to_have_class(re.compile("stale"))
    expect(page.locator("footer dl")).to_contain_text(re.compile("not updated for [34]\\d s"))
