"""What a screen shows of a passage depends on whose business it is; what is protected, on what it is read for."""

import json
from typing import Any

import pytest
from tests.integration.web.streaming import Stream
from tests.integration.web.web_kit import PASSWORD, WebPort, json_of, until

from kouan.vocabulary.errors import Unavailable

API = "/api/v1"
DIFFERS = {"number": "CN7654321"}


async def seen_by(port: WebPort, name: str, passage: str) -> dict[str, Any]:
    view: dict[str, Any] = json_of(await port.machine(name).get(f"{API}/passages/{passage}"))
    return view


def withheld(view: dict[str, Any]) -> set[str]:
    return {each["name"] for each in view["procedures"] if each["withheld"]}


async def read_by(port: WebPort, name: str, purpose: str, passage: str) -> dict[str, Any]:
    client = await port.reader(name, purpose)
    view: dict[str, Any] = json_of(await client.get(f"{API}/passages/{passage}"))
    return view


async def reads_of(port: WebPort, about: str) -> list[dict[str, Any]]:
    client = port.client(authorization=f"Bearer {port.tokens['protection']}", **{"kouan-purpose": "audit"})
    answer = await client.get(f"{API}/reads", params={"about": about})
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = json_of(answer)["items"]
    return found


PERSONAL = {"driver", "health", "papers"}


async def test_without_a_purpose_everybody_gets_answers_and_nobody_a_record(port: WebPort) -> None:
    passage = await port.arrive()
    for name in ("border", "inspector", "operator", "auditor"):
        view = await seen_by(port, name, passage)
        assert withheld(view) == PERSONAL
        answers = {each["name"]: [one["code"] for one in each["answers"]] for each in view["procedures"]}
        assert (answers["driver"], answers["health"], answers["papers"]) == (
            ["need.driver_verified"],
            ["need.health_clear"],
            ["need.papers_complete"],
        )
    assert await reads_of(port, f"passage:{passage}") == []


async def test_each_authority_reads_the_records_that_are_its_business(port: WebPort) -> None:
    passage = await port.arrive()
    asked = (("border", "control"), ("inspector", "control"), ("auditor", "audit"), ("inspector", "audit"))
    hidden = {(name, purpose): withheld(await read_by(port, name, purpose, passage)) for name, purpose in asked}
    assert hidden == {
        ("border", "control"): {"health", "papers"},
        ("inspector", "control"): {"driver"},
        ("auditor", "audit"): set(),
        ("inspector", "audit"): PERSONAL,
    }
    assert withheld(await read_by(port, "operator", "control", passage)) == PERSONAL


async def test_every_read_says_who_read_which_fields_for_what_and_never_what_they_said(port: WebPort) -> None:
    passage = await port.arrive()
    await read_by(port, "border", "control", passage)
    port.clock.advance(60)
    await read_by(port, "auditor", "audit", passage)
    newest, first = await reads_of(port, f"passage:{passage}")
    assert (first["username"], first["agency"], first["purpose"]) == ("border", "border_inspection", "control")
    assert first["fields"] == ["driver"]
    assert (newest["username"], newest["fields"]) == ("auditor", ["driver", "health", "papers"])
    (entry,) = [one for one in await port.ledger.read(limit=1000) if one.key == first["key"]]
    assert json.loads(bytes(entry.body)) == {
        "agency": "border_inspection",
        "at": first["at"],
        "by": "border",
        "purpose": "control",
        "read": [{"about": f"passage:{passage}", "fields": ["driver"]}],
    }


async def test_a_list_is_one_entry_for_all_that_was_read(port: WebPort) -> None:
    for plate in ("1234 УБА", "5678 УБА"):
        await hold(port, "inspector", plate, "a word from the mountains")
    auditor = port.client(authorization=f"Bearer {port.tokens['auditor']}", **{"kouan-purpose": "audit"})
    before = await port.ledger.size()
    holds = json_of(await auditor.get(f"{API}/holds"))["items"]
    assert {one["reason"] for one in holds} == {"a word from the mountains"}
    (entry,) = await port.ledger.read(before)
    assert entry.kind == "access.read/1"
    assert [one["about"] for one in json.loads(bytes(entry.body))["read"]] == [f"hold:{one['number']}" for one in holds]
    (read,) = await reads_of(port, f"hold:{holds[0]['number']}")
    assert read["fields"] == ["customs"]


