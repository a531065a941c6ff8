"""The tally of runs in a page's table."""

from pathlib import Path

from kouan.proving.seeds.tally import HEAD, Row, add_row


def row(commit: str) -> Row:
    return Row("2026-11-22", commit, 2000, 0, 44, 44, 2.0, 0.456, "x86_64, Python 3.11.7")


def test_rows_are_added_at_the_end_of_the_table_and_nothing_else_changes(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# Runs\n\nBefore.\n\nAfter is text.\n", encoding="utf-8")
    add_row(page, row("aaaa"))
    page.write_text(page.read_text(encoding="utf-8") + "\nAfter the table.\n", encoding="utf-8")
    add_row(page, row("bbbb"))
    lines = page.read_text(encoding="utf-8").splitlines()
    place = lines.index(HEAD)
    assert lines[:5] == ["# Runs", "", "Before.", "", "After is text."]
    assert [line.split(" | ")[1] for line in lines[place + 2 : place + 4]] == ["`aaaa`", "`bbbb`"]
    assert lines[place + 2] == ("| 2026-11-22 | `aaaa` | 2000 | 0 | 44 | 44 | 2 | 0.46 | x86_64, Python 3.11.7 |")
    assert lines[-1] == "After the table."
    assert lines.count(HEAD) == 1
    assert HEAD.count("|") == lines[place + 1].count("|") == lines[place + 2].count("|")
