"""A duty officer keeps the roster by keyboard; who is not on it cannot begin a shift."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import violations
from tests.browser.test_examinations import opened
from tests.integration.web.test_roster import off_roster
from tests.integration.web.web_kit import WebPort


async def without(port: WebPort) -> None:
    await off_roster(port, "inspector", "second")


@pytest.fixture
def port(built_console: None) -> Iterator[MemoryPort]:
    with MemoryPort(without) as served:
        yield served


def test_who_is_not_on_the_roster_begins_a_shift_once_a_duty_officer_confirms_why(
    context_of: OpenContext, port: MemoryPort
) -> None:
    inspector = opened(context_of, port.url, "/examinations?lang=en", "inspector")
    inspector.get_by_text("not on the roster").wait_for()
    assert inspector.get_by_role("button", name="Begin shift").count() == 0
    duty = opened(context_of, port.url, "/roster?lang=en", "duty")
    duty.get_by_label("Person", exact=True).fill("inspector")
    duty.get_by_label("Post", exact=True).fill("H986")
    duty.get_by_label("From", exact=True).fill("2025-10-10T10:00")
    duty.get_by_label("Until", exact=True).fill("2025-10-10T22:00")
    duty.get_by_label("Why it was not planned before it began").fill("a colleague fell ill")
    duty.get_by_role("button", name="Confirm the unplanned duty").press("Enter")
    row = duty.locator("tbody tr", has_text="inspector")
    expect(row).to_contain_text("unplanned: a colleague fell ill")
    assert violations(duty) == []
    inspector.reload()
    inspector.get_by_role("button", name="Begin shift").press("Enter")
    inspector.get_by_text("on shift until").wait_for()
    row.get_by_role("button", name="Take off").press("Enter")
    duty.get_by_role("dialog").get_by_role("textbox").fill("sent home")
    duty.get_by_role("dialog").get_by_role("button", name="Take off").press("Enter")
    expect(row).to_have_count(0)
    inspector.reload()
    inspector.get_by_text("not on the roster").wait_for()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_roster_is_imported_and_each_wrong_line_is_told(
    context_of: OpenContext, port: MemoryPort, language: str
) -> None:
    page = opened(context_of, port.url, f"/roster?lang={language}", "duty")
    table = (
        "用户名,岗位,开始,结束\n"
        "inspector,查验大厅,2025-10-11 08:00,2025-10-11 20:00\n"
        "border,大厅,2025-10-11 08:00,2025-10-11 20:00\n"
    )
    file = {"name": "roster.csv", "mimeType": "text/csv", "buffer": table.encode("gb18030")}
    page.locator("#duty-file").set_input_files([file])
    expect(page.locator("tbody tr", has_text="查验大厅")).to_have_count(1)
    wrong = page.locator("li", has_text="duty.not_yours")
    expect(wrong).to_contain_text("3")
    expect(wrong).to_contain_text({"zh": "本单位值班负责人", "en": "duty officer of border_inspection"}[language])
    assert violations(page) == []
    assert page.evaluate("window.kouanMissingMessages()") == []
