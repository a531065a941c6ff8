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
import queue
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
from kouan.proving.running_port import kill, processes_on

RELEASED_WITHIN_S = 20.0
"""Seconds for which a killed process may still hold a file. Our choice: a busy machine takes one or two."""

LOOK_EVERY_S = 0.002


class DiskSetting(msgspec.Struct, frozen=True):
    """Where the disk is mounted, and what its syncs promise of names."""

    place: str
    promise: Promise


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


def _unmount_once(place: str) -> str:
    """Unmount; return why it failed, or an empty text."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.umount2(os.fsencode(place), 0) == 0 or ctypes.get_errno() == errno.EINVAL:
            return ""
        return os.strerror(ctypes.get_errno())
    tool = shutil.which("fusermount3") or "fusermount3"
    return subprocess.run([tool, "-u", place], capture_output=True, text=True, check=False).stderr.strip()  # noqa: S603


def _unmount(place: str, clock: SystemClock) -> str:
    deadline = clock.monotonic() + int(RELEASED_WITHIN_S * 10**6)
    while failure := _unmount_once(place):
        if clock.monotonic() > deadline:
            return failure
        time.sleep(LOOK_EVERY_S)
    return ""


def _take_orders(place: str, orders: "queue.Queue[Order | None]") -> None:
    """Read orders; unmount for each, which lets the main thread go on with it."""
    clock, decoder = SystemClock(), msgspec.json.Decoder(Order)
    for line in sys.stdin.buffer:
        orders.put(decoder.decode(line))
        failure = _unmount(place, clock)
        if failure:
            _say(Answer(failure=f"{place} cannot be unmounted: {failure}"))
            os._exit(1)
    orders.put(None)
    for pid in processes_on(Path(place)):  # there are some only where the experiment was killed
        kill(pid)
    _unmount(place, clock)


def main() -> None:
    """Serve until the input ends."""
    setting = msgspec.json.decode(sys.stdin.buffer.readline(), type=DiskSetting)
    place = setting.place
    try:
        from kouan.proving.durability.mount import serve
    except (ImportError, OSError) as error:
        _say(Answer(failure=f"FUSE is missing: {error}"))
        return
    medium = _Medium(setting.promise)
    orders: queue.Queue[Order | None] = queue.Queue()
    taking = threading.Thread(target=_take_orders, args=(place, orders), name="orders", daemon=True)
    taking.start()
    done = Answer()
    try:
        while True:
            serve(medium.disk, place, functools.partial(_say, done))
            order = orders.get()
            if order is None:
                return
            done = medium.obey(order)
    except RuntimeError as error:
        _say(Answer(failure=f"FUSE cannot mount at {place} (libfuse's code {error})"))


if __name__ == "__main__":
    main()
