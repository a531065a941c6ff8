"""The region page: every port on the map and in the table, quiet when all is well, and plain about what is not."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import ConsoleMessage, Page, expect
from tests.browser.conftest import OpenContext
from tests.browser.line import Line
from tests.browser.region_hub import MINUTE, ServedHub, fill, trouble
from tests.browser.test_accessibility import saturated_share, violations
from tests.browser.test_pages import cut_off

from kouan.vocabulary.clock import SECOND

PAGES = {
    "region": "/region",
    "orders": "/orders",
    "port": "/region/ganqimaodu",
    "away": "/region/hohhot-air",
    "ledger": "/ledger",
}


@pytest.fixture
def served(built_console: None) -> Iterator[ServedHub]:
    """A region with some trouble, which a test may change."""
    with ServedHub(fill, trouble) as running:
        yield running


@pytest.fixture(scope="module")
def calm(built_console: None) -> Iterator[ServedHub]:
    """A region where all is well."""
    with ServedHub(fill) as running:
        yield running


def opened(
    context_of: OpenContext, served: ServedHub, path: str = "/region?lang=en&theme=day", user: str = "region"
) -> Page:
    page = context_of(served.url, user=user).new_page()
    page.goto(served.url + path)
    page.locator("main h1").first.wait_for(state="attached")
    page.locator("header dd", has_text="/").first.wait_for()
    return page


@pytest.mark.parametrize("language", ["zh", "en"])
def test_its_pages_are_whole_in_words_and_width_and_ask_nobody_outside(
    context_of: OpenContext, served: ServedHub, language: str
) -> None:
    page = context_of(served.url, user="auditor").new_page()
    complaints: list[str] = []
    asked: list[str] = []

    def complain(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            complaints.append(message.text)

    page.on("console", complain)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    for name, path in PAGES.items():
        page.goto(f"{served.url}{path}?lang={language}")
        page.locator("main h1").first.wait_for(state="attached")
        page.locator("header dd", has_text="/").first.wait_for()
        page.wait_for_timeout(200)
        assert complaints == [], name
        assert page.evaluate("window.kouanMissingMessages()") == [], name
        assert cut_off(page) == {"desk": (0, 0), "tablet": (0, 0)}, name
        page.set_viewport_size({"width": 400, "height": 800})
        assert page.evaluate("document.documentElement.scrollWidth") == 400, name
    assert [url for url in asked if not url.startswith(served.url)] == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_by_day_or_by_night(context_of: OpenContext, served: ServedHub, language: str) -> None:
    for path in ("/region", "/region/ceke"):
        page = opened(context_of, served, f"{path}?lang={language}&theme=day")
        page.locator("[data-map-port]").nth(19).wait_for()
        assert violations(page) == [], f"{path} day"
        page.evaluate("document.documentElement.dataset.theme = 'night'")
        assert violations(page) == [], f"{path} night"
    page = opened(context_of, served, f"/region?lang={language}&theme=night")
    page.locator(".alarms button").first.click()
    page.get_by_role("dialog").wait_for()
    assert violations(page) == []


@pytest.mark.parametrize("theme", ["day", "night"])
def test_under_five_per_cent_of_pixels_are_coloured_when_all_is_well(
    context_of: OpenContext, calm: ServedHub, theme: str
) -> None:
    for path in ("/region", "/region/ganqimaodu"):
        page = opened(context_of, calm, f"{path}?theme={theme}")
        page.locator("[data-map-port]").nth(19).wait_for()
        assert saturated_share(page.screenshot()) < 0.05, path


def test_every_port_stands_on_the_map_by_its_kind_and_in_the_table(context_of: OpenContext, calm: ServedHub) -> None:
    page = opened(context_of, calm)
    expect(page.locator("[data-map-port]")).to_have_count(20)
    expect(page.locator("[data-port]")).to_have_count(20)
    marked = page.locator("[data-map-port]").evaluate_all("all => all.map(e => e.dataset.mapPort).sort()")
    listed = page.locator("[data-port]").evaluate_all("all => all.map(e => e.dataset.port).sort()")
    assert marked == listed
    for kind, count in {"road": 12, "railway": 2, "airport": 6}.items():
        expect(page.locator("table").get_by_role("img", name=kind, exact=True)).to_have_count(count)
    expect(page.locator("header")).to_contain_text("connected 3/3")
    expect(page.get_by_text("No alarms.")).to_be_visible()


def test_no_two_marks_of_the_map_cover_each_other(context_of: OpenContext, calm: ServedHub) -> None:
    page = opened(context_of, calm)
    page.locator("[data-map-port]").nth(19).wait_for()
    nearest = page.evaluate(
        """() => {
          const box = (e) => e.getBoundingClientRect();
          const centre = (e) => [box(e).x + box(e).width / 2, box(e).y + box(e).height / 2];
          const at = [...document.querySelectorAll('[data-map-port] .glyph')].map(centre);
          return Math.min(...at.flatMap((a, i) => at.slice(i + 1).map((b) => Math.hypot(a[0] - b[0], a[1] - b[1]))));
        }"""
    )
    assert nearest > 16


def test_what_is_wrong_has_its_mark_its_word_and_its_age(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served)
    ceke = page.locator("tr", has=page.locator('[data-port="ceke"]'))
    expect(ceke).to_contain_text(re.compile(r"silent for 5 min \d\d s"))
    expect(ceke.get_by_role("img", name="priority 3, warning")).to_be_visible()
    expect(ceke.locator("td.stale")).to_have_count(6)
    expect(page.locator('[data-map-port="ceke"]')).to_contain_text("silent for 5 min")
    expect(page.locator('[data-map-port="ceke"] .hatch')).to_have_count(1)
    mandula = page.locator("tr", has=page.locator('[data-port="mandula"]'))
    expect(mandula).to_contain_text("ledger disputed")
    expect(mandula.get_by_role("img", name="priority 1, emergency")).to_be_visible()
    expect(page.locator("tr", has=page.locator('[data-port="uliji"]'))).to_contain_text("not connected")
    expect(page.locator("header")).to_contain_text("connected 2/5")


def test_a_change_at_the_hub_is_on_the_page_within_a_second(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served)
    row = page.locator("tr", has=page.locator('[data-port="ceke"]'))
    expect(row).to_contain_text("silent")
    served.hub.region.stands("ceke", heard_at=served.hub.clock.now(), hour_in=65)
    expect(row).to_contain_text("connected", timeout=1_500)
    expect(row).to_contain_text("65")
    expect(row.locator("td.stale")).to_have_count(0)
    expect(page.locator('[data-map-port="ceke"]')).to_contain_text("in 65")


def test_time_alone_makes_a_port_silent(context_of: OpenContext, calm: ServedHub) -> None:
    page = opened(context_of, calm)
    row = page.locator("tr", has=page.locator('[data-port="mandula"]'))
    expect(row).to_contain_text("connected")
    now = calm.hub.clock.now()
    calm.hub.region.stands("mandula", heard_at=now - 2 * MINUTE)
    expect(row).to_contain_text(re.compile("silent for 2 min"))
    calm.hub.region.stands("mandula", heard_at=now - 2 * SECOND)
    expect(row).to_contain_text("connected")


def test_j_and_k_walk_through_the_ports_enter_opens_one_and_escape_leads_back(
    context_of: OpenContext, served: ServedHub
) -> None:
    page = opened(context_of, served)
    page.locator("[data-port]").nth(19).wait_for()
    for key in ("j", "j", "j", "k"):
        page.keyboard.press(key)
    expect(page.locator("[data-port]").nth(1)).to_be_focused()
    expect(page.locator('[data-map-port="uliji"] .ring')).to_have_count(1)
    page.keyboard.press("Enter")
    expect(page).to_have_url(f"{served.url}/region/uliji")
    page.keyboard.press("j")
    expect(page).to_have_url(f"{served.url}/region/ganqimaodu")
    page.keyboard.press("Escape")
    expect(page).to_have_url(f"{served.url}/region")
    page.keyboard.press("g")
    page.keyboard.press("o")
    expect(page).to_have_url(f"{served.url}/")


def test_the_table_is_sorted_by_the_column_that_is_asked_for(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served)
    names = page.locator("[data-port]")
    names.nth(19).wait_for()
    before = names.evaluate_all("all => all.map(e => e.dataset.port)")
    page.get_by_role("button", name="In /h").click()
    expect(page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("In /h"))
    assert names.evaluate_all("all => all.map(e => e.dataset.port)")[:3] == ["ganqimaodu", "ceke", "mandula"]
    page.keyboard.press("j")
    expect(page.locator('[data-port="ganqimaodu"]')).to_be_focused()
    page.get_by_role("button", name="Level").click()
    levels = names.evaluate_all("all => all.map(e => e.dataset.port)")
    assert set(levels[:2]) == {"mandula", "ganqimaodu"}
    assert levels[2] == "ceke"
    for _ in range(2):
        page.get_by_role("button", name="Level").click()
    expect(page.locator("th[aria-sort]")).to_have_count(0)
    assert names.evaluate_all("all => all.map(e => e.dataset.port)") == before


def test_a_port_is_shown_with_its_traffic_its_alarms_and_what_is_known_of_it(
    context_of: OpenContext, served: ServedHub
) -> None:
    page = opened(context_of, served, "/region/ganqimaodu?lang=en")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Ganqimaodu")
    facts = page.locator(".facts").first
    expect(facts).to_contain_text("Gashuun Sukhait Гашуунсухайт, Mongolia")
    expect(facts).to_contain_text("08:00–20:00 (no source)")
    expect(facts).to_contain_text("inbound 12 · outbound 7")
    page.get_by_text("As a table").click()
    expect(page.locator("details tbody tr")).to_have_count(24)
    total = page.locator("details tbody td:nth-of-type(1)").evaluate_all(
        "all => all.reduce((sum, e) => sum + Number(e.textContent.replaceAll(',', '')), 0)"
    )
    assert total == served.hub.region.ports["ganqimaodu"].day_in
    expect(page.get_by_text("Plate 蒙A12345: at Ceke 09:26:07, at Ganqimaodu 10:18:07; 517 km")).to_be_visible()
    expect(page.get_by_text("chain.fork")).to_have_count(0)
    expect(page.get_by_role("link", name="Open the port's own console")).to_have_attribute(
        "href", "https://ganqimaodu.example"
    )
    page.goto(f"{served.url}/region/nowhere?lang=en")
    page.get_by_text("The region has no port nowhere.").wait_for()


def test_an_alarm_is_acknowledged_with_a_reason_and_leaves_what_wants_attention(
    context_of: OpenContext, served: ServedHub
) -> None:
    page = opened(context_of, served)
    expect(page.locator("header")).to_contain_text("Alarms 2")
    page.get_by_role("button", name=re.compile("^Acknowledge: Ganqimaodu")).click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("At the port nothing changes.")
    settle = dialog.get_by_role("button", name="Acknowledge")
    expect(settle).to_be_disabled()
    dialog.get_by_role("textbox").fill("the second plate was painted")
    settle.click()
    expect(dialog).to_have_count(0)
    expect(page.locator("header")).to_contain_text("Alarms 1", timeout=2_000)
    assert served.hub.region.acknowledged == [("travel/0", "region", "the second plate was painted")]


def test_a_ledger_that_contradicted_itself_is_taken_again_when_a_person_says_why(
    context_of: OpenContext, served: ServedHub
) -> None:
    page = opened(context_of, served, "/region/mandula?lang=en")
    page.get_by_role("button", name="Take its ledger again").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("If they still contradict what is held here, it stops again at once.")
    dialog.get_by_role("textbox").fill("the older copy was destroyed")
    dialog.get_by_role("button", name="Take it again").click()
    expect(dialog).to_have_count(0)
    expect(page.locator(".head")).to_contain_text("connected", timeout=2_000)
    assert served.hub.region.resumed == [("mandula", "region", "the older copy was destroyed")]


def test_who_may_only_watch_is_offered_nothing_to_acknowledge(context_of: OpenContext, served: ServedHub) -> None:
    page = opened(context_of, served, user="auditor")
    page.locator("[data-port]").first.wait_for()
    expect(page.get_by_text("chain.fork")).to_be_visible()
    expect(page.get_by_role("button", name=re.compile("^Acknowledge"))).to_have_count(0)


def test_a_lost_hub_greys_the_view_and_says_since_when(context_of: OpenContext, calm: ServedHub) -> None:
    with Line(calm.url) as line:
        page = context_of(line.url, user="region").new_page()
        page.goto(f"{line.url}/region?lang=en")
        page.locator("[data-port]").first.wait_for()
        line.cut()
        notice = page.get_by_text(re.compile(r"Connection lost since \d\d:\d\d:\d\d"))
        notice.wait_for(timeout=5_000)
        assert "grayscale" in page.locator("main").evaluate("e => getComputedStyle(e).filter")
        line.mend()
        expect(notice).to_have_count(0, timeout=15_000)
        expect(page.locator("[data-port]")).to_have_count(20)


def test_a_port_has_no_region_page_and_a_hub_no_lanes(
    context_of: OpenContext, fixture_url: str, calm: ServedHub
) -> None:
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/region?lang=en")
    page.get_by_text("There is no such page.").wait_for()
    page = context_of(calm.url, user="region").new_page()
    page.goto(f"{calm.url}/lanes?lang=en")
    page.get_by_text("There is no such page.").wait_for()
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_text(["Region", "Regional orders"])
