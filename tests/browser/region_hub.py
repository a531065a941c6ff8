"""A region's hub for the browser tests: the real application over records that a test sets.

Run by itself (``python -m tests.browser.region_hub --tcp-port 8080``) it stands still with some trouble in it.
"""

import argparse
import asyncio
import contextlib
import socket
import threading
from collections.abc import Callable
from random import Random
from typing import Any, Self

import uvicorn
from msgspec.structs import replace
from tests.browser.fixture_port import DIST
from tests.integration.web.hub_kit import HOUR_US, WebHub
from tests.integration.web.web_kit import PASSWORD, HandClock

from kouan.network.bulletins import Spread
from kouan.network.records import InForce, PreAuthorisedRecord, RegionHold, Watched
from kouan.network.views import Flow, RegionAlarm
from kouan.protocols.network.messages import BulletinKind
from kouan.vocabulary.clock import SECOND

FORENOON = 1_767_925_327_000_000
"""A fixed instant: 2026-01-09 10:22:07 in Beijing."""

MINUTE = 60 * SECOND

BUSY = {"ganqimaodu": (118, 104), "ceke": (62, 57), "mandula": (34, 31)}
"""Releases of the last hour, in and out, of the ports that are connected."""


def fill(hub: WebHub) -> None:
    """Let three ports be connected and busy, and all be well."""
    now, chance = hub.clock.now(), Random(7)
    for name, (inbound, outbound) in BUSY.items():
        flows = []
        for hour in range(24):
            share = 0.2 if hour > 14 else chance.uniform(0.6, 1.2)
            passed = (round(inbound * share), round(outbound * share), round(3 * share), int(hour % 5 == 0))
            flows.append(Flow(name, now - now % HOUR_US - hour * HOUR_US, *passed))
        hub.region.flows += flows
        hub.region.stands(
            name,
            taken=inbound * 900,
            behind=3,
            heard_at=now - 2 * SECOND,
            entry_at=now - SECOND,
            witnessed_size=inbound * 890,
            witnessed_at=now - 40 * SECOND,
            hour_in=inbound,
            hour_out=outbound,
            day_in=sum(flow.released_in for flow in flows),
            day_out=sum(flow.released_out for flow in flows),
            open_passages=inbound // 12,
            median_stop_us=11_400_000,
        )


def trouble(hub: WebHub) -> None:
    """Let one port be silent, another contradict itself, and a plate be in two places."""
    now = hub.clock.now()
    hub.region.stands("ceke", heard_at=now - 305 * SECOND, entry_at=now - 306 * SECOND)
    hub.region.stands("mandula", suspended="chain.fork")
    hub.region.stands("arxan")
    hub.region.stands("shiwei", heard_at=now - 4 * SECOND, taken=40_000, behind=7_200, hour_in=3, hour_out=2)
    hub.region.stands("ganqimaodu", held=2)
    fork: dict[str, str | int] = {"rule": "chain.fork", "seq": 30_601}
    hub.region.raises(RegionAlarm("suspended/mandula/1", "mandula", now - 60 * SECOND, 1, "region.suspended", fork))
    for number, (plate, minutes) in enumerate([("蒙A12345", 4), ("УБ4821", 70)]):
        travel: dict[str, str | int] = {
            "plate": plate,
            "first_port": "ceke",
            "first_at": now - (minutes + 52) * MINUTE,
            "second_port": "ganqimaodu",
            "second_at": now - minutes * MINUTE,
            "distance_m": 517_000,
            "gap_us": 52 * MINUTE,
            "least_us": 258 * MINUTE,
        }
        by = "region" if number else None
        alarm = RegionAlarm(
            f"travel/{number}", "ganqimaodu", now - minutes * MINUTE, 1, "region.impossible_travel", travel
        )
        hub.region.raises(replace(alarm, acknowledged_by=by))


