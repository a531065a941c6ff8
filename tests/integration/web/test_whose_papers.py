"""For whom an account may hand in papers: its own firms where it names any, else whomever its role says."""

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integration.web.test_ledger_and_papers import CONFIRMATION
from tests.integration.web.test_papers_supporting import GOLDEN, first, send
from tests.integration.web.web_kit import HandClock, WebPort, json_of
from tests.unit.inspection.papers_kit import IN_DECLARATION, confirmation, declaration, line, manifest
from tests.unit.inspection.test_balances import HOLDER, LICENCE

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger, MemorySubjects
from kouan.adapters.memory.papers import MemoryPapersRecords
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.inspection.use_cases import Accepted
from kouan.journeys.hand_in import PapersCounter
from kouan.vocabulary.errors import NotFound
from kouan.web.papers import for_firms

API = "/api/v1/papers"
REPORT = {
    "number": "REP-1", "agency": "AGENCY-07", "standard": "GB 474", "lots": [f"{IN_DECLARATION}-1"],
    "items": [{"item": "ash", "value": "9", "passed": True}], "valid_from": "2025-01-01", "valid_until": "2027-01-01",
}  # fmt: skip
HANDED: dict[str, tuple[dict[str, Any], tuple[str, ...], str]] = {
    "confirmations": (CONFIRMATION, ("sender", "carrier"), "CARRIER-01"),
    "manifests": (manifest(), ("sender",), "TRADER-01"),
    "declarations": (declaration(consignee=HOLDER), ("consignee",), HOLDER),
    "supporting/licence": (LICENCE, ("holder",), HOLDER),
    "supporting/third_party_report": (REPORT, ("agency",), "AGENCY-07"),
}
"""Each paper that declarants hand in, the fields in which it names firms, and one of them."""


@pytest.mark.parametrize("path", HANDED)
async def test_a_paper_for_others_is_refused_by_the_field_that_names_them(port: WebPort, path: str) -> None:
    document, fields, named = HANDED[path]
    stranger, own, free = (
        await port.firm("stranger", "CARRIER-99"),
        await port.firm("own", named),
        await port.firm("free"),
    )
    size = await port.ledger.size()
    refused = await stranger.post(f"{API}/{path}", json=document)
    errors = json_of(refused)["errors"]
    assert refused.status_code == 403
    assert {(each["field"], each["rule"]) for each in errors} == {(field, "access.not_your_firm") for field in fields}
    assert await port.ledger.size() == size
    assert (await own.post(f"{API}/{path}", json=document)).status_code == 201
    assert (await free.post(f"{API}/{path}", json=document)).status_code == 201


async def test_a_declaration_that_names_no_consignee_is_for_nobody_of_ones_own(port: WebPort) -> None:
    own, free = await port.firm("own", HOLDER), await port.firm("free")
    assert first(await own.post(f"{API}/declarations", json=declaration())) == (
        403, "consignee", "access.not_your_firm",
    )  # fmt: skip
    assert (await free.post(f"{API}/declarations", json=declaration())).status_code == 201


async def test_what_stands_for_others_is_not_replaced_by_naming_oneself(port: WebPort) -> None:
    own, thief = await port.firm("own", HOLDER), await port.firm("thief", "91150826MA0THXEF08")
    assert (await own.post(f"{API}/supporting/licence", json=LICENCE)).status_code == 201
    taken = LICENCE | {"version": 2, "holder": "91150826MA0THXEF08"}
    assert first(await thief.post(f"{API}/supporting/licence", json=taken)) == (403, "number", "access.not_your_firm")
    (balance,) = json_of(await own.get(f"{API}/balances/{LICENCE['number']}"))["items"]
    assert balance["state"] == "active"


async def test_a_consignee_hands_in_a_report_on_its_own_lots(port: WebPort) -> None:
    own = await port.firm("own", HOLDER)
    path = f"{API}/supporting/third_party_report"
    assert first(await own.post(path, json=REPORT)) == (403, "agency", "access.not_your_firm")
    assert (await own.post(f"{API}/declarations", json=declaration(consignee=HOLDER))).status_code == 201
    assert (await own.post(path, json=REPORT)).status_code == 201


async def test_a_batch_of_others_is_not_there_and_a_shared_one_is_not_deleted(port: WebPort) -> None:
    mine, theirs = await port.firm("mine", "CARRIER-01"), await port.firm("theirs", "CARRIER-02")
    other = CONFIRMATION | {"number": "V2025101000043", "carrier": "CARRIER-02", "plate": "5678УБА"}
    url = f"{API}/batches/{CONFIRMATION['batch']}"
    assert (await mine.post(f"{API}/confirmations", json=CONFIRMATION)).status_code == 201
    assert (await theirs.delete(url)).status_code == 404
    assert (await theirs.post(f"{API}/confirmations", json=other)).status_code == 201
    assert first(await mine.delete(url)) == (403, "batch", "access.not_your_firm")
    assert len(json_of(await mine.get(f"{API}?batch={CONFIRMATION['batch']}"))["items"]) == 1


