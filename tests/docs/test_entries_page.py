"""The page of the ledger's entries says what the tables hold."""

from pathlib import Path

from kouan.web import entry_page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "entries.md"


def test_the_page_is_what_the_tables_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == entry_page.text(), "run scripts/generate_reference.py"
