"""The yard over HTTP: what its people see and do, what a carrier orders, and what nobody gets to see."""

from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from tests.integration.web.web_kit import PORT, WebPort, json_of
from tests.unit.yard.yard_kit import DOMESTIC, LORRY, LOT, Papers, Releases

from kouan.access.people import Account, Agency, Role
from kouan.access.use_cases import issue_token, save_account
from kouan.adapters.memory.yard import MemoryYardRecords
from kouan.inspection.release.lot import Lot
from kouan.inspection.release.use_cases import Told
from kouan.journeys.yard_desk import open_yard
from kouan.journeys.yard_visits import Delivery
from kouan.simulator.http import Machine
from kouan.simulator.http_yard import HttpYardDesk
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import refuse
from kouan.wiring.demo import people
from kouan.yard.facts import CarrierTicket, ExitReported, Line, Signed
from kouan.yard.roles import Released
from kouan.yard.tickets import Ticket

API = "/api/v1/yard"
PLACE = "coal/A/1/1"


class Exits:
    """Plays ``ExitControl``: one exit lane, which remembers who reset it."""

    def __init__(self) -> None:
        self.resets: list[tuple[str, str, str]] = []

    async def reset(self, name: str, by: str, reason: str) -> None:
        if name != "X1":
            raise NotFound(f"the yard has no exit lane {name}")
        self.resets.append((name, by, reason))


class YardPort:
    """A port whose yard has one delivery half done, and a duty officer of the yard."""

    def __init__(self, port: WebPort) -> None:
        self.port = port
        self.releases = Releases(Released(60_000))
        records, self.exits = MemoryYardRecords(port.disk, PORT.name), Exits()
        self.desk = open_yard(
            PORT.yard, records, port.ledger, self.releases, Papers(), port.clock, port.chance.randbytes,
            port.clock.now() * 2, sign=lambda issue: Signed("n" * 32, "signed"), exits=self.exits,
        )  # fmt: skip
        object.__setattr__(port.services, "yard", self.desk)

    async def start(self) -> "YardPort":
        account = Account("yardmaster", "Yardmaster", Agency.SITE, (Role.DUTY_OFFICER,))
        await self.port.ledger.append(save_account(account, "test", self.port.clock.now()))
        secret = self.port.secret()
        _, unit = issue_token(account, "test", secret, self.port.clock.now(), None)
        await self.port.ledger.append(unit)
        self.port.tokens["yardmaster"] = secret
        await self.desk.scales.zero_checked("W1", self.port.clock.now())
        await self.desk.visits.deliver(
            Delivery(
                "p1", "coal", LORRY, "CARRIER-01", LOT, "2701121000", "炼焦煤", 1_000_000, 1, ("bat",), "g", None,
                CarrierTicket("T1", 80_300),
            )
        )  # fmt: skip
        await self.weigh("yard-p1", 97_000)
        return self

    async def declared(self, consignee: str) -> None:
        """Let the lot be that of a firm."""
        number, _, line = LOT.partition("-")
        goods = Lot(LOT, number, int(line), "2701121000", "炼焦煤", Direction.IN, 80_000, consignee)
        assert isinstance(await self.port.releasing.open(goods, self.port.clock.now()), Told)

    async def weigh(self, visit: str, mass_kg: int) -> None:
        record = await self.desk.records.find_visit(visit)
        assert record is not None
        number = f"{visit}-{mass_kg}"
        await self.desk.visits.weigh(visit, Ticket(number, "W1", record.plate, mass_kg, self.port.clock.now()))

    async def ask(self, who: str, path: str, **params: str) -> Any:
        answer = await self.port.machine(who).get(f"{API}{path}", params=params)
        assert answer.status_code == 200, answer.text
        return json_of(answer)

    async def do(self, who: str, path: str, body: Any, status: int = 200) -> Any:
        answer = await self.port.machine(who).post(f"{API}{path}", json=body)
        assert answer.status_code == status, answer.text
        return json_of(answer)

    async def brought(self) -> None:
        await self.do("operator", "/visits/yard-p1/handling", {"place": PLACE})
        await self.do("operator", "/visits/yard-p1/tally", {"moisture_bp": 800})
        await self.weigh("yard-p1", 17_000)
        await self.desk.visits.leave("yard-p1", 1, ("bat",))


