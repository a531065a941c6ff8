"""What must hold of a port's ledger and of its barriers, as assertions; ``kouan.proving.ledger_facts`` says what."""

from collections.abc import Mapping, Sequence
from typing import Any

from kouan.proving import ledger_facts
from kouan.proving.running_port import RunningPort
from kouan.proving.witness import Witness

Entry = Mapping[str, Any]


def check_everything(port: RunningPort, witness: Witness) -> None:
    """Check all that must hold, on the ledger as it is served now and on the field's own record."""
    # First what was moved and what was told: it all must stand in a ledger that is read later.
    actuations = port.actuations()
    seen, papers = dict(witness.entries), list(witness.papers)
    entries = witness.read_all()
    check_numbering(entries)
    check_acknowledged(entries, seen, papers)
    check_barriers(entries, actuations)


def check_numbering(entries: Sequence[Entry]) -> None:
    """No gap, and every entry names the hash of the one before."""
    _nothing_in(ledger_facts.numbering(entries))


def check_acknowledged(entries: Sequence[Entry], seen: Mapping[int, Entry], papers: Sequence[str]) -> None:
    """Everything that somebody was told is recorded is still there, byte for byte, and once."""
    assert len(seen) <= len(entries)
    _nothing_in(ledger_facts.acknowledged(entries, seen, papers))


def check_barriers(entries: Sequence[Entry], actuations: Sequence[Mapping[str, Any]]) -> None:
    """No order moved an arm twice, none moved without its order, none released without a decision to release."""
    _nothing_in(ledger_facts.barriers(entries, actuations))


def _nothing_in(found: list[str]) -> None:
    assert not found, found
