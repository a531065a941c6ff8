"""What people do about a vehicle of the yard that waits for one, by keyboard: each what is theirs, with a reason."""

from collections.abc import Iterator

import pytest
from msgspec.structs import replace
from playwright.sync_api import Locator, expect
from tests.browser.conftest import OpenContext
from tests.browser.memory_port import MemoryPort
from tests.browser.test_accessibility import violations
from tests.browser.test_examinations import opened
from tests.integration.web.test_yard import PLACE, YardPort
from tests.integration.web.web_kit import PASSWORD, WebPort

from kouan.access.use_cases import save_account

WORDS = {
    "zh": {
        "settle": "处置", "excuse": "特准人员差异", "reset": "复位出口", "again": "等待复磅", "waits": "等待人工处理",
    },
    "en": {
        "settle": "Settle", "excuse": "Excuse the difference in people", "reset": "Reset an exit",
        "again": "waits to be weighed again", "waits": "waits for a person",
    },
}  # fmt: skip


class Held:
    """A port in whose yard a lorry is held: it weighs more than with its load, or a stranger is in it."""

    def __init__(self, second_kg: int) -> None:
        self.second_kg = second_kg
        self.resets: list[tuple[str, str, str]] = []

    async def fill(self, port: WebPort) -> None:
        yard = await YardPort(port).start()
        yard.exits.resets = self.resets
        account = await port.accounts.find_account("yardmaster")
        secret = replace(account, password_hash=await port.hasher.hash(PASSWORD))
        await port.ledger.append(save_account(secret, "test", port.clock.now()))
        await yard.do("operator", "/visits/yard-p1/handling", {"place": PLACE})
        await yard.do("operator", "/visits/yard-p1/tally", {})
        await yard.weigh("yard-p1", self.second_kg)
        await yard.desk.visits.leave("yard-p1", 2, ("bat", "stowaway"))


@pytest.fixture
def held(request: pytest.FixtureRequest) -> Held:
    return Held(getattr(request, "param", 17_000))


@pytest.fixture
def port(built_console: None, held: Held) -> Iterator[MemoryPort]:
    with MemoryPort(held.fill) as served:
        yield served


def reasoned(dialog: Locator, reason: str, confirm: str) -> None:
    """Give a reason by keyboard, and confirm; without one nothing can be confirmed."""
    button = dialog.get_by_role("button", name=confirm, exact=True)
    expect(button).to_be_disabled()
    dialog.locator("textarea").fill(reason)
    button.press("Enter")


@pytest.mark.parametrize("language", ["zh", "en"])
def test_border_inspection_excuses_who_is_aboard_and_the_visit_is_over(
    context_of: OpenContext, port: MemoryPort, language: str
) -> None:
    words = WORDS[language]
    page = opened(context_of, port.url, f"/yard?lang={language}", "border")
    visit = page.locator('[data-visit="yard-p1"]')
    expect(visit).to_contain_text(words["waits"])
    expect(visit.get_by_role("button", name=words["settle"])).to_have_count(0)
    visit.get_by_role("button", name=words["excuse"]).press("Enter")
    assert violations(page) == []
    reasoned(page.get_by_role("dialog"), "the second driver, seen", words["excuse"])
    expect(visit).to_have_count(0)


@pytest.mark.parametrize("held", [97_500], indirect=True)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_yards_duty_officer_has_a_held_lorry_weighed_again_and_an_exit_reset(
    context_of: OpenContext, port: MemoryPort, held: Held, language: str
) -> None:
    words = WORDS[language]
    page = opened(context_of, port.url, f"/yard?lang={language}", "yardmaster")
    visit = page.locator('[data-visit="yard-p1"]')
    expect(visit.get_by_role("button", name=words["excuse"])).to_have_count(0)
    visit.get_by_role("button", name=words["settle"]).press("Enter")
    dialog = page.get_by_role("dialog")
    assert violations(page) == []
    assert dialog.get_by_role("combobox").locator("option").count() == 3
    reasoned(dialog, "weighed with the driver aboard", words["settle"])
    expect(visit).to_contain_text(words["again"])
    expect(visit.get_by_role("button")).to_have_count(0)
    page.get_by_role("button", name=words["reset"]).press("Enter")
    page.get_by_role("dialog").get_by_role("textbox").first.fill("X1")
    reasoned(page.get_by_role("dialog"), "nobody stands in it", words["reset"])
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert held.resets == [("X1", "yardmaster", "nobody stands in it")]
    assert page.evaluate("window.kouanMissingMessages()") == []


@pytest.mark.parametrize("held", [97_500], indirect=True)
@pytest.mark.parametrize(
    ("language", "shown"),
    [("zh", "处置方式 · 车辆未被扣留：没有可处置的内容"), ("en", "how it goes on · The vehicle is not held")],
)
def test_who_settles_what_another_has_settled_meanwhile_is_told_why_it_cannot_be(
    context_of: OpenContext, port: MemoryPort, language: str, shown: str
) -> None:
    words = WORDS[language]
    page = opened(context_of, port.url, f"/yard?lang={language}", "yardmaster")
    page.locator('[data-visit="yard-p1"]').get_by_role("button", name=words["settle"]).press("Enter")
    dialog = page.get_by_role("dialog")
    faster = page.request.post(
        f"{port.url}/api/v1/yard/visits/yard-p1/mend",
        data={"mend": "weigh_again", "reason": "faster"},
        headers={"X-Kouan-CSRF": "test"},
    )
    assert faster.ok, faster.text()
    reasoned(dialog, "weighed with the driver aboard", words["settle"])
    expect(dialog.get_by_role("alert")).to_contain_text(shown)
    expect(dialog.get_by_role("alert")).to_contain_text("(yard.not_held)")
    assert violations(page) == []