@pytest.fixture
async def yard(port: WebPort) -> AsyncIterator[YardPort]:
    return await YardPort(port).start()


def order(**changes: Any) -> dict[str, Any]:
    return {
        "order": "PU-1", "lot": LOT, "plate": DOMESTIC, "carrier": "CARRIER-02", "quantity_kg": 30_000,
        "valid_from": 0, "valid_until": 2**52,
    } | changes  # fmt: skip


async def test_a_delivery_is_unloaded_tallied_and_lies_in_the_book(yard: YardPort) -> None:
    (visit,) = (await yard.ask("inspector", "/visits"))["items"]
    assert (visit["state"], visit["waits_for"], visit["first_kg"]) == ("weighed", "yard.waits_place", 97_000)
    assert "people" not in msgspec.json.encode(visit).decode()
    happened = await yard.do("operator", "/visits/yard-p1/handling", {"place": PLACE})
    assert happened["state"] == "handling"
    await yard.do("operator", "/visits/yard-p1/samples", {"sample": "S1", "mass_kg": 12, "seal": "SEAL1"})
    await yard.do("operator", "/visits/yard-p1/tally", {"moisture_bp": 800})
    await yard.weigh("yard-p1", 17_000)
    stock = await yard.ask("auditor", "/stock", site="coal")
    assert [(each["place"], each["wet_kg"]) for each in stock["stacks"]] == [(PLACE, 79_988)]
    assert [(each["lot"], each["in_kg"], each["out_kg"]) for each in stock["lots"]] == [(LOT, 80_000, 12)]
    balance = await yard.ask("auditor", "/balance")
    assert [(each["name"], each["findings"]) for each in balance["lots"]] == [(LOT, [])]
    assert {each["name"] for each in balance["sites"]} == {site.name for site in PORT.yard.sites}
    assert (await yard.ask("duty", "/visits/yard-p1"))["net_kg"] == 80_000
    assert sorted(each["kind"] for each in (await yard.ask("duty", "/tickets"))["items"]) == ["gross", "tare"]


async def test_goods_do_not_go_where_they_may_not_lie(yard: YardPort) -> None:
    refused = await yard.do("operator", "/visits/yard-p1/handling", {"place": "coal/A/1/2001"}, 409)
    assert refused["errors"][0]["rule"] == "yard.no_such_stack"
    assert refused["errors"][0]["mend"] == "There is no stack coal/A/1/2001"
    other = await yard.do("operator", "/visits/yard-p1/handling", {"place": "meat/M/1/1"}, 409)
    assert other["errors"][0]["rule"] == "yard.other_site"
    await yard.do("operator", "/visits/yard-none/handling", {"place": PLACE}, 404)


async def test_a_carrier_orders_released_goods_and_no_more(yard: YardPort) -> None:
    await yard.brought()
    await yard.declared("91150000MA0XXXXX0X")
    placed = await yard.do("carrier", "/pickups", order(), 201)
    assert (placed["state"], placed["quantity_kg"]) == ("open", 30_000)
    more = await yard.do("carrier", "/pickups", order(order="PU-2", quantity_kg=30_001), 409)
    assert more["errors"][0]["rule"] == "order.exceeded"
    yard.releases.answer = refuse("yard.not_released", lot=LOT)
    none = await yard.do("carrier", "/pickups", order(order="PU-3", quantity_kg=1), 409)
    assert none["errors"][0]["mend"] == f"Lot {LOT} is not released"
    assert [each["number"] for each in (await yard.ask("operator", "/pickups"))["items"]] == ["PU-1"]
    gone = await yard.port.machine("carrier").delete(f"{API}/pickups/PU-1")
    assert json_of(gone)["state"] == "cancelled"


