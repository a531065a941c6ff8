"""A yard over a real or an in-memory store, acted on by many at once, and what must hold after every round."""

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

from tests.integration.storage.players import Player
from tests.unit.yard.yard_kit import SETTINGS, HandClock, Papers, Releases

from kouan.journeys.yard_goods import YardGoods
from kouan.journeys.yard_scales import YardScales
from kouan.journeys.yard_visits import Delivery, YardVisits
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import KouanError
from kouan.vocabulary.verdict import Reason, Refused
from kouan.yard.book import LossReason, MovementKind
from kouan.yard.facts import ExitCrossed, ExitReported, Line, Mend, Signed
from kouan.yard.moisture import DECIGRAMS
from kouan.yard.pickups import Wanted
from kouan.yard.roles import Released
from kouan.yard.states import Leaving, VisitState, decode_state
from kouan.yard.tickets import Ticket
from kouan.yard.warrants import WantedWarrant

LOTS = ("071320251000000001-1", "071320251000000002-1")
SITES = {LOTS[0]: "coal", LOTS[1]: "warehouse"}
PLACES = {"coal": ("coal/A/1/1", "coal/A/1/2"), "warehouse": ("warehouse/W/1/1", "warehouse/W/1/2")}
GRADE = "coking-1"
CARRIER = "CARRIER-01"
RELEASED_KG = 150_000
OUTCOMES = ("actuated", "refused", "uncertain")


