"""The mass balance: in = out + stock + stated loss, found from the journal and the stacks, not from the accounts."""

from collections.abc import Iterable, Iterator, Mapping

import msgspec

from kouan.vocabulary.verdict import Reason
from kouan.yard.book import MovementKind
from kouan.yard.moisture import DECIGRAMS, wet_kg_of
from kouan.yard.records import LotRecord, MovementRecord, StackRecord


class Balance(msgspec.Struct, frozen=True):
    """One lot's or one site's balance. Dry masses are in decigrams, wet ones in kilograms.

    ``moisture_kg`` is the water that left or came since the goods were weighed in: what the wet masses differ by.
    ``findings`` say what does not agree, masses in them in decigrams; without any, the balance holds.
    """

    name: str
    in_dg: int
    out_dg: int
    loss_dg: int
    stock_dg: int
    in_kg: int
    out_kg: int
    loss_kg: int
    stock_kg: int
    moisture_kg: int
    losses_kg: Mapping[str, int]
    findings: tuple[Reason, ...] = ()

    @property
    def holds(self) -> bool:
        """Say whether everything agrees."""
        return not self.findings


def balance_of_lot(lot: LotRecord, stacks: Iterable[StackRecord], movements: Iterable[MovementRecord]) -> Balance:
    """Return a lot's balance from its journal and stacks; what its account says otherwise is a finding."""
    own = [each for each in stacks if each.lot == lot.lot and each.dry_dg]
    journal = [each for each in movements if each.lot == lot.lot]
    sums = _sums(journal)
    stock_dg, stock_kg = sum(each.dry_dg for each in own), sum(wet_kg_of(each.dry_dg, each.moisture_bp) for each in own)
    findings = [*_stacks_differ(lot.lot, own, journal), *_account_differs(lot, sums, stock_dg)]
    if sums["in_dg"] != sums["out_dg"] + stock_dg + sums["loss_dg"]:
        findings.append(Reason("yard.mass_differs", {"lot": lot.lot}))
    moisture_kg = sums["in_kg"] - sums["out_kg"] - sums["loss_kg"] - stock_kg
    return Balance(
        name=lot.lot, stock_dg=stock_dg, stock_kg=stock_kg, moisture_kg=moisture_kg, losses_kg=_losses(journal),
        findings=tuple(findings), **sums,
    )  # fmt: skip


def balance_of_site(site: str, lots: Iterable[Balance]) -> Balance:
    """Return a site's balance: the sum of its lots', with all their findings."""
    parts = list(lots)
    losses: dict[str, int] = {}
    for part in parts:
        for reason, lost_kg in part.losses_kg.items():
            losses[reason] = losses.get(reason, 0) + lost_kg
    names = ("in_dg", "out_dg", "loss_dg", "stock_dg", "in_kg", "out_kg", "loss_kg", "stock_kg", "moisture_kg")
    sums = {name: sum(getattr(part, name) for part in parts) for name in names}
    findings = tuple(finding for part in parts for finding in part.findings)
    return Balance(name=site, losses_kg=losses, findings=findings, **sums)


def dry_kg(dry_dg: int) -> float:
    """Return decigrams as kilograms, for people to read."""
    return dry_dg / DECIGRAMS


def _stacks_differ(lot: str, own: list[StackRecord], journal: list[MovementRecord]) -> Iterator[Reason]:
    lies: dict[str, int] = {}
    for line in journal:
        lies[line.lies_at] = lies.get(line.lies_at, 0) + line.dry_dg
    for place, journal_dg in sorted(lies.items()):
        found_dg = sum(each.dry_dg for each in own if each.lies_at == place)
        if found_dg != journal_dg:
            yield Reason(
                "yard.stack_differs", {"lot": lot, "place": place, "journal_dg": journal_dg, "found_dg": found_dg}
            )
    for each in own:
        if each.lies_at not in lies:
            yield Reason("yard.stack_unaccounted", {"lot": lot, "place": each.lies_at})


def _account_differs(lot: LotRecord, sums: Mapping[str, int], stock_dg: int) -> Iterator[Reason]:
    found_dg = {"in": sums["in_dg"], "out": sums["out_dg"], "loss": sums["loss_dg"], "stock": stock_dg}
    account_dg = {"in": lot.in_dg, "out": lot.out_dg, "loss": lot.loss_dg, "stock": lot.stock_dg}
    for column, code in _DIFFERS.items():
        if account_dg[column] != found_dg[column]:
            yield Reason(code, {"lot": lot.lot, "account_dg": account_dg[column], "journal_dg": found_dg[column]})


_DIFFERS = {
    "in": "yard.account_in_differs",
    "out": "yard.account_out_differs",
    "loss": "yard.account_loss_differs",
    "stock": "yard.account_stock_differs",
}


def _sums(journal: list[MovementRecord]) -> dict[str, int]:
    signs = {
        "in": ((MovementKind.IN, MovementKind.DETERMINED), 1),
        "out": ((MovementKind.OUT, MovementKind.SAMPLE), -1),
        "loss": ((MovementKind.LOSS,), -1),
    }
    sums: dict[str, int] = {}
    for name, (kinds, sign) in signs.items():
        lines = [line for line in journal if line.kind in kinds]
        sums[f"{name}_dg"] = sign * sum(line.dry_dg for line in lines)
        sums[f"{name}_kg"] = sign * sum(line.wet_kg for line in lines)
    return sums


def _losses(journal: list[MovementRecord]) -> dict[str, int]:
    found: dict[str, int] = {}
    for line in journal:
        if line.kind == MovementKind.LOSS:
            reason = line.reason or "–"
            found[reason] = found.get(reason, 0) - line.wet_kg
    return found
