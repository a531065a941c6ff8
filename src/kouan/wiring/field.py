"""The simulated field as its own process: devices, traffic, traders, agencies and officers around one port."""

import asyncio
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.broker_users import BrokerUser
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.mqtt.link import Will
from kouan.simulator.field import (
    Counterparts,
    Field,
    Links,
    Summary,
    agency_subscriptions,
    lane_subscriptions,
    last_will,
)
from kouan.simulator.http import Account, HttpImageStore, HttpOfficerDesk, HttpPapersOffice
from kouan.simulator.logs import FileLog
from kouan.simulator.port_file import load_port
from kouan.simulator.scenario import load_scenario
from kouan.simulator.tempo import paced
from kouan.wiring.demo import OFFICERS, demo_password, demo_token
from kouan.wiring.keys import simulated_agency_signers
from kouan.wiring.links import device_link
from kouan.wiring.settings import BrokerSettings


def log_paths(data: Path) -> tuple[Path, Path]:
    """Return where the field writes what truly happened, and every actuation that its barriers made."""
    return data / "field" / "truth.jsonl", data / "field" / "actuations.jsonl"


async def serve(
    folder: DataFolder,
    broker: BrokerSettings,
    port_path: Path,
    api: str,
    stop: asyncio.Event,
    tell: Callable[[Summary], None],
    *,
    scenario: str | None = None,
    seed: int = 7,
    speed: float = 1.0,
    start_open: bool = True,
) -> Summary:
    """Run the field against a port until ``stop`` is set; return how it fared."""
    port = load_port(port_path)
    truth_path, actuation_path = log_paths(folder.path)
    truth_path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    truth, actuations = FileLog(truth_path), FileLog(actuation_path)
    clock = SystemClock()
    desk = HttpOfficerDesk(api, _officers(folder))
    name = port.name
    lanes = tuple(lane.name for lane in port.lanes)
    will = last_will(name, lanes[0], clock.now())
    users = BrokerUser.DEVICES, BrokerUser.AGENCIES
    devices = device_link(
        folder, broker, users[0], "field-lanes", will=Will(*will),
        subscriptions=lane_subscriptions(name, "+"),
    )  # fmt: skip
    agencies = device_link(folder, broker, users[1], "field-agencies", subscriptions=agency_subscriptions(name))
    client = httpx.AsyncClient(base_url=api, limits=httpx.Limits(max_connections=8))
    try:
        async with devices, agencies, client:
            await devices.connected(30)
            await agencies.connected(30)
            field = Field(
                port,
                load_scenario(scenario or port.simulation.scenario),
                Links(dict.fromkeys(lanes, devices), agencies, devices),
                Counterparts(
                    papers=HttpPapersOffice(client, demo_token(folder, "trader")),
                    images=HttpImageStore(client, demo_token(folder, "camera")),
                    desk=desk,
                    truth=truth,
                    actuations=actuations,
                    signers=simulated_agency_signers(folder.path, name),
                ),
                clock,
                paced(asyncio.sleep, speed),
                seed,
                speed=speed,
                start_open=start_open,
            )
            await field.run(stop.is_set, tell)
            return field.summary()
    finally:
        await desk.close()
        truth.close()
        actuations.close()


def _officers(folder: DataFolder) -> Mapping[str, tuple[Account, Account]]:
    return {
        authority: (Account(first, demo_password(folder, first)), Account(second, demo_password(folder, second)))
        for authority, (first, second) in OFFICERS.items()
    }
