"""Quantities written off against papers: net mass, once a weighing ticket, never more than a paper grants (I16).

Goods in bulk may exceed what was declared of them within a dated tolerance (``overrun``); what exceeds that waits for
the declaration to be amended. The balance itself is kept by the guards ``papers.grant_balance`` and
``papers.take_balance``: whoever is slower at the last tonne is refused, and the ledger records nothing of the attempt.
"""

import datetime as dt
import enum
from collections.abc import Sequence

import msgspec

from kouan.inspection.overrun import Overrun
from kouan.inspection.papers import Declaration, DeclarationStatus, Manifest
from kouan.inspection.records import BalanceRecord, WriteOffRecord, params_of
from kouan.inspection.supporting import Certificate, Licence, Supporting
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import midnight
from kouan.vocabulary.verdict import Refused, refuse

WHOLE = "all"
"""The item of a paper whose balance is one, as a licence's."""


class BalanceKind(enum.StrEnum):
    """Papers against which quantities are written off."""

    DECLARATION = "declaration"
    MANIFEST = "manifest"
    CERTIFICATE = "certificate"
    LICENCE = "licence"


class Part(msgspec.Struct, frozen=True):
    """What is written off against one item of one paper, in kilograms net, and what may come over its mass."""

    kind: BalanceKind
    number: str
    item: str
    net_kg: int
    overrun: Overrun | None = None


class Granted(msgspec.Struct, frozen=True):
    """What a paper grants: one balance an item, by which all other items of it are closed."""

    kind: BalanceKind
    number: str
    balances: tuple[BalanceRecord, ...]

    def guards(self) -> tuple[Statement, ...]:
        """Return the guards that grant it."""
        paper = {"kind": self.kind.value, "number": self.number}
        items = [balance.item for balance in self.balances]
        return (
            Statement("papers.keep_balances", {**paper, "items": items}),
            *(Statement("papers.grant_balance", params_of(balance)) for balance in self.balances),
        )


def granted_by(paper: Declaration | Manifest | Supporting) -> Granted | None:
    """Return what may be written off against a paper, None where nothing is.

    Against a declaration, each line's net mass; where it has no lines, and against a manifest, each consignment's gross
    mass, which bounds the net. Against a certificate, each lot's mass; against a licence, its mass with its overrun.
    """
    match paper:
        case Declaration():
            masses = {str(line.line): line.net_kg for line in paper.lines} or {
                str(index): line.gross_kg for index, line in enumerate(paper.consignments, 1)
            }
            return _granted(BalanceKind.DECLARATION, paper.number, masses)
        case Manifest():
            return _granted(
                BalanceKind.MANIFEST, paper.number, {one.number: one.gross_kg for one in paper.consignments}
            )
        case Certificate():
            masses = {each.lot: each.mass_kg for each in paper.covers}
            return _granted(BalanceKind.CERTIFICATE, paper.number, masses, paper.valid_from, paper.valid_until)
        case Licence():
            masses = {WHOLE: paper.most_kg}
            return _granted(BalanceKind.LICENCE, paper.number, masses, paper.valid_from, paper.valid_until)
    return None


def grants(paper: Declaration | Manifest | Supporting) -> tuple[Statement, ...]:
    """Return the guards that grant what a paper grants; those of a cancelled declaration take all of it away."""
    if isinstance(paper, Declaration) and paper.status is DeclarationStatus.CANCELLED:
        return (close(BalanceKind.DECLARATION, paper.number),)
    granted = granted_by(paper)
    return () if granted is None else granted.guards()


def close(kind: BalanceKind, number: str) -> Statement:
    """Return the guard after which nothing more is written off against a paper."""
    return Statement("papers.close_balances", {"kind": kind.value, "number": number})


