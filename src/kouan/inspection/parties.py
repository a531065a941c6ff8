"""Which firms a paper names: who may see it, or hand it in, though they may not do so with all papers."""

from collections.abc import Callable, Collection, Sequence

import msgspec

from kouan.inspection.fields import Violation, refused
from kouan.inspection.papers import Document
from kouan.inspection.records import ConfirmationRecord, DeclarationRecord, ManifestRecord, SupportingRecord
from kouan.inspection.roles import PapersRecords
from kouan.inspection.supporting import Supporting
from kouan.vocabulary.verdict import GRANTED, Refused, Verdict

PaperRecord = ConfirmationRecord | ManifestRecord | DeclarationRecord | SupportingRecord

NOT_YOUR_FIRM = "access.not_your_firm"
"""The rule by which a paper is refused that concerns none of its sender's firms."""

Concerns = Callable[[Collection[str]], Verdict]
"""Says whether its sender may hand in what concerns these firms."""


class _Named(msgspec.Struct, frozen=True):
    """Where papers name firms: by a carrier's or sender's code, a credit code, or an agency's name."""

    sender: str | None = None
    carrier: str | None = None
    consignee: str | None = None
    holder: str | None = None
    agency: str | None = None


_READ = msgspec.json.Decoder(_Named)


def firms_named(document: bytes) -> frozenset[str]:
    """Return the codes of the firms that a paper's canonical document names; raise msgspec.DecodeError for no JSON."""
    named = _READ.decode(document)
    return frozenset(filter(None, (getattr(named, field) for field in _Named.__struct_fields__)))


def everybody(_: Collection[str]) -> Verdict:
    """Grant, whatever firms are concerned: the port's own desk, and customs."""
    return GRANTED


async def firms_of(papers: PapersRecords, paper: PaperRecord) -> frozenset[str]:
    """Return the firms that a paper names, and the consignees of the lots that it is about."""
    lots = paper.lots.split() if isinstance(paper, SupportingRecord) else ()
    return firms_named(paper.document) | await consignees_of(papers, lots)


async def consignees_of(papers: PapersRecords, lots: Sequence[str]) -> frozenset[str]:
    """Return the firms that the declarations of some lots (``<declaration>-<line>``) name."""
    numbers = sorted({lot.rpartition("-")[0] for lot in lots})
    declared = await papers.declarations(numbers) if numbers else ()
    return frozenset().union(*(firms_named(paper.document) for paper in declared))


def parties_of(paper: Document | Supporting) -> frozenset[str]:
    """Return the codes of the firms that a paper names, before it stands."""
    return frozenset(filter(None, (getattr(paper, field, None) for field in _Named.__struct_fields__)))


def not_theirs(paper: Document | Supporting, firms: Collection[str], may: Concerns) -> Refused | None:
    """Return why a sender may not hand in a paper that concerns these firms, by each field for a firm, or None."""
    if not isinstance(may(firms), Refused):
        return None
    fields = [name for name in _Named.__struct_fields__ if name in paper.__struct_fields__] or ["number"]
    return refused([Violation(field, NOT_YOUR_FIRM, "must name a firm that the account acts for") for field in fields])


def stands_for_others(firms: Collection[str], may: Concerns, field: str = "number") -> Refused | None:
    """Return why a sender may not change what stands and concerns these firms, or None."""
    if not isinstance(may(firms), Refused):
        return None
    return refused([Violation(field, NOT_YOUR_FIRM, "stands for a firm that the account does not act for")])
