"""The roster over HTTP: planned, imported, cancelled; and who is on no duty is on no shift and reads nothing."""

from typing import Any

import httpx
import msgspec
import pytest
from tests.integration.web.web_kit import WebPort, json_of

from kouan.access.people import Agency, Principal, Role
from kouan.access.roster import LONGEST_US, DutiesAsked, cancel
from kouan.ledger.roles import Unit
from kouan.vocabulary.errors import InvalidValue, NotAllowed
from kouan.wiring.demo import DEMO_DAYS, OFFICERS, make_duties
from kouan.wiring.roster_client import bring_roster

API = "/api/v1"
HOUR = 3_600_000_000
TABLE = {"content-type": "text/csv"}
ADMIN = Principal("admin", "Admin", Agency.SITE, (Role.ADMINISTRATOR,))


async def off_roster(port: WebPort, *names: str) -> None:
    """Take everything off the roster that stands there for some people."""
    now = port.clock.now()
    for name in names:
        for duty in await port.accounts.find_duties(DutiesAsked(now, now + 9 * LONGEST_US, name)):
            gone = cancel(duty, ADMIN, "a new roster", now)
            assert isinstance(gone, Unit)
            await port.ledger.append(gone)


def wanted(port: WebPort, start_h: float = 0, hours: float = 8, name: str = "inspector", **more: Any) -> dict[str, Any]:
    start = port.clock.now() + round(start_h * HOUR)
    return {"username": name, "post": "hall", "starts_at": start, "until": start + round(hours * HOUR), **more}


def error(answer: Any) -> tuple[int, str, str]:
    (found,) = json_of(answer)["errors"]
    return answer.status_code, found["field"], found["rule"]


async def test_without_a_duty_there_is_no_shift_and_nothing_is_read(port: WebPort) -> None:
    await off_roster(port, "inspector")
    passage = await port.arrive()
    inspector = await port.person("inspector")
    assert error(await inspector.post(f"{API}/shift")) == (409, "", "access.no_duty")
    view = json_of(await inspector.get(f"{API}/passages/{passage}", headers={"kouan-purpose": "control"}))
    assert {each["name"] for each in view["procedures"] if each["withheld"]} == {"driver", "health", "papers"}
    standing = json_of(await inspector.get(f"{API}/shift"))
    assert (standing["open"], standing["duty"]) == (False, None)


async def test_who_is_put_on_the_roster_opens_a_shift_that_ends_with_the_duty(port: WebPort) -> None:
    await off_roster(port, "inspector")
    duty, inspector = await port.person("duty"), await port.person("inspector")
    planned = await duty.post(f"{API}/duties", json=wanted(port, 0.25, 2))
    assert planned.status_code == 201, planned.text
    assert json_of(await inspector.get(f"{API}/shift"))["duty"]["post"] == "hall"
    opened = json_of(await inspector.post(f"{API}/shift"))
    assert (opened["open"], opened["until"]) == (True, json_of(planned)["until"])
    port.clock.advance(2.25 * 3600)
    assert json_of(await inspector.get(f"{API}/shift"))["open"] is False
    assert error(await inspector.post(f"{API}/shift"))[2] == "access.no_duty"


async def test_a_duty_that_begins_later_opens_no_shift_yet(port: WebPort) -> None:
    await off_roster(port, "inspector")
    duty, inspector = await port.person("duty"), await port.person("inspector")
    assert (await duty.post(f"{API}/duties", json=wanted(port, 1))).status_code == 201
    assert error(await inspector.post(f"{API}/shift"))[2] == "access.no_duty"
    port.clock.advance(1801)
    assert (await inspector.post(f"{API}/shift")).status_code == 201


async def test_an_unplanned_duty_is_confirmed_by_a_duty_officer_who_says_why(port: WebPort) -> None:
    await off_roster(port, "inspector", "duty")
    duty, inspector = await port.person("duty"), await port.person("inspector")
    assert error(await duty.post(f"{API}/duties", json=wanted(port, -1))) == (409, "reason", "duty.reason")
    said = await duty.post(f"{API}/duties", json=wanted(port, -1, reason="a colleague fell ill"))
    assert json_of(said)["reason"] == "a colleague fell ill"
    assert (await inspector.post(f"{API}/shift")).status_code == 201
    own = await duty.post(f"{API}/duties", json=wanted(port, -1, name="duty", reason="nobody else is there"))
    assert error(own) == (409, "username", "duty.own")
    border = await duty.post(f"{API}/duties", json=wanted(port, 1, name="border"))
    assert error(border) == (403, "username", "duty.not_yours")
    admin = await port.person("admin")
    assert (await admin.post(f"{API}/duties", json=wanted(port, 1, name="duty"))).status_code == 201
    kinds = [json_of_body(one) for one in await port.ledger.read(limit=1000) if one.kind == "access.duty_planned/1"]
    assert [(one["username"], one["planned_by"]) for one in kinds[-2:]] == [("inspector", "duty"), ("duty", "admin")]


def json_of_body(entry: Any) -> Any:
    return msgspec.json.decode(entry.body)


