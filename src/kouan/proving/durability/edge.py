"""A port on a disk that loses power: the real engines and processes on it, and the outside world beside it.

The simulated field, its record of every actuation, and the witnesses are outside: they go on while the port is down.
"""

import contextlib
import os
import shutil
import signal
import subprocess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.child import ending_with_parent
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.logs import tail
from kouan.adapters.engines.tcp_ports import free_tcp_port
from kouan.adapters.lane_controller import frames
from kouan.adapters.mqtt.link import DeviceLink, MqttTimes
from kouan.gate.lane_controller.records import Intent, Record
from kouan.proving.durability.acknowledged import Acknowledged, Lost
from kouan.proving.durability.device_witness import DeviceWitness
from kouan.proving.durability.disk import Damage
from kouan.proving.durability.file_data import Odds
from kouan.proving.durability.mounted_disk import MountedDisk
from kouan.proving.ledger_facts import actuated_once
from kouan.proving.running_port import RunningPort, cpu_s, wait_until
from kouan.proving.witness import Witness
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.errors import Corrupt, Unavailable
from kouan.wiring import identities, processes
from kouan.wiring.brokers import outside_broker
from kouan.wiring.links import mqtt_address
from kouan.wiring.port_file import load
from kouan.wiring.settings import BrokerSettings, RunSettings

PORT = "ganqimaodu"
BACK_WITHIN_S = 180.0
"""Seconds in which a port must be open again; one that is not counts as not coming back. Our choice."""

SERVED_WITHIN_S = 30.0
"""Seconds in which a lane's controller must be there again after the API. Our choice."""

SETTLED_WITHIN_S = 300.0
"""Seconds in which what a device was told is taken must be in the ledger. Our choice: a busy machine is a minute late,
and one that is not in time counts as having lost it."""

INSIDE = ("postgres", "nats", "lane-controller", "images", "children", "logs", "lock", "run.json")
"""What of the data folder the outside world does not need; it gets a copy of the rest: its own keys and secrets."""


class Restart(msgspec.Struct, frozen=True):
    """How long a restart took, in seconds from the start of the command.

    ``open_s`` until the API answered, with ``cpu_s`` of processor time in the platform's process; ``served_s`` until
    the lane controller had told every lane that it is there, None where the power was cut before.
    """

    open_s: float
    cpu_s: float
    served_s: float | None = None


