"""A disk as a process of its own: it is mounted, and on a line of orders unmounted, harmed and mounted again.

    python -m kouan.proving.durability.disk_process

Reads a line with a DiskSetting (its command line names no folder, so that it is none of the processes there), then one
Order a line, and answers each with a line (Answer) once the disk is mounted again; the first answer comes when it is
mounted first. At the end of its input it unmounts and ends.
"""

import copy
import ctypes
import errno
import functools
import os
import shutil
import subprocess
import sys
import threading
import time
from pathlib import Path
from random import Random
from typing import Literal

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.proving.durability.disk import Damage, Disk, Flip
from kouan.proving.durability.file_data import Odds
from kouan.proving.durability.names import Promise
from kouan.proving.running_port import holders_of, kill_all_on
from kouan.vocabulary.clock import SECOND

RELEASED_WITHIN_S = 60.0
"""Seconds for which a killed process may still hold a file. Our choice: a busy machine takes one or two."""

MNT_DETACH = 2
"""The flag of umount2(2) by which names are gone at once, and the rest once nobody uses it."""

LOOK_EVERY_S = 0.002


class DiskSetting(msgspec.Struct, frozen=True):
    """Where the disk is mounted, what its syncs promise of names, and how long one may hold a file (seconds)."""

    place: str
    promise: Promise
    released_within_s: float = RELEASED_WITHIN_S


class Order(msgspec.Struct, frozen=True):
    """What is to be done while the disk is unmounted.

    ``cut`` the power by ``seed`` and ``odds``; ``flip`` so many ``bits`` below ``under``; ``keep`` the disk as it is,
    to come ``back`` to it; ``lie`` from now on about syncs in the folders ``under``; ``sync`` everything.
    """

    do: Literal["cut", "flip", "keep", "back", "lie", "sync"]
    seed: int = 0
    odds: Odds = Odds()
    under: tuple[str, ...] = ()
    bits: int = 1


class Answer(msgspec.Struct, frozen=True):
    """What was done; ``failure`` says why the disk could not be mounted or unmounted, in words."""

    damage: Damage = Damage()
    flips: tuple[Flip, ...] = ()
    writes: int = 0
    syncs: int = 0
    failure: str = ""


class _Medium:
    """The disk, the copy of it that was kept, and what was last done to it."""

    def __init__(self, promise: Promise) -> None:
        self.disk = Disk(SystemClock(), promise)
        self._kept: Disk | None = None

    def obey(self, order: Order) -> Answer:
        """Do what is asked, while nothing is mounted."""
        done = Answer(writes=self.disk.writes, syncs=self.disk.syncs)
        chance = Random(order.seed)
        match order.do:
            case "cut":
                return msgspec.structs.replace(done, damage=self.disk.cut(chance, order.odds))
            case "flip":
                return msgspec.structs.replace(done, flips=tuple(self.disk.flip(chance, order.under, order.bits)))
            case "keep":
                self._kept = copy.deepcopy(self.disk)
            case "back":
                if self._kept is not None:
                    self.disk = copy.deepcopy(self._kept)
            case "lie":
                self.disk.lies = frozenset(order.under)
            case "sync":
                self.disk.sync_all()
        return done


def _say(answer: Answer) -> None:
    sys.stdout.buffer.write(msgspec.json.encode(answer) + b"\n")
    sys.stdout.buffer.flush()


def _unmount_once(place: str, *, lazily: bool = False) -> str:
    """Unmount; return why it failed, or an empty text."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.umount2(os.fsencode(place), MNT_DETACH if lazily else 0) == 0 or ctypes.get_errno() == errno.EINVAL:
            return ""
        return os.strerror(ctypes.get_errno())
    tool = shutil.which("fusermount3") or "fusermount3"
    argv = [tool, "-uz" if lazily else "-u", place]
    return subprocess.run(argv, capture_output=True, text=True, check=False).stderr.strip()  # noqa: S603


def _unmount(setting: DiskSetting) -> str:
    """Unmount, once whoever was killed has let go; return why it failed, or an empty text.

    Where no process holds anything any more and the kernel still does, the disk is unmounted lazily: every write was
    written through, so nothing is left that could come later.
    """
    place, clock = setting.place, SystemClock()
    deadline = clock.monotonic() + int(setting.released_within_s * SECOND)
    while failure := _unmount_once(place):
        if clock.monotonic() > deadline:
            holders = "; ".join(f"{pid} {said[:80]}" for pid, said in holders_of(Path(place)).items())
            return f"{failure}, held by {holders}" if holders else _unmount_once(place, lazily=True)
        time.sleep(LOOK_EVERY_S)
    return ""


def _mount(disk: Disk, place: str, done: Answer) -> None:
    """Serve the disk in a thread, which says what was done before once the mount stands.

    Nobody waits for its end: a mount namespace that another program made meanwhile (``ip netns exec``) has a copy of
    the mount, and the kernel keeps it until that namespace is gone, long after it was unmounted here.
    """
    from kouan.proving.durability.mount import serve

    def serving() -> None:
        try:
            serve(disk, place, functools.partial(_say, done))
        except RuntimeError as error:
            _say(Answer(failure=f"FUSE cannot mount at {place} (libfuse's code {error})"))

    threading.Thread(target=serving, name="mount", daemon=True).start()


def main() -> None:
    """Serve until the input ends; unmount for each order, and mount again."""
    setting = msgspec.json.decode(sys.stdin.buffer.readline(), type=DiskSetting)
    medium, decoder = _Medium(setting.promise), msgspec.json.Decoder(Order)
    try:
        _mount(medium.disk, setting.place, Answer())
    except (ImportError, OSError) as error:
        _say(Answer(failure=f"FUSE is missing: {error}"))
        return
    for line in sys.stdin.buffer:
        failure = _unmount(setting)
        if failure:
            _unmount_once(setting.place, lazily=True)  # no mount outlives this process
            _say(Answer(failure=f"{setting.place} cannot be unmounted: {failure}"))
            return
        done = medium.obey(decoder.decode(line))
        _mount(medium.disk, setting.place, done)
    kill_all_on(Path(setting.place))  # there are some only where the experiment was killed
    _unmount(setting)


if __name__ == "__main__":
    main()
