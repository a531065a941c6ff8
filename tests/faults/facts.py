"""What must hold of a port's ledger and of its barriers, whatever befell its processes."""

import itertools
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from tests.faults.running_port import RunningPort, Witness

Entry = Mapping[str, Any]


def check_everything(port: RunningPort, witness: Witness) -> None:
    """Check all that must hold, on the ledger as it is served now and on the field's own record."""
    actuations = port.actuations()  # first: every actuation in it has its order in a ledger that is read later
    entries = witness.read_all()
    check_numbering(entries)
    check_acknowledged(entries, dict(witness.entries), list(witness.papers))
    check_barriers(entries, actuations)


def check_numbering(entries: Sequence[Entry]) -> None:
    """No gap, and every entry names the hash of the one before."""
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))
    for before, entry in itertools.pairwise(entries):
        assert entry["prev"] == before["hash"], f"entry {entry['seq']} does not follow on"


def check_acknowledged(entries: Sequence[Entry], seen: Mapping[int, Entry], papers: Sequence[str]) -> None:
    """Everything that somebody was told is recorded is still there, byte for byte, and once."""
    assert len(seen) <= len(entries)
    for sequence, entry in seen.items():
        assert entries[sequence - 1]["hash"] == entry["hash"], f"entry {sequence} is another one now"
        assert entries[sequence - 1]["encoded"] == entry["encoded"]
    kept = Counter(entry["stream"] for entry in entries if entry["kind"] == "papers.declaration/1")
    assert {number: kept[number] for number in papers} == dict.fromkeys(papers, 1)
    keys = Counter(entry["key"] for entry in entries)
    assert max(keys.values()) == 1


def check_barriers(entries: Sequence[Entry], actuations: Sequence[Mapping[str, Any]]) -> None:
    """No order moved an arm twice, none moved without its order, none released without a decision to release."""
    times = Counter(line["order_id"] for line in actuations)
    assert [order for order, count in times.items() if count > 1] == []
    assert [line for line in actuations if line["nth"] != 1] == []
    orders = {entry["body"]["order"]["order_id"]: entry for entry in entries if entry["kind"] == "gate.order/1"}
    for line in actuations:
        assert line["order_id"] in orders, f"{line} has no order"
        issued = orders[line["order_id"]]
        order = issued["body"]["order"]
        assert (line["barrier"], line["nonce"]) == (order["barrier"], order["nonce"])
        assert (line["barrier"] == "release") == (order["outcome"] == "RELEASE")
        decision = _decision_before(entries, issued)
        assert decision["body"]["decision"]["outcome"] == order["outcome"]
        # The field reads the wall clock too, and a command takes its way: half a second is far below a new order's.
        assert order["issued_at"] <= line["at"] <= order["expires_at"] + 500_000
        assert line["track"] in (None, order["vehicle"]["track"])


def _decision_before(entries: Sequence[Entry], issued: Entry) -> Entry:
    """Return the last decision of the order's passage before it was issued."""
    before = entries[: issued["seq"] - 1]
    return next(
        entry for entry in reversed(before) if (entry["kind"], entry["stream"]) == ("gate.decision/1", issued["stream"])
    )
