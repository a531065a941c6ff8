"""Building a passage's state again from its entries, and what has to be done again after a restart."""

from collections.abc import Sequence

import msgspec
from msgspec.structs import replace

from kouan.gate.case_files import case_again
from kouan.gate.commands import Command, SendOrder
from kouan.gate.events import FactRecorded, OrderIssued, PassageOpened
from kouan.gate.ordering import tailgating
from kouan.gate.papers_search import ask_for_papers
from kouan.gate.passage import Step, deadline_of, open_passage, step
from kouan.gate.policy import LanePolicy
from kouan.gate.states import AwaitingVerdicts, Collecting, Dossier, InReview, Ordered, PassageState
from kouan.ledger.entries import Entry
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Corrupt

OPENED = "gate.passage_opened/1"
ORDER = "gate.order/1"
FOLLOWING = ("gate.decision/1", "gate.review_opened/1", "gate.exception/1", "gate.closed/1")
"""Kinds of entries that follow from facts; folding the facts makes them again."""


def fold(entries: Sequence[Entry], policy: LanePolicy) -> PassageState | None:
    """Return the state that a passage's entries lead to, None where it has none; raise Corrupt if one cannot be read.

    Each fact is stepped at the instant at which it was taken in, so the result is the state that stood then.
    """
    state: PassageState | None = None
    for entry in entries:
        if entry.kind not in FOLLOWING:
            state = _fold(state, entry, policy)
    return state


def _fold(state: PassageState | None, entry: Entry, policy: LanePolicy) -> PassageState:
    return take_entry(state, entry, policy).state


def take_entry(state: PassageState | None, entry: Entry, policy: LanePolicy) -> Step:
    """Step with the fact of one entry as it was taken in; raise Corrupt if it cannot be read or has no beginning."""
    recorded = read_fact(entry)
    if isinstance(recorded, PassageOpened):
        return open_passage(recorded.fact, recorded.at, policy)
    if state is None:
        raise Corrupt(f"entry {entry.seq}: passage {entry.stream} has no beginning")
    return step(state, recorded.fact, recorded.at, policy)


def read_fact(entry: Entry) -> PassageOpened | FactRecorded | OrderIssued:
    """Return what an entry of a passage records; raise Corrupt if it cannot be read."""
    try:
        if entry.kind == OPENED and b'"policy":' in bytes(entry.body):
            return msgspec.json.decode(entry.body, type=PassageOpened)
        if entry.kind == ORDER and b'"order":' in bytes(entry.body):
            return msgspec.json.decode(entry.body, type=OrderIssued)
        return msgspec.json.decode(entry.body, type=FactRecorded)
    except msgspec.ValidationError as error:
        raise Corrupt(f"entry {entry.seq} of kind {entry.kind} cannot be read: {error}") from error


def resume(state: PassageState, now: Instant) -> Step:
    """Return what has to be done again for a passage that an earlier process left open.

    Papers are asked for again, cases without an answer are sent again, and so is an order that has not expired; that
    a second vehicle left under it is told again.
    """
    commands: tuple[Command, ...] = ()
    if isinstance(state, Collecting | AwaitingVerdicts | InReview):
        dossier: Dossier = replace(state.dossier, asked=())
        _, commands = ask_for_papers(dossier, now)
        commands += case_again(state.dossier)
    elif isinstance(state, Ordered):
        order = state.order
        if order.jws and now < order.expires_at:
            commands = (SendOrder(order.order_id, state.dossier.lane, order.jws, order.expires_at),)
        if state.left is not None:
            commands += tailgating(state.dossier, state.left)
    return Step(state, (), commands, deadline_of(state))
