"""Two-step declaration (两步申报): base items first, and the full declaration within its days."""

import datetime as dt
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

from kouan.inspection.papers import Declaration, DeclarationStep
from kouan.inspection.records import DeclarationRecord
from kouan.inspection.rules.document import Kind
from kouan.inspection.rules.lists import ReferenceList, read_list
from kouan.inspection.rules.roles import RuleDocuments
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.days import day_of, midnight
from kouan.vocabulary.verdict import Refused, refuse

DAYS_CODE = "full_declaration_days"
"""Under which code the list of thresholds says within how many days a full declaration is due."""

MOST_DAYS = 90
"""Longest time for a full declaration that a rule may give, in days. Our choice: three months, when duties are due."""


FULL_HS_DIGITS = 10
"""Digits of a goods code in a full declaration: China's tariff [customs, rules for filling in declarations]."""


class TwoStepRule(msgspec.Struct, frozen=True):
    """From and until which day (the last not included) a full declaration is due within how many days, and says who."""

    effective_from: dt.date
    days: int
    source: str
    effective_until: dt.date | None = None


DEFAULT_RULES = (
    TwoStepRule(
        effective_from=dt.date(2019, 8, 24),
        days=14,
        source="Customs announcement 2019 no. 127 (pilots), 2019 no. 216 (everywhere from 2020-01-01): the full "
        "declaration within 14 days from the day on which the means of transport was declared to have entered.",
    ),
)
"""What holds until a port has approved rules of its own."""


RulesAt = Callable[[Instant], Sequence[TwoStepRule]]
"""Says which rules are to be asked at an instant."""


def default_rules(at: Instant) -> Sequence[TwoStepRule]:  # noqa: ARG001 - the role's form
    """Return what holds where a port has no rules of its own."""
    return DEFAULT_RULES


class ListedRules:
    """The rules that the port's thresholds in force say, under the code ``full_declaration_days``."""

    def __init__(self, documents: RuleDocuments) -> None:
        self._documents = documents
        self._read: tuple[str, tuple[TwoStepRule, ...]] = ("", ())

    def __call__(self, at: Instant) -> Sequence[TwoStepRule]:
        """Return the rules; none where the list does not say, so that nobody declares in two steps. Raises Corrupt."""
        document = self._documents.in_force(Kind.REFERENCE, "thresholds", at)
        if document is None:
            return ()
        if self._read[0] != document.digest:
            self._read = (document.digest, rules_of(read_list("thresholds", document.content)))
        return self._read[1]


def rules_of(thresholds: ReferenceList) -> tuple[TwoStepRule, ...]:
    """Return the rules that a list of thresholds holds; one of less than a day or more than ``MOST_DAYS`` is none."""
    return tuple(
        TwoStepRule(item.effective_from, item.value, thresholds.source, item.effective_until)
        for item in thresholds.item
        if item.code == DAYS_CODE and item.value is not None and 1 <= item.value <= MOST_DAYS
    )


def full_due(paper: Declaration, handed_in_at: Instant, rules: Sequence[TwoStepRule]) -> Instant | Refused | None:
    """Return when all of a declaration of base items is due: the midnight that ends its last day in China.

    Days count from the day of entry, where the declaration says it, else from the day on which it was handed in; None
    for a full declaration. Refused where no rule allows two steps on that day.
    """
    if paper.step is DeclarationStep.FULL:
        return None
    begun = day_of(handed_in_at) if paper.entered_on is None else dt.date.fromisoformat(paper.entered_on)
    for rule in rules:
        if rule.effective_from <= begun and (rule.effective_until is None or begun < rule.effective_until):
            return midnight(begun + dt.timedelta(days=rule.days + 1))
    return refuse("declaration.two_step", field="step", mend=f"no rule allows a declaration in two steps on {begun}")


def incomplete(paper: Declaration, standing: DeclarationRecord | None) -> Refused | None:
    """Refuse a full declaration after base items that says less than these, or base items after a full one."""
    if standing is None or (standing.step == paper.step and paper.step is DeclarationStep.FULL):
        return None
    if paper.step is DeclarationStep.SUMMARY:
        if standing.step == DeclarationStep.SUMMARY:
            return None
        return refuse("declaration.step", field="step", mend="all of it is declared already: amend it in full")
    for field, given in (("consignee", paper.consignee), ("lines", paper.lines)):
        if not given:
            return refuse("declaration.incomplete", field=field, mend="must be given to complete the base items")
    short = next((index for index, line in enumerate(paper.lines) if len(line.hs_code) < FULL_HS_DIGITS), None)
    if short is None:
        return None
    mend = f"must have {FULL_HS_DIGITS} digits in a full declaration"
    return refuse("declaration.incomplete", field=f"lines.{short}.hs_code", mend=mend)


def note_overdue(standing: DeclarationRecord, now: Instant) -> Unit:
    """Record that the full declaration did not come in time; noted once, whatever comes later."""
    body: dict[str, Any] = {"at": now, "declaration": standing.number, "due": standing.full_due}
    draft = Draft(
        "papers.declaration_overdue/1",
        standing.number,
        f"papers:declaration_overdue:{standing.number}",
        canonical(body),
    )
    return Unit((draft,), guards=(Statement("papers.note_overdue", {"number": standing.number, "at": now}),))


def days_left(record: DeclarationRecord, now: Instant) -> int | None:
    """Return how many days are left for the full declaration, today included; below one when it is overdue."""
    if record.full_due is None:
        return None
    last = day_of(record.full_due - 1)
    return (last - day_of(now)).days + 1
