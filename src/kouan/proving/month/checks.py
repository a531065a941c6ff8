"""What must hold of a month, checked at every entry as it becomes durable, and never by the platform's own rules.

The least that is asked of goods stands in ``proving.release.norms``, written from the announcements; what a laboratory
said and what was certified is read from the papers themselves.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec

from kouan.inspection.release.rule import Need, ReleaseRule
from kouan.proving.invariants.goods import ManifestOnce
from kouan.proving.month.checks_papers import NetWithinPapers, OwnWordOnly
from kouan.proving.month.setting import HOUR_US
from kouan.proving.observations import Checker, Observation, on
from kouan.proving.release.norms import Norm, norm_for, with_rule
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.places import Direction

FINAL = frozenset({"free", "returned", "destroyed"})
BACK = frozenset({"on_site_failed", "held", "failed", "recalled", "returned", "destroyed"})
"""States in which no goods of a lot may go anywhere but back."""

NOTED_WITHIN_US = 2 * HOUR_US
"""How late a passed deadline may be noted. The watch of the month looks once an hour."""


class _Lot(msgspec.Struct):
    """One lot by its entries: what is asked of it, and what is known of its goods."""

    declared_at: Instant
    rule: ReleaseRule
    norm: Norm
    code: str
    asked: bool = False
    checked: set[str] = set()
    tested: bool = False
    certified: bool = False
    state: str = "declared"
    deadline: Instant | None = None


class SaleAfterCertificate(Checker):
    """I22."""

    invariant: ClassVar[str] = "I22"
    promise: ClassVar[str] = (
        "no goods are sold or handed out for sale before the result and the certificate that the rule in force "
        "requires; none leave before their checks on site, nor before their result where the rule asks for it first; "
        "every lot ends, or is still within a deadline"
    )

    def __init__(self) -> None:
        super().__init__()
        self._lots: dict[str, _Lot] = {}
        self._codes: dict[str, str] = {}

    @on("papers.declaration/1")
    def declared(self, seen: Observation) -> None:
        """A declaration stands: the goods codes of its lines."""
        for line in seen.body["lines"]:
            self._codes[f"{seen.body['number']}-{line['line']}"] = line["hs_code"]

    @on("release.opened/1")
    def opened(self, seen: Observation) -> None:
        """A lot is opened under a rule."""
        body = seen.body
        lot, rule = body["lot"], msgspec.convert(body["rule"], ReleaseRule, strict=False)
        norm = with_rule(norm_for(lot["hs_code"], Direction.IN, body["declared_at"]), rule)
        deadline = body["at"] + rule.deadlines.us("arrival_h")
        self._lots[lot["number"]] = _Lot(
            body["declared_at"], rule, norm, lot["hs_code"], checked=set(), deadline=deadline
        )

    @on("release.moved/1")
    def moved(self, seen: Observation) -> None:
        """A lot moves on."""
        lot = self._lots.get(seen.data.stream)
        if lot is None:
            self.violated(seen, f"lot {seen.data.stream} moves and was never opened", lot=seen.data.stream)
            return
        body, fact = seen.body, seen.body["fact"]
        kind = fact["type"] if isinstance(fact, Mapping) else fact
        lot.state, lot.deadline = body["after"], body["deadline"]
        if kind == "asked":
            lot.asked = lot.asked or fact["wish"] == "quality"
        elif kind in ("site_checked", "checked_there"):
            (lot.checked.add if fact["passed"] else lot.checked.discard)(fact["check"])
        elif kind in ("hold_lifted", "disposed"):
            lot.tested = lot.certified = False
        if "rule" in body:
            lot.code = self._codes.get(seen.data.stream, lot.code)
            lot.rule = msgspec.convert(body["rule"], ReleaseRule, strict=False)
            lot.norm = with_rule(norm_for(lot.code, Direction.IN, lot.declared_at), lot.rule)
        if body["after"] == "recalled" and "last_known" not in body:
            self.violated(seen, f"{seen.data.stream} is recalled without its last known place", lot=seen.data.stream)

    @on("release.amended/1")
    def amended(self, seen: Observation) -> None:
        """A lot is heavier than was declared: what was seen of it was not all of it."""
        lot = self._lots.get(seen.data.stream)
        if lot is not None and seen.body["mass_kg"] > seen.body["mass_before_kg"]:
            lot.checked.clear()

    @on("papers.laboratory_result/1")
    def result(self, seen: Observation) -> None:
        """A laboratory reports."""
        lot = self._lots.get(seen.body["lot"])
        if lot is not None:
            items = seen.body["items"]
            lot.tested = bool(items) and all(item["passed"] for item in items)
            lot.certified = lot.certified and lot.tested

    @on("papers.certificate/1")
    def certificate(self, seen: Observation) -> None:
        """A certificate stands; one that came before its goods had passed their test certifies nothing."""
        for covered in seen.body["covers"]:
            lot = self._lots.get(covered["lot"])
            if lot is not None and seen.body["certificate"] == lot.rule.certificate_kind.value:
                lot.certified = lot.certified or lot.tested

    @on("truth sold")
    def sold(self, seen: Observation) -> None:
        """A consignee sells goods."""
        self._may_be_sold(seen, seen.data["lot"], "is sold")

    @on("truth handed_out")
    def handed_out(self, seen: Observation) -> None:
        """A lorry leaves with its goods that no yard took in."""
        self._may_leave(seen, seen.data["lot"])

    @on("yard.gate_out/1")
    def gate_out(self, seen: Observation) -> None:
        """A domestic lorry may take goods out of the yard."""
        self._may_leave(seen, seen.body["lot"])
        if not seen.body["no_sale"]:
            self._may_be_sold(seen, seen.body["lot"], "is handed out for sale")

    def _may_be_sold(self, seen: Observation, number: str, what: str) -> None:
        lot = self._lots.get(number)
        if lot is None:
            self.violated(seen, f"{number} {what} and was never opened", lot=number)
            return
        lacks = []
        if _needed(lot.norm.tests, lot) and not lot.tested:
            lacks.append("a good result")
        if _needed(lot.norm.certificate, lot) and not lot.certified:
            lacks.append("its certificate")
        if lot.state in BACK:
            lacks.append(f"a state other than {lot.state}")
        if lacks:
            self.violated(seen, f"{number} ({lot.rule.reference}) {what} without {' and '.join(lacks)}", lot=number)

    def _may_leave(self, seen: Observation, number: str) -> None:
        lot = self._lots.get(number)
        if lot is None:
            self.violated(seen, f"{number} leaves and was never opened", lot=number)
            return
        missing = sorted(str(check) for check in lot.norm.site if str(check) not in lot.checked)
        if missing:
            self.violated(seen, f"{number} leaves without {', '.join(missing)}", lot=number)
        if lot.state in BACK:
            self.violated(seen, f"{number} leaves although it is {lot.state}", lot=number)
        if not lot.norm.early and _needed(lot.norm.tests, lot) and not lot.tested:
            self.violated(seen, f"{number} ({lot.rule.reference}) leaves before its result", lot=number)

    @on("end")
    def ends(self, seen: Observation) -> None:
        """The month is over: nobody was forgotten."""
        for number, lot in self._lots.items():
            if lot.state in FINAL:
                continue
            if lot.deadline is None or seen.at > lot.deadline + NOTED_WITHIN_US:
                text = f"{number} is {lot.state} since long, and its deadline {lot.deadline} called nobody"
                self.violated(seen, text, lot=number)


def _needed(need: Need, lot: _Lot) -> bool:
    return need is Need.REQUIRED or (need is Need.ON_REQUEST and lot.asked)


MONTH_CHECKERS: tuple[type[Checker], ...] = (OwnWordOnly, ManifestOnce, NetWithinPapers, SaleAfterCertificate)
"""Every checker of a month."""


def month_checkers() -> tuple[Checker, ...]:
    """Return a fresh checker of each kind, for one run."""
    return tuple(kind() for kind in MONTH_CHECKERS)
