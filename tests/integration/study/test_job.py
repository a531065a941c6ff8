"""The process of a study imports what its task needs, and no more: each import is paid anew by every study."""

import json
import subprocess
import sys
from pathlib import Path

from kouan.adapters.folders import private

JOB = """
import sys
from kouan.adapters.study.job import run
run(sys.stdin.buffer, sys.stdout.buffer)
print(*{name.partition(".")[0] for name in sys.modules}, file=sys.stderr)
"""

ROWS = "Plate,Way,Stopped at,Left at\n" + "".join(
    f"{number}УБА,{way},2026-10-0{day} 0{hour}:00:00,2026-10-0{day} 0{hour}:01:00\n"
    for number in range(1000, 1009) for day in range(1, 9) for way, hour in (("in", 2), ("out", 6))
)  # fmt: skip


def done(folder: Path, what: str) -> tuple[dict[str, object], set[str]]:
    """Let a process do a task, and return the last that it said and the packages that it imported."""
    files = [str(folder / "export.csv")]
    task = {
        "what": what,
        "folder": str(folder),
        "mappings": str(folder),
        "port": "x",
        "timezone": "UTC",
        "files": files,
    }
    ran = subprocess.run(
        [sys.executable, "-c", JOB],
        input=json.dumps(task) + "\n",
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return json.loads(ran.stdout.splitlines()[-1]), set(ran.stderr.split())


def test_files_are_read_and_studied_without_what_only_the_flow_model_needs(tmp_path: Path) -> None:
    folder = private(tmp_path / "study")
    (folder / "export.csv").write_text(ROWS, "utf-8")
    said, imported = done(folder, "look")
    assert said == {"done": True}
    assert "polars" in imported
    assert not imported & {"numba", "scipy", "ortools", "xlsxwriter"}
    said, imported = done(folder, "study")
    assert said == {"done": True}
    assert "xlsxwriter" in imported
    assert not imported & {"numba", "scipy", "ortools"}
    assert {"study.json", "answer.json", "report-zh.html", "study-en.xlsx"} <= {path.name for path in folder.iterdir()}
