"""Every page, in both languages: it loads, says everything in words, and asks nobody else for anything."""

import json
import pathlib
import re
import urllib.request
from typing import Any

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from tests.browser.conftest import ROOT, OpenContext

PAGES = {
    "overview": "/",
    "lanes": "/lanes",
    "lane": "/lanes/I2",
    "passages": "/passages",
    "passage": "/passages/{passage}",
    "reviews": "/reviews",
    "review": "/reviews/{review}",
    "ledger": "/ledger",
    "entry": "/ledger/3",
    "papers": "/papers",
    "holds": "/holds",
    "examinations": "/examinations",
}
SIZES = {"desk": (1440, 900), "tablet": (1024, 768)}


def address(page: Page, url: str, name: str) -> str:
    """Fill in a page's address with a passage and a review of the port."""
    found = page.request.get(f"{url}/api/v1/passages?limit=20", max_retries=3).json()["items"]
    reviews = page.request.get(f"{url}/api/v1/reviews", max_retries=3).json()["items"]
    passage = next((item["id"] for item in found if item["outcome"]), found[0]["id"])
    return url + PAGES[name].format(passage=passage, review=reviews[0]["passage"] if reviews else passage)


def settled(page: Page) -> None:
    """Wait until the page shows what it was opened for."""
    page.locator("main h1, main h2").first.wait_for(state="attached")
    page.wait_for_load_state("load")
    page.locator("header dd", has_text="/").first.wait_for()


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_whole_in_words_and_width_and_asks_nobody_outside(
    page: Page, port_url: str, name: str, language: str
) -> None:
    complaints: list[str] = []
    asked: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{address(page, port_url, name)}?lang={language}")
    settled(page)
    page.wait_for_timeout(200)
    assert complaints == []
    assert [url for url in asked if not url.startswith(port_url)] == []
    assert page.evaluate("window.kouanMissingMessages()") == []
    assert page.locator("html").get_attribute("lang") == {"zh": "zh-CN", "en": "en"}[language]
    assert cut_off(page) == {"desk": (0, 0), "tablet": (0, 0)}


def cut_off(page: Page) -> dict[str, tuple[int, int]]:
    """Return by how many pixels the page, and its main part, are wider than each size of screen."""
    found = {}
    for name, (width, height) in SIZES.items():
        page.set_viewport_size({"width": width, "height": height})
        whole = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        main = page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('main'))")
        found[name] = (whole, main)
    return found


def test_the_two_catalogues_say_the_same_things_with_the_same_parameters() -> None:
    folder = ROOT / "console" / "src" / "lib" / "i18n"
    zh, en = (json.loads((folder / f"{name}.json").read_text("utf-8")) for name in ("zh", "en"))
    assert zh.keys() == en.keys()
    assert [key for key in zh if _parameters(zh[key]) != _parameters(en[key])] == []
    assert [key for key in zh if not zh[key].strip() or not en[key].strip()] == []


def _parameters(template: str) -> set[str]:
    return {part.split("}")[0] for part in template.split("{")[1:]}


def test_no_message_of_the_catalogues_is_left_over() -> None:
    sources = console_sources()
    en: dict[str, Any] = json.loads((ROOT / "console/src/lib/i18n/en.json").read_text("utf-8"))
    families = {key.split(".")[0] for key in en if f'"{key}"' not in sources}
    unused = [family for family in families if f'"{family}"' not in sources]
    assert unused == []


def console_sources() -> str:
    """Return all the console's own code as one text."""
    files = [path for path in (ROOT / "console" / "src").rglob("*") if path.suffix in {".ts", ".svelte"}]
    return "\n".join(path.read_text("utf-8") for path in files)


def test_an_unknown_address_says_so_and_leads_back(page: Page, port_url: str) -> None:
    page.goto(f"{port_url}/nowhere?lang=en")
    page.get_by_text("There is no such page.").wait_for()
    page.get_by_role("main").get_by_role("link", name="Overview").click()
    expect(page).to_have_url(f"{port_url}/")


def test_the_language_changes_in_place_and_is_remembered(context_of: OpenContext, port_url: str) -> None:
    page = context_of(port_url).new_page()
    page.goto(f"{port_url}/?theme=day")
    page.get_by_role("button", name="中文").click()
    page.get_by_role("link", name="总览").wait_for()
    page.goto(f"{port_url}/lanes")
    page.get_by_role("heading", name="通道").wait_for()


FIRST_PAGE = 200_000
"""Bytes of JavaScript that a first page may need, in one language. Our choice: it stands in 1.5 s on a slow line."""


@pytest.mark.parametrize("first", ["Overview", "Region", "SignIn", "Vehicles", "Worklist"])
def test_a_first_page_needs_little(port_url: str, first: str) -> None:
    with urllib.request.urlopen(f"{port_url}/") as answer:
        asked = re.search(r'<script type="module"[^>]* src="/assets/([^"]+)"', answer.read().decode())
    assert asked
    assets = ROOT / "src" / "kouan" / "console_dist" / "assets"
    words = [max(assets.glob(f"{language}-*.js"), key=lambda path: path.stat().st_size) for language in ("zh", "en")]
    (page,) = assets.glob(f"{first}-*.js")
    needed = with_imports([assets / asked[1], page])
    assert page in needed
    assert not needed & set(words), "a language is fetched when it is spoken"
    largest = max(path.stat().st_size for path in words)
    assert sum(path.stat().st_size for path in needed) + largest < FIRST_PAGE


def with_imports(files: list[pathlib.Path]) -> set[pathlib.Path]:
    """Return built files with all that they import before they run."""
    found: set[pathlib.Path] = set()
    while files:
        path = files.pop()
        if path not in found:
            found.add(path)
            names = re.findall(r'(?:from|import)\s*"\./([^"]+\.js)"', path.read_text("utf-8"))
            files += [path.parent / name for name in names]
    return found


def test_other_pages_are_fetched_while_there_is_nothing_to_do(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url.rpartition("/")[2]))
    page.goto(f"{fixture_url}/?lang=en")
    page.locator("a[data-lane]").first.wait_for()
    for name in ("Lanes", "Reviews", "Passage", "Ledger"):
        for _ in range(300):
            if any(url.startswith(f"{name}-") and url.endswith(".js") for url in asked):
                break
            page.wait_for_timeout(100)
        else:
            pytest.fail(f"{name} was never fetched: {asked}")
    assert not any(url.startswith("Region") for url in asked), "what belongs to a hub is not a port's"


def test_a_page_that_cannot_be_fetched_says_so_and_offers_to_load_again(
    context_of: OpenContext, fixture_url: str
) -> None:
    page = context_of(fixture_url).new_page()
    page.route(re.compile(r"/assets/Papers-.*\.js"), lambda route: route.fulfill(status=404))
    page.goto(f"{fixture_url}/papers?lang=en")
    page.get_by_text("This page could not be loaded").wait_for()
    page.unroute_all()
    page.get_by_role("button", name="Load again").click()
    page.get_by_role("heading", name="Papers").wait_for()
