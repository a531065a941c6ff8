"""What the hub of the region told, as the gate needs it: its age, who may pass, who is watched for, cloned plates.

Holds and watched plates and containers are control orders by the time a vehicle comes (``adapters.driver.region``), so
the papers desk finds them by itself.
"""

from msgspec.structs import replace

from kouan.gate.evidence import NEVER_HEARD_US, DriverIdentified, PapersMatched
from kouan.gate.lane_controller.view import normal_plate
from kouan.gate.roles import PapersDesk, PapersQuery
from kouan.network.roles import Bulletins
from kouan.network.travel import Distances
from kouan.protocols.network.documents import document_commitment
from kouan.protocols.network.messages import (
    BulletinKind,
    PreAuthorised,
    PreAuthorisedItem,
    SightingItem,
    Sightings,
    WatchList,
)
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.identifiers import TravelDocument

WATCH = "watch"
"""The kind of control order that a watch list stands for (``inspection.control_orders.ControlKind``)."""


WITHHOLDING = (BulletinKind.HOLDS, BulletinKind.WATCH_LIST)
"""The lists without which nobody knows whom not to release; the hub issues both again and again, empty ones too."""


class RegionAtGate:
    """Adds to a vehicle's papers what the region's hub said of it; plays ``PapersDesk``."""

    def __init__(self, port: str, papers: PapersDesk, bulletins: Bulletins, distances: Distances, clock: Clock) -> None:
        self._port = port
        self._papers = papers
        self._bulletins = bulletins
        self._distances = distances
        self._clock = clock
        self._heard: tuple[Instant, int] | None = None

    async def find_papers(self, query: PapersQuery) -> PapersMatched | None:
        """Return the papers with the hub's age, the vehicle's permit and the last sighting at another port.

        None where nothing was announced, nothing is held and the plate can be here. Raises Unavailable.
        """
        found = await self._papers.find_papers(query)
        now = self._clock.now()
        seen = self._seen(query.plate, now)
        if found is None and seen is None:
            return None
        papers = found or PapersMatched(source="papers", at=now, confirmation=None)
        papers = replace(papers, at=now, hub_age_us=self.age_us())
        if seen is not None and papers.seen_elsewhere is None:
            papers = self._with_sighting(papers, seen, now)
        return self._with_permit(papers, query, now)

    def age_us(self) -> int:
        """Return how old the hub's word is, by the most pessimistic clock, in microseconds; NEVER_HEARD_US before any.

        It is as old as the oldest list that withholds: a hub that is heard, but not of its holds, is not heard. A wall
        clock that is set back makes nothing younger: the time that passed since is counted as well.
        """
        withholding = [self._bulletins.latest(kind) for kind in WITHHOLDING]
        heard_at = min((0 if kept is None else kept.bulletin.issued_at for kept in withholding), default=0)
        if heard_at == 0:
            return NEVER_HEARD_US
        if self._heard is None or self._heard[0] != heard_at:
            self._heard = (heard_at, self._clock.monotonic())
        return max(self._clock.now() - heard_at, self._clock.monotonic() - self._heard[1], 0)

    def watched(self, document: TravelDocument | None, evidence: DriverIdentified) -> DriverIdentified:
        """Return what was found of a driver, with the watch list items that name the document."""
        kept = self._bulletins.latest(BulletinKind.WATCH_LIST)
        if document is None or kept is None or not isinstance(kept.bulletin, WatchList):
            return evidence
        listed = kept.bulletin
        commitment = document_commitment(listed.region, document.issuer, document.number)
        holds, reasons = [], {}
        for place, item in enumerate(listed.items, 1):
            if item.document_commitment == commitment:
                number = f"watch-{listed.version}-{place}"
                holds.append(f"{item.authority}:{WATCH}:{number}")
                reasons[number] = item.reason
        return replace(evidence, watched=tuple(holds), hold_reasons=reasons) if holds else evidence

    def _seen(self, plate: str | None, now: Instant) -> SightingItem | None:
        """Return where this plate stood so lately that it cannot be here now (I6)."""
        kept = self._bulletins.latest(BulletinKind.SIGHTINGS)
        if plate is None or kept is None or not isinstance(kept.bulletin, Sightings):
            return None
        elsewhere = [item for item in kept.bulletin.items if item.plate == plate and item.port != self._port]
        too_late = (item for item in elsewhere if abs(now - item.at) < self._distances.least_us(item.port, self._port))
        return max(too_late, key=lambda item: (item.at, item.port), default=None)

    def _with_sighting(self, papers: PapersMatched, seen: SightingItem, now: Instant) -> PapersMatched:
        return replace(
            papers,
            seen_elsewhere=f"{seen.port} {seen.lane}",
            seen_before_us=abs(now - seen.at),
            seen_distance_m=self._distances.metres(seen.port, self._port),
        )

    def _with_permit(self, papers: PapersMatched, query: PapersQuery, now: Instant) -> PapersMatched:
        """Return the papers with the best permit that names this vehicle: in force, of low risk, the longest."""
        kept = self._bulletins.latest(BulletinKind.PRE_AUTHORISED)
        if query.plate is None or kept is None or not isinstance(kept.bulletin, PreAuthorised):
            return papers
        listed = kept.bulletin
        found = [
            (item.not_before <= now < item.expires_at, item.low_risk, item.expires_at, -place)
            for place, item in enumerate(listed.items, 1)
            if _names(item, query)
        ]
        if not found:
            return papers
        place = -max(found)[3]
        item = listed.items[place - 1]
        return replace(
            papers,
            pre_authorised=True,
            permit=f"{listed.kind}@{listed.version}/{place}",
            permit_from=item.not_before,
            permit_until=min(item.expires_at, listed.valid_until),
            low_risk=item.low_risk,
        )


def _names(item: PreAuthorisedItem, query: PapersQuery) -> bool:
    """Say whether a permit is for the vehicle as it was read; one without a trailer leaves the trailer open."""
    if query.plate is None or normal_plate(item.plate) != normal_plate(query.plate):
        return False
    return item.trailer is None or (
        query.trailer is not None and normal_plate(item.trailer) == normal_plate(query.trailer)
    )
