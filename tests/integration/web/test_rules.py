"""Rule documents over HTTP: written by one officer, checked, tried on what was recorded, approved by another."""

import asyncio
import json
from typing import Any

import msgspec
import pytest
from tests.integration.web.web_kit import PASSWORD, WebPort, json_of
from tests.unit.inspection.targeting.targeting_kit import like

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.rules.shelf_watch import ShelfWatch
from kouan.inspection.control_orders import ControlKind, ControlOrder
from kouan.inspection.examination.examination import Examination, Vehicle
from kouan.inspection.rules.document import Kind
from kouan.journeys.rules_desk import Asked
from kouan.vocabulary.errors import Corrupt, Unavailable
from kouan.vocabulary.verdict import Refused
from kouan.wiring.port_file import folder

LI = Principal("li", "Li", Agency.CUSTOMS, (Role.DUTY_OFFICER,))

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
        ("targeting", "targeting", "in_force"), ("examination", "examination", "in_force"),
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


async def test_of_two_drafts_at_once_one_takes_the_version_and_the_other_is_told(port: WebPort) -> None:
    wu, day = Principal("wu", "Wu", Agency.CUSTOMS, (Role.DUTY_OFFICER,)), port.clock.now() + DAY
    texts = [content(HEAVY).encode(), content({**HEAVY, "id": "other"}).encode()]
    asked = [Asked(Kind.TABLE, "customs-at-gate", day, text) for text in texts]
    answers = await asyncio.gather(
        *(port.rules.desk.draft(by, each, "as agreed") for by, each in zip((LI, wu), asked, strict=True))
    )
    refused = [answer.reasons[0].code for answer in answers if isinstance(answer, Refused)]
    kept = [answer for answer in answers if not isinstance(answer, Refused)]
    assert (refused, len(kept)) == (["rules.version_taken"], 1)
    assert kept == list(await port.rules.desk.records.versions("table", "customs-at-gate"))


