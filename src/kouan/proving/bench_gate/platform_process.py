"""The measured platform in its own process: ``python -m kouan.proving.bench_gate.platform_process SETTING``.

Prints ``ready`` once messages are taken in, and what it used when its standard input ends.
"""

import asyncio
import gc
import resource
import sys
from pathlib import Path

import msgspec

from kouan.adapters.driver.setting import Watcher
from kouan.adapters.engines.data_folder import DataFolder
from kouan.proving.bench_gate.gate import open_gate
from kouan.proving.bench_gate.world import make_lorries, make_port, make_signers
from kouan.vocabulary.clock import Instant
from kouan.wiring import links
from kouan.wiring.loops import run_on_loop
from kouan.wiring.settings import BrokerSettings


class PlatformSetting(msgspec.Struct, frozen=True):
    """Where the engines are, and which port and lorries there are; ``data`` holds the broker's keys."""

    dsn: str
    data: str
    nats_url: str
    mqtt_port: int
    seed: int
    lanes: int
    lorries: int
    at: Instant

    @property
    def broker(self) -> BrokerSettings:
        """The broker's address."""
        return BrokerSettings(nats_url=self.nats_url, mqtt_host="127.0.0.1", mqtt_tcp_port=self.mqtt_port)


class Used(msgspec.Struct, frozen=True):
    """What the platform's process used: processor seconds while it took messages in, and its peak memory in MiB."""

    cpu_s: float
    peak_rss_mb: float


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


async def _serve(setting: PlatformSetting) -> None:
    signers = make_signers(setting.seed)
    port = make_port(setting.lanes)
    lorries = make_lorries(setting.seed, setting.lorries, setting.at)
    link = links.platform_link(DataFolder(Path(setting.data)), setting.broker, port.name)
    async with link, open_gate(setting.dsn, port, link, signers, lorries, Watcher()) as gate:
        lorries.clear()
        gc.collect()
        gc.freeze()
        began = _cpu_s()
        running = asyncio.create_task(gate.driver.run(), name="driver")
        ended = asyncio.create_task(asyncio.to_thread(sys.stdin.read), name="until stdin ends")
        _say(b"ready\n")
        await asyncio.wait((running, ended), return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        rss_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        _say(msgspec.json.encode(Used(_cpu_s() - began, rss_mb)) + b"\n")
        running.cancel()
        await asyncio.wait((running,))


def _say(line: bytes) -> None:
    sys.stdout.buffer.write(line)
    sys.stdout.buffer.flush()


if __name__ == "__main__":
    run_on_loop(_serve(msgspec.json.decode(sys.argv[1], type=PlatformSetting)))
