"""A port that has a hub shows how old its word is, and when that is too old."""

import pytest
from playwright.sync_api import expect
from tests.browser.conftest import OpenContext
from tests.browser.fixture_port import FixturePort, Json
from tests.browser.fixture_traffic import Planned

RULES: Json = {
    "id": "ganqimaodu",
    "version": 7,
    "digest": "0" * 64,
    "origin": "hub inner-mongolia",
    "since": 1_760_000_000_000_000,
    "next": None,
}


def hub(age_s: int | None, *, stale: bool) -> Json:
    return {
        "url": "nats://hub.example:4222",
        "connected": not stale,
        "age_s": age_s,
        "max_age_s": 300,
        "stale": stale,
        "versions": {"holds": 12, "watch_list": 4},
    }


def test_a_port_without_a_hub_shows_none(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/?lang=en")
    page.locator("header dd", has_text="/").first.wait_for()
    expect(page.locator("[data-hub]")).to_have_count(0)


@pytest.mark.parametrize(
    ("language", "age_s", "stale", "shown", "told"),
    [
        ("en", 7, False, "hub 7 s", "The hub's word is fresh (good for 300 s)"),
        ("zh", 7, False, "中心 7 s", "区域中心数据有效（上限 300 秒）"),
        ("en", 7500, True, "hub 2 h 05 min", "only pre-authorised vehicles of low risk"),
        ("zh", 7500, True, "中心 2 h 05 min", "仅放行预先授权的低风险车辆"),
        ("en", None, True, "hub never heard", "only pre-authorised vehicles of low risk"),
        ("zh", None, True, "中心 从未收到", "仅放行预先授权的低风险车辆"),
    ],
)
def test_the_header_shows_the_age_of_the_hubs_word_hatched_once_it_is_too_old(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort,
    language: str, age_s: int | None, stale: bool, shown: str, told: str,
) -> None:  # fmt: skip
    fixture_port.hub, fixture_port.rules = hub(age_s, stale=stale), RULES
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/?lang={language}")
    found = page.locator("[data-hub]")
    found.wait_for()
    assert " ".join(found.inner_text().split()) == shown + " 2" * stale  # the mark of an alarm of priority 2
    value = found.locator("dd")
    assert told in (value.get_attribute("title") or "")
    assert "12" in (value.get_attribute("title") or "")
    assert "7" in (value.get_attribute("title") or "").splitlines()[-1]
    hatched = value.evaluate("e => getComputedStyle(e).backgroundImage")
    assert ("repeating-linear-gradient" in hatched) == stale
    assert found.get_by_role("img").count() == int(stale)
    assert page.evaluate("window.kouanMissingMessages()") == []


def test_a_decision_says_how_old_the_hubs_word_was(
    context_of: OpenContext, fixture_url: str, fixture_port: FixturePort, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = Planned.view
    monkeypatch.setattr(Planned, "view", lambda planned, now: drawn(planned, now) | {"hub_age_us": 125_000_000})
    planned = next(planned for planned in fixture_port.now_in.values() if planned is not None and planned.findings)
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/passages/{planned.id}?lang=en")
    expect(page.locator("[data-hub-age]")).to_have_text("hub's word 2 min 05 s old")
