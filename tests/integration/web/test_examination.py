"""One examination for all agencies over HTTP: the worklist, the sheet, reports with pictures, answers, and leaving."""

import asyncio
import hashlib

from tests.integration.web.web_kit import PASSWORD, PEOPLE, WebPort, json_of

from kouan.access.people import Agency, Principal, Role
from kouan.gate.facts import ReviewDecided
from kouan.gate.roles import ExceptionRecord, record_params
from kouan.inspection.examination.examination import Answer, AnswerOutcome, Appointment, Vehicle
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.verdict import GRANTED, Granted, Refused

API = "/api/v1"
JPEG = b"\xff\xd8\xff\xe0 a picture"
PICTURE = hashlib.sha256(JPEG).hexdigest()
LORRY = {"plate": "1234 УБА", "seals": ["S1"]}


async def hold(port: WebPort, person: str, **more: object) -> str:
    officer = await port.person(person)
    order = {"plate": "1234 УБА", "kind": "scan", "reason": "profile", **more}
    answer = await officer.post(f"{API}/holds", json=order)
    assert answer.status_code == 201, answer.text
    return str(json_of(answer)["number"])


async def ordered(port: WebPort) -> str:
    officer = await port.person("inspector")
    answer = await officer.post(f"{API}/examinations", json=LORRY, headers={"Idempotency-Key": "x-1"})
    assert answer.status_code == 201, answer.text
    return str(json_of(answer)["number"])


async def at_bay(port: WebPort) -> str:
    number = await ordered(port)
    now = port.clock.now()
    await port.examining.plan(number, Appointment("B9", now, now + 600 * SECOND, (), "p"))
    officer = await port.person("inspector")
    assert (await officer.post(f"{API}/examinations/{number}/call")).status_code == 200
    there = await officer.post(f"{API}/examinations/{number}/arrival", json={"bay": "B9"})
    assert json_of(there)["state"] == "at_bay", there.text
    return number


async def test_orders_of_two_agencies_become_one_sheet_that_says_why(port: WebPort):
    customs, border = await hold(port, "inspector"), await hold(port, "border")
    number = await ordered(port)
    assert await ordered(port) == number
    sheet = json_of(await (await port.person("border")).get(f"{API}/examinations/{number}"))
    (scan,) = sheet["steps"]
    assert (sorted(scan["asks"]), scan["present"]) == (sorted([customs, border]), ["customs"])
    assert [reason["code"] for reason in scan["because"]][-1] == "examination.shared"
    (line,) = json_of(await (await port.person("inspector")).get(f"{API}/examinations"))["items"]
    assert (line["number"], line["mine"], sorted(line["agencies"])) == (
        number,
        ["scan"],
        ["border_inspection", "customs"],
    )
    assert (line["left"], line["steps"], sorted(line["unanswered"])) == (
        ["scan"],
        1,
        ["border_inspection", "customs"],
    )


async def test_nothing_is_examined_that_nobody_ordered(port: WebPort):
    officer = await port.person("inspector")
    answer = await officer.post(f"{API}/examinations", json=LORRY)
    assert (answer.status_code, json_of(answer)["errors"][0]["rule"]) == (409, "examination.nothing_asked")
    assert (await officer.get(f"{API}/examinations/X-none")).status_code == 404


async def test_a_vehicle_leaves_when_each_agency_has_released_its_own_hold(port: WebPort):
    customs, border = await hold(port, "inspector"), await hold(port, "border")
    number = await at_bay(port)
    officer, second = await port.person("inspector"), await port.person("border")
    jpeg = {"content-type": "image/jpeg"}
    assert (await officer.put(f"{API}/images/{PICTURE}", content=JPEG, headers=jpeg)).status_code == 204
    report = {"outcome": "clear", "pictures": [PICTURE]}
    done = await officer.post(f"{API}/examinations/{number}/steps/1/reports", json=report)
    assert json_of(done)["state"] == "results", done.text
    foreign = {"order": border, "outcome": "release", "reason": "nothing seen"}
    refused = await officer.post(f"{API}/examinations/{number}/answers", json=foreign)
    assert json_of(refused)["errors"][0]["rule"] == "examination.not_yours"
    own = {"order": customs, "outcome": "release", "reason": "nothing seen"}
    first = await officer.post(f"{API}/examinations/{number}/answers", json=own)
    assert json_of(first)["state"] == "results"
    assert [order.number for order in await port.papers.orders_in_force(port.clock.now())] == [border]
    last = await second.post(f"{API}/examinations/{number}/answers", json=foreign)
    assert (json_of(last)["state"], json_of(last)["outcome"]) == ("closed", "may_leave"), last.text
    assert await port.papers.orders_in_force(port.clock.now()) == []
    assert json_of(await officer.get(f"{API}/examinations"))["items"] == []
    latest = json_of(await officer.get(f"{API}/examinations?closed=true"))["items"]
    assert [each["number"] for each in latest] == [number]