class Edge:
    """One port on a mounted disk, with its outside world in ``work``. Started once with ``begin``, then again."""

    def __init__(self, work: Path, disk: MountedDisk, *, speed: float, seed: int) -> None:
        self.disk = disk
        self.acknowledged = Acknowledged()
        self.settings = RunSettings(port=PORT, data=disk.place, demo=True, speed=speed, seed=seed, scenario="calm")
        self._work = work
        self._outside = work / "outside"
        self._clock = SystemClock()
        self._lanes = tuple(lane.name for lane in load(PORT).lanes)
        self._env = dict(os.environ)
        if self._env.pop("PYTHONDONTWRITEBYTECODE", None):
            # An installed kouan has its modules compiled; one that compiles them at every start is none.
            self._env["PYTHONPYCACHEPREFIX"] = str(work.parent / "compiled")
        options = ("--no-field", "--tcp-port", str(free_tcp_port()))
        self.port = RunningPort(disk.place, *options, env=self._env, logs=work, field=self._outside / "field")
        self.witness = Witness(self.port)
        self.device = DeviceWitness(self._witness_links, f"kouan/{PORT}/approach/queue_counter/event")
        self._stack = contextlib.ExitStack()
        self._field: subprocess.Popen[bytes] | None = None
        self._broker: BrokerSettings | None = None
        self.checked_actuations = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end_outside()
        self.port.kill_everything()

    def begin(self) -> None:
        """Open the port for the first time, make the disk durable, and let the outside world begin."""
        self.start()
        self.disk_copy()
        self._begin_field()
        self._stack.enter_context(self.witness)
        self._stack.enter_context(self.device)
        self.port.wait_until(lambda: self.port.cleared() >= 1, "the first lorry clears")

    def end_outside(self) -> None:
        """End the outside world: nobody sends or asks anything any more."""
        self._end_field()
        self._stack.close()

    def start(self) -> Restart:
        """Start the port and wait until its API answers.

        Raises Unavailable where it does not come back, or where the field has ended: without lorries cuts prove little.
        """
        began = self._clock.monotonic()
        self._check_field()
        self.port.launch()
        self.port.wait_until(self.port.is_open, "the port is open", BACK_WITHIN_S, look_every_s=0.01)
        opened = Restart((self._clock.monotonic() - began) / SECOND, cpu_s(self.port.pid))
        self._follow_broker()
        return opened

    def wait_until_served(self, started_at: int, opened: Restart) -> Restart:
        """Wait until the lane controller is there; ``started_at`` is the wall time when the command was started."""
        wait_until(lambda: self.device.controller_at > started_at, "lanes are served", SERVED_WITHIN_S)
        return Restart(opened.open_s, opened.cpu_s, (self.device.controller_at - started_at) / SECOND)

    def stall(self) -> None:
        """Stop the platform's process, and nothing else: messages of devices stay in the broker."""
        if self.port.process is not None:
            self.port.process.send_signal(signal.SIGSTOP)

    def cut(self, seed: int, odds: Odds) -> Damage:
        """Cut the power: end every process at once, then let the disk lose what was not synced."""
        self.port.kill_everything()
        self.note()
        return self.disk.cut(seed, odds)

    def note(self) -> None:
        """Take note of all that was acknowledged to the witnesses."""
        entries = [self.witness.entries.pop(number) for number in sorted(self.witness.entries)]
        self.acknowledged.note(entries, self.witness.papers, self.device.acknowledged)
        self.witness.papers.clear()
        self.device.acknowledged.clear()

    def check_barriers(self) -> Lost:
        """Hold the nonce log, as the disk has it, and the order of actuations against the field's own record."""
        lines = self.port.actuations()
        lost = Lost(twice=actuated_once(lines))
        fresh, self.checked_actuations = lines[self.checked_actuations :], len(lines)
        try:
            kept = {(record.order_id, record.nonce) for record in self.nonces() if isinstance(record, Intent)}
        except Corrupt as error:
            lost.nonces.append(str(error))
            return lost
        lost.nonces += [
            f"order {line['order_id']} moved an arm, and its nonce is lost"
            for line in fresh
            if (line["order_id"], line["nonce"]) not in kept
        ]
        return lost

    def check_recent(self) -> Lost:
        """Hold what is served now against what was acknowledged, from the last confirmed entry on."""
        return self.acknowledged.compare(self.witness.read_after(self.acknowledged.read_from))

    def check_all(self) -> tuple[Lost, list[dict[str, Any]]]:
        """Hold the whole ledger against all that was ever acknowledged, once the device's messages are through."""
        self.note()  # once: the device goes on, and a busy platform is always some messages behind it
        with contextlib.suppress(Unavailable):
            wait_until(self._settled, "the device's messages are recorded", SETTLED_WITHIN_S)
        entries = self.witness.read_all()
        return self.acknowledged.compare_all(entries), entries

    def nonces(self) -> list[Record]:
        """Return what the nonce log holds now; raise Corrupt where it is damaged."""
        path = self.disk.place / "lane-controller" / "nonces.log"
        return frames.decode(path.read_bytes())[0] if path.exists() else []

    def recorded_bytes(self) -> int:
        """Return how long the field's record of actuations is."""
        return (self.port.field / "actuations.jsonl").stat().st_size

    def disk_copy(self) -> None:
        """Give the outside world its own copy of keys and secrets."""
        shutil.copytree(self.disk.place, self._outside, ignore=shutil.ignore_patterns(*INSIDE), dirs_exist_ok=True)

    def _settled(self) -> bool:
        """Say whether everything acknowledged to the device, as noted last, is in the ledger."""
        self.acknowledged.compare(self.witness.read_after(self.acknowledged.read_from))
        return len(self.acknowledged.outstanding) == 0

    def _address(self) -> BrokerSettings:
        ports = DataFolder(self.disk.place).last_tcp_ports()
        return outside_broker(f"nats://127.0.0.1:{ports['nats']}", f"127.0.0.1:{ports['mqtt']}")

    def _follow_broker(self) -> None:
        """Go on with the outside world where the broker is now: a cut may have lost which tcp ports it had."""
        before, self._broker = self._broker, self._address()
        if before is not None and before != self._broker:
            self.device.connect_anew()
            self._end_field()
            self._begin_field()

    def _begin_field(self) -> None:
        if self._broker is None:
            raise Unavailable("the port was never open")
        child = processes.field(DataFolder(self._outside), self._broker, self.settings, self.port.url)
        with (self._work / "field.log").open("ab") as log:
            self._field = subprocess.Popen(  # noqa: S603 - this very program
                (*ending_with_parent(signal.SIGKILL), *child.spec.argv),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=self._env,
                cwd=self._work,
            )

    def _check_field(self) -> None:
        code = None if self._field is None else self._field.poll()
        if code is not None:
            raise Unavailable(f"the simulated field ended with code {code}: {tail(self._work / 'field.log')}")

    def _end_field(self) -> None:
        if self._field is not None:
            self._field.kill()
            self._field.wait(30)
            self._field = None

    def _witness_links(self) -> tuple[DeviceLink, DeviceLink]:
        if self._broker is None:
            raise Unavailable("the port was never open")
        return witness_links(DataFolder(self._outside), self._broker, self._lanes[-1])

    def said(self) -> str:
        """Return what the port and its parts said last."""
        return self.port.said()


TIMES = MqttTimes(backoff_max_s=0.1)
"""A witness connects again sooner than a device has to: it is there to look on. Our choice."""


def witness_links(folder: DataFolder, broker: BrokerSettings, lane: str) -> tuple[DeviceLink, DeviceLink]:
    """Return a link that may publish for the approach, and one that hears of one lane's controller."""
    approach, box = (mqtt_address(folder, broker, name) for name in (identities.APPROACH, identities.lane_box(lane)))
    heard = (f"kouan/{PORT}/{lane}/controller/status",)
    return (
        DeviceLink(approach, "durability-witness", times=TIMES),
        DeviceLink(box, "durability-listener", subscriptions=heard, times=TIMES),
    )
