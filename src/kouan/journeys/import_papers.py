"""Files of papers handed in: each document by itself, so that what is wrong is told row by row and the rest is used."""

from collections.abc import Awaitable, Callable, Mapping

import msgspec

from kouan.inspection.fields import Field, Need, Violation, choice, identifier, read_fields, refused, violations_of
from kouan.inspection.importing.columns import FileKind
from kouan.inspection.importing.files import File
from kouan.inspection.importing.rows import Draft, Problem
from kouan.inspection.papers import DeclarationStatus
from kouan.inspection.supporting import PaperKind
from kouan.inspection.use_cases import Accepted
from kouan.journeys.hand_in import PapersCounter
from kouan.vocabulary.identifiers import DeclarationNumber
from kouan.vocabulary.verdict import Refused

Take = Callable[[object], Awaitable[Accepted | Refused]]
"""Hands one document in."""

DECLARANTS = frozenset(
    {
        FileKind.CONFIRMATION,
        FileKind.MANIFEST,
        FileKind.DECLARATION,
        FileKind.THIRD_PARTY_REPORT,
        FileKind.LICENCE,
        FileKind.GATE_REPORT,
    }
)
"""What carriers, brokers and declarants hand in."""

ATTESTED = frozenset({FileKind.STATUS, FileKind.CERTIFICATE, FileKind.LABORATORY_RESULT})
"""What customs alone states."""

_STATUS = (
    Field("number", "declaration no.", identifier(DeclarationNumber.parse)),
    Field("status", "status", choice(DeclarationStatus)),
)


class TakenPaper(msgspec.Struct, frozen=True):
    """A document that was accepted, with the rows that it stood in; ``repeated`` where the very same stood already."""

    kind: FileKind
    number: str
    version: int
    repeated: bool
    rows: tuple[int, ...]


class ImportReport(msgspec.Struct, frozen=True):
    """What became of a file: every row is in ``taken`` or in ``rejected``; ``unused`` are headers or segments unknown.

    Of a ``rehearsal`` nothing was recorded: it says what would have been.
    """

    form: str
    rows: int
    taken: tuple[TakenPaper, ...]
    rejected: tuple[Problem, ...]
    unused: tuple[str, ...]
    rehearsal: bool

    @property
    def rejected_rows(self) -> tuple[int, ...]:
        """The numbers of the rows that were not used."""
        return tuple(dict.fromkeys(problem.row for problem in self.rejected))


def takers(counter: PapersCounter, kinds: frozenset[FileKind]) -> Mapping[FileKind, Take]:
    """Return how a counter takes each of some kinds of document."""

    async def status(document: object) -> Accepted | Refused:
        values, wrong = read_fields(document, _STATUS, lambda _: Need.REQUIRED)
        return refused(wrong) if wrong else await counter.status(values["number"], values["status"])

    own: Mapping[FileKind, Take] = {
        FileKind.CONFIRMATION: counter.confirmation,
        FileKind.MANIFEST: counter.manifest,
        FileKind.DECLARATION: counter.declaration,
        FileKind.STATUS: status,
    }
    return {kind: own.get(kind) or counter.supporting_of(PaperKind(kind)) for kind in FileKind if kind in kinds}


async def import_papers(file: File, take: Mapping[FileKind, Take], *, rehearsal: bool = False) -> ImportReport:
    """Hand in every document of a file, in its order; what ``take`` does not know of, its sender may not hand in."""
    taken: list[TakenPaper] = []
    rejected = list(file.problems)
    for kind, draft in file.drafts:
        answer = await _hand_in(kind, draft, take)
        if isinstance(answer, Accepted):
            repeated = answer.unit is None
            taken.append(TakenPaper(kind, answer.number, answer.version, repeated, draft.rows))
        else:
            rejected += draft.problems(answer)
    rejected.sort(key=lambda problem: problem.row)
    return ImportReport(file.form.value, file.rows, tuple(taken), tuple(rejected), file.unused, rehearsal)


async def _hand_in(kind: FileKind, draft: Draft, take: Mapping[FileKind, Take]) -> Accepted | tuple[Violation, ...]:
    if kind not in take:
        return (Violation("", "access.not_yours", f"a {kind.replace('_', ' ')} is for others to hand in"),)
    if draft.wrong:
        return ()
    answer = await take[kind](draft.document)
    return answer if isinstance(answer, Accepted) else violations_of(answer)
