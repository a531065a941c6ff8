"""Declarations with what blocks their release, over HTTP: a page is of the most urgent, and nothing else is read."""

from tests.integration.web.test_papers_supporting import goods
from tests.integration.web.web_kit import WebPort, json_of
from tests.unit.inspection.papers_kit import line
from tests.unit.inspection.test_balances import HOLDER

API = "/api/v1"
DAY_S = 86_400


async def handed_in(port: WebPort, number: str) -> None:
    """Hand in the base items of one declaration, and let its lot arrive a day after the one before."""
    base = {
        "number": number, "direction": "in", "step": "summary", "consignee": HOLDER,
        "consignments": [line(number=f"MF{number}", declaration=None)], "lines": [goods(1, 60_000)],
    }  # fmt: skip
    answer = await port.machine("carrier").post(f"{API}/papers/declarations", json=base)
    assert answer.status_code == 201, answer.text
    port.clock.advance(DAY_S)


async def test_a_page_holds_the_declarations_that_are_due_first_and_only_these_are_read(port: WebPort):
    numbers = [f"07132026100000{n:04d}" for n in range(5)]
    for number in numbers:
        await handed_in(port, number)
    port.clock.advance(30 * DAY_S)
    officer = await port.person("inspector")
    for limit in (2, 50):
        shown = json_of(await officer.get(f"{API}/release/declarations", params={"limit": limit}))["items"]
        assert [one["number"] for one in shown] == numbers[:limit]
        assert all(one["overdue"] and one["consignee"] is None for one in shown)
    due = json_of(await officer.get(f"{API}/papers/declarations/due", params={"limit": 3}))["items"]
    assert [one["number"] for one in due] == numbers[:3]
    auditor = await port.person("auditor")
    read = json_of(
        await auditor.get(f"{API}/release/declarations", params={"limit": 2}, headers={"Kouan-Purpose": "audit"})
    )["items"]
    assert [one["consignee"] for one in read] == [HOLDER] * 2
    entries = [entry for entry in await port.ledger.read(limit=1000) if entry.kind == "access.read/1"]
    assert {name for entry in entries for name in numbers if name.encode() in bytes(entry.body)} == set(numbers[:2])
