"""Rows of rule documents: each version with its life; whole numbers, strings, bytes and None."""

import msgspec

from kouan.inspection.rules.document import Kind, RuleDocument, State
from kouan.vocabulary.clock import Instant


class RuleRecord(msgspec.Struct, frozen=True):
    """One version of one document; ``state`` is ``draft``, ``approved`` or ``withdrawn``."""

    kind: str
    name: str
    version: int
    effective_from: Instant
    effective_until: Instant | None
    content: bytes
    digest: str
    drafted_by: str
    drafted_at: Instant
    reason: str
    state: str = State.DRAFT.value
    approved_by: str | None = None
    approved_at: Instant | None = None
    approval_reason: str | None = None
    signature: str | None = None
    withdrawn_by: str | None = None
    withdrawn_at: Instant | None = None
    withdrawal_reason: str | None = None

    @property
    def document(self) -> RuleDocument:
        """The document without its life."""
        fields = {name: getattr(self, name) for name in RuleDocument.__struct_fields__}
        return RuleDocument(**{**fields, "kind": Kind(self.kind)})
