"""Rules by keyboard: a table is written, its mistakes stand beside the cells, it is tried, and another approves it."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import violations
from tests.integration.web.web_kit import PASSWORD


@pytest.fixture(scope="module")
def rules_url(built_console: None) -> Iterator[str]:
    with MemoryPort() as served:
        yield served.url


def officer(context_of: OpenContext, url: str, name: str) -> BrowserContext:
    context = context_of(url, user=None)
    data: dict[str, Any] = {"username": name, "password": PASSWORD}
    answer = context.request.post(f"{url}/api/v1/session", data=data, headers={"X-Kouan-CSRF": "test"})
    assert answer.ok, answer.text()
    return context


def missing(page: Page) -> object:
    return page.evaluate("window.kouanMissingMessages()")


def test_what_is_in_force_stands_there_in_both_languages(context_of: OpenContext, rules_url: str) -> None:
    page = officer(context_of, rules_url, "inspector").new_page()
    page.goto(f"{rules_url}/rules?lang=en")
    page.get_by_role("button", name="Release regimes").click()
    expect(page.get_by_label("Text of the document")).to_have_value(re.compile("iron_ore"))
    assert missing(page) == []
    page.goto(f"{rules_url}/rules?lang=zh")
    page.get_by_role("button", name="矿产品清单").click()
    expect(page.get_by_label("文件正文")).to_have_value(re.compile("铁矿"))
    assert missing(page) == []


@pytest.mark.parametrize("language", ["zh", "en"])
def test_axe_finds_nothing_on_the_rules_by_day_or_by_night_nor_while_a_table_is_written(
    context_of: OpenContext, rules_url: str, language: str
) -> None:
    page = officer(context_of, rules_url, "border").new_page()
    page.goto(f"{rules_url}/rules?lang={language}&theme=day")
    page.locator("main table .link").first.click()
    page.locator("main textarea").wait_for()
    for theme in ("day", "night"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        assert violations(page) == [], theme
    page.locator("#fresh").select_option("border_inspection-at-gate")
    page.locator("main .bar button").click()
    page.locator(".cells").wait_for()
    page.keyboard.press("Tab")
    page.locator(".head button").last.click()
    page.locator(".cells summary").press("Enter")
    for theme in ("day", "night"):
        page.evaluate(f"document.documentElement.dataset.theme = '{theme}'")
        assert violations(page) == [], theme
    assert missing(page) == []


def test_a_row_names_the_steps_of_its_examination_and_whether_the_budget_binds_it(
    context_of: OpenContext, rules_url: str
) -> None:
    context = officer(context_of, rules_url, "border")
    page = context.new_page()
    page.goto(f"{rules_url}/rules?lang=en")
    page.get_by_label("New table").select_option("border_inspection-at-gate")
    page.get_by_role("button", name="Begin").press("Enter")
    page.get_by_role("button", name="Add a row").press("Enter")
    page.get_by_label("r1 Why").fill("persons of this week")
    page.locator(".cells summary").press("Enter")
    page.get_by_label("Persons", exact=True).press("Space")
    page.get_by_label("r1 Mandatory").press("Space")
    page.get_by_label("In force from").fill("2026-12-31")
    page.get_by_label("Reason").fill("as agreed with the shift")
    page.get_by_role("button", name="Keep as draft").press("Enter")
    page.get_by_role("button", name="Edit as a new draft").wait_for()
    answer = context.request.get(f"{rules_url}/api/v1/rules/table/border_inspection-at-gate/1", max_retries=3)
    (row,) = json.loads(answer.json()["content"])["rows"]
    assert (row["steps"], row["mandatory"]) == (["persons"], True)


def test_a_table_is_written_by_keyboard_tried_and_approved_by_another_officer(
    context_of: OpenContext, rules_url: str
) -> None:
    page = officer(context_of, rules_url, "inspector").new_page()
    page.goto(f"{rules_url}/holds?lang=en")
    page.get_by_role("heading", name="Control orders").first.wait_for()
    page.keyboard.press("g")
    page.keyboard.press("u")
    page.get_by_label("New table").select_option("customs-at-gate")
    page.get_by_role("button", name="Begin").press("Enter")
    page.get_by_role("button", name="Add a row").press("Enter")
    expect(page.get_by_label("r1 hs_code")).to_be_focused()
    page.keyboard.type("@nothing")
    page.get_by_label("r1 Why").fill("Coal of this week")
    page.get_by_label("r1 Why").press("Alt+n")
    expect(page.get_by_label("r2 hs_code")).to_be_focused()
    page.keyboard.type("2702*")
    page.get_by_label("r2 Why").fill("Lignite")
    page.keyboard.press("Alt+Shift+ArrowUp")
    expect(page.locator("tbody th[scope=row]").first).to_contain_text("r2")
    page.get_by_role("button", name="Check").press("Enter")
    expect(page.get_by_label("r1 hs_code")).to_have_attribute("aria-invalid", "true")
    page.get_by_label("r1 hs_code").fill("2701*")
    page.get_by_role("button", name="Check").press("Enter")
    expect(page.get_by_label("r1 hs_code")).to_have_attribute("aria-invalid", "false")
    page.get_by_label("In force from").fill("2026-12-31")
    page.get_by_label("Reason").fill("as agreed with the shift")
    page.get_by_role("button", name="Keep as draft").press("Enter")
    page.get_by_text("Nothing stands against approving it.").wait_for()
    expect(page.get_by_role("button", name="Approve…")).to_be_disabled()
    page.get_by_text("Another person of your authority must approve it.").wait_for()
    assert missing(page) == []

    second = officer(context_of, rules_url, "second").new_page()
    second.goto(f"{rules_url}/rules?lang=en")
    second.get_by_role("button", name="Customs, at the gate").press("Enter")
    expect(second.get_by_role("button", name="Approve…")).to_be_disabled()
    second.get_by_role("button", name="Dry run on the last month").press("Enter")
    second.get_by_text("0 decisions would have been different.").wait_for()
    second.get_by_role("button", name="Approve…").press("Enter")
    second.get_by_text("It decides from 2026-12-31").wait_for()
    second.get_by_label("Reason").fill("seen on the last month")
    second.get_by_label("Your password again").fill(PASSWORD)
    second.get_by_role("dialog").get_by_role("button", name="Approve", exact=True).press("Enter")
    expect(second.get_by_role("region", name="Document", exact=True)).to_contain_text("approved, not yet in force")
    assert missing(second) == []