async def test_the_same_report_under_one_key_is_taken_once(port: WebPort):
    await hold(port, "inspector")
    number = await at_bay(port)
    officer = await port.person("inspector")
    for _ in range(2):
        answer = await officer.post(
            f"{API}/examinations/{number}/steps/1/reports", json={"outcome": "clear"}, headers={"Idempotency-Key": "r"}
        )
        assert answer.status_code == 200, answer.text
        assert len(json_of(answer)["steps"][0]["reports"]) == 1


async def test_a_picture_that_was_not_brought_is_no_evidence(port: WebPort):
    await hold(port, "inspector")
    number = await at_bay(port)
    officer = await port.person("inspector")
    answer = await officer.post(
        f"{API}/examinations/{number}/steps/1/reports", json={"outcome": "clear", "pictures": [PICTURE]}
    )
    assert (answer.status_code, json_of(answer)["errors"][0]["rule"]) == (422, "examination.picture")


async def test_an_override_needs_the_password_and_a_second_person_and_is_counted(port: WebPort):
    order = await hold(port, "inspector")
    number = await at_bay(port)
    officer, second = await port.person("inspector"), await port.person("second")
    found = {"outcome": "adverse", "found": [{"code": "density", "text": "a dark corner"}]}
    await officer.post(f"{API}/examinations/{number}/steps/1/reports", json=found)
    word = {"order": order, "outcome": "release", "reason": "looked behind it", "override": True}
    port.clock.advance(3600)
    bare = await officer.post(f"{API}/examinations/{number}/answers", json=word)
    assert (bare.status_code, json_of(bare)["errors"][0]["rule"]) == (403, "access.step_up")
    asked = await officer.post(f"{API}/examinations/{number}/answers", json=word | {"password": PASSWORD})
    assert json_of(asked)["answers"][0]["releases"] is False, asked.text
    assert await port.records.count_exceptions("inspector", 0) == 1
    path = f"{API}/examinations/{number}/answers/{order}/confirmation"
    alone = await officer.post(path, json={"password": PASSWORD})
    assert json_of(alone)["errors"][0]["rule"] == "examination.same_person"
    agreed = await second.post(path, json={"password": PASSWORD})
    assert json_of(agreed)["outcome"] == "may_leave", agreed.text


async def test_two_overrides_at_once_never_pass_the_cap_of_one_person(port: WebPort):
    order = await hold(port, "inspector")
    number = await at_bay(port)
    officer, now = await port.person("inspector"), port.clock.now()
    found = {"outcome": "adverse", "found": [{"code": "density", "text": "a dark corner"}]}
    await officer.post(f"{API}/examinations/{number}/steps/1/reports", json=found)
    most = port.examining._rules(now).overrides_per_hour

    async def override(why: str) -> str:
        said = Answer(order, Agency.CUSTOMS, AnswerOutcome.RELEASE, "inspector", now, why, override=True)
        answered = await port.examining.answer(number, said, stepped_up=True)
        return answered.reasons[0].code if isinstance(answered, Refused) else answered.state

    for place in range(most - 1):
        assert await override(f"looked behind it {place}") == "results"
    both = await asyncio.gather(override("looked behind it"), override("looked under it"))
    assert sorted(both) == ["examination.cap", "results"]
    assert await port.records.count_exceptions("inspector", 0) == most
    port.clock.advance(3601)
    assert await override("looked again") == "results"


