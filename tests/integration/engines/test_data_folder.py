"""The data folder: one owner at a time, secrets that others cannot read, and clients that find who runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from kouan.adapters.engines.data_folder import DataFolder
from kouan.vocabulary.errors import Conflict, NotFound, Unavailable


def test_a_second_instance_is_refused_and_told_the_pid_of_the_first(folder: DataFolder) -> None:
    with pytest.raises(Conflict, match=f"pid {os.getpid()}.*--data"), DataFolder(folder.path):
        pass


def test_a_folder_is_free_again_after_its_owner_left(tmp_path: Path) -> None:
    for _ in range(2):
        with DataFolder(tmp_path) as folder:
            assert folder.owned
    assert not folder.owned


def test_a_child_process_does_not_keep_the_lock(tmp_path: Path) -> None:
    with DataFolder(tmp_path):
        child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, close_fds=False)
    with DataFolder(tmp_path):
        pass
    child.communicate()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(Unavailable, match=str(tmp_path / "file")), DataFolder(tmp_path / "file"):
        pass


def test_a_secret_is_made_once_and_only_its_owner_may_read_it(folder: DataFolder) -> None:
    first = folder.secret("postgres")
    assert folder.secret("postgres") == first
    assert folder.secret("other") != first
    assert len(first) >= 40
    assert (folder.path / "secrets" / "postgres").stat().st_mode & 0o777 == 0o600
    assert folder.path.stat().st_mode & 0o777 == 0o700


def test_clients_find_the_running_instance(folder: DataFolder) -> None:
    folder.announce(nats_url="nats://127.0.0.1:1")
    folder.announce(mqtt_port=2)
    found = DataFolder(folder.path).running()
    assert found.pid == os.getpid()
    assert found.addresses == {"nats_url": "nats://127.0.0.1:1", "mqtt_port": 2}


def test_clients_find_nothing_after_a_clean_stop(folder: DataFolder) -> None:
    folder.announce(mqtt_port=2)
    folder.release()
    with pytest.raises(NotFound, match="no kouan is running"):
        folder.running()


def test_clients_do_not_believe_the_record_of_a_killed_instance(tmp_path: Path) -> None:
    program = "import sys; from kouan.adapters.engines.data_folder import DataFolder as D; f = D(sys.argv[1])"
    program += "; f.acquire(); f.announce(mqtt_port=2); import os; os._exit(9)"
    subprocess.run([sys.executable, "-c", program, str(tmp_path)], check=False)
    assert (tmp_path / "run.json").exists()
    with pytest.raises(NotFound, match="without a clean stop"):
        DataFolder(tmp_path).running()
