"""The simulated field as its own process: devices, traffic, traders, agencies and officers around one port."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path

import httpx

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.mqtt.link import Will
from kouan.simulator.agencies import AUTHORITIES
from kouan.simulator.connections import (
    Links,
    agency_subscriptions,
    approach_will,
    exit_subscriptions,
    lane_subscriptions,
    last_will,
)
from kouan.simulator.field import Counterparts, Field, Summary
from kouan.simulator.http import Account, HttpImageStore, HttpOfficerDesk, HttpPapersOffice, Machine, Sessions
from kouan.simulator.http_inspection import HttpInspectionDesk
from kouan.simulator.http_yard import HttpYardDesk
from kouan.simulator.logs import FileLog
from kouan.simulator.port_file import FieldPort, load_port
from kouan.simulator.scenario import load_scenario
from kouan.simulator.tempo import paced
from kouan.vocabulary.clock import Instant
from kouan.wiring import identities
from kouan.wiring.demo import OFFICERS, demo_password, demo_token
from kouan.wiring.field_logs import log_paths
from kouan.wiring.keys import simulated_agency_signers
from kouan.wiring.links import device_link
from kouan.wiring.settings import BrokerSettings


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
    sessions, at_yard, officers = Sessions(api), Sessions(api), _officers(folder)
    client = httpx.AsyncClient(base_url=api, limits=httpx.Limits(max_connections=8))
    try:
        async with client, connected(folder, broker, port, clock.now()) as links:
            field = Field(
                port,
                load_scenario(scenario or port.simulation.scenario),
                links,
                Counterparts(
                    papers=HttpPapersOffice(client, demo_token(folder, "trader"), demo_token(folder, "customs")),
                    images=HttpImageStore(client, demo_token(folder, "camera")),
                    desk=HttpOfficerDesk(sessions, officers),
                    inspection=HttpInspectionDesk(sessions, officers),
                    yard=HttpYardDesk(at_yard, officers, Machine(client, demo_token(folder, "consignee"))),
                    truth=truth,
                    actuations=actuations,
                    signers=simulated_agency_signers(folder.path, port.name),
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
        await sessions.close()
        await at_yard.close()
        truth.close()
        actuations.close()


@contextlib.asynccontextmanager
async def connected(folder: DataFolder, broker: BrokerSettings, port: FieldPort, now: Instant) -> AsyncIterator[Links]:
    """Open a link a lane, an agency, the approach and the yard, each with its own certificate; lanes have a will."""
    name, lanes = port.name, [lane.name for lane in port.lanes]
    boxes = {
        lane: device_link(
            folder,
            broker,
            identities.lane_box(lane),
            subscriptions=lane_subscriptions(name, lane),
            will=Will(*last_will(name, lane, now)),
        )
        for lane in lanes
    }
    agencies = {
        each: device_link(folder, broker, identities.agency(each), subscriptions=agency_subscriptions(name, each))
        for each in AUTHORITIES
    }
    approach = device_link(folder, broker, identities.APPROACH, will=Will(*approach_will(name, now)))
    exits = exit_subscriptions(name, [each.name for each in port.yard.exits])
    yard = device_link(folder, broker, identities.YARD, subscriptions=exits) if port.yard.places else None
    links = (*boxes.values(), *agencies.values(), approach, *(() if yard is None else (yard,)))
    async with contextlib.AsyncExitStack() as stack:
        for link in links:
            await stack.enter_async_context(link)
        for link in links:
            await link.connected(30)
        yield Links(boxes, agencies, approach, yard)


def _officers(folder: DataFolder) -> Mapping[str, tuple[Account, Account]]:
    return {
        authority: (Account(first, demo_password(folder, first)), Account(second, demo_password(folder, second)))
        for authority, (first, second) in OFFICERS.items()
    }
