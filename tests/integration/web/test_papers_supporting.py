"""Supporting papers, what customs says, balances, versions, and files over HTTP."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.integration.web.web_kit import WebPort, json_of
from tests.unit.inspection.papers_kit import IN_DECLARATION, declaration
from tests.unit.inspection.test_balances import HOLDER, LICENCE, goods

from kouan.inspection.balances import BalanceKind, Part
from kouan.inspection.importing.columns import FileKind
from kouan.inspection.importing.files import read_file
from kouan.inspection.overrun import Overrun
from kouan.journeys.import_papers import ImportReport, import_papers
from kouan.journeys.papers_due import PapersDue
from kouan.journeys.write_off import NetWriteOffs, WrittenOff
from kouan.protocols.tables.reading import read_rows
from kouan.vocabulary.errors import NotAllowed
from kouan.vocabulary.verdict import Refused
from kouan.wiring.papers_client import PapersClient

API = "/api/v1/papers"
GOLDEN = Path(__file__).parents[2] / "unit" / "inspection" / "importing" / "golden"
EDIFACT = Path(__file__).parents[2] / "protocols" / "golden" / "edifact"
LOT = f"{IN_DECLARATION}-1"
CERTIFICATE = {
    "number": "CERT-1", "certificate": "quality", "issuer": "满洲里海关", "covers": [{"lot": LOT, "mass_kg": 60_000}],
    "valid_from": "2025-01-01",
}  # fmt: skip
DAY_S = 86_400


def first(answer: Any) -> tuple[int, str, str]:
    error = json_of(answer)["errors"][0]
    return answer.status_code, error["field"], error["rule"]


async def test_a_declarant_clears_nothing_and_customs_does(port: WebPort):
    carrier, customs, url = port.machine("carrier"), port.machine("inspector"), f"{API}/declarations"
    cleared = await carrier.post(url, json=declaration(status="cleared"))
    assert first(cleared) == (422, "status", "declaration.status")
    assert (await carrier.post(url, json=declaration(consignee=HOLDER))).status_code == 201
    status = f"{url}/{IN_DECLARATION}/status"
    assert (await carrier.post(status, json={"status": "cleared"})).status_code == 403
    assert json_of(await customs.post(status, json={"status": "cleared"}))["version"] == 2
    assert json_of(await customs.post(status, json={"status": "cleared"}))["repeated"] is True
    assert json_of(await carrier.get(f"{API}/{IN_DECLARATION}"))["state"] == "cleared"
    unknown = await customs.post(f"{url}/071320251000000009/status", json={"status": "cleared"})
    assert first(unknown) == (422, "number", "declaration.unknown")
    history = json_of(await carrier.get(f"{API}/{IN_DECLARATION}/versions"))["items"]
    assert [(one["kind"], one["details"]["version"], one["details"]["status"]) for one in history] == [
        ("papers.declaration/1", 1, "declared"),
        ("papers.declaration/1", 2, "cleared"),
    ]
    assert (await carrier.get(f"{API}/NOTHING/versions")).status_code == 404


async def test_a_declaration_of_base_items_is_due_and_then_overdue_for_everybody_to_see(port: WebPort):
    carrier = port.machine("carrier")
    lines = [goods(1, 60_000) | {"hs_code": "260111"}]
    summary = declaration(step="summary", consignee=HOLDER, lines=lines)
    assert (await carrier.post(f"{API}/declarations", json=summary)).status_code == 201
    (due,) = json_of(await carrier.get(f"{API}/declarations/due?days=15"))["items"]
    assert (due["number"], due["days_left"], due["overdue_at"]) == (IN_DECLARATION, 15, None)
    assert json_of(await carrier.get(f"{API}/declarations/due?days=1"))["items"] == []
    watch = PapersDue(port.papers, port.ledger, port.clock)
    assert await watch.look() == ()
    port.clock.advance(15 * DAY_S)
    assert [one.declaration for one in await watch.look()] == [IN_DECLARATION]
    assert await watch.look() == ()
    (late,) = json_of(await carrier.get(f"{API}/declarations/due?days=0"))["items"]
    assert (late["days_left"], late["overdue_at"]) == (0, port.clock.now())
    entries = await port.ledger.read(stream=IN_DECLARATION)
    assert [entry.kind for entry in entries] == ["papers.declaration/1", "papers.declaration_overdue/1"]


async def test_customs_issues_certificates_and_declarants_hand_in_licences(port: WebPort):
    carrier, customs = port.machine("carrier"), port.machine("inspector")
    assert (await carrier.post(f"{API}/attested/certificate", json=CERTIFICATE)).status_code == 403
    assert (await customs.post(f"{API}/supporting/licence", json=LICENCE)).status_code == 403
    assert (await carrier.post(f"{API}/supporting/certificate", json=CERTIFICATE)).status_code == 422
    assert (await customs.post(f"{API}/attested/certificate", json=CERTIFICATE)).status_code == 201
    assert json_of(await carrier.get(f"{API}/lots/{LOT}"))["items"] == []
    assert (await carrier.post(f"{API}/declarations", json=declaration(consignee=HOLDER))).status_code == 201
    assert json_of(await customs.post(f"{API}/attested/certificate", json=CERTIFICATE))["repeated"] is True
    other = await customs.post(f"{API}/attested/certificate", json=CERTIFICATE | {"issuer": "x"})
    assert first(other) == (409, "number", "papers.conflict")
    assert (await carrier.post(f"{API}/supporting/licence", json=LICENCE)).status_code == 201
    (found,) = json_of(await carrier.get(f"{API}/lots/{LOT}"))["items"]
    assert (found["kind"], found["number"], found["lots"]) == ("certificate", "CERT-1", [LOT])
    assert [one["number"] for one in json_of(await carrier.get(f"{API}/supporting/licence"))["items"]] == ["L-2026-001"]
    path = f"{API}/supporting/certificate/CERT-1"
    assert (await carrier.delete(f"{path}?reason=wrong")).status_code == 403
    assert (await customs.delete(path)).status_code == 422
    assert (await customs.delete(f"{path}?reason=wrong")).status_code == 204
    assert first(await customs.delete(f"{path}?reason=wrong"))[:2] == (409, "number")
    assert json_of(await carrier.get(path))["state"] == "revoked"
    assert json_of(await carrier.get(f"{API}/lots/{LOT}"))["items"] == []
    assert (await carrier.get(f"{API}/supporting/certificate/CERT-9")).status_code == 404


async def test_what_is_wrong_with_a_result_is_told_with_field_and_rule(port: WebPort):
    item = {"item": "全硫", "value": "1.60", "unit": "%", "limit": "1.50", "bound": "most", "passed": True}
    result = {
        "number": "LAB-1", "laboratory": "技术中心", "lot": "071320251000000001-0", "sample": "S-0001",
        "items": [item], "reported_on": "2025-11-31",
    }  # fmt: skip
    answer = await port.machine("duty").post(f"{API}/attested/laboratory_result", json=result)
    assert {(each["field"], each["rule"]) for each in json_of(answer)["errors"]} == {
        ("lot", "lot.number"), ("reported_on", "field.date"), ("items.0.passed", "result.verdict"),
    }  # fmt: skip


async def test_a_balance_shows_what_each_ticket_wrote_off(port: WebPort):
    carrier = port.machine("carrier")
    number = LICENCE["number"]
    licensed = LICENCE | {"valid_from": "2020-01-01"}
    assert (await carrier.post(f"{API}/supporting/licence", json=licensed)).status_code == 201
    paper = declaration(consignee=HOLDER, lines=[goods(1, 60_000)], licences=[number])
    assert (await carrier.post(f"{API}/declarations", json=paper)).status_code == 201
    office = NetWriteOffs(port.papers, port.ledger, port.clock)
    parts = await office.parts_of(LOT, 40_000)
    assert parts == (
        Part(BalanceKind.DECLARATION, IN_DECLARATION, "1", 40_000),
        Part(BalanceKind.LICENCE, number, "all", 40_000),
    )
    assert isinstance(await office.write_off("T1", parts, "yard"), WrittenOff)
    assert isinstance(await office.write_off("T2", parts, "yard"), Refused)
    (balance,) = json_of(await carrier.get(f"{API}/balances/{number}"))["items"]
    assert (balance["granted_kg"], balance["taken_kg"], balance["left_kg"]) == (1_050_000, 40_000, 1_010_000)
    assert [(one["ticket"], one["mass_kg"]) for one in balance["write_offs"]] == [("T1", 40_000)]
    assert json_of(await carrier.get(f"{API}/balances/NOTHING"))["items"] == []
    assert isinstance(await office.parts_of(f"{IN_DECLARATION}-2", 1), Refused)
    assert isinstance(await office.parts_of("071320251000000009-1", 1), Refused)


async def test_a_balance_shows_what_came_over_its_declaration_by_the_list_in_force(port: WebPort):
    carrier = port.machine("carrier")
    paper = declaration(consignee=HOLDER, lines=[goods(1, 60_000)])
    assert (await carrier.post(f"{API}/declarations", json=paper)).status_code == 201
    office = NetWriteOffs(port.papers, port.ledger, port.clock, port.rules.overrun)
    parts = await office.parts_of(LOT, 61_000)
    assert not isinstance(parts, Refused)
    assert parts[0].overrun == Overrun(30, "bulk-goods@1")
    assert isinstance(await office.write_off("T1", parts, "yard"), WrittenOff)
    (balance,) = json_of(await carrier.get(f"{API}/balances/{IN_DECLARATION}"))["items"]
    assert (balance["left_kg"], balance["over_kg"], balance["overrun_permille"]) == (0, 1_000, 30)


async def send(client: Any, name: str, path: str = "imports", folder: Path = GOLDEN, **query: Any) -> Any:
    content = (folder / name).read_bytes()
    headers = {"content-type": "application/octet-stream"}
    return await client.post(f"{API}/{path}", content=content, headers=headers, params=query)


async def test_a_file_is_rehearsed_then_handed_in_then_known_again(port: WebPort):
    carrier = port.machine("carrier")
    size = await port.ledger.size()
    for query, repeated in (({"dry_run": True}, False), ({}, False), ({}, True), ({"dry_run": True}, True)):
        report = json_of(await send(carrier, "confirmations.gbk.csv", **query))
        assert [(one["number"], one["repeated"], one["rows"]) for one in report["taken"]] == [
            ("CF20261122001", repeated, [2, 3]),
            ("CF20261122002", repeated, [4]),
        ]
        assert (report["rejected"], report["rows"], report["rehearsal"]) == ([], 3, "dry_run" in query)
        if query and not repeated:
            assert await port.ledger.size() == size
    assert await port.ledger.size() == size + 2


async def test_wrong_rows_are_told_and_the_rest_of_the_file_is_used(port: WebPort):
    carrier = port.machine("carrier")
    text = (GOLDEN / "confirmations.utf8-bom.csv").read_text("utf-8-sig").replace("蒙B023H6", "not a plate!")
    answer = await carrier.post(f"{API}/imports", content=text.encode("gbk"))
    report = json_of(answer)
    assert [one["number"] for one in report["taken"]] == ["CF20261122001"]
    assert [(one["row"], one["column"], one["field"]) for one in report["rejected"]] == [(4, "车牌号", "plate")]
    taken = sum(len(one["rows"]) for one in report["taken"])
    assert taken + len({one["row"] for one in report["rejected"]}) == report["rows"] == 3


async def test_each_side_hands_in_its_own_kinds_of_files_only(port: WebPort):
    carrier, customs = port.machine("carrier"), port.machine("inspector")
    assert (await send(customs, "licences.csv")).status_code == 403
    assert (await send(carrier, "status.csv", "imports/attested")).status_code == 403
    mixed = json_of(await send(carrier, "certificates.csv"))
    assert ({one["rule"] for one in mixed["rejected"]}, mixed["taken"]) == ({"access.not_yours", "row.document"}, [])
    assert len(json_of(await send(carrier, "declarations.csv"))["taken"]) == 2
    for name in ("status.csv", "certificates.csv", "results.csv"):
        report = json_of(await send(customs, name, "imports/attested"))
        assert (report["rejected"], len(report["taken"]) > 0) == ([], True), name
    for name in ("licences.csv", "manifests.csv", "reports.csv", "gate_reports.csv"):
        report = json_of(await send(carrier, name))
        assert (report["rejected"], len(report["taken"])) == ([], 1), name
    assert json_of(await carrier.get(f"{API}/071320261000000002"))["state"] == "under_control"


async def test_edifact_is_taken_by_the_same_door(port: WebPort):
    carrier, customs = port.machine("carrier"), port.machine("inspector")
    for name in ("cuscar.foreign.edi", "codeco.full.edi"):
        report = json_of(await send(carrier, name, folder=EDIFACT))
        assert len(report["taken"]) + len(report["rejected"]) == 1, name
    report = json_of(await send(carrier, "cuscar.foreign.edi", folder=EDIFACT))
    assert (report["taken"][0]["repeated"], report["unused"]) == (True, ["CUSCAR DTM", "CUSCAR LOC", "CUSCAR PAC"])
    await send(carrier, "declarations.csv")
    cleared = json_of(await send(customs, "cusres.cleared.edi", "imports/attested", EDIFACT))
    assert [(one["kind"], one["number"]) for one in cleared["taken"]] == [("status", "071320261000000001")]
    assert json_of(await carrier.get(f"{API}/071320261000000001"))["state"] == "cleared"


async def test_a_file_of_which_nothing_can_be_used_is_refused_and_a_large_one_is_not_read(port: WebPort):
    carrier = port.machine("carrier")
    answer = await carrier.post(f"{API}/imports", content=b"a,b\n1,2\n")
    assert first(answer) == (422, "file", "file.kind")
    assert (await carrier.post(f"{API}/imports", content=b"a" * (512 * 1024 + 1))).status_code == 413
    assert (await carrier.post(f"{API}/imports?kind=poem", content=b"a")).status_code == 422


@pytest.mark.parametrize("form", ["csv", "xlsx"])
async def test_templates_are_downloaded_with_chinese_headers(port: WebPort, form: str):
    for kind in FileKind:
        answer = await port.machine("carrier").get(f"{API}/templates/{kind}.{form}")
        assert f"{kind}.{form}" in answer.headers["content-disposition"]
        (header,) = read_rows(answer.content)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in str(header.cells[0]))


async def test_a_command_beside_a_running_port_hands_files_in_over_its_api(port: WebPort):
    def client(name: str) -> PapersClient:
        return PapersClient("http://port.test", port.tokens.get(name, "unknown"), httpx.ASGITransport(port.app))

    async def imported(name: str, file: str) -> ImportReport:
        asking = client(name)
        report = await import_papers(read_file((GOLDEN / file).read_bytes()), asking.takers())
        await asking.close()
        return report

    for name in ("confirmations.xls", "declarations.csv", "manifests.csv", "licences.csv"):
        report = await imported("carrier", name)
        assert (report.rejected, all(not paper.repeated for paper in report.taken)) == ((), True), name
    assert all(paper.repeated for paper in (await imported("carrier", "confirmations.xlsx")).taken)
    for name in ("status.csv", "certificates.csv"):
        assert (await imported("inspector", name)).rejected == ()
    refused = await imported("carrier", "certificates.csv")
    assert ({problem.rule for problem in refused.rejected}, refused.taken) == ({"access.not_yours", "row.document"}, ())
    with pytest.raises(NotAllowed):
        await imported("nobody", "licences.csv")
