"""Rule documents over HTTP: written by one officer, checked, tried on what was recorded, approved by another."""

import asyncio
import json
from typing import Any

import pytest
from tests.integration.web.web_kit import PASSWORD, WebPort, json_of

from kouan.inspection.rules.document import Kind

API = "/api/v1/rules"
GATE = f"{API}/table/customs-at-gate"
DAY = 86_400_000_000
HEAVY = {"id": "heavy", "when": ["2701*"], "then": "examine", "why": "All coal of this week."}


def content(*rows: dict[str, Any], hit: str = "collect") -> str:
    return json.dumps({"hit": hit, "columns": ["hs_code"], "rows": rows})


def draft(port: WebPort, text: str, days: int = 1) -> dict[str, Any]:
    return {"content": text, "effective_from": port.clock.now() + days * DAY, "reason": "as agreed"}


async def drafted(port: WebPort, text: str | None = None, path: str = GATE, by: str = "inspector") -> dict[str, Any]:
    officer = await port.person(by)
    answer = await officer.post(path, json=draft(port, content(HEAVY) if text is None else text))
    assert answer.status_code == 201, answer.text
    return dict(json_of(answer))


async def approved(port: WebPort, version: int, by: str = "second", path: str = GATE) -> Any:
    officer = await port.person(by)
    return await officer.post(f"{path}/{version}/approval", json={"reason": "seen", "password": PASSWORD})


def rule_of(answer: Any) -> str:
    return str(json_of(answer)["errors"][0]["rule"])


async def test_shipped_documents_are_in_force_until_a_port_approves_its_own(port: WebPort) -> None:
    found = json_of(await port.machine("auditor").get(API))["items"]
    assert {(each["kind"], each["name"], each["state"]) for each in found} >= {
        ("release", "release", "in_force"), ("reference", "minerals", "in_force"),
    }  # fmt: skip
    shipped = json_of(await port.machine("auditor").get(f"{API}/release/release/1"))
    assert "iron_ore" in shipped["content"]
    assert shipped["approved_by"] is None


async def test_a_table_comes_into_force_on_its_day_once_a_second_person_approved_it(port: WebPort) -> None:
    made = await drafted(port)
    assert (made["state"], made["version"], made["drafted_by"]) == ("draft", 1, "inspector")
    answer = await approved(port, 1)
    assert answer.status_code == 200, answer.text
    assert json_of(answer)["state"] == "approved"
    facts = {"hs_code": "2701110000"}
    assert port.rules.tables.evaluate("customs-at-gate", facts, port.clock.now()) is None
    port.clock.advance(86_400)
    asked = port.rules.tables.evaluate("customs-at-gate", facts, port.clock.now())
    assert asked is not None
    assert (asked.document, asked.digest, [row.id for row in asked.rows]) == (
        "customs-at-gate@1", made["digest"], ["heavy"],
    )  # fmt: skip


async def test_nobody_approves_their_own_draft_nor_another_authority_s(port: WebPort) -> None:
    await drafted(port)
    own = await approved(port, 1, by="inspector")
    assert (own.status_code, rule_of(own)) == (409, "rules.same_person")
    border = await approved(port, 1, by="border")
    assert (border.status_code, rule_of(border)) == (403, "rules.not_yours")


async def test_approval_asks_for_the_password_again(port: WebPort) -> None:
    await drafted(port)
    officer = await port.person("second")
    port.clock.advance(3600)  # signing in proves who one is for a while
    answer = await officer.post(f"{GATE}/1/approval", json={"reason": "seen"})
    assert (answer.status_code, rule_of(answer)) == (403, "access.step_up")


async def test_another_authority_s_document_cannot_be_written(port: WebPort) -> None:
    border = await port.person("border")
    answer = await border.post(GATE, json=draft(port, content(HEAVY)))
    assert (answer.status_code, rule_of(answer)) == (403, "rules.not_yours")


@pytest.mark.parametrize(
    ("text", "field", "rule"),
    [
        (content({**HEAVY, "when": ["@nothing"]}), "rows[heavy].hs_code", "rules.list"),
        (content(HEAVY, hit="first"), "rows", "rules.incomplete"),
        (content(HEAVY, {**HEAVY, "id": "other", "then": "pass"}), "rows[other]", "rules.contradiction"),
    ],
)
async def test_what_is_wrong_is_told_and_never_comes_into_force(
    port: WebPort, text: str, field: str, rule: str
) -> None:
    await drafted(port, text)
    found = json_of(await port.machine("auditor").get(f"{GATE}/1/problems"))["items"]
    assert [(each["field"], each["rule"]) for each in found] == [(field, rule)]
    answer = await approved(port, 1)
    assert (answer.status_code, rule_of(answer)) == (422, rule)


