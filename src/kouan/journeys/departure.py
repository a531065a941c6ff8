"""From the examination yard onward: a diverted vehicle that may leave has crossed, as one that a lane released."""

from kouan.gate.roles import GateRecords
from kouan.gate.states import Cleared, Diverted, decode_state
from kouan.inspection.examination.examination import Examination
from kouan.journeys.crossing import Crossings
from kouan.vocabulary.verdict import Alert, Reason


class Departures:
    """Follows up examinations that let their vehicle go. Doing so twice changes nothing, so a restarted port may."""

    def __init__(self, gate: GateRecords, crossings: Crossings, alarm: Alert) -> None:
        self._gate = gate
        self._crossings = crossings
        self._alarm = alarm

    async def left(self, examination: Examination) -> None:
        """Write off the papers of a vehicle that may leave, keep its visit, and report it to the yard that expects it.

        A vehicle that nobody diverted, as one that an officer sent to be examined, has crossed already, or not yet.
        """
        passage, at = examination.vehicle.passage, examination.closed_at
        record = None if passage is None else await self._gate.find_passage(passage)
        if record is None or at is None or examination.outcome != "may_leave":
            return
        state = decode_state(record.document)
        if not isinstance(state, Diverted):
            return
        gone = Cleared(state.dossier, state.decision, state.order, state.actuated_at, at)
        refused = await self._crossings.cleared(gone)
        if refused is not None:
            self._alarm("", record.passage, 2, Reason("papers.write_off_refused", {"guard": refused}))
