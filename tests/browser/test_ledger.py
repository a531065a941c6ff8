"""Proofs are checked in the browser itself, and a change of any byte on the way shows."""

import base64
import json
from typing import Any

import pytest
from playwright.sync_api import Page, Route, expect
from tests.browser.conftest import OpenContext, until

Json = dict[str, Any]


def flip(text: str, at: int = 5) -> str:
    """Change one hex digit."""
    return text[:at] + ("0" if text[at] != "0" else "1") + text[at + 1 :]


def alter(page: Page, pattern: str, change: Any) -> None:
    """Let ``change`` alter the JSON that the browser receives from addresses like ``pattern``."""

    def handle(route: Route) -> None:
        answer = route.fetch()
        body = answer.json()
        change(body)
        route.fulfill(response=answer, body=json.dumps(body, ensure_ascii=False))

    page.route(pattern, handle)


def result_of_entry(page: Page, url: str, seq: int = 5) -> str | None:
    page.goto(f"{url}/ledger/{seq}?lang=en")
    proof = page.locator(".proof").first
    proof.wait_for(timeout=20_000)
    return proof.get_attribute("data-result")


def test_an_entry_is_proven(page: Page, port_url: str) -> None:
    assert result_of_entry(page, port_url) == "proven"
    assert page.locator(".proof li").count() == 5


def test_every_entry_of_a_passage_is_proven_on_its_sheet(context_of: OpenContext, fixture_url: str) -> None:
    page = context_of(fixture_url).new_page()
    items = page.request.get(f"{fixture_url}/api/v1/passages?state=cleared", max_retries=3).json()["items"]
    page.goto(f"{fixture_url}/passages/{items[0]['id']}?lang=en")
    page.get_by_role("button", name="Check here").click()
    result = page.locator("[data-proven]")
    expect(result).to_have_attribute("data-proven", "11")
    expect(result).to_have_attribute("data-broken", "0")


def change_shown_body(body: Json) -> None:
    for item in body["items"]:
        item["body"] = {"altered": True}


def shown(body: Json) -> list[Json]:
    """Return the entries whose bodies are not withheld."""
    return [item for item in body["items"] if item["encoded"] is not None]


def change_encoded(body: Json) -> None:
    for item in shown(body):
        raw = base64.b64decode(item["encoded"])
        item["encoded"] = base64.b64encode(raw.replace(b'"epoch":1', b'"epoch":2', 1)).decode()


def change_hash_too(body: Json) -> None:
    import hashlib

    change_encoded(body)
    for item in shown(body):
        item["epoch"] = 2
        item["hash"] = hashlib.sha256(b"\x00" + base64.b64decode(item["encoded"])).hexdigest()


def change_path(body: Json) -> None:
    body["path"][0] = flip(body["path"][0])


def change_root(body: Json) -> None:
    for head in body if isinstance(body, list) else body["items"]:
        head["root"] = flip(head["root"])


def change_signature(body: Json) -> None:
    for head in body if isinstance(body, list) else body["items"]:
        head["signature"] = flip(head["signature"])


def change_head_time(body: Json) -> None:
    for head in body if isinstance(body, list) else body["items"]:
        head["at"] += 1


@pytest.mark.parametrize(
    ("pattern", "change"),
    [
        ("**/ledger/entries*", change_shown_body),
        ("**/ledger/entries*", change_encoded),
        ("**/ledger/entries*", change_hash_too),
        ("**/ledger/proof/*", change_path),
        ("**/ledger/heads*", change_root),
        ("**/ledger/heads*", change_signature),
        ("**/ledger/heads*", change_head_time),
    ],
)
def test_what_was_altered_on_the_way_is_not_proven(page: Page, port_url: str, pattern: str, change: Any) -> None:
    alter(page, pattern, change)
    assert result_of_entry(page, port_url) == "broken"
    expect(page.locator(".proof").first).to_contain_text("The proof fails")


def test_a_browser_without_ed25519_says_that_it_cannot_check_the_signature(page: Page, port_url: str) -> None:
    page.add_init_script(
        "SubtleCrypto.prototype.importKey = () => Promise.reject(new DOMException('none', 'NotSupportedError'))"
    )
    assert result_of_entry(page, port_url) == "unchecked"
    expect(page.locator(".proof").first).to_contain_text("kouan ledger verify")


def withhold(body: Json) -> None:
    for item in body["items"]:
        item["body"] = item["encoded"] = None


def test_what_is_withheld_looks_so_and_is_not_taken_for_a_failing_of_the_browser(
    context_of: OpenContext, fixture_url: str
) -> None:
    page = context_of(fixture_url).new_page()
    alter(page, "**/ledger/entries*", withhold)
    assert result_of_entry(page, fixture_url) == "unchecked"
    expect(page.locator(".withheld")).to_contain_text("withheld from your role")
    expect(page.locator(".proof").first).not_to_contain_text("kouan ledger verify")


def test_a_later_head_only_adds_to_an_earlier_one(context_of: OpenContext, fixture_url: str, fixture_port: Any) -> None:
    fixture_port.record(fixture_port.drivers.plan("I5", "in", fixture_port.clock()))
    fixture_port.seal_head()
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/ledger?lang=en")
    page.get_by_role("button", name="Check consistency").click()
    expect(page.locator(".proof")).to_have_attribute("data-result", "proven")


def test_a_history_that_was_rewritten_is_not_consistent(
    context_of: OpenContext, fixture_url: str, fixture_port: Any
) -> None:
    fixture_port.record(fixture_port.drivers.plan("I5", "in", fixture_port.clock()))
    fixture_port.seal_head()
    fixture_port.entries[3] = fixture_port.entries[4]
    page = context_of(fixture_url).new_page()
    page.goto(f"{fixture_url}/ledger?lang=en")
    page.get_by_role("button", name="Check consistency").click()
    expect(page.locator(".proof")).to_have_attribute("data-result", "broken")


def test_a_stream_is_followed_by_its_address(page: Page, port_url: str) -> None:
    page.goto(f"{port_url}/ledger?lang=en")
    stream = page.locator("tbody tr td:nth-child(4) a").first
    name = stream.inner_text()
    stream.click()
    expect(page).to_have_url(f"{port_url}/ledger?stream={name}")
    until(
        page,
        "name => [...document.querySelectorAll('tbody tr td:nth-child(4)')].every(td => td.innerText === name)",
        name,
    )
