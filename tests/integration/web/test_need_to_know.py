"""What a screen shows of a passage depends on whose business it is; what is withheld is said to be."""

import json
from typing import Any

from tests.integration.web.streaming import Stream
from tests.integration.web.web_kit import WebPort, json_of

API = "/api/v1"
DIFFERS = {"number": "CN7654321"}


async def seen_by(port: WebPort, name: str, passage: str) -> dict[str, Any]:
    view: dict[str, Any] = json_of(await port.machine(name).get(f"{API}/passages/{passage}"))
    return view


def withheld(view: dict[str, Any]) -> set[str]:
    return {each["name"] for each in view["procedures"] if each["withheld"]}


async def test_each_authority_sees_the_records_that_are_its_business(port: WebPort) -> None:
    passage = await port.arrive()
    hidden = {name: withheld(await seen_by(port, name, passage)) for name in ("border", "inspector", "operator")}
    assert hidden == {
        "border": {"health", "papers"},
        "inspector": {"driver"},
        "operator": {"driver", "health", "papers"},
    }
    assert withheld(await seen_by(port, "auditor", passage)) == set()


async def test_what_is_withheld_has_no_value_but_its_procedure_is_known_to_be_done(port: WebPort) -> None:
    view = await seen_by(port, "operator", await port.arrive())
    driver = next(each for each in view["procedures"] if each["name"] == "driver")
    assert (driver["state"], driver["evidence"], driver["finding"]) == ("done", None, False)


async def test_the_signed_order_is_for_duty_officers_and_auditors(port: WebPort) -> None:
    passage = await port.arrive()
    orders = {name: (await seen_by(port, name, passage))["order"] for name in ("inspector", "duty", "auditor")}
    assert {name: order["jws"] is None and order["nonce"] is None for name, order in orders.items()} == {
        "inspector": True,
        "duty": False,
        "auditor": False,
    }
    assert len({order["order_id"] for order in orders.values()}) == 1


async def test_an_administrator_sees_which_vehicle_it_is_and_nothing_of_what_was_found(port: WebPort) -> None:
    view = await seen_by(port, "admin", await port.arrive(seal=DIFFERS))
    assert view["plate"]
    assert all(each["evidence"] is None for each in view["procedures"])
    assert (view["decision"], view["review"]) == (None, None)


async def test_the_stream_and_the_lanes_show_no_more_than_the_passage_does(port: WebPort) -> None:
    passage = await port.arrive()
    for name in ("border", "inspector", "auditor"):
        expected = withheld(await seen_by(port, name, passage))
        client = port.machine(name)
        lane = json_of(await client.get(f"{API}/lanes/I3"))
        lanes = json_of(await client.get(f"{API}/lanes"))
        stream = Stream(port.app, f"{API}/events", {"authorization": f"Bearer {port.tokens[name]}"})
        await stream.until(lambda stream=stream: stream.names().count("lane") == 19)
        told = stream.latest("lane", "I3")
        await stream.close()
        beside = next(each for each in lanes if each["lane"] == "I3")
        assert [withheld(each["passage"]) for each in (lane, beside, told)] == [expected] * 3


async def test_the_ledger_shows_everybody_that_an_entry_stands_there_and_some_what_it_says(port: WebPort) -> None:
    passage = await port.arrive()
    shown: dict[str, dict[str, bool]] = {}
    for name in ("border", "inspector", "auditor", "admin"):
        items = json_of(await port.machine(name).get(f"{API}/ledger/entries?stream={passage}"))["items"]
        recorded = await port.ledger.read(stream=passage)
        assert [item["hash"] for item in items] == [entry.hash for entry in recorded]
        assert all((item["body"] is None) == (item["encoded"] is None) for item in items)
        shown[name] = {}
        for item, entry in zip(items, recorded, strict=True):
            if entry.kind == "gate.evidence/1":
                evidence = json.loads(bytes(entry.body))["fact"]["evidence"]
                kind = evidence.get("procedure", evidence["type"])
                shown[name][kind] = item["body"] is not None
    hidden = {name: {kind for kind, read in kinds.items() if not read} for name, kinds in shown.items()}
    assert hidden["border"] == {"health", "papers"}
    assert hidden["inspector"] == {"driver"}
    assert hidden["auditor"] == set()
    assert hidden["admin"] == shown["admin"].keys()


async def test_nobody_asks_by_what_if_for_what_is_withheld(port: WebPort) -> None:
    passage = await port.arrive(driver={"occupants": 2})
    url = f"{API}/passages/{passage}/what-if"
    border, customs = port.machine("border"), port.machine("inspector")
    assert {item["field"] for item in json_of(await border.get(url))["items"]} == {"driver.occupants"}
    assert json_of(await customs.get(url))["items"] == []
    assert (await border.get(url, params={"change": "occupants=1"})).status_code == 200
    refused = await customs.get(url, params={"change": "occupants=1"})
    assert refused.status_code == 403
    assert json_of(refused)["errors"][0]["rule"] == "access.not_yours"


async def test_a_correction_is_for_the_authority_whose_business_the_field_is(port: WebPort) -> None:
    passage = await port.arrive(seal=DIFFERS)
    body = {"action": "correct", "reason": "read by eye", "corrections": {"seal": "CN1234567"}}
    operator = await port.person("operator")
    refused = await operator.post(f"{API}/reviews/{passage}/decision", json=body)
    assert refused.status_code == 403
    assert json_of(refused)["errors"][0]["field"] == "corrections.seal"
