"""Declarations with what blocks their release, over HTTP: a page is of the most urgent, and nothing else is read."""

from typing import Any

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


async def pages(client: Any, limit: int, purpose: str | None = None, **sought: str) -> list[list[str]]:
    """Return the numbers on each page, turned by what each page says of the next."""
    headers = {} if purpose is None else {"Kouan-Purpose": purpose}
    found: list[list[str]] = []
    after: str | None = ""
    while after is not None:
        params = {"limit": limit, "after": after} | sought
        page = json_of(await client.get(f"{API}/release/declarations", params=params, headers=headers))
        found.append([one["number"] for one in page["items"]])
        after = page["next"]
    return found


async def test_turning_the_pages_shows_every_declaration_once_in_the_order_of_one_page(port: WebPort):
    numbers = [f"07132026100000{n:04d}" for n in range(7)]
    for number in numbers:
        await handed_in(port, number)
    officer = await port.person("inspector")
    (whole,) = await pages(officer, 100)
    assert whole == numbers
    assert await pages(officer, 3) == [numbers[:3], numbers[3:6], numbers[6:]]
    port.clock.advance(10 * DAY_S)  # some are overdue, some not
    officer = await port.person("inspector")
    assert [len(page) for page in await pages(officer, 1)][:7] == [1] * 7
    assert [number for page in await pages(officer, 2) for number in page] == numbers


async def test_what_becomes_overdue_while_pages_are_turned_is_missed_on_none(port: WebPort):
    numbers = [f"07132026100000{n:04d}" for n in range(4)]
    for number in numbers:
        await handed_in(port, number)
    officer = await port.person("inspector")
    first = json_of(await officer.get(f"{API}/release/declarations", params={"limit": 2}))
    port.clock.advance(60 * DAY_S)
    officer = await port.person("inspector")
    params = {"limit": 2, "after": first["next"]}
    rest = json_of(await officer.get(f"{API}/release/declarations", params=params))
    assert [one["number"] for page in (first, rest) for one in page["items"]] == numbers
    assert all(one["overdue"] for one in rest["items"]), "shown as it stands now"


async def test_pages_of_a_consignee_are_turned_only_by_who_may_read_whose_goods_they_are(port: WebPort):
    numbers = [f"07132026100000{n:04d}" for n in range(3)]
    for number in numbers:
        await handed_in(port, number)
    auditor = await port.person("auditor")
    assert await pages(auditor, 2, "audit", consignee=HOLDER) == [numbers[:2], numbers[2:]]
    assert await pages(auditor, 2, consignee=HOLDER) == [[]], "not even that there are more"
    assert await pages(auditor, 2, "audit", consignee=HOLDER, declaration=numbers[1]) == [[numbers[1]]]


async def test_a_page_begins_only_where_another_ended(port: WebPort):
    officer = await port.person("inspector")
    answer = await officer.get(f"{API}/release/declarations", params={"after": "somewhere"})
    assert answer.status_code == 422
    assert json_of(answer)["errors"][0]["field"] == "after"