async def test_rules_that_could_not_be_read_when_they_were_approved_are_read_at_the_next_look(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    await drafted(port)
    desk, at = port.rules.desk, port.clock.now() + DAY
    everything, failing, size = desk.records.everything, True, await port.ledger.size()

    async def away() -> Any:
        if failing and await port.ledger.size() > size:
            raise Unavailable("the store is away")
        return await everything()

    monkeypatch.setattr(desk.records, "everything", away)
    zhao = Principal("second", "Zhao", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
    with pytest.raises(Unavailable):
        await desk.approve(zhao, Kind.TABLE, "customs-at-gate", 1, "seen", stepped_up=True)
    assert desk.shelf.in_force(Kind.TABLE, "customs-at-gate", at) is None
    looks = 0

    async def look() -> None:
        nonlocal looks, failing
        looks += 1
        failing = looks == 1
        await refresh()
        if looks == 3:
            raise Corrupt("looked often enough")

    refresh = desk.refresh
    monkeypatch.setattr(desk, "refresh", look)
    with pytest.raises(Corrupt):
        await ShelfWatch(desk, every_s=0).run()
    found = desk.shelf.in_force(Kind.TABLE, "customs-at-gate", at)
    assert found is not None
    assert found.reference == "customs-at-gate@1"


async def test_what_was_read_earlier_does_not_replace_what_was_read_later(
    port: WebPort, monkeypatch: pytest.MonkeyPatch
) -> None:
    desk, at = port.rules.desk, port.clock.now() + DAY
    everything, old = desk.records.everything, asyncio.Event()

    async def slow() -> Any:
        found = await everything()
        await old.wait()
        return found

    monkeypatch.setattr(desk.records, "everything", slow)
    reading = asyncio.ensure_future(desk.start())
    await asyncio.sleep(0)
    monkeypatch.setattr(desk.records, "everything", everything)
    await drafted(port)
    assert (await approved(port, 1)).status_code == 200
    old.set()
    await reading
    assert desk.shelf.in_force(Kind.TABLE, "customs-at-gate", at) is not None


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


TARGETING = f"{API}/targeting/targeting"
EXAMINATION = f"{API}/examination/examination"
NAMED = """version = 2

[[rule]]
name = "all_coal"
effective_from = 2020-01-01
when = [{ field = "hs_code", is = "begins", value = "27" }]
"""
LORRY = Vehicle("1234УБА", consignments=("MF000001",))


def shipped(kind: str) -> str:
    return (folder() / "rules" / f"{kind}.toml").read_text(encoding="utf-8")


async def in_force(port: WebPort, path: str, text: str) -> None:
    """Let one officer of customs draft, and another approve, and the day come."""
    made = await drafted(port, text, path)
    answer = await approved(port, made["version"], path=path)
    assert answer.status_code == 200, answer.text
    port.clock.advance(86_400)


async def tried(port: WebPort, path: str, version: int) -> Any:
    """Return the effect of a draft on what was recorded."""
    officer = await port.person("inspector")
    begun = await officer.post(f"{path}/{version}/dry-run", json={})
    assert begun.status_code == 202, begun.text
    number = json_of(begun)["number"]
    while not (found := json_of(await officer.get(f"/api/v1/rule-dry-runs/{number}")))["done"]:
        assert found["failed"] is None, found
        await asyncio.sleep(0)
    return found["effect"]


async def test_targeting_rules_select_by_the_version_in_force_which_every_selection_names(port: WebPort) -> None:
    await port.targeting.set_budget(
        LI, most=10, period_h=24, exploration_pm=0, expected=10, reason="a quiet week, all by rule"
    )
    judge = port.targeting.targeting.judge
    before = await judge(like(number="in-1", consignment="1", at=port.clock.now()))
    assert (before.source, before.rules) == (None, "targeting@1")
    made = await drafted(port, NAMED, TARGETING)
    assert made["version"] == 2
    effect = await tried(port, TARGETING, 2)
    assert (effect["candidates"], effect["changed"], effect["passages"]) == (1, 1, 0)
    assert [each["reason"] for each in effect["counts"]] == ["all_coal examine"]
    assert (await approved(port, 2, path=TARGETING)).status_code == 200
    assert (await judge(like(number="in-2", consignment="2", at=port.clock.now()))).rules == "targeting@1"
    port.clock.advance(86_400)
    after = await judge(like(number="in-3", consignment="3", at=port.clock.now()))
    assert (after.source, after.rules) == ("rule", "targeting@2")
    assert b'"version":"targeting@2"' in after.why


async def test_targeting_rules_that_were_changed_in_the_database_have_everything_examined(port: WebPort) -> None:
    await in_force(port, TARGETING, NAMED)
    (record,) = [each for each in await port.rules.desk.records.everything() if each.kind == "targeting"]
    emptied = msgspec.structs.replace(record, content=b"version = 2\n")
    port.rules.desk.shelf.put([emptied])
    judged = await port.targeting.targeting.judge(like(number="in-9", at=port.clock.now()))
    assert (judged.source, judged.rules) == ("rule", "unusable")


async def test_the_steps_of_an_examination_are_those_of_the_version_in_force(port: WebPort) -> None:
    await port.services.desk.holds.place(
        ControlOrder(ControlKind.SCAN, "profile", "1234УБА"), Agency.CUSTOMS, "inspector"
    )
    begun = await port.examining.order("X1", LORRY)
    assert isinstance(begun, Examination)
    assert (begun.rules, [step.minutes for step in begun.steps]) == ("examination@1", [8])
    slower = shipped("examination").replace("[steps.scan]\nminutes = 8", "[steps.scan]\nminutes = 11")
    made = await drafted(port, slower, EXAMINATION)
    effect = await tried(port, EXAMINATION, made["version"])
    assert (effect["examinations"], effect["changed"], effect["candidates"]) == (1, 1, 0)
    assert {(each["before"], each["after"]) for each in effect["counts"]} == {("8 min", "11 min")}
    assert (await approved(port, made["version"], path=EXAMINATION)).status_code == 200
    port.clock.advance(86_400)
    assert isinstance(await port.examining.abandon("X1", Agency.CUSTOMS, "inspector", "again"), Examination)
    after = await port.examining.order("X2", LORRY)
    assert isinstance(after, Examination)
    assert (after.rules, [step.minutes for step in after.steps]) == ("examination@2", [11])


@pytest.mark.parametrize(
    ("kind", "before", "after", "rule", "line"),
    [
        ("targeting", 'is = "at_least", value = 150', 'is = "above", value = 150', "rules.form", '"above"'),
        ("targeting", 'field = "importer_found_pm"', 'field = "guess"', "rules.field", '"guess"'),
        ("examination", "[steps.scan]\nminutes = 8", "[steps.scan]\nminutes = 0", "examination.minutes", "minutes = 0"),
        ("examination", "[times]\n", "[times]\nlunch_min = 30\n", "examination.form", "[times]"),
    ],
)
async def test_what_is_wrong_with_rules_is_shown_at_its_line_and_nobody_can_approve_them(
    port: WebPort, kind: str, before: str, after: str, rule: str, line: str
) -> None:
    text = shipped(kind)
    assert before in text
    path = f"{API}/{kind}/{kind}"
    made = await drafted(port, text.replace(before, after, 1), path)
    officer = await port.person("second")
    (problem,) = json_of(await officer.get(f"{path}/{made['version']}/problems"))["items"]
    assert problem["rule"] == rule
    wrong = next(n for n, each in enumerate(made["content"].splitlines(), 1) if line in each)
    assert problem["line"] == wrong, problem
    assert rule_of(await approved(port, made["version"], path=path)) == rule