async def test_what_cannot_be_recorded_is_not_shown(port: WebPort, monkeypatch: pytest.MonkeyPatch) -> None:
    passage = await port.arrive()
    border = await port.reader("border", "control")

    async def refuse(_: object) -> None:
        raise Unavailable("the disk is full")

    monkeypatch.setattr(port.ledger, "append", refuse)
    answer = await border.get(f"{API}/passages/{passage}")
    assert answer.status_code == 503
    assert b"face_score_pm" not in answer.content
    del border.headers["kouan-purpose"]
    assert withheld(json_of(await border.get(f"{API}/passages/{passage}"))) == PERSONAL


async def test_an_officer_reads_only_on_an_open_shift(port: WebPort) -> None:
    passage = await port.arrive()
    border = await port.person("border")
    border.headers["kouan-purpose"] = "control"
    seen = []

    async def look() -> None:
        seen.append("driver" not in withheld(json_of(await border.get(f"{API}/passages/{passage}"))))

    await look()
    opened = await border.post(f"{API}/shift")
    assert (opened.status_code, json_of(opened)["open"]) == (201, True)
    port.clock.advance(1)
    assert (await border.post(f"{API}/shift")).status_code == 409
    await look()
    assert (await border.delete(f"{API}/shift")).status_code == 204
    port.clock.advance(1)
    assert (await border.delete(f"{API}/shift")).status_code == 409
    await look()
    await border.post(f"{API}/shift")
    port.clock.advance(12 * 3600)
    border = await port.person("border")
    border.headers["kouan-purpose"] = "control"
    assert json_of(await border.get(f"{API}/shift"))["open"] is False
    await look()
    assert seen == [False, True, False, False]
    assert [entry.kind for entry in await port.ledger.read(stream="border", limit=100) if "shift" in entry.kind] == [
        "access.shift_opened/1",
        "access.shift_closed/1",
        "access.shift_opened/1",
    ]


async def test_a_machine_is_on_no_shift(port: WebPort) -> None:
    await port.reader("border", "control")
    machine = port.machine("border")
    refused = await machine.post(f"{API}/shift")
    assert (refused.status_code, json_of(refused)["errors"][0]["rule"]) == (409, "access.machine_shift")
    passage = await port.arrive()
    view = json_of(await machine.get(f"{API}/passages/{passage}", headers={"kouan-purpose": "control"}))
    assert withheld(view) == PERSONAL


async def test_what_is_over_is_read_by_a_duty_officer_for_a_complaint_and_by_no_inspector(port: WebPort) -> None:
    passage = await port.arrive(seal=DIFFERS)
    duty, inspector = await port.person("duty"), await port.reader("inspector", "control")
    refused = {"action": "refuse", "reason": "the seal differs", "password": PASSWORD}
    answer = await duty.post(f"{API}/reviews/{passage}/decision", json=refused)
    assert answer.status_code == 200, answer.text
    second = await port.person("second")
    await second.post(f"{API}/reviews/{passage}/confirmation", json={"reason": "so it does", "password": PASSWORD})
    await until(lambda: port.state() not in ("in_review", "collecting", "awaiting_verdicts"))
    state = (await seen_by(port, "duty", passage))["state"]
    assert state == "refused"
    assert withheld(json_of(await inspector.get(f"{API}/passages/{passage}"))) == PERSONAL
    assert withheld(await read_by(port, "duty", "complaint", passage)) == {"driver"}


