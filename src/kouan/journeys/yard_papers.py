"""What inspection answers the yard: whether goods are released, and what writes a net off their papers."""

from kouan.inspection.balances import write_off_net
from kouan.inspection.release.permits import may_leave, no_sale, released_kg
from kouan.inspection.release.records import rule_of, standing_of
from kouan.inspection.release.roles import ReleaseRecords
from kouan.journeys.write_off import NetWriteOffs
from kouan.ledger.roles import Statement, Unit
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.verdict import Refused, refuse
from kouan.yard.roles import Released, WrittenOff

_REFUSED = {
    "papers.take_balance": (
        "yard.papers_exceeded",
        "net_kg",
        "must stay within what each paper in force has left: read its balance",
    ),
    "papers.keep_write_off": ("yard.papers_ticket_used", "ticket", "must be a ticket that wrote nothing off yet"),
}
"""What it means for the yard that the ledger refused a write-off at one of its guards: rule, field and mend."""


class ReleasedByInspection:
    """Plays ``GoodsReleased``: what may leave by the lot's dated rule; a lot that nobody knows is not released."""

    def __init__(self, release: ReleaseRecords, clock: Clock) -> None:
        self._release = release
        self._clock = clock

    async def of(self, lot: str) -> Released | Refused:
        """Return how much of a lot is released, with the guard that holds while it is, or why nothing is."""
        found, now = await self._release.find_lot(lot), self._clock.now()
        if found is None:
            return refuse("yard.not_released", lot=lot)
        standing = standing_of(found)
        verdict = may_leave(standing, rule_of(found), now)
        if isinstance(verdict, Refused):
            return verdict
        guard = Statement("release.may_leave", {"number": lot, "version": found.version, "at": now})
        return Released(released_kg(standing, found.mass_kg), no_sale(standing), standing.deadline, guard)


class WrittenOffPapers:
    """Plays ``WriteOffs``: the net of two tickets against the lot's declaration and licences, once a second ticket."""

    def __init__(self, papers: NetWriteOffs) -> None:
        self._papers = papers

    async def net(self, written: WrittenOff) -> Unit | Refused:
        """Return the drafts and guards that write a net off, or why it may not be."""
        parts = await self._papers.parts_of(written.lot, written.net_kg)
        if isinstance(parts, Refused):
            return parts
        return write_off_net(written.tare_ticket, parts, "yard", written.at)

    def refusal(self, guard: str) -> Refused | None:
        """Return why the papers refused, with field and rule; a balance that somebody else took counts as none."""
        found = _REFUSED.get(guard)
        return None if found is None else refuse(found[0], field=found[1], mend=found[2])
