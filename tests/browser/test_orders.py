"""What officers tell every port of a region: they see whose it is and which ports act on it, and end only theirs."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect
from tests.browser.conftest import OpenContext
from tests.browser.region_hub import ServedHub, fill, orders, trouble
from tests.browser.test_accessibility import violations
from tests.browser.test_pages import cut_off

from kouan.vocabulary.verdict import Refused, refuse


@pytest.fixture
def served(built_console: None) -> Iterator[ServedHub]:
    """A region in which two authorities gave orders."""
    with ServedHub(fill, trouble, orders) as running:
        yield running


def opened(context_of: OpenContext, served: ServedHub, user: str = "region", language: str = "en") -> Page:
    page = context_of(served.url, user=user).new_page()
    page.goto(f"{served.url}/orders?lang={language}&theme=day")
    page.locator("[data-spread]").first.wait_for()
    return page


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("user", ["region", "auditor"])
def test_the_page_is_whole_in_words_width_and_for_every_reader(
    context_of: OpenContext, served: ServedHub, language: str, user: str
) -> None:
    page = opened(context_of, served, user, language)
    assert violations(page) == [], "day"
    page.evaluate("document.documentElement.dataset.theme = 'night'")
    assert violations(page) == [], "night"
    assert page.evaluate("window.kouanMissingMessages()") == []
    assert cut_off(page) == {"desk": (0, 0), "tablet": (0, 0)}
    page.set_viewport_size({"width": 400, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") == 400


def test_each_order_says_whose_it_is_who_issued_it_and_when(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served)
    cloned = page.locator('[data-order^="travel/"]')
    expect(cloned).to_contain_text("蒙A12345")
    expect(cloned).to_contain_text("Border inspection")
    expect(cloned).to_contain_text("2026-01-09 10:18:07 the hub")
    expect(page.locator('[data-order="watch-1"]')).to_contain_text("undeclared fuel")
    expect(page.locator('[data-order="蒙B77120"]')).to_contain_text("ends in 22 h 59 min")
    expect(page.locator('[data-order="УБ9001"]')).to_contain_text("not low: never released offline")
    expect(page.locator('[data-order="УБ9001"]')).to_contain_text("not yet")


def test_each_port_shows_which_version_it_acts_on_and_how_long_ago_it_said_so(
    context_of: OpenContext, served: ServedHub
) -> None:
    page = opened(context_of, served)
    expect(page.locator('[data-spread="ganqimaodu"] td')).to_have_text(["12 ✓"] * 4)
    behind = page.locator('[data-spread="ceke"]')
    expect(behind).to_contain_text(re.compile(r"11 → 12"))
    expect(behind.get_by_role("img")).to_have_count(1)
    expect(behind).to_contain_text("said 5 min 0")
    expect(page.locator('[data-spread="shiwei"]')).to_contain_text("has not said since the hub started")
    expect(page.locator('[data-spread="shiwei"] td')).to_have_text(["? → 12"] * 4)


def test_nobody_is_offered_to_end_what_another_authority_ordered(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served)
    expect(page.locator('[data-order^="travel/"]').get_by_role("button")).to_have_count(0)
    expect(page.locator('[data-order="watch-2"]').get_by_role("button")).to_have_count(0)
    expect(page.locator('[data-order="watch-1"]').get_by_role("button")).to_have_count(1)
    page = opened(context_of, served, "auditor")
    expect(page.locator("[data-order]").get_by_role("button")).to_have_count(0)
    expect(page.locator("form")).to_have_count(0)


def test_a_hold_is_placed_and_lifted_from_the_keyboard_with_a_reason(
    context_of: OpenContext, served: ServedHub
) -> None:
    page = opened(context_of, served)
    page.goto(f"{served.url}/?lang=en")
    page.locator("[data-port]").first.wait_for()
    page.locator("main h1").first.wait_for()
    page.keyboard.press("g")
    page.keyboard.press("h")
    expect(page).to_have_url(f"{served.url}/orders")
    page.locator("[data-order]").first.wait_for()
    page.keyboard.press("a")
    expect(page.get_by_label("What")).to_be_focused()
    page.get_by_label("Plate", exact=True).fill("蒙C00001")
    tell = page.get_by_role("button", name="Tell every port")
    expect(tell).to_be_disabled()
    page.get_by_label("Reason").fill("false bottom")
    tell.click()
    page.get_by_text("Recorded, and on its way.").wait_for()
    placed = page.locator("[data-order]", has_text="蒙C00001")
    expect(placed).to_contain_text("false bottom")
    assert [hold.plate for hold in served.hub.region.standing.holds][-1] == "蒙C00001"
    page.locator("h1").click()
    for _ in range(3):
        page.keyboard.press("j")
    expect(placed).to_be_focused()
    page.keyboard.press("a")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("a port that is cut off holds the vehicle until then")
    dialog.get_by_role("textbox").fill("it was welded shut")
    dialog.get_by_role("button", name="End it at every port").click()
    expect(placed).to_have_count(0)


def test_a_vehicle_is_watched_for_and_no_longer(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served)
    page.get_by_label("What").select_option("watch list")
    page.get_by_label("or container").fill("CSQU3054383")
    page.get_by_label("Reason").fill("wrong weight")
    page.get_by_role("button", name="Tell every port").click()
    watched = page.locator("[data-order]", has_text="CSQU3054383")
    watched.get_by_role("button", name="Remove").click()
    page.get_by_role("dialog").get_by_role("textbox").fill("weighed again")
    page.get_by_role("button", name="End it at every port").click()
    expect(watched).to_have_count(0)


def test_a_permit_is_given_by_the_hubs_clock_and_withdrawn(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served)
    page.get_by_label("What").select_option("pre-authorised vehicle")
    page.get_by_label("Plate", exact=True).fill("УБ1234")
    page.get_by_label("Carrier's code").fill("gobi-trans")
    page.get_by_label("Valid from now for").select_option("4 h")
    page.get_by_label("The vehicle is of low risk").check()
    page.get_by_role("button", name="Tell every port").click()
    row = page.locator('[data-order="УБ1234"]')
    expect(row).to_contain_text("low")
    permit = served.hub.region.standing.permits[-1]
    assert permit.expires_at - permit.not_before == 4 * 3_600_000_000
    assert abs(permit.not_before - served.hub.clock.now()) < 60_000_000
    row.get_by_role("button", name="Withdraw").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("A port that is cut off now may release the vehicle until the permit ends.")
    dialog.get_by_role("textbox").fill("stolen plates")
    dialog.get_by_role("button", name="End it at every port").click()
    expect(row).to_have_count(0)


def test_what_the_hub_refuses_is_said_where_it_was_asked(
    context_of: OpenContext, served: ServedHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object) -> Refused:
        return refuse("network.full", most=1000)

    monkeypatch.setattr(served.hub.region, "place_hold", full)
    page = opened(context_of, served)
    page.get_by_label("or container").fill("CSQU3054383")
    page.get_by_label("Reason").fill("wrong weight")
    page.get_by_role("button", name="Tell every port").click()
    expect(page.locator("form [role=alert]")).to_contain_text("a bulletin carries at most 1000 items")
    expect(page.get_by_label("or container")).to_have_value("CSQU3054383")