async def test_of_anothers_hold_it_is_known_whose_it_is_and_not_why(port: WebPort) -> None:
    await hold(port, "inspector", "1234 УБА", "a word from the mountains")
    passage = await port.arrive(papers={"holds": ("customs:detain:H-1",)})
    for name in ("border", "operator"):
        (one,) = json_of(await port.machine(name).get(f"{API}/holds"))["items"]
        assert (one["authority"], one["reason"], one["placed_by"], one["withheld"]) == ("customs", "", "", True)
        view = await seen_by(port, name, passage)
        told = {(each["authority"], each["reason"]["code"]) for each in view["decision"]["findings"]}
        assert ("customs", "need.customs_holds") in told
        assert {code for _, code in told} <= {"need.customs_holds", "need.person_must_look"}
        (item,) = json_of(await port.machine(name).get(f"{API}/reviews"))["items"]
        assert {each["rule"] for each in item["findings"]} == {"customs.withheld"}
    own = await seen_by(port, "inspector", passage)
    assert "hold.detain" in {each["reason"]["code"] for each in own["decision"]["findings"]}
    (one,) = json_of(await port.machine("inspector").get(f"{API}/holds"))["items"]
    assert (one["reason"], one["withheld"]) == ("a word from the mountains", False)


async def test_a_person_at_the_gate_is_told_that_somebody_must_look_and_not_at_what(port: WebPort) -> None:
    passage = await port.arrive(driver={"face_score_pm": 100})
    view = await seen_by(port, "operator", passage)
    driver = next(each for each in view["procedures"] if each["name"] == "driver")
    assert [one["code"] for one in driver["answers"]] == ["need.person_must_look"]
    assert {each["reason"]["code"] for each in view["decision"]["findings"]} == {"need.person_must_look"}
    assert "score_pm" not in json.dumps(view)


async def test_papers_that_lack_something_say_what(port: WebPort) -> None:
    view = await seen_by(port, "operator", await port.arrive(papers={"confirmation": None}))
    papers = next(each for each in view["procedures"] if each["name"] == "papers")
    assert [one["code"] for one in papers["answers"]] == ["need.lacks_confirmation"]


async def test_who_read_what_is_asked_by_data_protection_and_auditors_only(port: WebPort) -> None:
    for name in ("border", "duty", "admin", "operator", "carrier"):
        assert (await port.machine(name).get(f"{API}/reads?about=passage:P1")).status_code == 403
    assert (await port.machine("auditor").get(f"{API}/reads?about=passage:P1")).status_code == 200
    assert (await port.machine("protection").get(f"{API}/reads?about=nonsense")).status_code == 422
    assert (await port.machine("protection").get(f"{API}/passages")).status_code == 403


async def test_who_read_what_is_itself_read_for_a_purpose_and_recorded(port: WebPort) -> None:
    passage = await port.arrive()
    await read_by(port, "border", "control", passage)
    protection = await port.person("protection")
    about = {"about": f"passage:{passage}"}
    blind = json_of(await protection.get(f"{API}/reads", params=about))
    assert (blind["items"], blind["withheld"]) == ([], True)
    assert await reads_of(port, "reads:border") == []
    for headers in ({"kouan-purpose": "control"}, {"kouan-purpose": "audit"}):
        found = json_of(await protection.get(f"{API}/reads", params=about, headers=headers))
    assert ([one["username"] for one in found["items"]], found["withheld"]) == (["border"], False)
    (read,) = await reads_of(port, "reads:border")
    assert (read["username"], read["purpose"], read["fields"]) == ("protection", "audit", ["read"])
    nobody = json_of(await protection.get(f"{API}/reads?username=nobody", headers={"kouan-purpose": "audit"}))
    assert (nobody["items"], nobody["withheld"]) == ([], False)


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ({}, ["auditor", "border", "border"]),
        ({"username": "border"}, ["border", "border"]),
        ({"purpose": "audit"}, ["auditor"]),
        ({"since": 60}, ["auditor", "border"]),
        ({"before": 60}, ["border"]),
        ({"username": "auditor", "purpose": "control"}, []),
    ],
)
async def test_reads_are_found_by_person_matter_purpose_and_time(
    port: WebPort, asked: dict[str, Any], found: list[str]
) -> None:
    passage, start = await port.arrive(), port.clock.now()
    for name, purpose in (("border", "control"), ("border", "control"), ("auditor", "audit")):
        await read_by(port, name, purpose, passage)
        port.clock.advance(60)
    times = {name: start + value * 1_000_000 for name, value in asked.items() if name in ("since", "before")}
    client = port.client(authorization=f"Bearer {port.tokens['protection']}", **{"kouan-purpose": "audit"})
    for about in ({}, {"about": f"passage:{passage}"}):
        answer = json_of(await client.get(f"{API}/reads", params=asked | times | about))
        people = [one["username"] for one in answer["items"] if one["about"].startswith("passage:")]
        assert people == found
    elsewhere = json_of(await client.get(f"{API}/reads", params=asked | times | {"about": "passage:P0"}))
    assert elsewhere["items"] == []


