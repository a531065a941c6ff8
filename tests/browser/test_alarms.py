"""Alarms are acknowledged on the overview by keyboard; what nobody has seen looks so without blinking."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import violations
from tests.browser.test_examinations import opened
from tests.integration.web.web_kit import WebPort

from kouan.vocabulary.verdict import Reason

SILENT = Reason("network.hub_silent", {"max_age_s": 300})
WORDS = {
    "zh": {"do": "确认", "open": "未确认", "over": "已恢复", "said": "光缆中断，已报修"},
    "en": {"do": "Acknowledge", "open": "unacknowledged", "over": "over since", "said": "the cable is cut; reported"},
}


async def raised(port: WebPort) -> None:
    port.board.alarm("", "", 2, SILENT)
    port.board.alarm("I3", "", 1, Reason("order.tailgating", {"vehicles": 2}))
    await port.alarms.settle()


@pytest.fixture
def port(built_console: None) -> Iterator[MemoryPort]:
    with MemoryPort(raised) as served:
        yield served


def rows(page: Page) -> Locator:
    return page.locator("[data-alarm]")


def form(row: Locator) -> tuple[str, str, str]:
    """Return how a row is barred, whether its mark is filled, and whether anything of it moves."""
    script = """(row) => {
      const bar = getComputedStyle(row), mark = getComputedStyle(row.querySelector('svg .fill'));
      const parts = [row, ...row.querySelectorAll('*')];
      return [
        bar.borderLeftColor === 'rgba(0, 0, 0, 0)' ? 'none' : bar.borderLeftStyle,
        mark.fill === 'none' ? 'hollow' : 'filled',
        parts.every((one) => getComputedStyle(one).animationName === 'none') ? 'still' : 'moves',
      ];
    }"""
    bar, mark, motion = row.evaluate(script)
    return bar, mark, motion


@pytest.mark.parametrize("language", ["zh", "en"])
def test_a_duty_officer_acknowledges_by_keyboard_and_everybody_sees_who_did_with_what_word(
    context_of: OpenContext, port: MemoryPort, language: str
) -> None:
    words = WORDS[language]
    duty = opened(context_of, port.url, f"/?lang={language}", "duty")
    expect(rows(duty)).to_have_count(2)
    expect(rows(duty).first).to_contain_text("I3")  # the gravest first
    assert form(rows(duty).first) == form(rows(duty).last) == ("solid", "filled", "still")
    assert violations(duty) == []
    for key in ("j", "j", "a"):
        duty.keyboard.press(key)
    button = rows(duty).last.get_by_role("button", name=words["do"])
    expect(button).to_be_focused()
    duty.keyboard.press("Enter")
    dialog = duty.get_by_role("dialog")
    expect(dialog.get_by_role("textbox")).to_be_focused()
    duty.keyboard.type(words["said"])
    assert violations(duty) == []
    dialog.get_by_role("button", name=words["do"]).press("Enter")
    expect(dialog).to_have_count(0)
    expect(rows(duty).last).to_contain_text("✓ duty")
    expect(rows(duty).last).to_contain_text(words["said"])
    assert form(rows(duty).last) == ("none", "hollow", "still")
    operator = opened(context_of, port.url, f"/?lang={language}", "operator")
    expect(rows(operator).last).to_contain_text(words["said"])
    expect(rows(operator).first).to_contain_text(words["open"])
    assert rows(operator).get_by_role("button").count() == 0  # the port's own are for its duty officers
    assert violations(operator) == []
    assert operator.evaluate("window.kouanMissingMessages()") == []


def test_what_is_over_and_was_not_seen_stays_and_looks_so(context_of: OpenContext, port: MemoryPort) -> None:
    duty = opened(context_of, port.url, "/?lang=en", "duty")
    expect(rows(duty)).to_have_count(2)

    async def back() -> None:
        port.port.board.back("network.hub_silent")
        await port.port.alarms.settle()

    port.do(back())
    silent = rows(duty).filter(has_text="hub")
    expect(silent).to_contain_text(WORDS["en"]["over"])
    assert form(silent) == ("dashed", "filled", "still")
    silent.get_by_role("button").click()
    duty.get_by_role("dialog").get_by_role("textbox").fill("x")
    duty.get_by_role("dialog").get_by_role("button", name="Acknowledge").click()
    expect(silent).to_contain_text("✓ duty")
    assert form(silent)[:2] == ("none", "hollow")

    async def again() -> None:
        port.port.clock.advance(1)
        port.port.board.alarm("", "", 2, SILENT)

    port.do(again())
    expect(silent).to_have_count(2)
    assert form(silent.first) == ("solid", "filled", "still")