async def test_two_duties_of_one_person_do_not_overlap(port: WebPort) -> None:
    await off_roster(port, "inspector")
    duty = await port.person("duty")
    assert (await duty.post(f"{API}/duties", json=wanted(port, 1))).status_code == 201
    assert error(await duty.post(f"{API}/duties", json=wanted(port, 2))) == (409, "starts_at", "duty.overlaps")
    assert (await duty.post(f"{API}/duties", json=wanted(port, 9))).status_code == 201
    span = f"since={port.clock.now()}&before={port.clock.now() + 100 * HOUR}"
    items = json_of(await duty.get(f"{API}/duties?{span}"))["items"]
    assert [one["starts_at"] - port.clock.now() for one in items if one["username"] == "inspector"] == [HOUR, 9 * HOUR]
    assert {one["agency"] for one in items} == {"customs"}
    admin = await port.person("admin")
    assert {one["agency"] for one in json_of(await admin.get(f"{API}/duties?{span}"))["items"]} == {
        "customs", "site", "border_inspection",
    }  # fmt: skip


async def test_who_is_taken_off_the_roster_is_on_shift_no_more(port: WebPort) -> None:
    await off_roster(port, "inspector")
    duty, passage = await port.person("duty"), await port.arrive()
    planned = json_of(await duty.post(f"{API}/duties", json=wanted(port, 0.1)))
    inspector = await port.reader("inspector", "control")

    async def hidden() -> set[str]:
        view = json_of(await inspector.get(f"{API}/passages/{passage}"))
        return {each["name"] for each in view["procedures"] if each["withheld"]}

    assert await hidden() == {"driver"}
    url = f"{API}/duties/{planned['number']}"
    border = await port.person("border")
    assert (await border.delete(url, params={"reason": "no reason at all"})).status_code == 403
    assert (await duty.delete(url)).status_code == 422
    assert (await duty.delete(url, params={"reason": "sent home"})).status_code == 204
    assert await hidden() == {"driver", "health", "papers"}
    assert (await duty.delete(url, params={"reason": "once more"})).status_code == 204
    entries = await port.ledger.read(stream="inspector", limit=1000)
    kinds = [entry.kind for entry in entries if "duty" in entry.kind or "shift" in entry.kind]
    assert kinds[-3:] == ["access.duty_planned/1", "access.shift_opened/1", "access.duty_cancelled/1"]
    assert error(await inspector.post(f"{API}/shift"))[2] == "access.no_duty"
    assert (await duty.delete(f"{API}/duties/D-none", params={"reason": "whoever it is"})).status_code == 404


async def test_a_roster_is_imported_line_by_line(port: WebPort) -> None:
    await off_roster(port, "inspector", "second")
    duty = await port.person("duty")
    text = (
        "用户名,岗位,开始,结束\ninspector,查验大厅,2099-11-23 08:00,2099-11-23 20:00\n"
        "second,,2099-11-23 08:00,2099-11-23 20:00\n"
        "border,大厅,2099-11-23 08:00,2099-11-23 20:00\ninspector,大厅,2099-11-23 19:00,2099-11-23 21:00\n"
        "second,大厅,2099-11-23 20:00,2099-11-24 08:00\n"
    )
    for encoding in ("utf-8", "gb18030"):
        answer = await duty.post(
            f"{API}/duties/imports", content=text.encode(encoding), headers={"content-type": "text/csv"}
        )
        assert answer.status_code == 200, answer.text
        report = json_of(answer)
        if encoding == "utf-8":
            assert [one["username"] for one in report["planned"]] == ["inspector", "second"]
            assert [(one["row"], one["field"], one["rule"]) for one in report["rejected"]] == [
                (3, "post", "field.text"), (4, "username", "duty.not_yours"), (5, "starts_at", "duty.overlaps"),
            ]  # fmt: skip
            port.clock.advance(1)
        else:
            assert (report["planned"], len(report["rejected"]), report["rows"]) == ([], 5, 5)
    refused = await duty.post(f"{API}/duties/imports", content=b"a,b\n1,2\n", headers=TABLE)
    assert error(refused) == (422, "file", "roster.header")


async def test_a_demonstrations_people_are_on_its_roster_at_every_hour_and_are_put_there_once(port: WebPort) -> None:
    now = port.clock.now()
    for _ in range(2):
        await make_duties(port.ledger, port.accounts, now)
        now += 3 * LONGEST_US
    found = await port.accounts.find_duties(DutiesAsked(0, now + 100 * LONGEST_US), 1000)
    simulated = [duty for duty in found if duty.planned_by == "demo"]
    assert {duty.username for duty in simulated} == {"demo", *(name for pair in OFFICERS.values() for name in pair)}
    own = [duty for duty in simulated if duty.username == "demo"]
    assert len(own) == DEMO_DAYS + 3
    assert own[0].starts_at <= port.clock.now()
    assert [one.until for one in own[:-1]] == [one.starts_at for one in own[1:]]


async def test_a_running_port_takes_a_roster_from_the_command_line_under_a_token(port: WebPort) -> None:
    transport = httpx.ASGITransport(port.app)
    table = b"username,post,from,until\ninspector,hall,2099-11-23 08:00,2099-11-23 20:00\nduty,hall,x,y\n"

    async def bring(name: str, content: bytes = table) -> Any:
        return await bring_roster("http://port.test", port.tokens[name], content, transport)

    report = await bring("duty")
    assert [each["username"] for each in report["planned"]] == ["inspector"]
    assert [(each["row"], each["field"], each["rule"]) for each in report["rejected"]] == [
        (3, "starts_at", "roster.time")
    ]
    with pytest.raises(NotAllowed, match="may not do this"):
        await bring("inspector")
    with pytest.raises(InvalidValue) as refused:
        await bring("duty", b"name\nli\n")
    assert refused.value.rule == "roster.header"
    port.tokens["stranger"] = "x" * 43
    with pytest.raises(NotAllowed, match="does not know"):
        await bring("stranger")
