"""From a passage's state to the row of its projection, and to the statement that writes it."""

from kouan.gate.moves import reviewer_of
from kouan.gate.roles import PassageRecord, record_params
from kouan.gate.states import Final, InReview, PassageState, encode_state, state_name
from kouan.gate.views import decision_of, passage_vehicle, stop_ms_of
from kouan.ledger.roles import Statement
from kouan.vocabulary.clock import Instant


def passage_record(state: PassageState, now: Instant, visit: str | None = None) -> PassageRecord:
    """Return the row of a passage as it stands now."""
    dossier, decision = state.dossier, decision_of(state)
    vehicle = passage_vehicle(dossier)
    reviewed = state.decision if isinstance(state, InReview) else None
    return PassageRecord(
        passage=dossier.passage,
        version=dossier.version,
        lane=dossier.lane,
        direction=dossier.direction,
        track=dossier.track,
        state=state_name(state),
        document=encode_state(state),
        plate=vehicle["plate"],
        trailer=vehicle["trailer"],
        cargo=vehicle["cargo"],
        visit=visit,
        outcome=decision.outcome if decision else None,
        review_outcome=reviewed.outcome if reviewed else None,
        review_authority=reviewer_of(reviewed) if reviewed else None,
        opened_at=dossier.opened_at,
        updated_at=now,
        closed_at=state.closed_at if isinstance(state, Final) else None,
        stop_ms=stop_ms_of(state),
    )


def passage_statement(
    before: PassageState | None, state: PassageState, now: Instant, visit: str | None = None
) -> Statement:
    """Return the change of the projection: a new row, a changed one, or a closed one."""
    params = record_params(passage_record(state, now, visit))
    if before is None:
        return Statement("gate.open_passage", params)
    ends = isinstance(state, Final) and not isinstance(before, Final)
    return Statement("gate.close_passage" if ends else "gate.update_passage", params)
