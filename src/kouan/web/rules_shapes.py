"""How rule documents are shown."""

from kouan.inspection.rules.document import Kind, RuleDocument, State
from kouan.inspection.rules.facts import FactType
from kouan.inspection.rules.records import RuleRecord
from kouan.inspection.steps import StepKind
from kouan.web.fields import Instant, Shape


class DocumentView(Shape):
    """A version of a document with its life; ``content`` where one was asked for by name."""

    kind: Kind
    name: str
    version: int
    state: State
    effective_from: Instant
    effective_until: Instant | None
    digest: str
    drafted_by: str
    drafted_at: Instant | None
    reason: str
    approved_by: str | None
    approved_at: Instant | None
    approval_reason: str | None
    signature: str | None
    withdrawn_by: str | None
    withdrawn_at: Instant | None
    withdrawal_reason: str | None
    content: str | None


class Documents(Shape):
    """Documents as they stand at an instant."""

    at: Instant
    items: list[DocumentView]


class Vocabulary(Shape):
    """The names that are read, by kind, and the facts that tables may ask for, by stage, with their types.

    ``steps`` are the steps of an examination that a table's row may name.
    """

    names: dict[Kind, list[str]]
    facts: dict[str, dict[str, FactType]]
    steps: list[StepKind]


class ProblemView(Shape):
    """What is wrong with a content, and where."""

    field: str
    rule: str
    mend: str
    line: int | None


class Problems(Shape):
    """All that is wrong; none where it may be approved."""

    items: list[ProblemView]


class CountView(Shape):
    """How many decisions would have changed for one reason, with the first of them by name."""

    reason: str
    before: str
    after: str
    count: int
    subjects: list[str]


class EffectView(Shape):
    """What was looked at so far, and what would have changed; ``unfaithful`` passages do not replay as recorded."""

    passages: int
    candidates: int
    lots: int
    examinations: int
    unfaithful: int
    changed: int
    counts: list[CountView]


class DryRunView(Shape):
    """A dry run: how far it is, and what it found."""

    number: str
    document: str
    digest: str
    started_at: Instant
    effect: EffectView
    done: bool
    failed: str | None


def view(record: RuleRecord, state: State, *, content: bool = False) -> dict[str, object]:
    """Return a version of a document as it is shown."""
    fields = {name: getattr(record, name) for name in record.__struct_fields__}
    return {**fields, "state": state, "content": record.content.decode("utf-8", "replace") if content else None}


def shipped_view(document: RuleDocument, used: bool, *, content: bool = False) -> dict[str, object]:
    """Return a shipped document as it is shown: in force where the port has approved none of its own."""
    fields = {name: getattr(document, name) for name in document.__struct_fields__}
    never = ("drafted_at", "approval_reason", "withdrawn_by", "withdrawn_at", "withdrawal_reason")
    text = document.content.decode("utf-8", "replace") if content else None
    state = State.IN_FORCE if used else State.SHIPPED
    return {**fields, **dict.fromkeys(never), "reason": "", "state": state, "content": text}
