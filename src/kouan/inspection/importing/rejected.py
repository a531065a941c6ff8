"""The rejected rows of files, written out again with what is wrong, to be mended and handed in once more."""

from collections.abc import Sequence

from kouan.inspection.importing.rows import Problem, text_of
from kouan.protocols.edifact.interchange import looks_like_edifact
from kouan.protocols.tables.reading import read_rows
from kouan.protocols.tables.writing import write_csv

REASON = "备注"
"""The header of what is wrong with a row: remarks, which an import does not read."""


def rejected_rows(files: Sequence[tuple[bytes, Sequence[Problem]]]) -> bytes:
    """Return a CSV file with the rejected rows of tables below their headers; other forms give what is wrong alone."""
    header: list[str] = []
    rows: list[list[str]] = []
    for data, problems in files:
        if not problems:
            continue
        titles, cells = _table(data)
        header = header or [REASON, *titles]
        if titles != header[1:]:
            rows.append([REASON, *titles])
        for row in dict.fromkeys(problem.row for problem in problems):
            said = "; ".join(
                f"{problem.column or problem.field}: {problem.mend} ({problem.rule})"
                for problem in problems
                if problem.row == row
            )
            rows.append([said, *cells.get(row, [str(row)])])
    return write_csv(header, rows)


def _table(data: bytes) -> tuple[list[str], dict[int, list[str]]]:
    if looks_like_edifact(data) or data[:64].lstrip(b"\xef\xbb\xbf \r\n\t")[:1] in (b"[", b"{"):
        return ["序号"], {}
    first, *rest = read_rows(data)
    return [text_of(cell) for cell in first.cells], {row.number: [text_of(cell) for cell in row.cells] for row in rest}