async def test_of_a_file_the_rows_of_ones_own_firms_are_used_and_the_others_told_one_by_one(port: WebPort) -> None:
    one, nobody = await port.firm("one", "CARRIER-01"), await port.firm("nobody", "CARRIER-99")
    queries: tuple[dict[str, Any], ...] = ({"dry_run": True}, {})
    for query in queries:
        report = json_of(await send(one, "confirmations.gbk.csv", **query))
        assert [paper["number"] for paper in report["taken"]] == ["CF20261122001"]
        assert {(each["row"], each["field"], each["rule"]) for each in report["rejected"]} == {
            (4, "sender", "access.not_your_firm"), (4, "carrier", "access.not_your_firm"),
        }  # fmt: skip
        assert {each["column"] for each in report["rejected"]} <= set(header(GOLDEN / "confirmations.gbk.csv"))
    report = json_of(await send(nobody, "confirmations.gbk.csv"))
    assert (report["taken"], {each["row"] for each in report["rejected"]}) == ([], {2, 3, 4})


def header(file: Any) -> list[str]:
    return list(file.read_text("gbk").splitlines()[0].split(","))


FIRM = st.sampled_from(["F1", "F2", "F3", "F4"])
SEVERAL = st.lists(FIRM, unique=True, max_size=3).map(tuple)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(SEVERAL, FIRM, FIRM), min_size=1, max_size=6))
def test_whoever_amends_a_paper_in_turn_only_those_whose_it_is_and_was_do(turns: list[tuple[Any, str, str]]) -> None:
    assert asyncio.run(_amended(turns)) == _expected(turns)


def _expected(turns: list[tuple[Any, str, str]]) -> list[bool]:
    """Say which hand-ins of versions of one confirmation are taken: senders with firms, its sender and its carrier."""
    standing: set[str] | None = None
    taken = []
    for firms, sender, carrier in turns:
        named = {sender, carrier}
        whose = not firms or (named & set(firms) and (standing is None or standing & set(firms)))
        taken.append(bool(whose))
        standing = named if whose else standing
    return taken


async def _amended(turns: list[tuple[Any, str, str]]) -> list[bool]:
    disk, chance, clock = MemoryDisk(), Random(3), HandClock()
    sealer = Sealer(SealingKeys(bytes(32), bytes(range(32))), chance.randbytes)
    ledger = await MemoryLedger.open_writer(disk, "ganqimaodu", clock, sealer)
    papers, subjects = MemoryPapersRecords(disk, "ganqimaodu"), MemorySubjects(disk, sealer)
    version, taken = 0, []
    for firms, sender, carrier in turns:
        who = Principal("somebody", "Somebody", Agency.TRADE, (Role.CARRIER,), firms=firms)
        counter = PapersCounter(papers, ledger, subjects, clock, chance.randbytes, concerns=for_firms(who))
        document = confirmation(sender=sender, carrier=carrier, version=version + 1)
        answer = await counter.confirmation(document)
        taken.append(isinstance(answer, Accepted))
        version += taken[-1]
    await ledger.close()
    return taken


async def test_a_batch_is_deleted_by_those_alone_whose_every_paper_of_it_is() -> None:
    for own in (("F1",), ("F2",), ("F3",), ("F1", "F2"), ()):
        disk, chance, clock = MemoryDisk(), Random(3), HandClock()
        sealer = Sealer(SealingKeys(bytes(32), bytes(range(32))), chance.randbytes)
        ledger = await MemoryLedger.open_writer(disk, "ganqimaodu", clock, sealer)
        papers, subjects = MemoryPapersRecords(disk, "ganqimaodu"), MemorySubjects(disk, sealer)
        all_hands = PapersCounter(papers, ledger, subjects, clock, chance.randbytes)
        await all_hands.confirmation(confirmation(sender="F1", carrier="F1"))
        await all_hands.manifest(manifest(number="MF000009", sender="F2", consignments=[line(number="MF000009")]))
        who = Principal("somebody", "Somebody", Agency.TRADE, (Role.CARRIER,), firms=own)
        held = PapersCounter(papers, ledger, subjects, clock, chance.randbytes, concerns=for_firms(who))
        try:
            found = type(await held.delete_batch("B000001", "somebody")).__name__
        except NotFound:
            found = "NotFound"
        assert found == {("F1", "F2"): "Unit", (): "Unit", ("F3",): "NotFound"}.get(own, "Refused"), own
        await ledger.close()