async def test_a_firm_orders_nothing_of_lots_that_are_not_its_own(yard: YardPort) -> None:
    await yard.brought()
    unknown = await yard.do("carrier", "/pickups", order(), 404)
    await yard.declared("91350100M000100Z44")
    others = await yard.do("carrier", "/pickups", order(), 404)
    assert unknown["detail"] == others["detail"] == f"there is no lot {LOT}"
    await yard.do("yardmaster", "/pickups", order(), 201)
    gone = await yard.port.machine("carrier").delete(f"{API}/pickups/PU-1")
    assert (gone.status_code, json_of(gone)["detail"]) == (404, "there is no pick-up order PU-1")
    assert (await yard.port.machine("yardmaster").delete(f"{API}/pickups/PU-1")).status_code == 200


async def test_an_order_under_one_key_is_placed_once(yard: YardPort) -> None:
    await yard.brought()
    await yard.declared("91150000MA0XXXXX0X")
    client = yard.port.machine("carrier")
    answers = [await client.post(f"{API}/pickups", json=order(), headers={"Idempotency-Key": "k1"}) for _ in range(2)]
    assert [each.status_code for each in answers] == [201, 201]
    assert answers[0].content == answers[1].content


async def test_the_simulated_consignee_orders_pick_ups_of_its_own_lots_and_of_no_others(yard: YardPort) -> None:
    await yard.brought()
    consignee = next(each for each in people() if each.username == "sim-consignee")
    await yard.declared(consignee.firms[0])
    client = await yard.port.firm("fetcher", *consignee.firms)
    token = client.headers.pop("authorization").removeprefix("Bearer ")
    other = (await yard.port.firm("stranger", "91150000MA0XXXXX0X")).headers["authorization"].removeprefix("Bearer ")
    nobody = Account("nobody", "nobody", Agency.SITE, (Role.DUTY_OFFICER,))
    office = dict.fromkeys(("site", "border_inspection"), (nobody, nobody))
    assert not await HttpYardDesk(None, office, Machine(client, other)).order(order())  # type: ignore[arg-type]
    assert await HttpYardDesk(None, office, Machine(client, token)).order(order())  # type: ignore[arg-type]
    (placed,) = await yard.desk.records.open_pickups()
    assert placed.ordered_by == "fetcher"


async def test_only_border_inspection_excuses_who_is_aboard(yard: YardPort) -> None:
    await yard.do("operator", "/visits/yard-p1/handling", {"place": PLACE})
    await yard.do("operator", "/visits/yard-p1/tally", {})
    await yard.weigh("yard-p1", 17_000)
    await yard.desk.visits.leave("yard-p1", 2, ("bat", "stowaway"))
    told = await yard.ask("border", "/visits/yard-p1")
    assert (told["occupants"], [each["code"] for each in told["reasons"]]) == (None, ["need.person_must_look"])
    border = await yard.port.reader("border", "control")
    held = json_of(await border.get(f"{API}/visits/yard-p1"))
    assert [each["code"] for each in held["reasons"]] == ["people.count", "people.stranger"]
    assert held["occupants"] == 1
    await yard.do("duty", "/visits/yard-p1/excuse", {"reason": "second driver"}, 403)
    await yard.do("yardmaster", "/visits/yard-p1/excuse", {"reason": "second driver"}, 403)
    assert (await yard.do("border", "/visits/yard-p1/excuse", {"reason": "second driver"}))["state"] == "left"


async def test_losses_moves_and_moistures_are_stated_with_a_number_of_their_own(yard: YardPort) -> None:
    await yard.brought()
    lost = {"number": "L1", "place": PLACE, "wet_kg": 500, "reason": "dust"}
    (stack,) = await yard.do("yardmaster", "/losses", lost)
    assert stack["wet_kg"] == 79_500
    await yard.do("operator", "/losses", lost | {"number": "L2"}, 403)
    moved = {"number": "M1", "place": PLACE, "onto": "coal/A/1/2", "wet_kg": 9_500}
    assert [each["wet_kg"] for each in await yard.do("operator", "/moves", moved)] == [70_000, 9_500]
    dried = {"number": "D1", "place": PLACE, "moisture_bp": 0}
    assert [each["wet_kg"] for each in await yard.do("yardmaster", "/moistures", dried)] == [64_400]
    (site,) = (await yard.ask("auditor", "/balance", site="coal"))["sites"]
    assert site["findings"] == []
    assert (site["losses_kg"], site["moisture_kg"]) == ({"dust": 500}, 5_600)