async def hold(port: WebPort, name: str, plate: str, reason: str) -> None:
    order = {"plate": plate, "kind": "detain", "reason": reason}
    answer = await port.machine(name).post(f"{API}/holds", json=order)
    assert answer.status_code == 201, answer.text


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
    assert hidden["border"] == hidden["inspector"] == hidden["auditor"] == PERSONAL
    assert hidden["admin"] == shown["admin"].keys()
    auditor = await port.reader("auditor", "audit")
    items = json_of(await auditor.get(f"{API}/ledger/entries?stream={passage}"))["items"]
    assert [item for item in items if item["body"] is None] == []
    (read,) = await reads_of(port, f"passage:{passage}")
    assert set(read["fields"]) == PERSONAL | {"border_inspection", "customs"}


async def test_nobody_asks_by_what_if_for_what_is_withheld(port: WebPort) -> None:
    passage = await port.arrive(driver={"occupants": 2})
    url = f"{API}/passages/{passage}/what-if"
    border, customs = await port.reader("border", "control"), await port.reader("inspector", "control")
    assert json_of(await port.machine("border").get(url))["items"] == []
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


async def test_why_a_first_person_decided_is_for_their_authority_and_who_reads_its_reasons(port: WebPort) -> None:
    passage = await port.arrive(seal=DIFFERS)
    duty = await port.person("duty")
    first = {"action": "release", "reason": "a word from the mountains", "password": PASSWORD}
    assert (await duty.post(f"{API}/reviews/{passage}/decision", json=first)).status_code == 200

    async def told(name: str, purpose: str | None = None) -> tuple[str, str]:
        client = await (port.person(name) if purpose is None else port.reader(name, purpose))
        first = json_of(await client.get(f"{API}/passages/{passage}"))["review"]["first"]
        return first["authority"], first["reason"]

    for name in ("border", "operator", "auditor", "admin"):
        if name != "admin":  # who sees no review of a passage at all
            assert await told(name) == ("customs", ""), name
        (item,) = json_of(await port.machine(name).get(f"{API}/reviews"))["items"]
        assert item["first"]["reason"] == "", name
    assert await told("inspector") == ("customs", "a word from the mountains")
    assert await told("auditor", "audit") == ("customs", "a word from the mountains")
    texts = {}
    for name, purpose in (("border", "control"), ("inspector", "control"), ("duty", "complaint"), ("auditor", "audit")):
        client = await port.reader(name, purpose)
        texts[name] = (await client.get(f"{API}/ledger/entries?stream={passage}")).text
    assert {name: "mountains" in text for name, text in texts.items()} == {
        "border": False, "inspector": False, "duty": True, "auditor": True,
    }  # fmt: skip


async def test_who_follows_the_ledger_for_a_purpose_comes_to_its_end(port: WebPort) -> None:
    await read_by(port, "border", "control", await port.arrive())
    auditor, after, pages = port.machine("auditor"), 0, 0
    while True:
        asked = {"after": after, "limit": 500}
        items = json_of(await auditor.get(f"{API}/ledger/entries", params=asked, headers={"kouan-purpose": "audit"}))[
            "items"
        ]
        assert all(entry["encoded"] is not None for entry in items)
        if not items:
            break
        after, pages = items[-1]["seq"], pages + 1
        assert pages < 5
