"""What became of a twin's yard: who went through it and left by its exits, and whether its mass balances."""

from collections import Counter
from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.proving.ledger_facts import barriers
from kouan.wiring.twin import SimulatedPort

_ENTRIES = ("yard.opened/1", "yard.gate_out/1", "yard.exit_ordered/1", "yard.exit_voided/1", "yard.left/1")


class YardDay(msgspec.Struct, frozen=True):
    """The figures of a yard by name, and whatever must not be, in words."""

    figures: Mapping[str, Any]
    findings: tuple[str, ...] = ()


async def yard_day(twin: SimulatedPort) -> YardDay | None:
    """Return what became of a twin's yard; None where it runs none.

    ``yard_kg_in`` and the like are wet kilograms as weighed. Findings are what does not balance, an exit that opened
    otherwise than ordered, a vehicle that left without an order, and goods that left without leave (``GATE_OUT``).
    """
    yard = twin.platform.yard
    if yard is None:
        return None
    desk, entries = yard.parts.desk, _entries(twin)
    found = Counter(entry["kind"] for entry in entries)
    sites = [await desk.goods.balance(site.name) for site in desk.settings.sites]
    opened = [line for line in twin.actuations.lines if line["lane"] in twin.exits]
    figures = {
        "yard_visits": found["yard.opened/1"],
        "yard_left": found["yard.left/1"],
        "yard_exits_ordered": found["yard.exit_ordered/1"],
        "yard_exits_voided": found["yard.exit_voided/1"],
        "yard_exits_opened": len(opened),
        "yard_kg_in": sum(site.in_kg for site in sites),
        "yard_kg_out": sum(site.out_kg for site in sites),
        "yard_kg_stock": sum(site.stock_kg for site in sites),
    }
    unbalanced = [f"yard: {site.name}: {finding}" for site in sites for finding in site.findings]
    otherwise = [f"yard: {finding}" for finding in barriers(entries, opened)]
    return YardDay(figures, (*unbalanced, *otherwise, *without_leave(entries)))


def without_leave(entries: list[dict[str, Any]]) -> list[str]:
    """Return who left a yard with exit lanes by no order, and who took goods out without leave."""
    ordered = {entry["body"]["order"]["order_id"] for entry in entries if entry["kind"] == "yard.exit_ordered/1"}
    fetches = {
        entry["stream"]: entry["body"]["arrived"]["purpose"] == "pick_up"
        for entry in entries
        if entry["kind"] == "yard.opened/1"
    }
    leave = {entry["stream"]: entry["body"]["mass_kg"] for entry in entries if entry["kind"] == "yard.gate_out/1"}
    gone = [entry for entry in entries if entry["kind"] == "yard.left/1"]
    found = [f"yard: {each['stream']} left by no order" for each in gone if each["body"]["order_id"] not in ordered]
    return found + [
        f"yard: {each['stream']} left with {each['body']['net_kg']} kg, and had leave for {leave.get(each['stream'])}"
        for each in gone
        if fetches.get(each["stream"]) and each["body"]["net_kg"] not in (0, leave.get(each["stream"]))
    ]


def _entries(twin: SimulatedPort) -> list[dict[str, Any]]:
    """Return the entries of the yard that are looked at, with what they say."""
    return [
        {"kind": each.kind, "seq": each.seq, "stream": each.stream, "body": msgspec.json.decode(each.body)}
        for each in twin.disk.ledger(twin.name).entries
        if each.kind in _ENTRIES
    ]
