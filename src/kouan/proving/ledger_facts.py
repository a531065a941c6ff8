"""What must hold of a port's ledger and of its barriers, whatever befell its processes.

Each check returns what does not hold, in words; nothing if all holds.
"""

import itertools
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

Entry = Mapping[str, Any]

ON_ITS_WAY_US = 500_000
"""Microseconds by which an arm may move after its order's end: the field reads its own clock, and a command takes its
way. Our choice: far below a new order's life."""


def numbering(entries: Sequence[Entry]) -> list[str]:
    """No gap, and every entry names the hash of the one before."""
    found = []
    if [entry["seq"] for entry in entries] != list(range(1, len(entries) + 1)):
        found.append("the sequence numbers of the ledger have a gap")
    found += [
        f"entry {entry['seq']} does not follow on"
        for before, entry in itertools.pairwise(entries)
        if entry["prev"] != before["hash"]
    ]
    return found


def acknowledged(entries: Sequence[Entry], seen: Mapping[int, Entry], papers: Sequence[str]) -> list[str]:
    """Everything that somebody was told is recorded is still there, byte for byte, and once."""
    found = [f"entry {sequence} is lost" for sequence in seen if sequence > len(entries)]
    found += [
        f"entry {sequence} is another one now"
        for sequence, entry in seen.items()
        if sequence <= len(entries)
        and any(entries[sequence - 1][field] != entry[field] for field in ("hash", "encoded"))
    ]
    return found + papers_once(entries, papers) + keys_once(entries)


def papers_once(entries: Iterable[Entry], papers: Sequence[str]) -> list[str]:
    """Every declaration whose receipt was acknowledged is recorded once."""
    kept = Counter(entry["stream"] for entry in entries if entry["kind"] == "papers.declaration/1")
    return [f"declaration {number} is recorded {kept[number]} times" for number in papers if kept[number] != 1]


def keys_once(entries: Iterable[Entry]) -> list[str]:
    """No idempotency key is in two entries."""
    keys = Counter(entry["key"] for entry in entries)
    return [f"the key {key} is in {count} entries" for key, count in keys.items() if count > 1]


def actuated_once(actuations: Sequence[Mapping[str, Any]]) -> list[str]:
    """No order moved an arm twice, by the field's own record."""
    times = Counter(line["order_id"] for line in actuations)
    twice = {order for order, count in times.items() if count > 1}
    twice |= {line["order_id"] for line in actuations if line["nth"] != 1}
    return [f"order {order} moved an arm twice" for order in sorted(twice)]


def barriers(entries: Sequence[Entry], actuations: Sequence[Mapping[str, Any]]) -> list[str]:
    """No order moved an arm twice, none moved without its order, none released without a decision to release."""
    kinds = {"gate.order/1": _by_order, "yard.exit_ordered/1": _by_exit_order}
    orders = {entry["body"]["order"]["order_id"]: entry for entry in entries if entry["kind"] in kinds}
    found = actuated_once(actuations)
    for line in actuations:
        issued = orders.get(line["order_id"])
        found += [f"{line} has no order"] if issued is None else kinds[issued["kind"]](entries, issued, line)
    return found


def _by_exit_order(_: Sequence[Entry], issued: Entry, line: Mapping[str, Any]) -> list[str]:
    """An exit of the yard opens for the vehicle that was let out, at its stop; its order is the decision as well."""
    order = issued["body"]["order"]
    holds = {
        "is not what was ordered": (line["barrier"], line["nonce"]) == ("exit", order["nonce"]),
        "moved another lane's arm": line["lane"] == order["line"]["exit"],
        "came when its order was over": order["issued_at"] <= line["at"] <= order["expires_at"] + ON_ITS_WAY_US,
        "moved another vehicle": line["track"] in (None, order["line"]["track"]),
        "let another plate out": line["plate"] in (None, issued["body"]["plate"].replace(" ", "")),
    }
    return [f"actuation {line} {what}" for what, held in holds.items() if not held]


def _by_order(entries: Sequence[Entry], issued: Entry, line: Mapping[str, Any]) -> list[str]:
    order = issued["body"]["order"]
    decision = _decision_before(entries, issued)
    holds = {
        "is not what was ordered": (line["barrier"], line["nonce"]) == (order["barrier"], order["nonce"]),
        "is of another outcome": (line["barrier"] == "release") == (order["outcome"] == "RELEASE"),
        "rests on no decision": decision is not None and decision["body"]["decision"]["outcome"] == order["outcome"],
        "came when its order was over": order["issued_at"] <= line["at"] <= order["expires_at"] + ON_ITS_WAY_US,
        "moved another vehicle": line["track"] in (None, order["vehicle"]["track"]),
    }
    return [f"actuation {line} {what}" for what, held in holds.items() if not held]


def _decision_before(entries: Sequence[Entry], issued: Entry) -> Entry | None:
    """Return the last decision of the order's passage before it was issued."""
    before = entries[: issued["seq"] - 1]
    wanted = ("gate.decision/1", issued["stream"])
    return next((entry for entry in reversed(before) if (entry["kind"], entry["stream"]) == wanted), None)