def write_off_net(ticket: str, parts: Sequence[Part], by: str, now: Instant) -> Unit | Refused:
    """Write the net mass of one weighing ticket off against all papers that it draws on, or against none.

    Of each paper no more is taken than it grants, with the overrun that its part names; the entry cites its rule.
    The same ticket is written off once: its entry's key is the ticket's number (see ``same_write_off``).
    """
    if not parts:
        return refuse("write_off.parts", field="parts", mend="must name at least one paper")
    items = [(part.kind, part.number, part.item) for part in parts]
    if len(set(items)) != len(items):
        return refuse("write_off.repeated", field="parts", mend="must name each item of a paper once")
    light = next((part for part in parts if part.net_kg <= 0), None)
    if light is not None:
        return refuse("write_off.mass", field="parts", mend=f"must write off net kilograms, not {light.net_kg}")
    ordered = sorted(parts, key=lambda part: (part.kind, part.number, part.item))
    guards: list[Statement] = []
    for part in ordered:
        permille = 0 if part.overrun is None else part.overrun.permille
        mass = {"kind": part.kind.value, "number": part.number, "item": part.item, "mass_kg": part.net_kg}
        record = WriteOffRecord(ticket, part.kind.value, part.number, part.item, part.net_kg, now, by)
        guards += [
            Statement("papers.keep_write_off", params_of(record)),
            Statement("papers.take_balance", {**mass, "at": now, "overrun_permille": permille}),
        ]
    draft = Draft("papers.net_written_off/1", ticket, _key(ticket), _body(ticket, ordered, by, now))
    return Unit((draft,), guards=tuple(guards))


def same_write_off(standing: Sequence[WriteOffRecord], parts: Sequence[Part]) -> bool:
    """Say whether a ticket wrote off just this already, and it was not taken back."""
    asked = sorted((part.kind.value, part.number, part.item, part.net_kg) for part in parts)
    done = sorted((one.kind, one.number, one.item, one.mass_kg) for one in standing if one.voided_at is None)
    return asked == done


def void_ticket(ticket: str, standing: Sequence[WriteOffRecord], reason: str, by: str, now: Instant) -> Unit | Refused:
    """Take back what a ticket wrote off, as after a wrong weighing; the number is used up, so weigh under a new one."""
    written = [one for one in standing if one.voided_at is None]
    if not written:
        return refuse("write_off.unknown", field="ticket", mend="must be a ticket that is written off")
    if not reason.strip():
        return refuse("write_off.reason", field="reason", mend="must say why")
    back = [
        Statement(
            "papers.give_back", {"kind": one.kind, "number": one.number, "item": one.item, "mass_kg": one.mass_kg}
        )
        for one in written
    ]
    body = {"at": now, "by": by, "reason": reason, "ticket": ticket}
    draft = Draft("papers.write_off_voided/1", ticket, f"papers:write_off_voided:{ticket}", canonical(body))
    voided = Statement("papers.void_write_offs", {"ticket": ticket, "at": now})
    return Unit((draft,), guards=(voided, *back))


def left_kg(balance: BalanceRecord) -> int:
    """Return what may still be written off without any overrun, in kilograms."""
    return max(0, balance.granted_kg - balance.taken_kg) if balance.state == "active" else 0


def over_kg(balance: BalanceRecord) -> int:
    """Return how much more was written off than the paper says, within its tolerance, in kilograms."""
    return max(0, balance.taken_kg - balance.granted_kg)


def _granted(
    kind: BalanceKind, number: str, masses: dict[str, int], start: str | None = None, end: str | None = None
) -> Granted:
    valid_from = None if start is None else midnight(dt.date.fromisoformat(start))
    valid_until = None if end is None else midnight(dt.date.fromisoformat(end) + dt.timedelta(days=1))
    return Granted(
        kind,
        number,
        tuple(
            BalanceRecord(kind.value, number, item, mass_kg, valid_from, valid_until)
            for item, mass_kg in masses.items()
        ),
    )


def _key(ticket: str) -> str:
    return f"papers:net_written_off:{ticket}"


def _body(ticket: str, parts: Sequence[Part], by: str, now: Instant) -> bytes:
    return canonical({"at": now, "by": by, "parts": list(parts), "ticket": ticket})