def orders(hub: WebHub) -> None:
    """Let two authorities hold, watch for and pre-authorise, and one port not have the latest of it."""
    now, police = hub.clock.now(), "border_inspection"
    found = "seen at ceke and at mandula, which no vehicle can be"
    hub.region.standing = InForce(
        holds=[
            RegionHold("travel/ceke/1/mandula/2", police, "detain", "蒙A12345", None, found, "hub", now - 4 * MINUTE),
            RegionHold(
                "hold:customs:1", "customs", "scan", None, "MSKU6639871", "declared twice", "region", now - HOUR_US
            ),
        ],
        watched=[
            Watched("watch-1", "customs", "УБ4821", None, None, "undeclared fuel", "region", now - 3 * HOUR_US),
            Watched("watch-2", police, None, None, "ab" * 32, "wanted", "li", now - 26 * HOUR_US),
        ],
        permits=[
            PreAuthorisedRecord(
                "蒙B77120", None, "nanyang-coal", now - HOUR_US, now + 23 * HOUR_US, True, "region", now - HOUR_US
            ),
            PreAuthorisedRecord(
                "УБ9001", "УБ9002", "gobi-trans", now + HOUR_US, now + 5 * HOUR_US, False, "region", now - MINUTE
            ),
        ],
        spread=[
            Spread(port, kind, 12, held, heard_at)
            for port, heard_at in (("ceke", now - 305 * SECOND), ("ganqimaodu", now - 4 * SECOND), ("shiwei", None))
            for kind, held in (
                (BulletinKind.HOLDS, None if heard_at is None else 11 if port == "ceke" else 12),
                (BulletinKind.PRE_AUTHORISED, None if heard_at is None else 12),
                (BulletinKind.RULEBOOK, None if heard_at is None else 12),
                (BulletinKind.WATCH_LIST, None if heard_at is None else 12),
            )
        ],
    )


class ServedHub:
    """Runs a hub on a loop of its own in a thread, on a free tcp port of the loopback interface."""

    def __init__(self, *prepare: Callable[[WebHub], None], tcp_port: int = 0) -> None:
        self.hub = WebHub(HandClock(FORENOON))
        self.url = ""
        self._prepare = prepare
        self._tcp_port = tcp_port
        self._ready = threading.Event()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._server: uvicorn.Server

    def __enter__(self) -> Self:
        self._thread.start()
        assert self._ready.wait(30)
        return self

    def __exit__(self, *_: object) -> None:
        self._server.should_exit = True
        self._thread.join(10)

    def change(self, act: Callable[[WebHub], Any]) -> None:
        """Let something happen at the hub, and be told to its readers."""

        async def acted() -> None:
            act(self.hub)
            await self.hub.board.look()

        asyncio.run_coroutine_threadsafe(acted(), self._loop).result(10)

    def _run(self) -> None:
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        for prepare in self._prepare:
            prepare(self.hub)
        shown = {"demo": True, "demo_accounts": (("region", PASSWORD), ("auditor", PASSWORD)), "console": str(DIST)}
        await self.hub.start(**shown)
        looking = asyncio.create_task(self.hub.board.run())
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", self._tcp_port))
            self.url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            config = uvicorn.Config(
                self.hub.app, log_level="critical", lifespan="off", timeout_graceful_shutdown=1, server_header=False
            )
            self._server = uvicorn.Server(config)
            serving = asyncio.create_task(self._server.serve(sockets=[listening]))
            while not self._server.started:  # noqa: ASYNC110 - uvicorn tells it no other way
                await asyncio.sleep(0.01)
            self._ready.set()
            await serving
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
        await self.hub.close()


def main() -> None:
    """Serve a region with some trouble until interrupted."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--tcp-port", type=int, default=8080)
    parser.add_argument("--calm", action="store_true")
    asked = parser.parse_args()
    prepare = (fill,) if asked.calm else (fill, trouble, orders)
    with ServedHub(*prepare, tcp_port=asked.tcp_port) as served, contextlib.suppress(KeyboardInterrupt):
        print(served.url)  # noqa: T201
        threading.Event().wait()


if __name__ == "__main__":
    main()
