"""Replay: a historic decision is made again from the facts in the ledger, byte for byte."""

from collections.abc import Sequence

import msgspec

from kouan.gate.case import Case
from kouan.gate.decision import AgencyVerdict, Decision, RuleException
from kouan.gate.dossier import case_of
from kouan.gate.events import DecisionMade, Event, kind_of
from kouan.gate.policy import LanePolicy
from kouan.gate.recovery import FOLLOWING, take_entry
from kouan.gate.rulebook import verify_rulebook
from kouan.gate.states import PassageState
from kouan.ledger.entries import Entry, canonical
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Corrupt


class Remade(msgspec.Struct, frozen=True):
    """One entry that follows from facts, as it was recorded and as the facts give it now."""

    seq: int
    kind: str
    recorded: bytes
    remade: bytes | None

    @property
    def same(self) -> bool:
        """Say whether not one byte differs."""
        return self.recorded == self.remade


class Grounds(msgspec.Struct, frozen=True):
    """A decision, and all that it rested on when it was made."""

    seq: int
    decision: Decision
    case: Case
    verdicts: tuple[AgencyVerdict, ...]
    exceptions: tuple[RuleException, ...]
    at: Instant


class Replay(msgspec.Struct, frozen=True):
    """What became of replaying a passage: everything that follows from its facts, and each decision's grounds."""

    passage: str
    policy: LanePolicy
    remade: tuple[Remade, ...]
    grounds: tuple[Grounds, ...]

    @property
    def faithful(self) -> bool:
        """Say whether everything came out as it was recorded."""
        return all(entry.same for entry in self.remade)


def read_policy(body: bytes, digest: str) -> LanePolicy:
    """Return the policy recorded in a ``gate.policy/1`` entry; raise Corrupt unless it is the one with this digest."""
    try:
        policy = msgspec.json.decode(body, type=LanePolicy)
    except msgspec.ValidationError as error:
        raise Corrupt(f"the policy {digest} cannot be read: {error}") from error
    if policy.digest != digest:
        raise Corrupt(f"the policy recorded as {digest} has the digest {policy.digest}")
    verify_rulebook(policy.rulebook)
    return policy


def replay(entries: Sequence[Entry], policy: LanePolicy) -> Replay:
    """Step through a passage's entries again; raise Corrupt where a fact cannot be read.

    What follows from a fact stands in the ledger directly after it, so that each such entry is compared with what the
    step before it gives now.
    """
    state: PassageState | None = None
    pending: list[Event] = []
    remade: list[Remade] = []
    grounds: list[Grounds] = []
    for entry in entries:
        if entry.kind not in FOLLOWING:
            remade += _unmatched(pending, entry.seq)
            taken = take_entry(state, entry, policy)
            state = taken.state
            pending = [event for event in taken.events if kind_of(event) in FOLLOWING]
            continue
        event = pending.pop(0) if pending else None
        remade.append(Remade(entry.seq, entry.kind, bytes(entry.body), canonical(event) if event is not None else None))
        if isinstance(event, DecisionMade) and state is not None:
            grounds.append(_grounds(entry.seq, event, state))
    remade += _unmatched(pending, entries[-1].seq if entries else 0)
    return Replay(entries[0].stream if entries else "", policy, tuple(remade), tuple(grounds))


def _unmatched(pending: Sequence[Event], seq: int) -> list[Remade]:
    """Return what the facts give and the ledger does not have."""
    return [Remade(seq, kind_of(event), b"", canonical(event)) for event in pending]


def _grounds(seq: int, made: DecisionMade, state: PassageState) -> Grounds:
    dossier = state.dossier
    return Grounds(seq, made.decision, case_of(dossier), dossier.verdicts, dossier.exceptions, made.decision.at)
