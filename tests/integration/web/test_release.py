"""Lots over HTTP: what keeps them, what officers tell of them, and who may."""

from typing import Any

import httpx
from tests.integration.web.web_kit import WebPort, json_of
from tests.unit.inspection.release.release_kit import COAL, IRON, MANGANESE, lot

from kouan.access.people import Account, Agency, Role
from kouan.access.use_cases import issue_token, save_account
from kouan.inspection.release.records import rule_of, standing_of
from kouan.inspection.release.standing import site_checks
from kouan.inspection.release.use_cases import Told

NUMBER = lot().number
LOT = f"/api/v1/release/lots/{NUMBER}"
SAMPLE = {
    "sample": "S1", "seal": "SEAL1", "duplicate": "D1", "duplicate_seal": "SEAL2", "location": "yard A",
    "witness": "consignee", "laboratory": "lab", "store": "sample store",
}  # fmt: skip


async def opened(port: WebPort, hs_code: str = MANGANESE) -> httpx.AsyncClient:
    """Open a lot; return an officer of customs."""
    assert isinstance(await port.releasing.open(lot(hs_code), port.clock.now()), Told)
    return await port.person("inspector")


async def on_site(port: WebPort, hs_code: str = MANGANESE) -> httpx.AsyncClient:
    officer = await opened(port, hs_code)
    await told(officer, "movements", reached="port")
    record = await port.lots.find_lot(NUMBER)
    for check in site_checks(standing_of(record), rule_of(record)):
        await told(officer, "checks", check=check.value, passed=True)
    return officer


async def yard_officer(port: WebPort) -> httpx.AsyncClient:
    """Return an officer of the yard, signed in by a token."""
    account = Account("yard", "Yard", Agency.SITE, (Role.DUTY_OFFICER,))
    await port.ledger.append(save_account(account, "test", port.clock.now()))
    secret = port.secret()
    _, unit = issue_token(account, "test", secret, port.clock.now(), None)
    await port.ledger.append(unit)
    return port.client(authorization=f"Bearer {secret}")


async def told(officer: httpx.AsyncClient, what: str, **body: Any) -> str:
    answer = await officer.post(f"{LOT}/{what}", json=body or None)
    assert answer.status_code == 200, answer.text
    return str(json_of(answer)["state"])


async def refused(officer: httpx.AsyncClient, what: str, **body: Any) -> tuple[int, str]:
    answer = await officer.post(f"{LOT}/{what}", json=body or None)
    return answer.status_code, json_of(answer)["errors"][0]["rule"]


async def test_the_worklist_says_what_every_lot_waits_for(port: WebPort):
    officer = await opened(port, COAL)
    (item,) = json_of(await officer.get("/api/v1/release/lots"))["items"]
    assert (item["number"], item["state"], item["regime"]) == (NUMBER, "declared", "coal@1")
    assert [reason["code"] for reason in item["blocking"]] == ["release.awaits_arrival", "release.certificate_missing"]
    assert item["blocking"][0]["text"] == "Has not arrived yet"
    assert json_of(await officer.get("/api/v1/release/lots", params={"state": "held"}))["items"] == []
    page = json_of(await officer.get("/api/v1/release/lots", params={"limit": 1}))
    assert page["next"] == NUMBER
    assert json_of(await officer.get("/api/v1/release/lots", params={"after": NUMBER}))["items"] == []


async def test_an_officer_takes_a_lot_through_its_checks_and_its_sample(port: WebPort):
    officer = await on_site(port)
    assert await told(officer, "samples", **SAMPLE) == "conditionally_released"
    sheet = json_of(await officer.get(LOT))
    assert (sheet["may_leave"], sheet["may_sell"]) == (True, False)
    assert [(each["number"], each["duplicate_of"]) for each in sheet["samples"]] == [("D1", "S1"), ("S1", None)]
    assert [link["holder"] for link in sheet["samples"][1]["custody"]] == ["inspector", "lab"]
    assert sheet["rule"]["reference"] == "manganese_chromium_ore@2+five_minerals@1"
    assert sheet["rule"]["source"]


async def test_what_is_refused_says_why(port: WebPort):
    officer = await on_site(port, COAL)
    assert await refused(officer, "decisions", decision="grant", reason="urgent") == (409, "release.sample_missing")
    assert await refused(officer, "retest") == (409, "release.no_retest")
    assert await refused(officer, "wishes", wish="quality") == (409, "release.not_on_request")
    assert (await officer.get("/api/v1/release/lots/071320261000000009-1")).status_code == 404
    assert (await officer.get("/api/v1/release/lots/rubbish")).status_code == 422


