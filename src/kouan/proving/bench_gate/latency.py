"""Latency through MQTT: engines, platform and load each in a process of their own."""

import msgspec

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats import EmbeddedNats
from kouan.adapters.engines.postgres import PostgresServer
from kouan.proving.bench_gate.children import child, line_of
from kouan.proving.bench_gate.load_process import PATIENCE_S, LoadSetting, RateResult, load_identities
from kouan.proving.bench_gate.platform_process import PlatformSetting, Used
from kouan.proving.bench_gate.world import PORT
from kouan.wiring import identities

LANES = 340
"""Lanes of the measured port: at 180 passages/s each is asked for every 1.9 s, and a passage takes 1.4 s."""

READY_WITHIN_S = 90.0
"""How long the platform may take to hand in the papers and to open. Our choice."""


class Latency(msgspec.Struct, frozen=True):
    """What was measured at each rate, and what the platform used in all."""

    rates: tuple[RateResult, ...]
    used: Used


async def measure(
    server: PostgresServer, folder: DataFolder, rates: tuple[float, ...], seconds: float, seed: int
) -> Latency:
    """Measure the latency at each rate, for so many seconds each."""
    dsn = await server.create_database("latency")
    identities.prepare(folder, PORT, SystemClock().now(), load_identities(LANES))
    async with EmbeddedNats(folder).running() as nats:
        platform = PlatformSetting(
            dsn=dsn,
            data=str(folder.path),
            nats_url=nats.nats_url,
            mqtt_port=nats.mqtt_port,
            seed=seed,
            lanes=LANES,
            lorries=0,
            at=SystemClock().now(),
        )
        load = LoadSetting(platform, rates, seconds)
        platform = msgspec.structs.replace(platform, lorries=sum(load.counts()))
        load = msgspec.structs.replace(load, platform=platform)
        within_s = len(rates) * (seconds + PATIENCE_S + 30)
        async with child("platform_process", platform) as running:
            await line_of(running, READY_WITHIN_S)
            async with child("load_process", load) as loading:
                results = msgspec.json.decode(await line_of(loading, within_s), type=tuple[RateResult, ...])
            if running.stdin is not None:
                running.stdin.close()
            used = msgspec.json.decode(await line_of(running, READY_WITHIN_S), type=Used)
    return Latency(results, used)