async def test_an_override_waits_for_the_exception_that_its_giver_is_giving_at_the_gate(port: WebPort, monkeypatch):
    order = await hold(port, "inspector")
    number = await at_bay(port)
    officer, now = await port.person("inspector"), port.clock.now()
    found = {"outcome": "adverse", "found": [{"code": "density", "text": "a dark corner"}]}
    await officer.post(f"{API}/examinations/{number}/steps/1/reports", json=found)
    most, counted, recorded = port.examining._rules(now).overrides_per_hour, asyncio.Event(), asyncio.Event()
    given = ExceptionRecord("p", "seal.matches", "inspector", None, now)
    note = Statement("gate.note_exception", record_params(given))
    for place in range(most - 1):
        await port.ledger.append(Unit((Draft("test.given/1", "p", f"given:{place}", b"{}"),), effects=(note,)))

    async def released(passage: str, fact: ReviewDecided) -> Granted:
        assert fact.recent == most - 1
        counted.set()
        await recorded.wait()
        await port.ledger.append(Unit((Draft("test.given/1", "p", "given:last", b"{}"),), effects=(note,)))
        return GRANTED

    monkeypatch.setattr(port.desk, "_feed", released)
    wang = Principal("inspector", "Inspector", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
    deciding = asyncio.ensure_future(port.desk.decide("p", wang, "release", "looked", corrections={}, stepped_up=True))
    await counted.wait()
    said = Answer(order, Agency.CUSTOMS, AnswerOutcome.RELEASE, "inspector", now, "looked behind it", override=True)
    overriding = asyncio.ensure_future(port.examining.answer(number, said, stepped_up=True))
    for _ in range(50):
        await asyncio.sleep(0)
    assert not overriding.done()
    recorded.set()
    assert await deciding is GRANTED
    refused = await overriding
    assert isinstance(refused, Refused)
    assert refused.reasons[0].code == "examination.cap"
    assert await port.records.count_exceptions("inspector", 0) == most


async def test_what_an_agency_found_for_itself_is_not_shown_to_the_others(port: WebPort):
    await hold(port, "inspector")
    await hold(port, "border", kind="examine")
    number = await at_bay(port)
    officer = await port.person("border")
    sheet = json_of(await officer.get(f"{API}/examinations/{number}"))
    persons = next(step["number"] for step in sheet["steps"] if step["kind"] == "persons")
    found = {"outcome": "adverse", "found": [{"code": "stowaway", "text": "behind the seat"}]}
    await officer.post(f"{API}/examinations/{number}/steps/{persons}/reports", json=found)
    seen = {}
    for reader, purpose in (("border", None), ("inspector", "examination"), ("auditor", None), ("auditor", "audit")):
        client = await (port.person(reader) if purpose is None else port.reader(reader, purpose))
        sheet = json_of(await client.get(f"{API}/examinations/{number}"))
        (report,) = next(step["reports"] for step in sheet["steps"] if step["number"] == persons)
        seen[reader, purpose] = (report["outcome"], report["withheld"], len(report["found"]))
        others = [ask for ask in sheet["asks"] if ask["agency"] != port_agency(reader)]
        assert {ask["withheld"] for ask in others} == {purpose != "audit"}
    assert seen == {
        ("border", None): ("adverse", False, 1),
        ("inspector", "examination"): ("adverse", True, 0),
        ("auditor", None): ("adverse", True, 0),
        ("auditor", "audit"): ("adverse", False, 1),
    }


def port_agency(name: str) -> str:
    return PEOPLE[name][0].value


async def test_an_order_placed_while_steps_are_under_way_joins_the_sheet_and_keeps_the_vehicle(port: WebPort):
    first = await hold(port, "inspector")
    number = await at_bay(port)
    officer = await port.person("inspector")
    await officer.post(f"{API}/examinations/{number}/steps/1/reports", json={"outcome": "clear"})
    late = await hold(port, "border", kind="examine", steps=["persons"])
    word = {"order": first, "outcome": "release", "reason": "clear"}
    kept = await officer.post(f"{API}/examinations/{number}/answers", json=word)
    assert json_of(kept)["state"] == "steps", kept.text
    assert [ask["number"] for ask in json_of(kept)["asks"]] == [first, late]


async def test_a_port_without_bays_says_so(port: WebPort):
    port = await WebPort().start(examinations=None)
    await port.people()
    answer = await (await port.person("inspector")).get(f"{API}/examinations")
    assert answer.status_code == 404


async def test_the_ledger_tells_the_whole_examination(port: WebPort):
    order = await hold(port, "inspector")
    number = await at_bay(port)
    officer = await port.person("inspector")
    await officer.post(f"{API}/examinations/{number}/steps/1/reports", json={"outcome": "clear"})
    await officer.post(
        f"{API}/examinations/{number}/answers", json={"order": order, "outcome": "release", "reason": "clear"}
    )
    kinds = [entry.kind.removeprefix("examination.") for entry in await port.ledger.read(stream=number)]
    assert kinds == ["ordered/1", "planned/1", "called/1", "arrived/1", "reported/1", "answered/1", "closed/1"]
    assert (await port.papers.find_order(order)).lifted_by == "inspector"
    assert (await port.examining.find(number)).asks[0].agency is Agency.CUSTOMS
    assert await port.examining.order("X-9", Vehicle("1234УБА")) is None
