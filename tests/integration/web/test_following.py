"""The carrier's page: where its own vehicles are and what is missing, and nothing of anybody else's."""

from typing import Any

import msgspec
import pytest
from tests.integration.web.test_ledger_and_papers import CONFIRMATION
from tests.integration.web.test_papers_supporting import LICENCE
from tests.integration.web.web_kit import WebPort, json_of
from tests.unit.inspection.papers_kit import IN_DECLARATION, declaration
from tests.unit.inspection.test_balances import HOLDER

from kouan.ledger.roles import Statement, Unit

API = "/api/v1"
OTHER = CONFIRMATION | {"number": "V2025101000043", "plate": "5678УБА", "carrier": "CARRIER-02", "sender": "SENDER-02"}


async def items(client: Any, path: str) -> list[Any]:
    answer = await client.get(f"{API}{path}")
    assert answer.status_code == 200, answer.text
    return list(json_of(answer)["items"])


async def test_a_carrier_sees_its_own_vehicles_and_what_is_missing(port: WebPort) -> None:
    trader, other = port.machine("carrier"), await port.firm("other", "CARRIER-02")
    line = {"number": "MF2025101000017", "hs_code": "2701121000", "goods": "coking coal", "gross_kg": 32_000}
    loaded = CONFIRMATION | {"load": "loaded", "cargo": "coking_coal", "consignments": [line]}
    for sender, paper in ((trader, loaded), (other, OTHER)):
        assert (await sender.post(f"{API}/papers/confirmations", json=paper)).status_code == 201
    (mine,) = await items(trader, "/following")
    assert (mine["plate"], mine["stage"], mine["cargo"]) == ("1234УБА", "announced", "coking_coal")
    assert mine["missing"] == [{"kind": "manifest", "number": "MF2025101000017"}]
    assert [each["plate"] for each in await items(other, "/following")] == ["5678УБА"]


async def test_a_vehicle_at_the_gate_is_shown_with_its_lane_and_then_as_gone(port: WebPort) -> None:
    trader = port.machine("carrier")
    await trader.post(f"{API}/papers/confirmations", json=CONFIRMATION)
    here = {"number": CONFIRMATION["number"], "at": port.clock.now()}
    await port.ledger.append(Unit((), (), (Statement("papers.note_arrival", here),)))
    assert [each["stage"] for each in await items(trader, "/following")] == ["set_aside"]
    used = {**here, "passage": "p1"}
    await port.ledger.append(Unit((), (Statement("papers.use_confirmation", used),)))
    assert [each["stage"] for each in await items(trader, "/following")] == ["crossed"]
    port.clock.advance(25 * 3600)
    assert await items(trader, "/following") == []


async def test_an_account_without_a_firm_sees_no_vehicle_and_no_paper(port: WebPort) -> None:
    trader, nobody = port.machine("carrier"), await port.firm("nobody")
    await trader.post(f"{API}/papers/confirmations", json=CONFIRMATION)
    for path in ("/following", "/papers", f"/papers/{CONFIRMATION['number']}", "/papers/balances/L-2026-001"):
        assert (await nobody.get(f"{API}{path}")).status_code == 403, path


@pytest.mark.parametrize("firms", [("CARRIER-99",), ("SENDER-99", "CARRIER-99")])
async def test_papers_of_other_firms_are_not_there(port: WebPort, firms: tuple[str, ...]) -> None:
    trader, stranger = port.machine("carrier"), await port.firm("stranger", *firms)
    await trader.post(f"{API}/papers/confirmations", json=CONFIRMATION)
    await trader.post(f"{API}/papers/supporting/licence", json=LICENCE)
    await trader.post(f"{API}/papers/declarations", json=declaration(consignee=HOLDER))
    lists = (
        "/papers", "/papers?plate=1234УБА", f"/papers?batch={CONFIRMATION['batch']}", "/papers/supporting/licence",
        f"/papers/lots/{IN_DECLARATION}-1", "/papers/declarations/due?days=90", f"/papers/balances/{LICENCE['number']}",
    )  # fmt: skip
    for path in lists:
        assert await items(stranger, path) == [], path
    sheets = (
        CONFIRMATION["number"], IN_DECLARATION, f"supporting/licence/{LICENCE['number']}", f"{IN_DECLARATION}/versions",
    )  # fmt: skip
    for path in sheets:
        assert (await stranger.get(f"{API}/papers/{path}")).status_code == 404, path
        assert (await trader.get(f"{API}/papers/{path}")).status_code == 200, path
    found = [await items(trader, path) for path in lists]
    assert [bool(each) for each in found] == [True, True, True, True, False, False, True]


async def test_an_administrator_says_for_which_firms_an_account_acts(port: WebPort) -> None:
    admin = port.client(authorization=f"Bearer {port.tokens['admin']}")
    made = {"display_name": "Gobi Trans", "agency": "trade", "roles": ["carrier"], "firms": ["CARRIER-07"]}
    answer = await admin.put(f"{API}/accounts/gobi", json=made)
    assert answer.status_code == 200, answer.text
    assert json_of(answer)["firms"] == ["CARRIER-07"]
    account = await port.accounts.find_account("gobi")
    assert account is not None
    assert account.firms == ("CARRIER-07",)
    (entry,) = await port.ledger.read(stream="gobi")
    assert msgspec.json.decode(entry.body)["firms"] == ["CARRIER-07"]
    assert (await admin.put(f"{API}/accounts/gobi", json=made | {"firms": [""]})).status_code == 422