async def test_a_held_lorry_goes_on_as_the_yards_duty_officer_says(yard: YardPort) -> None:
    turned = await yard.do("yardmaster", "/visits/yard-p1/mend", {"mend": "turn_away", "reason": "wrong site"})
    assert turned["state"] == "handled"


@pytest.mark.parametrize(
    ("mend", "rule"), [("weigh_again", "not_held"), ("handle_again", "not_held"), ("still_here", "not_in_doubt")]
)
async def test_a_mend_that_cannot_be_is_refused_with_its_field_and_rule_and_records_nothing(
    yard: YardPort, mend: str, rule: str
) -> None:
    before = await yard.desk.records.find_visit("yard-p1")
    wrong = await yard.do("yardmaster", "/visits/yard-p1/mend", {"mend": mend, "reason": "so"}, 409)
    (error,) = wrong["errors"]
    assert (error["field"], error["rule"]) == ("mend", f"yard.{rule}")
    assert "there is nothing to" in error["mend"]
    assert await yard.desk.records.find_visit("yard-p1") == before
    page = json_of(await yard.port.machine("auditor").get("/api/v1/ledger/entries?stream=yard-p1"))
    assert len(page["items"]) == 2


async def test_whatever_else_a_person_asks_of_a_visit_out_of_its_turn_is_refused_and_records_nothing(
    yard: YardPort,
) -> None:
    sample = {"sample": "S1", "mass_kg": 12, "seal": "SEAL1"}
    early = await yard.do("operator", "/visits/yard-p1/tally", {}, 409)
    assert [(each["field"], each["rule"]) for each in early["errors"]] == [("visit", "yard.not_handled")]
    nothing = await yard.do("operator", "/visits/yard-p1/samples", sample, 409)
    assert nothing["errors"][0]["rule"] == "yard.nothing_to_sample"
    nobody = await yard.do("border", "/visits/yard-p1/excuse", {"reason": "second driver"}, 409)
    assert nobody["errors"][0]["rule"] == "yard.nothing_to_excuse"
    await yard.do("operator", "/visits/yard-p1/handling", {"place": PLACE})
    begun = await yard.do("operator", "/visits/yard-p1/handling", {"place": PLACE}, 409)
    assert begun["errors"][0]["rule"] == "yard.not_weighed"
    await yard.do("operator", "/visits/yard-p1/samples", sample)
    again = await yard.do("operator", "/visits/yard-p1/samples", sample, 409)
    assert [(each["field"], each["rule"]) for each in again["errors"]] == [("sample", "yard.sample_twice")]
    await yard.do("operator", "/visits/yard-p1/tally", {"moisture_bp": 800})
    await yard.weigh("yard-p1", 17_000)
    await yard.desk.visits.leave("yard-p1", 1, ("bat",))
    over = await yard.do("yardmaster", "/visits/yard-p1/mend", {"mend": "turn_away", "reason": "so"}, 409)
    assert [(each["field"], each["rule"]) for each in over["errors"]] == [("visit", "yard.visit_over")]


