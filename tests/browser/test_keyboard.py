"""The keyboard reaches everything, and nothing dangerous is one key away."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Request, Route, expect
from tests.browser.conftest import OpenContext


@pytest.mark.parametrize(
    ("key", "path"),
    [
        ("o", "/"),
        ("l", "/lanes"),
        ("r", "/reviews"),
        ("e", "/ledger"),
        ("p", "/passages"),
        ("d", "/papers"),
        ("h", "/holds"),
        ("x", "/examinations"),
    ],
)
def test_g_and_a_letter_goes_to_a_page(page: Page, port_url: str, key: str, path: str) -> None:
    page.goto(f"{port_url}/lanes/I1")
    page.locator("main h1").first.wait_for(state="attached")
    page.keyboard.press("g")
    page.keyboard.press(key)
    expect(page).to_have_url(f"{port_url}{path}")


def test_question_mark_shows_all_keys_and_escape_puts_them_away(overview: Page) -> None:
    overview.keyboard.press("?")
    expect(overview.get_by_role("dialog", name="Keyboard and marks")).to_be_visible()
    overview.keyboard.press("Escape")
    expect(overview.get_by_role("dialog")).to_have_count(0)


def test_j_and_k_walk_through_the_lanes_and_enter_opens_one(page: Page, port_url: str) -> None:
    page.goto(f"{port_url}/lanes")
    page.locator("[data-lane]").nth(2).wait_for()
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    expect(page.locator("[data-lane]").nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{port_url}/lanes/I2")
    page.keyboard.press("j")
    expect(page).to_have_url(f"{port_url}/lanes/I3")


def test_focus_is_visible_on_everything_that_takes_it(overview: Page) -> None:
    page = overview
    page.keyboard.press("Tab")
    for _ in range(12):
        page.keyboard.press("Tab")
        style = page.evaluate("(s => [s.outlineStyle, s.outlineWidth])(getComputedStyle(document.activeElement))")
        assert style == ["solid", "2px"]


def test_no_key_does_anything_that_cannot_be_undone(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/reviews?lang=en")
    page.locator("[data-review]").first.wait_for()
    sent: list[Request] = []
    page.on("request", lambda request: sent.append(request) if request.method != "GET" else None)
    page.keyboard.press("j")
    page.get_by_role("button", name="Release").wait_for()
    for key in ("a", "Enter", "a", "Enter", "Space", "a", "j", "a", "Enter"):
        page.keyboard.press(key)
    assert sent == []


def test_a_goes_to_the_actions_of_the_chosen_case(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/reviews?lang=en")
    page.locator("[data-review]").first.wait_for()
    page.keyboard.press("j")
    release = page.get_by_role("button", name="Release")
    release.wait_for()
    page.keyboard.press("a")
    expect(release).to_be_focused()


def held_in(routes: list[Route]) -> Callable[[Route], None]:
    """Return what keeps requests back instead of answering them."""

    def hold(route: Route) -> None:
        routes.append(route)

    return hold


def test_what_is_pressed_before_a_pages_file_has_arrived_is_done_when_it_has(
    context_of: OpenContext, fixture_url: str
) -> None:
    page = context_of(fixture_url).new_page()
    held: list[Route] = []
    page.route("**/assets/Lanes-*.js", held_in(held))
    page.goto(f"{fixture_url}/?lang=en")
    page.locator("a[data-lane]").nth(18).wait_for()
    for key in ("g", "l", "j", "j", "j"):
        page.keyboard.press(key)
    expect(page).to_have_url(f"{fixture_url}/lanes")
    expect(page.get_by_role("main").get_by_role("status")).to_be_visible()  # the page is still to come
    held[0].continue_()
    expect(page.locator("[data-lane]").nth(2)).to_be_focused()


def test_what_was_meant_for_another_page_is_forgotten(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    held: list[Route] = []
    page.route("**/assets/Passages-*.js", held_in(held))
    page.goto(f"{fixture_url}/?lang=en")
    page.locator("a[data-lane]").nth(18).wait_for()
    for key in ("g", "p", "j", "j", "g", "l", "j"):
        page.keyboard.press(key)
    expect(page.locator("[data-lane]").first).to_be_focused()