async def test_a_hold_is_lifted_by_two_officers(port: WebPort):
    officer, second = await on_site(port, COAL), await port.person("second")
    assert await told(officer, "findings", finding="mismatch") == "held"
    assert await told(officer, "lifting", reason="counted again") == "held"
    assert json_of(await officer.get(LOT))["lift_asked_by"] == "inspector"
    assert await refused(officer, "lifting", reason="counted again") == (409, "release.second_person")
    assert await told(second, "lifting", reason="agreed") == "on_site"


async def test_goods_that_are_barred_are_destroyed(port: WebPort):
    officer = await on_site(port, COAL)
    assert await told(officer, "findings", finding="prohibited") == "held"
    assert await refused(officer, "disposal", way="treat", reason="heat") == (409, "release.barred")
    assert await told(officer, "disposal", way="destroy", reason="barred") == "destroyed"


async def test_custody_is_noted_link_by_link(port: WebPort):
    officer = await opened(port)
    await told(officer, "custody", item=NUMBER, location="yard A", holder="yard")
    await told(officer, "custody", item=NUMBER, location="road G242", holder="CARRIER-7", seal="CN1")
    custody = json_of(await officer.get(LOT))["custody"]
    assert [(link["step"], link["holder"], link["seal"]) for link in custody] == [
        (1, "yard", None),
        (2, "CARRIER-7", "CN1"),
    ]
    assert await refused(officer, "custody", item="S9", location="lab", holder="lab") == (409, "release.sample_unknown")


async def test_the_yard_reports_what_it_unloads_and_nothing_of_what_goods_are(port: WebPort):
    await opened(port)
    yard = await yard_officer(port)
    await told(yard, "movements", reached="port")
    assert await told(yard, "checks", check="unloaded", passed=True) == "on_site"
    assert await refused(yard, "checks", check="radiation", passed=True) == (403, "access.not_yours")
    assert await refused(yard, "checks", check="weight", passed=True, there=True) == (403, "access.not_yours")
    for what, body in (
        ("decisions", {"decision": "grant", "reason": "full"}),
        ("samples", SAMPLE),
        ("findings", {"finding": "mismatch"}),
        ("disposal", {"way": "destroy", "reason": "full"}),
    ):
        assert (await yard.post(f"{LOT}/{what}", json=body)).status_code == 403


async def test_a_carrier_asks_for_a_test_and_sees_no_lots(port: WebPort):
    await opened(port, IRON)
    carrier = await port.person("carrier")
    assert await told(carrier, "requests", wish="quality") == "declared"
    assert (await carrier.get(LOT)).status_code == 403
    assert standing_of(await port.lots.find_lot(NUMBER)).quality_asked
    border = await port.person("border")
    assert (await border.get(LOT)).status_code == 403


async def test_a_firm_asks_nothing_of_lots_that_are_not_its_own_nor_learns_that_they_exist(port: WebPort):
    theirs = lot(IRON, consignee="91350100M000100Z44")
    assert isinstance(await port.releasing.open(theirs, port.clock.now()), Told)
    nobodys = LOT.replace(NUMBER, "071320261000000009-1")
    carrier = await port.person("carrier")
    for address in (LOT, nobodys):
        answer = await carrier.post(f"{address}/requests", json={"wish": "quality"})
        assert answer.status_code == 404
        assert json_of(answer)["detail"] == f"there is no lot {address.rpartition('/')[2]}"
    assert not standing_of(await port.lots.find_lot(NUMBER)).quality_asked


async def test_a_request_that_comes_twice_is_done_once(port: WebPort):
    officer = await opened(port)
    body, key = {"reached": "port"}, {"Idempotency-Key": "arrival-1"}
    first = await officer.post(f"{LOT}/movements", json=body, headers=key)
    again = await officer.post(f"{LOT}/movements", json=body, headers=key)
    assert (first.status_code, first.content) == (again.status_code, again.content) == (200, b'{"state":"arrived"}')
    assert (await port.lots.find_lot(NUMBER)).version == 2


async def test_a_declaration_that_is_handed_in_opens_its_lots(port: WebPort):
    carrier = await port.person("carrier")
    line = {"number": "MF000001", "hs_code": COAL, "goods": "煤", "gross_kg": 80_000}
    document = {
        "number": "071320261000000001", "direction": "in", "consignments": [line], "consignee": "91350100M000100Y43",
    }  # fmt: skip
    answer = await carrier.post("/api/v1/papers/declarations", json=document)
    assert answer.status_code == 201, answer.text
    record = await port.lots.find_lot(NUMBER)
    assert (record.regime, record.mass_kg) == ("coal@1", 80_000)
