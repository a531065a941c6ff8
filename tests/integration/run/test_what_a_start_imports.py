"""What a port imports before it opens: an edge that lost power waits for all of it, on whatever machine it has."""

import subprocess
import sys

LATER = {
    "cv2",
    "httpx",
    "joserfc",
    "lightgbm",
    "matplotlib",
    "numba",
    "numpy",
    "onnx",
    "onnxruntime",
    "ortools",
    "pandas",
    "polars",
    "scipy",
    "sklearn",
    "statsmodels",
    "xlsxwriter",
}
"""Libraries that a port needs for some of what it does, and not to open."""


def test_a_port_opens_without_the_libraries_that_only_some_of_its_work_needs() -> None:
    imports = "import sys, kouan.cli.run, kouan.wiring.port_parts; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", imports], capture_output=True, text=True, check=True, timeout=120)
    found = {name.partition(".")[0] for name in done.stdout.split()}
    assert "fastapi" in found
    assert not found & LATER
