"""Time and memory of ``kouan study`` as a person runs it, a process of its own, and how true what it found is."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec

from kouan.adapters.study.gathering import gather
from kouan.adapters.study.kept import KeptNothing
from kouan.planning.study.studying import study_of
from kouan.proving.bench_gate.figures import environment
from kouan.proving.bench_study.grading import grade
from kouan.simulator.exports.truth import Sample
from kouan.simulator.exports.writing import write
from kouan.vocabulary.clock import SECOND, Clock
from kouan.vocabulary.errors import KouanError

GOAL_S, GOAL_ROWS = 20.0, 1_000_000
"""Seconds in which so many rows are to be studied. The goal of the project."""

GOAL_MIB = 2048.0
"""Memory that a study may take. The goal of the project."""

_GIB = 1024**3


class BenchSetting(msgspec.Struct, frozen=True):
    """How many rows the sample has, in which layouts; and how large a file is made of it for the measure of memory."""

    rows: int = GOAL_ROWS
    seed: int = 1
    layouts: tuple[str, ...] = ("zh", "mn", "ru", "en")
    gib: float = 0.0


def measure(setting: BenchSetting, clock: Clock, tell: Callable[[str], None]) -> dict[str, Any]:
    """Return the figures, on files that are made for it and thrown away."""
    with tempfile.TemporaryDirectory(prefix="kouan-bench-study-") as place:
        folder = Path(place)
        tell("sample")
        written = write(Sample(rows=setting.rows, seed=setting.seed), folder, setting.layouts)
        files = [folder / name for name in written.files]
        tell("study")
        cold = _run(files, folder / "report.html", clock)
        tell("truth")
        studied = study_of(gather(files, KeptNothing(), lambda _, mapping: mapping, lambda *_: None))
        graded = grade(studied.visits, folder / "truth.csv")
        huge = None
        if setting.gib:
            tell("a large file")
            huge = _run([_grown(files[0], setting.gib)], folder / "report.html", clock)
        goal = GOAL_S * max(written.rows / GOAL_ROWS, 0.25)
        return {
            "rows": written.rows,
            **cold,
            "rows_per_s": round(written.rows / cold["wall_s"]),
            "goal_s": goal,
            "goal_mib": GOAL_MIB,
            "reached": cold["wall_s"] <= goal and max(cold["peak_mib"], (huge or cold)["peak_mib"]) <= GOAL_MIB,
            "truth": msgspec.to_builtins(graded),
            "rejected": sum(each.rows for each in studied.study.rejections if each.rule != "row.outside"),
            "wrong_in_truth": written.wrong_rows,
            "large_file": huge,
            "environment": environment(),
        }


def _run(files: list[Path], report: Path, clock: Clock) -> dict[str, Any]:
    """Return wall clock, processor time and peak memory of a study in a process of its own."""
    command = [sys.executable, "-m", "kouan", "study", *map(str, files), "--yes", "--json", "--out", str(report)]
    began = clock.monotonic()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)  # noqa: S603
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise KouanError(f"the study ended with {process.returncode}")
    return {
        "bytes": sum(path.stat().st_size for path in files),
        "wall_s": round((clock.monotonic() - began) / SECOND, 2),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
        "peak_mib": round(used.ru_maxrss / 1024, 1),
    }


def _grown(path: Path, gib: float) -> Path:
    """Return a file of so many gibibytes: a CSV file's rows over and over, below its header."""
    lines = path.read_bytes().split(b"\n")
    head, body = b"\n".join(lines[:2]) + b"\n", b"\n".join(lines[2:])
    grown = path.with_name("large.csv")
    with grown.open("wb") as file:
        file.write(head)
        while file.tell() < gib * _GIB:
            file.write(body)
    return grown
