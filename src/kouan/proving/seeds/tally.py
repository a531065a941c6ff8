"""The tally of runs, kept in a table of a page, with the commit that each was made on."""

import datetime as dt
import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

HEAD = "| day | commit | seeds | violations | planted | caught | median seeds | CPU s a seed | machine |"
"""The head of the table to which rows are added."""


class Row(msgspec.Struct, frozen=True):
    """One run of many seeds."""

    day: str
    commit: str
    seeds: int
    violations: int
    planted: int
    caught: int
    median_seeds: float | None
    cpu_s_a_seed: float
    machine: str

    @classmethod
    def of(cls, told: Mapping[str, Any], commit: str) -> "Row":
        """Return the row of what a run told, made today on this machine."""
        return cls(
            day=dt.datetime.now(dt.UTC).date().isoformat(),  # noqa: TID251 - the day of the run itself, not of the port
            commit=commit,
            seeds=told["seeds"],
            violations=told["violations"],
            planted=told["planted"],
            caught=told["caught"],
            median_seeds=told["median_seeds"],
            cpu_s_a_seed=told["cpu_s_a_seed"],
            machine=f"{platform.machine()}, Python {platform.python_version()}",
        )

    def line(self) -> str:
        """Return the row as the table has it."""
        median = "–" if self.median_seeds is None else f"{self.median_seeds:g}"
        cells = (
            self.day, f"`{self.commit}`", self.seeds, self.violations, self.planted, self.caught, median,
            f"{self.cpu_s_a_seed:.2f}", self.machine,
        )  # fmt: skip
        return f"| {' | '.join(map(str, cells))} |"


def add_row(page: Path, row: Row) -> None:
    """Add a row at the end of the page's table; a page without one gets it."""
    lines = page.read_text(encoding="utf-8").splitlines() if page.exists() else []
    if HEAD not in lines:
        lines += ["", HEAD, "|---" * HEAD.count(" | ") + "|---|"]
    place = lines.index(HEAD) + 2
    while place < len(lines) and lines[place].startswith("|"):
        place += 1
    lines.insert(place, row.line())
    page.write_text("\n".join(lines) + "\n", encoding="utf-8")
