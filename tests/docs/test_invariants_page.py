"""The page of the invariants says what the registries hold."""

from pathlib import Path

from kouan.proving.planted import page

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "invariants.md"


def test_the_page_is_what_the_registries_give() -> None:
    assert PAGE.read_text(encoding="utf-8") == page.text(), "run scripts/generate_reference.py"
