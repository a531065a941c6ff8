"""WCAG 2.2 AA as far as axe can tell, in both languages and themes; and quiet colours when all is well."""

import colorsys
import io
import json

import pytest
from PIL import Image
from playwright.sync_api import Page
from tests.browser.conftest import ROOT, OpenContext
from tests.browser.test_pages import PAGES, address, settled

AXE = ROOT / "console" / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
SATURATED = 0.25
"""HSV saturation from which a pixel counts as coloured (our choice: the tokens' greys lie under 0.2)."""


def violations(page: Page) -> list[str]:
    """Return what axe objects to, one line each."""
    page.evaluate(AXE.read_text("utf-8"))
    found = page.evaluate(f"axe.run(document, {{runOnly: {json.dumps(TAGS)}}}).then(r => r.violations)")
    return [f"{rule['id']}: {node['html'][:160]} {node['any'][:1]}" for rule in found for node in rule["nodes"]]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_by_day_or_by_night(page: Page, port_url: str, name: str, language: str) -> None:
    page.goto(f"{address(page, port_url, name)}?lang={language}&theme=day")
    settled(page)
    assert violations(page) == [], "day"
    page.evaluate("document.documentElement.dataset.theme = 'night'")
    assert violations(page) == [], "night"


@pytest.mark.parametrize("theme", ["day", "night"])
def test_axe_finds_nothing_in_sign_in_help_and_dialogs(context_of: OpenContext, fixture_url: str, theme: str) -> None:
    page = context_of(fixture_url, user=None).new_page()
    page.goto(f"{fixture_url}/?lang=en&theme={theme}")
    page.get_by_label("User name").wait_for()
    assert violations(page) == []
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/lanes/O2?lang=en&theme={theme}")
    page.get_by_role("button", name="Change direction").click()
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


def saturated_share(png: bytes) -> float:
    """Return the share of pixels whose colour is no grey."""
    image = Image.open(io.BytesIO(png)).convert("RGB").resize((720, 450))
    pixels = image.get_flattened_data() if hasattr(image, "get_flattened_data") else image.getdata()
    coloured = sum(1 for r, g, b in pixels if colorsys.rgb_to_hsv(r / 255, g / 255, b / 255)[1] > SATURATED)
    return coloured / (720 * 450)


@pytest.mark.parametrize("theme", ["day", "night"])
def test_under_five_per_cent_of_pixels_are_coloured_when_all_is_well(
    context_of: OpenContext, calm_url: str, theme: str
) -> None:
    page = context_of(calm_url).new_page()
    for path in ("/", "/lanes", "/lanes/I1"):
        page.goto(f"{calm_url}{path}?theme={theme}")
        settled(page)
        assert saturated_share(page.screenshot()) < 0.05, path


def test_motion_stops_where_the_reader_asks_for_none(context_of: OpenContext, port_url: str) -> None:
    page = context_of(port_url, reduced_motion="reduce").new_page()
    page.goto(port_url)
    page.locator("[data-lane]").first.wait_for()
    moving = page.evaluate(
        "[...document.querySelectorAll('*')].filter(e => parseFloat(getComputedStyle(e).transitionDuration) > 0).length"
    )
    assert moving == 0
