"""Goods for officers and carriers: declarations, targeting, the yard, one's own vehicles; by keyboard, in zh and en."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser import freight
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import saturated_share, violations
from tests.browser.test_pages import cut_off
from tests.integration.web.web_kit import PASSWORD
from tests.unit.inspection.papers_kit import IN_DECLARATION
from tests.unit.inspection.test_balances import HOLDER

from kouan.web.fields import Shape
from kouan.web.gate_shapes import Reason
from kouan.web.yard_shapes import (
    Carriers,
    CarrierView,
    EstimateView,
    MassBalance,
    MassBalances,
    OutlierView,
    Scales,
    ScaleView,
    StackView,
    Stock,
)

PAGES = {"declarations": "c", "targeting": "t", "yard": "y"}
PHONE = {"width": 360, "height": 740}


@pytest.fixture(scope="module")
def port(built_console: None) -> Iterator[MemoryPort]:
    with MemoryPort(freight.full) as served:
        yield served


def opened(context_of: OpenContext, port: MemoryPort, path: str, user: str = "duty", **options: Any) -> Page:
    context = context_of(port.url, user=None, **options)
    data: dict[str, Any] = {"username": user, "password": PASSWORD}
    answer = context.request.post(f"{port.url}/api/v1/session", data=data, headers={"X-Kouan-CSRF": "test"})
    assert answer.ok, answer.text()
    page = context.new_page()
    page.goto(f"{port.url}{path}")
    page.locator("main h1").first.wait_for()
    return page


def settled(page: Page) -> None:
    """Wait until what the page asks for stands there."""
    page.locator("main table, main article").first.wait_for()


def whole(page: Page) -> None:
    assert violations(page) == [], "day"
    page.evaluate("document.documentElement.dataset.theme = 'night'")
    assert violations(page) == [], "night"
    assert page.evaluate("window.kouanMissingMessages()") == []


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("name", PAGES)
def test_each_page_is_whole_in_words_colours_and_width(
    context_of: OpenContext, port: MemoryPort, name: str, language: str
) -> None:
    page = opened(context_of, port, f"/{name}?lang={language}&theme=day")
    settled(page)
    assert saturated_share(page.screenshot()) < 0.05
    whole(page)
    assert cut_off(page) == {"desk": (0, 0), "tablet": (0, 0)}


@pytest.mark.parametrize(("name", "key"), PAGES.items())
def test_g_and_a_letter_goes_to_each_page(context_of: OpenContext, port: MemoryPort, name: str, key: str) -> None:
    page = opened(context_of, port, "/holds")
    page.keyboard.press("g")
    page.keyboard.press(key)
    expect(page).to_have_url(f"{port.url}/{name}")
    expect(page.locator("nav [aria-current=page]")).to_have_attribute("href", f"/{name}")


def test_pages_are_offered_to_those_whose_business_they_are(context_of: OpenContext, port: MemoryPort) -> None:
    seen = {
        "border": {"/yard"},
        "operator": {"/yard"},
        "duty": {"/declarations", "/yard", "/targeting"},
        "carrier": {"/vehicles"},
    }
    for user, places in seen.items():
        page = opened(context_of, port, "/vehicles" if user == "carrier" else "/holds", user)
        found = page.locator("nav a").evaluate_all("all => all.map(a => a.getAttribute('href'))")
        assert set(found) & {"/declarations", "/yard", "/targeting", "/vehicles"} == places, user


def test_what_is_overdue_comes_first_and_says_what_blocks_it(context_of: OpenContext, port: MemoryPort) -> None:
    page = opened(context_of, port, "/declarations?lang=en")
    rows = page.locator("[data-declaration]")
    expect(rows).to_have_count(2)
    expect(rows.first).to_have_attribute("data-declaration", freight.LATE)
    expect(rows.first).to_contain_text("base items only")
    expect(rows.first).to_contain_text("overdue")
    expect(rows.nth(1)).to_contain_text("40,000 of 60,000 kg written off")
    expect(rows.nth(1)).to_contain_text("20,000 kg left")
    expect(rows.nth(1)).to_contain_text("firm withheld")
    page.keyboard.press("j")
    page.keyboard.press("j")
    expect(page).to_have_url(f"{port.url}/declarations/{IN_DECLARATION}")
    sheet = page.get_by_role("region", name=f"Declaration {IN_DECLARATION}")
    expect(sheet).to_contain_text("Has not arrived yet")
    expect(sheet).to_contain_text("may not be sold or used")
    expect(sheet).to_contain_text("CERT-1")
    expect(sheet).to_contain_text("1 tickets written off")
    whole(page)


def test_declarations_are_found_by_number_and_plate_and_by_consignee_only_for_a_purpose(
    context_of: OpenContext, port: MemoryPort
) -> None:
    page = opened(context_of, port, "/declarations?lang=en")
    rows = page.locator("[data-declaration]")
    expect(rows).to_have_count(2)
    page.keyboard.press("a")
    expect(page.get_by_label("Declaration", exact=True)).to_be_focused()
    page.keyboard.type(freight.LATE)
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.first).to_have_attribute("data-declaration", freight.LATE)
    page.get_by_role("link", name="Clear").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Plate").fill(freight.OWN)
    page.keyboard.press("Enter")
    expect(rows).to_have_count(1)
    expect(rows.first).to_have_attribute("data-declaration", IN_DECLARATION)
    page.get_by_role("link", name="Clear").click()
    page.get_by_label("Consignee").fill(HOLDER)
    page.keyboard.press("Enter")
    expect(page.get_by_text("Without it nothing is found")).to_be_visible()
    expect(rows).to_have_count(0)
    answer = page.request.post(f"{port.url}/api/v1/shift", data={}, headers={"X-Kouan-CSRF": "test"})
    assert answer.ok, answer.text()
    page.get_by_label("Read firms for").select_option("release")
    page.get_by_role("button", name="Find").click()
    expect(rows).not_to_have_count(0)
    expect(rows.first).to_contain_text(HOLDER)


def test_declarations_are_turned_page_by_page(context_of: OpenContext, port: MemoryPort) -> None:
    def one(route: Route) -> None:
        route.continue_(url=f"{route.request.url}{'&' if '?' in route.request.url else '?'}limit=1")

    page = opened(context_of, port, "/declarations?lang=en")
    page.route("**/api/v1/release/declarations*", one)
    page.reload()
    rows, pages = page.locator("[data-declaration]"), page.get_by_role("navigation", name="Pages of declarations")
    expect(rows).to_have_count(1)
    expect(rows.first).to_have_attribute("data-declaration", freight.LATE)
    pages.get_by_role("link", name="Next page").click()
    expect(rows.first).to_have_attribute("data-declaration", IN_DECLARATION)
    expect(pages.get_by_role("link", name="Next page")).to_have_count(0)
    page.keyboard.press("j")
    expect(page.get_by_role("region", name=f"Declaration {IN_DECLARATION}")).to_be_visible()
    assert violations(page) == []
    pages.get_by_role("link", name="First page").click()
    expect(rows.first).to_have_attribute("data-declaration", freight.LATE)


def test_a_budget_is_set_only_after_a_second_thought(context_of: OpenContext, port: MemoryPort) -> None:
    page = opened(context_of, port, "/targeting?lang=en")
    expect(page.get_by_role("region", name="Inspection budget")).to_contain_text("of 20 selected in 24 h")
    expect(page.get_by_role("region", name="Random share")).to_contain_text("1 found in 1 drawn at random")
    expect(page.locator("[data-selection]").first).to_contain_text("Drawn at random")
    page.keyboard.press("j")
    expect(page.get_by_role("region", name="Why it was selected")).to_contain_text("Chance of being selected")
    page.keyboard.press("a")
    page.keyboard.press("Enter")
    page.get_by_label("Most examinations in a period").fill("40")
    page.get_by_label("Random share, ‰ of the budget").fill("0")
    expect(page.get_by_role("button", name="Look at the effect")).to_be_disabled()
    page.get_by_label("Reason (goes into the ledger)").fill("more lorries than planned")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url) if request.method != "GET" else None)
    page.get_by_role("button", name="Look at the effect").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Nothing is left to chance")
    assert sent == []
    assert violations(page) == []
    page.get_by_role("button", name="Change it").press("Enter")
    page.get_by_label("Random share, ‰ of the budget").fill("500")
    page.get_by_role("button", name="Look at the effect").press("Enter")
    port.port.clock.advance(1)  # a budget holds from when it is set, and the port's clock stands still
    page.get_by_role("button", name="Set it").press("Enter")
    expect(dialog).to_have_count(0)
    expect(page.get_by_role("region", name="Inspection budget")).to_contain_text("of 40 selected")
    assert page.evaluate("window.kouanMissingMessages()") == []


def test_the_yard_says_who_waits_for_what_and_whether_mass_agrees(context_of: OpenContext, port: MemoryPort) -> None:
    page = opened(context_of, port, "/yard?lang=en", "operator")
    visit = page.locator('[data-visit="yard-p1"]')
    expect(visit).to_contain_text("waits for a stack")
    expect(visit).to_contain_text("47,000 kg")
    expect(page.locator('[data-visit="yard-p2"]')).to_contain_text("waits to be weighed")
    expect(page.get_by_role("region", name="Mass balance")).to_contain_text("agrees")
    scales = page.get_by_role("region", name="Scales")
    expect(scales).to_contain_text("not checked yet")
    page.keyboard.press("j")
    expect(page.locator("[data-visit]").first).to_be_focused()
    page.keyboard.press("j")
    expect(page.locator("[data-visit]").nth(1)).to_be_focused()


DRIFT = EstimateView(median_kg=240, low_kg=190, high_kg=300, n=12, confidence_pm=950)
OUT_OF_USE = ScaleView(
    scale="W2", site="coal", in_use=False, reason="drift", zero_checked_at=None, finding="drifting", drift=DRIFT,
    permitted_kg=80, offset_kg=230, pairs=31, apart=True,
)  # fmt: skip
SHORT = CarrierView(
    carrier="CARRIER-09", tickets=40, unticketed=0, port_kg=1_180_000, ticket_kg=1_220_000, difference=DRIFT,
    outliers=[OutlierView(visit="v-7", ticket="T-7", port_kg=29_100, ticket_kg=31_400)], short=True,
)  # fmt: skip
STACKS = [
    StackView(place="coal/A/1/1", site="coal", lot="LOT-1", wet_kg=812_400, dry_dg=7_474_080_000, moisture_bp=800),
    StackView(place="coal/A/1/2", site="coal", lot="LOT-2", wet_kg=90, dry_dg=828_000, moisture_bp=1_250),
]
UNLIKE = MassBalance(
    name="coal", in_dg=9_000_000, out_dg=1_000_000, loss_dg=0, stock_dg=7_000_000, in_kg=900, out_kg=100, loss_kg=0,
    stock_kg=700, moisture_kg=0, losses_kg={}, findings=[Reason(code="yard.mass_differs", params={"lot": "LOT-1"})],
)  # fmt: skip


def answering(shape: Shape) -> Callable[[Route], None]:
    return lambda route: route.fulfill(body=shape.model_dump_json())


@pytest.mark.parametrize("language", ["zh", "en"])
def test_whatever_is_wrong_in_the_yard_is_said_at_the_head_of_its_page(
    context_of: OpenContext, port: MemoryPort, language: str
) -> None:
    page = opened(context_of, port, "/holds", "operator")
    told: dict[str, Shape] = {
        "stock": Stock(lots=[], stacks=STACKS),
        "balance": MassBalances(sites=[UNLIKE], lots=[]),
        "carriers": Carriers(items=[SHORT]),
        "scales": Scales(items=[OUT_OF_USE]),
    }
    for name, shape in told.items():
        page.route(f"**/api/v1/yard/{name}*", answering(shape))
    page.goto(f"{port.url}/yard?lang={language}")
    head = page.get_by_role("main").get_by_role("status").first
    words = {
        "zh": ("1 处货物不平衡", "1 台地磅停用", "1 家承运人磅单不符"),
        "en": ("1 sites do not agree", "1 scales out of use", "1 carriers' tickets do not reconcile"),
    }
    for text in words[language]:
        expect(head).to_contain_text(text)
    main = page.get_by_role("main")
    for text in ("812,400", "12.50 %", "CARRIER-09", "T-7", "240", "230"):
        expect(main).to_contain_text(text)
    unlike = {"zh": "批次 LOT-1：入库不等于", "en": "Lot LOT-1: mass in is not"}[language]
    expect(main).to_contain_text(unlike)
    settled(page)
    whole(page)
    page.set_viewport_size({"width": 820, "height": 1180})
    assert page.evaluate("document.documentElement.scrollWidth") == 820


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_carrier_sees_on_a_telephone_where_its_own_vehicles_are(
    context_of: OpenContext, port: MemoryPort, language: str
) -> None:
    page = opened(context_of, port, f"/?lang={language}&theme=day", "carrier", viewport=PHONE)
    cards = page.locator("[data-vehicle]")
    expect(cards).to_have_count(2)
    assert page.evaluate("document.documentElement.scrollWidth") == PHONE["width"]
    assert page.evaluate("(e => e.scrollWidth - e.clientWidth)(document.querySelector('main'))") == 0
    missing = page.locator(f'[data-vehicle="{freight.OWN}"]')
    expect(missing).to_contain_text(freight.LINE)
    expect(missing).to_contain_text({"zh": "还缺", "en": "Still missing"}[language])
    aside = page.locator(f'[data-vehicle="{freight.HERE}"]')
    expect(aside).to_contain_text({"zh": "已引导至旁", "en": "sent aside"}[language])
    expect(page.locator("body")).not_to_contain_text(freight.THEIRS)
    page.keyboard.press("j")
    expect(cards.first).to_be_focused()
    whole(page)
    page.keyboard.press("a")
    page.keyboard.type("1234")
    expect(cards).to_have_count(1)


def test_what_is_no_longer_heard_of_looks_stale(context_of: OpenContext, port: MemoryPort) -> None:
    page = opened(context_of, port, "/?lang=en", "carrier", viewport=PHONE)
    page.clock.install()
    page.reload()
    page.locator("[data-vehicle]").first.wait_for()
    page.route("**/api/v1/following", lambda route: route.abort())
    page.clock.run_for(60_000)
    expect(page.locator("ul.stale")).to_have_count(1)
    expect(page.get_by_text("not updated for")).to_be_visible()