class World:
    """Two sites, two lots, few names: most of what is tried collides with something."""

    def __init__(self, player: Player, ledger: Any) -> None:
        self.records, self.ledger, self.clock = player.yard, ledger, HandClock()
        self.releases, self.papers = Releases(Released(RELEASED_KG)), Papers()
        self.visits = YardVisits(
            SETTINGS, self.records, ledger, self.releases, self.papers, self.clock, bytes,
            sign=lambda issue: Signed("n" * 32, f"signed {issue.order.order_id}"),
        )  # fmt: skip
        self.goods = YardGoods(SETTINGS, self.records, ledger, self.releases, self.clock)
        far = self.clock.now() * 2
        self.scales = YardScales(SETTINGS, self.records, ledger, self.visits, self.clock, far)
        self.answers: dict[str, int] = {}

    async def start(self) -> "World":
        for scale in ("W1", "W2", "W3"):
            await self.scales.zero_checked(scale, self.clock.now())
        return self

    async def deliver(self, lot: str, number: int, at_gate: int = 1) -> Any:
        return await self.visits.deliver(
            Delivery(
                f"p{number}", SITES.get(lot, "coal"), f"蒙B0000{number % 10}", CARRIER, lot, "2701121000", "炼焦煤",
                10**6, at_gate, ("bat",), GRADE,
            )
        )  # fmt: skip

    async def order(self, lot: str, number: int, quantity_kg: int) -> Any:
        now = self.clock.now()
        wanted = Wanted(f"o{number}", lot, f"蒙L0000{number % 10}", CARRIER, quantity_kg, now, now + 10**12)
        return await self.goods.order(wanted, "li")

    async def weigh(self, visit: str, mass_kg: int, number: str) -> Any:
        record = await self.records.find_visit(visit)
        plate = "" if record is None else record.plate
        scale = "W1" if record is None or record.site == "coal" else "W3"
        return await self.visits.weigh(visit, Ticket(number, scale, plate, mass_kg, self.clock.now()))

    async def do(self, name: str, number: int, lot: str, kg: int, place: int) -> Any:
        """Do one thing; a refusal is an answer, an error of business too."""
        where, onto = PLACES[SITES[lot]][place], PLACES[SITES[lot]][1 - place]
        visit = f"yard-{'p' if kg % 2 else 'o'}{number}"
        driver = ("bat",) if visit.startswith("yard-p") else ("wang",)
        visits, goods, wanted = self.visits, self.goods, WantedWarrant(f"w{number}", SITES[LOTS[1]], GRADE, "FIRM", kg)
        acts: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
            "deliver": lambda: self.deliver(lot, number),
            "order": lambda: self.order(lot, number, kg),
            "admit": lambda: visits.admit(f"o{number}", f"蒙L0000{number % 10}", CARRIER, 1, ("wang",)),
            "heavy": lambda: self.weigh(visit, 15_000 + kg, f"h{number}-{kg}"),
            "light": lambda: self.weigh(visit, 15_000, f"l{number}-{kg}"),
            "handle": lambda: visits.begin_handling(visit, where, "wang"),
            "tally": lambda: visits.tally(visit, "wang", kg % 1_500),
            "sample": lambda: visits.sample(visit, f"s{kg % 3}", 1 + kg % 20, "SEAL1", "wang"),
            "leave": lambda: visits.leave(visit, 1, driver),
            "show": lambda: visits.leave(visit, 1, driver, Line("X1", number, 6)),
            "report": lambda: self.report(visit, OUTCOMES[kg % 3]),
            "cross": lambda: visits.crossed(visit, ExitCrossed(self.clock.now(), "X1", number, 1)),
            "wait": lambda: self.wait(visit),
            "smuggle": lambda: visits.leave(visit, 2, ("bat", "stowaway")),
            "excuse": lambda: visits.excuse(visit, "zhao", "a second driver"),
            "mend": lambda: visits.mend(visit, list(Mend)[kg % 3], "wang", "so"),
            "withdraw": lambda: visits.withdraw(lot, Reason("release.recalled")),
            "cancel": lambda: goods.cancel(f"o{number}", "li"),
            "lose": lambda: goods.lose(f"m{number}-{kg}", where, kg % 900, LossReason.DUST, "wang"),
            "restack": lambda: goods.restack(f"r{number}-{kg}", where, onto, kg, "wang"),
            "dry": lambda: goods.dried(f"d{number}-{kg}", where, kg % 1_500, "lab"),
            "determine": lambda: goods.determined(visit, kg % 1_500, "lab"),
            "warrant": lambda: goods.issue_warrant(wanted, "li"),
            "pledge": lambda: goods.pledge_warrant(f"w{number}", "FIRM", "BANK", "li"),
            "redeem": lambda: goods.redeem_warrant(f"w{number}", "FIRM", "li"),
        }
        try:
            answer = await acts[name]()
        except KouanError as error:
            answer = error
        ok = not isinstance(answer, Refused | KouanError) and answer != ()
        self.answers[name] = self.answers.get(name, 0) + int(ok)
        return answer

    async def report(self, visit: str, outcome: str) -> Any:
        """Let the lane controller say what became of the order by which a vehicle is let out, if one is."""
        order = getattr(await self.state(visit), "order", None)
        name = f"{visit}/exit-0" if order is None else order.order_id
        return await self.visits.reported(visit, ExitReported(self.clock.now(), name, outcome, "vehicle.absent"))

    async def wait(self, visit: str) -> Any:
        """Let a minute pass, and look at a visit."""
        self.clock.advance(60 * SECOND)
        return await self.visits.look_again(visit)

    async def state(self, visit: str) -> VisitState | None:
        """Return where a visit stands."""
        record = await self.records.find_visit(visit)
        return None if record is None else decode_state(record.document)

    async def at_once(self, plan: list[tuple[str, int, str, int, int]]) -> None:
        """Do several things at once, and check what must hold then."""
        self.clock.advance(SECOND)
        await asyncio.gather(*[self.do(*each) for each in plan])
        await self.check()

    async def whole_visit(self, lot: str, number: int, net_kg: int, place: int = 0, moisture_bp: int = 800) -> None:
        """Bring goods in, from the gate to the exit."""
        await self.deliver(lot, number)
        visit, where = f"yard-p{number}", PLACES[SITES[lot]][place]
        await self.weigh(visit, 15_000 + net_kg, f"g{number}")
        await self.visits.begin_handling(visit, where, "wang")
        await self.visits.tally(visit, "wang", moisture_bp)
        await self.weigh(visit, 15_000, f"t{number}")
        await self.visits.leave(visit, 1, ("bat",))

    async def loaded(self, lot: str, number: int, net_kg: int, place: int = 0) -> Any:
        """Order, admit and load a lorry, up to its second weighing; return what that said."""
        await self.order(lot, number, net_kg)
        visit = f"yard-o{number}"
        await self.visits.admit(f"o{number}", f"蒙L0000{number % 10}", CARRIER, 1, ("wang",))
        await self.weigh(visit, 15_000, f"ot{number}")
        await self.visits.begin_handling(visit, PLACES[SITES[lot]][place], "wang")
        await self.visits.tally(visit, "wang")
        return await self.weigh(visit, 15_000 + net_kg, f"og{number}")

    async def check(self) -> None:
        """Check what must always hold; each from more than one side."""
        for site in ("coal", "warehouse"):
            balance = await self.goods.balance(site)
            assert balance.findings == (), balance.findings
            assert balance.in_dg == balance.out_dg + balance.stock_dg + balance.loss_dg
        nets = await self.records.nets(0, 2**53)
        tickets = [each for net in nets for each in (net.gross_ticket, net.tare_ticket)]
        assert len(tickets) == len(set(tickets))
        for lot in await self.records.lots():
            taken = sum(net.net_kg for net in nets if net.lot == lot.lot and net.purpose == "pick_up")
            brought = sum(net.net_kg for net in nets if net.lot == lot.lot and net.purpose == "delivery")
            assert lot.taken_kg == taken
            assert lot.in_kg == brought
            out = [await self.state(each.visit) for each in await self.records.visits_of_lot(lot.lot)]
            way = sum(each.net_kg for each in out if isinstance(each, Leaving) and each.stay.terms is not None)
            lines = [each for each in await self.records.movements(lot.lot) if each.kind == MovementKind.OUT]
            assert -sum(each.wet_kg for each in lines) == taken + way, "what is out, or on its way, is out of the book"
            assert taken + lot.reserved_kg <= RELEASED_KG
            orders = [each for each in await self.records.open_pickups() if each.lot == lot.lot]
            assert lot.reserved_kg == sum(each.reserved_kg for each in orders)
        bound = sum(each.dry_kg for each in await self.records.warrants() if each.state != "redeemed")
        stock = sum(each.stock_dg for each in await self.records.lots("warehouse"))
        assert bound * DECIGRAMS <= stock
        await self.check_visits()

    async def check_visits(self) -> None:
        """Check that a vehicle is in the yard once, and that who left did so with its own people and net."""
        plates = [each.plate for each in await self.records.open_visits()]
        assert len(plates) == len(set(plates))
        for lot in LOTS:
            for record in await self.records.visits_of_lot(lot):
                if record.state != "left":
                    continue
                state = decode_state(record.document)
                net = await self.records.find_net(record.visit)
                assert record.salt == b""
                assert (0 if net is None else net.net_kg) == getattr(state, "net_kg", None)