async def test_carriers_tickets_and_scales_are_shown_with_their_intervals(yard: YardPort) -> None:
    await yard.brought()
    (carrier,) = (await yard.ask("duty", "/carriers"))["items"]
    assert (carrier["carrier"], carrier["port_kg"], carrier["ticket_kg"]) == ("CARRIER-01", 80_000, 80_300)
    assert carrier["difference"]["median_kg"] == -300
    assert carrier["outliers"][0]["ticket"] == "T1"
    for tick in (1, 2, 3):
        await yard.desk.scales.weighed("W1", "蒙BREF01", 49_100, yard.port.clock.now() + tick)
    scales = {each["scale"]: each for each in (await yard.ask("duty", "/scales"))["items"]}
    assert (scales["W1"]["in_use"], scales["W1"]["reason"], scales["W1"]["finding"]) == (False, "drift", "drifting")
    assert scales["W2"]["finding"] == "unchecked"
    done = await yard.do("yardmaster", "/scales/W1", {"act": "adjusted", "reason": "calibrated with weights"})
    assert done == {"reason": "calibrated with weights"}
    scales = {each["scale"]: each for each in (await yard.ask("duty", "/scales"))["items"]}
    assert scales["W1"]["in_use"]


async def test_warrants_are_issued_on_what_lies_in_the_delivery_warehouse(yard: YardPort) -> None:
    wanted = {"warrant": "WR-1", "site": "delivery", "grade": "g", "holder": "FIRM", "dry_kg": 1_000}
    nothing = await yard.do("yardmaster", "/warrants", wanted, 409)
    assert nothing["errors"][0]["rule"] == "warrant.exceeded"
    wrong = await yard.do("yardmaster", "/warrants", wanted | {"site": "coal"}, 409)
    assert wrong["errors"][0]["rule"] == "warrant.site"
    assert (await yard.ask("auditor", "/warrants"))["items"] == []
    await yard.do("yardmaster", "/warrants/WR-1", {"act": "redeem", "holder": "FIRM"}, 404)


async def test_a_port_without_a_yard_says_so(port: WebPort) -> None:
    object.__setattr__(port.services, "yard", None)
    assert (await port.machine("operator").get(f"{API}/visits")).status_code == 404


async def test_the_yards_entries_are_read_by_officers_and_auditors(yard: YardPort) -> None:
    page = json_of(await yard.port.machine("auditor").get("/api/v1/ledger/entries?stream=yard-p1"))
    assert [each["kind"] for each in page["items"]] == ["yard.opened/1", "yard.fact/1"]


async def test_who_is_let_out_is_shown_with_its_exit_and_a_person_says_where_it_is_if_nobody_knows(
    yard: YardPort,
) -> None:
    await yard.do("operator", "/visits/yard-p1/handling", {"place": PLACE})
    await yard.do("operator", "/visits/yard-p1/tally", {"moisture_bp": 800})
    await yard.weigh("yard-p1", 17_000)
    await yard.desk.visits.leave("yard-p1", 1, ("bat",), Line("X1", 7, 6))
    (visit,) = (await yard.ask("inspector", "/visits"))["items"]
    assert (visit["state"], visit["waits_for"], visit["exit"]) == ("exiting", "yard.waits_barrier", "X1")
    assert (visit["net_kg"], visit["reasons"]) == (80_000, [])
    order = "yard-p1/exit-5"
    await yard.desk.visits.reported("yard-p1", ExitReported(yard.port.clock.now(), order, "uncertain"))
    doubt = await yard.ask("inspector", "/visits/yard-p1")
    assert (doubt["waits_for"], doubt["reasons"][0]["code"]) == ("yard.waits_person", "yard.exit_uncertain")
    await yard.do("operator", "/visits/yard-p1/mend", {"mend": "seen_gone", "reason": "looked"}, status=403)
    gone = await yard.do("yardmaster", "/visits/yard-p1/mend", {"mend": "seen_gone", "reason": "looked"})
    assert gone["state"] == "left"


async def test_an_exit_is_reset_by_the_yards_duty_officer_with_a_reason(yard: YardPort) -> None:
    await yard.do("operator", "/exits/X1", {"reason": "looked"}, status=403)
    await yard.do("yardmaster", "/exits/X1", {"reason": ""}, status=422)
    await yard.do("yardmaster", "/exits/X9", {"reason": "looked"}, status=404)
    await yard.do("yardmaster", "/exits/X1", {"reason": "looked: the road is free"})
    assert yard.exits.resets == [("X1", "yardmaster", "looked: the road is free")]
