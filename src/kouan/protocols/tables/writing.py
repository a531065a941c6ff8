"""From rows of text to the bytes of a CSV or Excel file."""

import csv
import io
from collections.abc import Iterable, Sequence

_FORMULA = ("=", "+", "-", "@", "\t", "\r")
"""What a spreadsheet takes for the beginning of a formula [OWASP, CSV injection]."""

WIDTH = 18
"""Width of a column in characters. Our choice: a declaration's number."""


def write_csv(header: Sequence[str], rows: Iterable[Sequence[str]], encoding: str = "utf-8-sig") -> bytes:
    """Return a CSV file; with UTF-8's byte order mark, so that Excel shows Chinese. No cell becomes a formula."""
    sink = io.StringIO(newline="")
    writer = csv.writer(sink)
    writer.writerow([_plain(cell) for cell in header])
    writer.writerows([_plain(cell) for cell in row] for row in rows)
    return sink.getvalue().encode(encoding)


def write_xlsx(sheet: str, header: Sequence[str], rows: Iterable[Sequence[str]], notes: Sequence[str] = ()) -> bytes:
    """Return an Excel file with one sheet of text, its header kept in sight; ``notes`` explain the columns."""
    import xlsxwriter  # a port that starts writes no table

    sink = io.BytesIO()
    with xlsxwriter.Workbook(sink, {"in_memory": True, "strings_to_formulas": False}) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True, "num_format": "@"})
        page = book.add_worksheet(sheet)
        page.set_column(0, max(len(header) - 1, 0), WIDTH, text)
        page.freeze_panes(1, 0)
        for column, title in enumerate(header):
            page.write_string(0, column, title, bold)
            if column < len(notes) and notes[column]:
                page.write_comment(0, column, notes[column])
        for place, row in enumerate(rows, 1):
            for column, cell in enumerate(row):
                page.write_string(place, column, cell, text)
    return sink.getvalue()


def _plain(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
