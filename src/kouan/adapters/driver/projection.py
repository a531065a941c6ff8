"""The rows that lists and a restart read, kept in the same commit as the entries that they follow from."""

from collections.abc import Sequence

import msgspec

from kouan.gate.dossier import case_of
from kouan.gate.events import DecisionMade, Event, ExceptionGiven, PassageClosed, PassageOpened, ReviewOpened
from kouan.gate.records import passage_statement
from kouan.gate.roles import ExceptionRecord, Sighting, record_params
from kouan.gate.states import InReview, PassageState
from kouan.ledger.roles import Statement
from kouan.vocabulary.clock import Instant

MILESTONES = (PassageOpened, DecisionMade, ReviewOpened, PassageClosed)
"""The events at which a passage's row is written. In between, the ledger itself says how far the passage is."""


class Projected(msgspec.Struct, frozen=True):
    """The statements that go with one step's entries (see ``ledger.roles.Unit``)."""

    guards: tuple[Statement, ...] = ()
    effects: tuple[Statement, ...] = ()


def project(before: PassageState | None, state: PassageState, events: Sequence[Event]) -> Projected:
    """Return the statements that go with the events of one step."""
    at = events[0].at
    guards: tuple[Statement, ...] = ()
    if any(isinstance(event, MILESTONES) for event in events) or _review_changed(before, state):
        guards = (passage_statement(before, state, at),)
    effects: list[Statement] = []
    for event in events:
        if isinstance(event, ExceptionGiven):
            given = ExceptionRecord(event.passage, event.rule, event.by, event.confirmed_by, event.at)
            effects.append(Statement("gate.note_exception", record_params(given)))
        elif isinstance(event, PassageClosed) and (seen := sighting_of(state, at)) is not None:
            effects.append(Statement("gate.note_sighting", record_params(seen)))
    return Projected(guards, tuple(effects))


def _review_changed(before: PassageState | None, state: PassageState) -> bool:
    first = state.first if isinstance(state, InReview) else None
    return isinstance(before, InReview) and (not isinstance(state, InReview) or before.first != first)


def sighting_of(state: PassageState, at: Instant) -> Sighting | None:
    """Return where this plate was seen, for the search for cloned plates; None where none was read."""
    dossier, case = state.dossier, case_of(state.dossier)
    if case.plates is None or case.plates.tractor is None:
        return None
    return Sighting(
        plate=case.plates.tractor,
        port=dossier.port,
        lane=dossier.lane,
        direction=dossier.direction.value,
        passage=dossier.passage,
        at=at,
    )
