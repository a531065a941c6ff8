"""Where a simulated field keeps what truly happened, for whoever compares a run with it."""

from pathlib import Path


def log_paths(data: Path) -> tuple[Path, Path]:
    """Return where the field writes what truly happened, and every actuation that its barriers made."""
    return data / "field" / "truth.jsonl", data / "field" / "actuations.jsonl"


def lines_of(path: Path) -> int:
    """Return how many whole lines a log has, 0 where there is none."""
    return path.read_bytes().count(b"\n") if path.exists() else 0
