"""Brokers: they hand papers in at the real counter, make their errors, and mend what they are told is wrong."""

import asyncio
from collections.abc import Mapping
from typing import Any

from kouan.inspection.papers import DeclarationStep
from kouan.inspection.release.facts import Asked, Wish
from kouan.inspection.supporting import PaperKind
from kouan.inspection.use_cases import Accepted
from kouan.proving.month.port import MonthPort
from kouan.proving.month.setting import DAY_US, HOUR_S
from kouan.proving.month.traders import LICENSED, day_text
from kouan.proving.month.trips import Slip, Strategy, Trip
from kouan.vocabulary.verdict import Refused

WRONG_CODE = "2530909900"
"""What a careless broker writes: other minerals, not elsewhere specified."""

LICENCE_TRIPS, CUNNING_TRIPS = 6, 1
"""Lorries that a licence is enough for, and that one is which is used again and again. Our choice."""

FULL_AFTER_H = (12.0, 96.0)
"""When a broker completes a declaration of base items, in hours. Our choice, within the 14 days."""

LATE_FULL_H = 15 * 24 + 20.0
MENDS_S = (1200.0, 4 * HOUR_S)
"""How long a broker takes to mend papers while the lorry waits, in seconds. Our choice."""

HEAVY_KG = 90_000
"""Mass that a licence grants for each lorry, in kilograms: more than any of them carries."""


class Brokers:
    """All brokers; ``refusals`` counts what the counter refused, by rule."""

    def __init__(self, port: MonthPort) -> None:
        self.refusals: dict[str, int] = {}
        self.mended: dict[str, int] = {}
        self._port = port
        self._licences: dict[tuple[str, str], tuple[str, int]] = {}
        self._issued = 0

    async def announce(self, trip: Trip) -> None:
        """Hand in what is due before arrival; late papers follow by ``mend_papers``."""
        if trip.code.startswith(LICENSED):
            trip.licence = await self._licence(trip)
        code = trip.code
        if Slip.WRONG_CODE in trip.slips:
            trip.code = WRONG_CODE
        await self._hand_in("confirmation", trip)
        if Slip.LATE_PAPERS in trip.slips:
            return
        await self._goods(trip)
        if trip.code != code:
            await asyncio.sleep(trip.chance.uniform(600.0, 1800.0))
            trip.code = code
            await self._hand_in("confirmation", trip)
            await self._goods(trip)
            self._mended("wrong_code")

    async def ask(self, trip: Trip) -> None:
        """Ask for a test of quality, where the consignee wants one; a rule that does not leave it to him refuses."""
        if trip.asks_quality and await self._port.records.release.find_lot(trip.lot) is not None:
            await self._port.release.tell(trip.lot, Asked(Wish.QUALITY), trip.importer, "asked")

    async def mend_papers(self, trip: Trip) -> None:
        """Hand in what was missing, while the lorry waits before the gate."""
        await asyncio.sleep(trip.chance.uniform(*MENDS_S))
        await self._goods(trip)
        self._mended("late_papers")

    async def complete(self, trip: Trip) -> None:
        """Hand in the full declaration of one in two steps: in time, late, or never."""
        if not trip.two_step or Slip.NO_FULL_DECLARATION in trip.slips:
            return
        late = Slip.LATE_FULL_DECLARATION in trip.slips
        await asyncio.sleep(LATE_FULL_H * HOUR_S if late else trip.chance.uniform(*FULL_AFTER_H) * HOUR_S)
        trip.two_step = False
        await self._hand_in("declaration", trip)

    async def correct_mass(self, trip: Trip, net_kg: int) -> bool:
        """Amend a declaration to the mass that the yard weighed; say whether that was taken."""
        await asyncio.sleep(trip.chance.uniform(*MENDS_S))
        trip.declared_kg = net_kg
        self._mended("wrong_mass")
        return await self._hand_in("declaration", trip)

    async def renew_licence(self, trip: Trip) -> bool:
        """Hand in a licence of one's own in place of one that ran out or was used up; say whether that was taken."""
        await asyncio.sleep(trip.chance.uniform(*MENDS_S))
        trip.licence = await self._issue(trip, LICENCE_TRIPS, expired=False)
        self._mended("permit")
        return await self._hand_in("declaration", trip)

    async def _goods(self, trip: Trip) -> None:
        await self._hand_in("manifest", trip)
        await self._hand_in("declaration", trip)

    async def _licence(self, trip: Trip) -> str:
        """Return the licence that a declaration is drawn on: the firm's own while it lasts, a used one for a fraud."""
        cunning = trip.strategy is Strategy.REPEATED_PERMIT
        if Slip.EXPIRED_PERMIT in trip.slips:
            return await self._issue(trip, LICENCE_TRIPS, expired=True)
        key = (trip.importer + ("/again" if cunning else ""), trip.code)
        number, left = self._licences.get(key, ("", 0))
        if cunning and not number:
            trip.strategy = None  # the first lorry on a permit is lawful: the ones after it are not
        if not left and not (cunning and number):
            number = await self._issue(trip, CUNNING_TRIPS if cunning else LICENCE_TRIPS, expired=False)
            left = CUNNING_TRIPS if cunning else LICENCE_TRIPS
        self._licences[key] = (number, max(0, left - 1))
        return number

    async def _issue(self, trip: Trip, trips: int, *, expired: bool) -> str:
        self._issued += 1
        now, number = self._port.clock.now(), f"LIC{self._issued:06d}"
        until = now - 3 * DAY_US if expired else now + 200 * DAY_US
        # A licence that is used again is for one lorry's true mass: the second finds nothing left of it.
        mass_kg = trip.true_kg + 2000 if trips == CUNNING_TRIPS else HEAVY_KG * trips
        document = {
            "number": number, "holder": trip.importer, "hs_codes": [trip.code], "mass_kg": mass_kg,
            "valid_from": day_text(now - 300 * DAY_US), "valid_until": day_text(until),
        }  # fmt: skip
        self._told(await self._port.counter.supporting(PaperKind.LICENCE, document))
        return number

    async def _hand_in(self, kind: str, trip: Trip) -> bool:
        version = trip.versions.get(kind, 0) + 1
        take = getattr(self._port.counter, kind)
        accepted: Accepted | Refused = await take({**_DOCUMENTS[kind](trip), "version": version})
        if self._told(accepted):
            trip.versions[kind] = version
            return True
        return False

    def _told(self, accepted: Accepted | Refused) -> bool:
        if isinstance(accepted, Refused):
            code = accepted.reasons[0].code
            self.refusals[code] = self.refusals.get(code, 0) + 1
            return False
        return True

    def _mended(self, what: str) -> None:
        self.mended[what] = self.mended.get(what, 0) + 1


