"""The targeting board: budget, selections with their reasons, watch list, models; for those whose business it is."""

from random import Random

import msgspec
import pytest
from tests.integration.web.web_kit import WebPort, json_of
from tests.unit.inspection.targeting.targeting_kit import CANDIDATE, examples, like

from kouan.access.people import Agency
from kouan.adapters.learning.boosting import Boosting
from kouan.inspection.examination.examination import Answer, AnswerOutcome
from kouan.inspection.targeting.features import AT_HAND_IN
from kouan.inspection.targeting.training import train

API = "/api/v1/targeting"
BUDGET = {"most": 20, "exploration_pm": 1000, "expected": 20, "reason": "as agreed with the shift"}


async def judge(port: WebPort, number: str) -> str:
    record = await port.targeting.targeting.judge(like(number=f"in-{number}", consignment=number, at=port.clock.now()))
    return record.number


async def test_a_port_without_a_budget_says_so(port: WebPort) -> None:
    standing = json_of(await port.machine("auditor").get(API))
    assert standing["budget"] is None
    assert standing["no_score"] == {"code": "targeting.no_model", "params": {}}
    assert standing["true_rate"] is None


async def test_an_officer_sets_the_budget_and_sees_what_it_brought_and_why(port: WebPort) -> None:
    officer = await port.person("duty")
    made = await officer.post(f"{API}/budgets", json=BUDGET)
    assert made.status_code == 201, made.text
    assert json_of(made)["set_by"] == "duty"
    await judge(port, "W1")
    (told,) = json_of(await officer.get(f"{API}/selections"))["items"]
    assert (told["source"], told["importer"], told["withheld"]) == ("random", None, True)
    officer = await port.reader("duty", "targeting")
    (selected,) = json_of(await officer.get(f"{API}/selections"))["items"]
    assert (selected["source"], selected["importer"]) == ("random", "importer")
    assert selected["why"][0] == {"code": "targeting.random", "params": {"chance_ppm": 1_000_000}}
    candidate = json_of(await officer.get(f"{API}/candidates/{selected['number']}"))
    assert candidate["features"]["gross_kg"] == 80_000
    kept = Answer(selected["order"], Agency.CUSTOMS, AnswerOutcome.KEEP, "wu", 1, "stones under the coal")
    learned = await port.targeting.targeting.learned(kept)
    assert learned is not None
    await port.ledger.append(learned)
    standing = json_of(await officer.get(API))
    assert (standing["spent"]["used"], standing["spent"]["left"], standing["spent"]["seen"]) == (1, 19, 1)
    assert standing["true_rate"]["found"] == 1
    assert {"source": "random", "selected": 1, "examined": 1, "found": 1} in standing["yields"]


@pytest.mark.parametrize(
    ("changes", "rule"),
    [({"period_h": 7}, "targeting.period"), ({"effective_from": 5}, "targeting.budget_past")],
)
async def test_a_budget_that_makes_no_sense_is_refused_with_its_rule(
    port: WebPort, changes: dict[str, int], rule: str
) -> None:
    officer = await port.person("duty")
    answer = await officer.post(f"{API}/budgets", json={**BUDGET, **changes})
    assert answer.status_code == 422
    assert json_of(answer)["errors"][0]["rule"] == rule


async def test_a_share_of_nought_needs_its_reason(port: WebPort) -> None:
    officer = await port.person("duty")
    silent = {**BUDGET, "exploration_pm": 0, "reason": " "}
    assert (await officer.post(f"{API}/budgets", json=silent)).status_code == 422
    said = await officer.post(f"{API}/budgets", json={**silent, "reason": "a week of epidemic measures"})
    assert said.status_code == 201
    entries = json_of(await port.machine("auditor").get("/api/v1/ledger/entries?limit=1000"))["items"]
    assert "a week of epidemic measures" in [entry["body"].get("reason") for entry in entries if entry["body"]]


async def test_who_is_watched_for_is_held_until_the_entry_is_taken_off(port: WebPort) -> None:
    officer = await port.person("inspector")
    body = {"field": "importer", "value": "importer", "kind": "examine", "reason": "a word from the mountains"}
    made = await officer.post(f"{API}/watch-list", json=body)
    assert made.status_code == 201, made.text
    await judge(port, "W1")
    assert json_of(await officer.get(f"{API}/selections"))["items"][0]["source"] == "watch"
    number = json_of(made)["number"]
    assert [each["number"] for each in json_of(await officer.get(f"{API}/watch-list"))["items"]] == [number]
    assert (await officer.delete(f"{API}/watch-list/{number}?reason=settled")).status_code == 204
    assert json_of(await officer.get(f"{API}/watch-list"))["items"] == []
    assert (await officer.post(f"{API}/watch-list", json={**body, "field": "found"})).status_code == 422


async def test_a_model_needs_two_officers(port: WebPort) -> None:
    made = examples(900, Random(5), template=("x", "y"))
    base = AT_HAND_IN.of(CANDIDATE, {})
    taught = [msgspec.structs.replace(each, features={**base, "gross_kg": each.features["telling"]}) for each in made]
    digest = port.artefacts.put(train(taught, [each.features for each in taught], Boosting(), 1).encode())
    first, second = await port.person("inspector"), await port.person("second")
    handed = await first.post(f"{API}/models", json={"digest": digest})
    assert handed.status_code == 201, handed.text
    version = json_of(handed)["version"]
    assert (json_of(handed)["digest"], json_of(handed)["passed"]) == (digest, True)
    why = {"reason": "better than the last"}
    assert (await second.post(f"{API}/models/{version}/activation", json=why)).status_code == 409
    assert (await first.post(f"{API}/models/{version}/proposal", json=why)).status_code == 204
    alone = await first.post(f"{API}/models/{version}/activation", json=why)
    assert (alone.status_code, json_of(alone)["errors"][0]["rule"]) == (409, "targeting.same_person")
    assert (await second.post(f"{API}/models/{version}/activation", json=why)).status_code == 204
    (shown,) = json_of(await first.get(f"{API}/models"))["items"]
    assert (shown["state"], shown["proposed_by"], shown["activated_by"]) == ("active", "inspector", "second")
    assert json_of(await first.get(API))["model"] == version
    assert (await first.post(f"{API}/models", json={"digest": "0" * 64})).status_code == 404
    assert (await first.post(f"{API}/models/none/proposal", json=why)).status_code == 404


async def test_border_inspection_and_carriers_see_nothing_of_it(port: WebPort) -> None:
    for name in ("border", "carrier", "operator", "admin"):
        for path in ("", "/selections", "/watch-list", "/models"):
            assert (await port.machine(name).get(f"{API}{path}")).status_code == 403


async def test_what_a_selection_rests_on_is_read_in_the_ledger_for_a_purpose_by_whose_business_it_is(
    port: WebPort,
) -> None:
    await (await port.person("duty")).post(f"{API}/budgets", json=BUDGET)
    await judge(port, "W1")
    who = (("inspector", "targeting", False), ("auditor", "audit", True), ("duty", "complaint", True))
    for name, purpose, sees in (*who, ("auditor", "control", False), ("border", "control", False)):
        reader = await port.reader(name, purpose)
        page = json_of(await reader.get("/api/v1/ledger/entries?limit=1000"))["items"]
        bodies = [entry["body"] for entry in page if entry["kind"] == "targeting.selected/1"]
        assert [body is not None for body in bodies] == [sees]
