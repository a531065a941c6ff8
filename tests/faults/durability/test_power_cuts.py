"""The disk that loses power, served to real programs; and a short run of the whole experiment, controls included."""

import json
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from kouan.proving.durability.file_data import ALL_LOST, Odds
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.proving.durability.names import Promise
from kouan.vocabulary.errors import Unavailable

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module", autouse=True)
def fuse(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skip, saying why, where FUSE cannot mount; CI must have it."""
    try:
        with MountedDisk(tmp_path_factory.mktemp("fuse") / "disk"):
            return
    except Unavailable as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no power is cut here: {error}")


def write(path: Path, data: bytes, *, sync: bool, flags: int = 0) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | flags, 0o600)
    try:
        os.write(descriptor, data)
        if sync:
            os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    os.fsync(descriptor)
    os.close(descriptor)


def test_what_is_synced_is_there_after_a_cut_and_what_is_not_is_lost(tmp_path: Path) -> None:
    with MountedDisk(tmp_path / "disk") as disk:
        write(disk.place / "synced", b"whole" * 1000, sync=True)
        write(disk.place / "by every write", b"whole", sync=False, flags=os.O_SYNC)
        write(disk.place / "not synced", b"whole", sync=False)
        assert disk.cut(1, ALL_LOST).names_lost == 1
        assert (disk.place / "synced").read_bytes() == b"whole" * 1000
        assert (disk.place / "by every write").read_bytes() == b"whole"
        assert not (disk.place / "not synced").exists()
        write(disk.place / "synced", b"other", sync=False)
        assert disk.cut(1, ALL_LOST).lost == 1
        assert (disk.place / "synced").read_bytes() == b"whole" * 1000


def test_a_file_put_in_the_place_of_another_is_the_old_or_the_new_one_after_a_cut(tmp_path: Path) -> None:
    found = set()
    with MountedDisk(tmp_path / "disk") as disk:
        file, draft = disk.place / "file", disk.place / "draft"
        for seed in range(20):
            write(file, b"old", sync=True, flags=os.O_TRUNC)
            disk.sync()
            write(draft, b"new", sync=True, flags=os.O_TRUNC)
            draft.replace(file)
            disk.cut(seed, Odds())
            found.add(file.read_bytes())
    assert found == {b"old", b"new"}


def test_a_name_that_posix_does_not_promise_is_lost_until_its_folder_is_synced(tmp_path: Path) -> None:
    with MountedDisk(tmp_path / "disk", Promise.STRICT) as disk:
        write(disk.place / "first", b"whole", sync=True)
        disk.cut(1, ALL_LOST)
        assert not (disk.place / "first").exists()
        write(disk.place / "second", b"whole", sync=True)
        sync_folder(disk.place)
        disk.cut(1, ALL_LOST)
        assert (disk.place / "second").read_bytes() == b"whole"


def test_a_removed_file_that_is_open_is_read_to_its_end(tmp_path: Path) -> None:
    with MountedDisk(tmp_path / "disk") as disk:
        path = disk.place / "file"
        path.write_bytes(b"still here")
        with path.open("rb+") as file:
            path.unlink()
            file.truncate(5)
            assert os.pread(file.fileno(), 100, 0) == b"still"
        assert os.listdir(disk.place) == []


def test_bits_that_flip_at_rest_are_served_flipped(tmp_path: Path) -> None:
    with MountedDisk(tmp_path / "disk") as disk:
        write(disk.place / "file", b"a" * 100, sync=True)
        flips = disk.flip(1, ["file"])
        served = (disk.place / "file").read_bytes()
        assert [place for place in range(100) if served[place : place + 1] != b"a"] == [flips[0].offset]


def test_whoever_holds_a_file_when_the_power_is_cut_is_named(tmp_path: Path) -> None:
    with MountedDisk(tmp_path / "disk", released_within_s=0.1) as disk:
        write(disk.place / "file", b"whole", sync=True)
        with (disk.place / "file").open("rb") as file:
            holder = subprocess.Popen(["sleep", "600"], stdin=file)
        try:
            with pytest.raises(Unavailable, match=f"held by {holder.pid} sleep 600"):
                disk.cut(1, ALL_LOST)
        finally:
            holder.kill()
            holder.wait(30)


def test_a_disk_that_no_process_holds_any_more_is_harmed_though_the_kernel_holds_it(tmp_path: Path) -> None:
    with MountedDisk(tmp_path / "disk", released_within_s=0.1) as disk:
        write(disk.place / "synced", b"whole", sync=True)
        write(disk.place / "not synced", b"whole", sync=False)
        near, far = socket.socketpair()
        with near, far:
            with (disk.place / "synced").open("rb") as file:
                socket.send_fds(near, [b"a file on its way belongs to nobody"], [file.fileno()])
            assert disk.cut(1, ALL_LOST).names_lost == 1
        assert os.listdir(disk.place) == ["synced"]


def test_a_copy_of_the_mount_in_another_namespace_holds_nobody_up(tmp_path: Path) -> None:
    with MountedDisk(tmp_path / "disk") as disk:
        write(disk.place / "file", b"whole", sync=True)
        mapped = () if os.geteuid() == 0 else ("--user", "--map-root-user")
        argv = ["unshare", *mapped, "--mount", "sh", "-c", "echo copied; exec sleep 600"]
        with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as other:
            assert other.stdout is not None
            if not other.stdout.readline():
                assert not os.environ.get("CI"), "CI must be able to make mount namespaces"
                pytest.skip("this user makes no mount namespaces")
            disk.cut(1, ALL_LOST)
            write(disk.place / "file", b"again", sync=True)
            disk.cut(1, ALL_LOST)
            assert (disk.place / "file").read_bytes() == b"again"
            other.kill()
        assert (disk.place / "file").read_bytes() == b"again"


def test_a_broker_loses_no_message_to_power_cuts_and_one_whose_syncs_are_lies_does() -> None:
    argv = [sys.executable, "-m", "kouan", "prove", "durability", "--broker-only", "--kills", "6", "--seed", "5"]
    done = subprocess.run([*argv, "--json"], capture_output=True, text=True, check=False, timeout=600)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["broken"] == []
    assert found["held"]
    assert done.returncode == 0
    assert found["kills"] == 6
    assert found["acknowledged"] > 50
    assert found["acknowledged_lost"] == 0
    assert found["writes_lost"] + found["writes_torn"] > 0
    assert found["control_lost"] > 0


def test_a_port_loses_nothing_acknowledged_to_power_cuts_and_a_disk_that_lies_makes_it_lose() -> None:
    argv = [sys.executable, "-m", "kouan", "prove", "durability", "--kills", "3", "--seed", "5", "--json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, timeout=600)
    assert done.stdout, done.stderr
    found = json.loads(done.stdout)
    assert found["broken"] == []
    assert found["held"]
    assert done.returncode == 0
    assert found["kills"] == 3
    assert found["acknowledged"] > 100
    assert (found["acknowledged_lost"], found["double_actuations"]) == (0, 0)
    assert found["writes_lost"] + found["writes_torn"] > 0
    assert found["flips_detected"] > 0
    assert found["flips_served"] == 0
    assert found["control_lost"]["everything"] > 0
