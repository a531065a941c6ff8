"""A hub whose ledger forgot what it had recorded is found out at its start, as a port is."""

import json
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.ledger_mark import LedgerMark
from kouan.wiring.offline import HUB

pytestmark = pytest.mark.slow


def run_hub(data: Path) -> "subprocess.CompletedProcess[str]":
    argv = [sys.executable, "-m", "kouan", "run", "--role", "hub", "--data", str(data), "--for", "1.5", "--json"]
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=180)


def test_a_hub_keeps_a_mark_of_its_ledger_and_refuses_to_open_behind_it(tmp_path: Path) -> None:
    mark = LedgerMark(DataFolder(tmp_path), HUB)
    opened = run_hub(tmp_path)
    assert opened.returncode == 0, opened.stderr
    assert "ports" in json.loads(opened.stdout)
    kept = mark.read()
    assert kept is not None
    assert kept.sequence > 0
    assert run_hub(tmp_path).returncode == 0
    mark.path.write_bytes(msgspec.json.encode(msgspec.structs.replace(kept, sequence=kept.sequence + 1000)))
    refused = run_hub(tmp_path)
    assert refused.returncode == 1
    assert f"had come to entry {kept.sequence + 1000}" in refused.stderr