async def test_release_rules_are_checked_as_a_whole_with_the_line_that_is_wrong(port: WebPort) -> None:
    shipped = json_of(await port.machine("auditor").get(f"{API}/release/release/1"))["content"]
    spoilt = shipped.replace('sampling = "required"', 'sampling = "sometimes"', 1)
    officer = await port.person("inspector")
    body = {"content": spoilt, "effective_from": port.clock.now() + DAY}
    (found,) = json_of(await officer.post("/api/v1/rule-checks/release/release", json=body))["items"]
    assert found["rule"] == "release.shape"
    assert spoilt.splitlines()[found["line"] - 1] == "[[rule]]"


async def test_a_document_that_would_reach_back_is_refused(port: WebPort) -> None:
    await drafted(port)
    port.clock.advance(86_400)
    answer = await approved(port, 1)
    assert (answer.status_code, rule_of(answer)) == (422, "rules.past")


async def test_what_held_before_holds_again_once_a_document_is_withdrawn(port: WebPort) -> None:
    await drafted(port)
    await approved(port, 1)
    port.clock.advance(90_000)
    officer = await port.person("inspector")
    answer = await officer.post(f"{GATE}/1/withdrawal", json={"reason": "too many", "password": PASSWORD})
    assert json_of(answer)["state"] == "withdrawn"
    at = port.clock.now()
    assert port.rules.tables.evaluate("customs-at-gate", {"hs_code": "2701"}, at) is None
    assert port.rules.tables.evaluate("customs-at-gate", {"hs_code": "2701"}, at - 1) is not None, "it held until then"


async def test_the_ledger_says_who_did_what_to_which_document(port: WebPort) -> None:
    made = await drafted(port)
    await approved(port, 1)
    entries = [entry for entry in await port.ledger.read(limit=1000) if entry.kind.startswith("rules.")]
    assert [entry.kind for entry in entries] == ["rules.drafted/1", "rules.approved/1"]
    said = json.loads(bytes(entries[1].body))
    assert (said["digest"], said["drafted_by"], said["by"]) == (made["digest"], "inspector", "second")
    assert said["signature"]


async def test_a_document_changed_behind_the_ledger_s_back_is_used_by_nobody(port: WebPort) -> None:
    await drafted(port)
    await approved(port, 1)
    key = (port.rules.desk.shelf._port, "table", "customs-at-gate", 1)
    row = port.disk.tables.get("rules_documents", *key)
    assert row is not None
    port.disk.tables.put("rules_documents", {**row, "content": content().encode()}, *key)
    await port.rules.desk.start()
    with pytest.raises(Exception, match="digest"):
        port.rules.desk.shelf.in_force(Kind.TABLE, "customs-at-gate", port.clock.now() + DAY)


async def test_versions_are_compared_line_by_line(port: WebPort) -> None:
    shipped = json_of(await port.machine("auditor").get(f"{API}/reference/minerals/1"))["content"]
    await drafted(port, shipped.replace('"Iron ore"', '"Iron ores"'), f"{API}/reference/minerals")
    path = f"{API}/reference/minerals/1/difference?to=2"
    lines = json_of(await port.machine("auditor").get(path))["lines"]
    assert [line for line in lines if line[0] in "+-"][2:] == ['-en = "Iron ore"', '+en = "Iron ores"']


async def test_a_dry_run_names_the_passages_that_would_have_been_decided_otherwise(port: WebPort) -> None:
    passage = await port.arrive()
    await drafted(port, content({**HEAVY, "when": [""]}))
    officer = await port.person("inspector")
    begun = await officer.post(f"{GATE}/1/dry-run")
    assert begun.status_code == 202, begun.text
    number = json_of(begun)["number"]
    found: dict[str, Any] = {}
    for _ in range(500):
        found = json_of(await officer.get(f"/api/v1/rule-dry-runs/{number}"))
        if found["done"] or found["failed"]:
            break
        await asyncio.sleep(0.01)
    assert found["done"], found
    effect = found["effect"]
    assert (effect["passages"], effect["changed"], effect["unfaithful"]) == (1, 1, 0)
    (count,) = effect["counts"]
    assert count["subjects"] == [passage]
    assert count["reason"] == "customs-at-gate heavy examine"
    assert count["before"] != count["after"]