def _confirmation(trip: Trip) -> Mapping[str, Any]:
    """Return the vehicle confirmation (确报) of a lorry."""
    loaded, _, unloaded = trip.shipment.route.partition(" → ")
    return {
        "number": f"CF{trip.number}", "batch": f"B{trip.number}", "direction": "in", "sender": trip.shipment.agent,
        "carrier": trip.shipment.carrier, "plate": trip.plate, "trailer": trip.trailer,
        "driver": {"name": trip.driver, "document_number": trip.document, "nationality": "MNG"},
        "crew_count": 1, "load": "loaded", "cargo": "general", "seals": [trip.seal], "tare_kg": trip.tare_kg,
        "transit_countries": ["MNG"], "health": {"symptoms": False}, "consignments": [_line(trip)],
        "loading_place": loaded, "unloading_place": unloaded,
    }  # fmt: skip


def _manifest(trip: Trip) -> Mapping[str, Any]:
    """Return the manifest (公路舱单) of a lorry."""
    return {
        "number": f"MF{trip.number}", "batch": f"B{trip.number}", "direction": "in", "sender": trip.shipment.exporter,
        "consignments": [_line(trip)],
    }  # fmt: skip


def _declaration(trip: Trip) -> Mapping[str, Any]:
    """Return the declaration (报关单), or its base items where it is made in two steps."""
    code = trip.code[:6] if trip.two_step else trip.code
    step = DeclarationStep.SUMMARY if trip.two_step else DeclarationStep.FULL
    return {
        "number": trip.declaration, "direction": "in", "consignee": trip.importer, "step": step.value,
        "consignments": [_line(trip)],
        "lines": [{
            "line": 1, "hs_code": code, "goods": trip.goods, "net_kg": trip.declared_kg, "value_fen": trip.value_fen,
        }],
        **({"licences": [trip.licence]} if trip.licence else {}),
    }  # fmt: skip


def _line(trip: Trip) -> Mapping[str, Any]:
    return {
        "number": f"W{trip.number}", "hs_code": trip.code, "goods": trip.goods, "gross_kg": trip.declared_kg,
        "declaration": trip.declaration,
    }  # fmt: skip


_DOCUMENTS = {"confirmation": _confirmation, "manifest": _manifest, "declaration": _declaration}
