"""Carriers, brokers and declarants: they send papers ahead of the vehicle, late, or not at all."""

from random import Random
from typing import Any

from kouan.simulator.anomalies import Anomaly
from kouan.simulator.roles import Document, PapersOffice, Sleep
from kouan.simulator.trade.goods import BY_CODE
from kouan.simulator.vehicles import Load, Lorry
from kouan.simulator.wire import RETRY_S
from kouan.vocabulary.errors import Unavailable
from kouan.vocabulary.places import Direction

LATE_S = (4.0, 20.0)
"""How long after the stop late papers come, in seconds. Our choice: some in time for the match, some not."""

CONSIGNEE = "91350100M000100Y43"
"""The credit code of the firm that all declarations name (an example of GB 32100-2015): who it is decides nothing."""

_CARGO_WORDS = ("coking_coal", "copper_concentrate", "vegetables", "live_aquatic")
"""What senders write for the kind of cargo; all else is general."""


def confirmation(lorry: Lorry) -> Document:
    """Return the vehicle confirmation (确报) of a crossing."""
    papers = lorry.papers
    return {
        "number": papers.confirmation,
        "batch": papers.batch,
        "direction": str(lorry.direction),
        "sender": "TRADER-" + papers.batch[-2:],
        "carrier": "CARRIER-" + papers.confirmation[-2:],
        "plate": papers.plate,
        "trailer": papers.trailer,
        "driver": {
            "name": papers.driver.name,
            "document_number": papers.driver.document_number,
            "nationality": papers.driver.nationality,
        },
        "crew_count": papers.crew_count,
        "load": str(lorry.load),
        "cargo": cargo_name(lorry),
        "containers": [container.number for container in papers.containers],
        "seals": list(papers.seals),
        "tare_kg": papers.tare_kg,
        "transit_countries": ["MNG"] if lorry.direction is Direction.IN else ["CHN"],
        "health": {"symptoms": False},
        "green_channel": lorry.cargo is not None and lorry.cargo.green_channel,
        "consignments": consignments(lorry),
    }


def _manifest_is_not_here(lorry: Lorry) -> bool:
    return lorry.has(Anomaly.LATE_MANIFEST) or lorry.has(Anomaly.MISSING_MANIFEST)


def cargo_name(lorry: Lorry) -> str:
    """Return the platform's word for the cargo; what it has no word for is general."""
    if lorry.cargo is None:
        return "none"
    return next((word for word in _CARGO_WORDS if lorry.cargo.name.startswith(word)), "general")


def consignments(lorry: Lorry) -> list[dict[str, Any]]:
    """Return what the manifest lists: one consignment a vehicle."""
    if lorry.cargo is None or lorry.papers.manifest is None:
        return []
    return [
        {
            "number": lorry.papers.manifest,
            "hs_code": lorry.cargo.hs_code,
            "goods": lorry.cargo.goods_zh,
            "gross_kg": lorry.papers.cargo_kg,
            "declaration": lorry.papers.declaration,
        }
    ]


def manifest(lorry: Lorry) -> Document:
    """Return the manifest (公路舱单) of a laden crossing."""
    return {
        "number": lorry.papers.manifest,
        "batch": lorry.papers.batch,
        "direction": str(lorry.direction),
        "sender": "TRADER-" + lorry.papers.batch[-2:],
        "consignments": consignments(lorry),
    }


def declaration(lorry: Lorry) -> Document:
    """Return the customs declaration (报关单) of a laden crossing."""
    return {
        "number": lorry.papers.declaration,
        "direction": str(lorry.direction),
        "consignee": CONSIGNEE,
        "consignments": consignments(lorry),
        "lines": [_line(place, each) for place, each in enumerate(consignments(lorry), 1)],
    }


def _line(place: int, goods: dict[str, Any]) -> dict[str, Any]:
    """Return a declaration's line, with its value in fen at the usual price where there is one."""
    line = {"line": place, "hs_code": goods["hs_code"], "goods": goods["goods"], "net_kg": goods["gross_kg"]}
    ware = BY_CODE.get(str(goods["hs_code"]))
    return line if ware is None else {**line, "value_fen": goods["gross_kg"] * ware.yuan_t // 10}


class Traders:
    """Everybody who hands in papers; nobody gives up before they are taken."""

    def __init__(self, office: PapersOffice, random: Random, sleep: Sleep) -> None:
        self.accepted = 0
        self.rejected = 0
        self._office = office
        self._random = random
        self._sleep = sleep

    async def announce(self, lorry: Lorry) -> None:
        """Hand in what is due before arrival."""
        await self._hand_in("confirmation", confirmation(lorry))
        if not _manifest_is_not_here(lorry):
            await self._goods(lorry)

    async def follow_up(self, lorry: Lorry) -> None:
        """Hand in late papers after the vehicle has stopped; does nothing for all others."""
        if lorry.has(Anomaly.LATE_MANIFEST) and not lorry.has(Anomaly.MISSING_MANIFEST):
            await self._sleep(self._random.uniform(*LATE_S))
            await self._goods(lorry)

    async def _goods(self, lorry: Lorry) -> None:
        if lorry.load is Load.LOADED:
            await self._hand_in("manifest", manifest(lorry))
            await self._hand_in("declaration", declaration(lorry))
            if lorry.direction is Direction.OUT:
                # Exports are cleared inland before they come to the border; imports are cleared after the gate.
                await self._hand_in("status", {"number": lorry.papers.declaration, "status": "cleared"})

    async def _hand_in(self, kind: str, document: Document) -> None:
        while True:
            try:
                taken = await self._office.submit(kind, document)
            except Unavailable:
                await self._sleep(RETRY_S)
                continue
            if kind != "status":
                self.accepted += taken
                self.rejected += not taken
            return
