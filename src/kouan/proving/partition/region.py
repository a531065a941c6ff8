"""A hub and three edges, enrolled, each on a host of its own."""

import asyncio
import re
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.signing.files import new_secret
from kouan.proving.partition.hosts import Host, wait_until
from kouan.proving.partition.network import Network
from kouan.wiring.keys import ledger_signer
from kouan.wiring.port_file import path_of
from kouan.wiring.region_links import enrol_edge, write_credentials

HUB_TCP_PORT = 4223
"""Where the hub listens for edges, in a namespace of its own."""


class Region:
    """The hosts; ``permitted`` are the plates that may pass while the hub is gone."""

    FILES: ClassVar[Mapping[str, str]] = {"ceke": "ceke", "mandula": "mandula", "ganqimaodu": "ceke"}
    """The edges, and whose lanes they have: one small machine has no room for Ganqimaodu's nineteen besides."""

    PORTS: ClassVar[tuple[str, ...]] = tuple(FILES)

    def __init__(self, network: Network, folder: Path, speed: float, stale_after_s: int) -> None:
        """``speed`` is that of the simulated fields; a port's data about its hub is stale after so many seconds."""
        self.network = network
        self.permitted: set[str] = set()
        self._folder = folder
        self._clock = SystemClock()
        listen = ("--hub-host", network.address("hub"), "--hub-tcp-port", str(HUB_TCP_PORT))
        self.hub = Host(network, "hub", folder / "hub", ("--role", "hub", *listen), self._clock)
        self.edges = tuple(self._edge(port, number, speed, stale_after_s) for number, port in enumerate(self.PORTS))

    def __enter__(self) -> Self:
        """Hand the region over; it is opened by ``open``."""
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        """Close every host."""
        for host in (*self.edges, self.hub):
            host.stop()

    def host(self, name: str) -> Host:
        """Return a host by its name."""
        return next(host for host in (self.hub, *self.edges) if host.name == name)

    def open(self) -> None:
        """Enrol the edges, start all hosts, and wait until the hub has something of each."""
        for port in self.PORTS:
            key = ledger_signer(self._folder / port, port).public_key
            bundle = asyncio.run(enrol_edge(DataFolder(self._folder / "hub"), port, key, self._clock))
            with new_secret(self._bundle(port)) as file:
                write_credentials(bundle, file)
        for host in (self.hub, *self.edges):
            host.start()
        wait_until(self._clock, self._all_heard, "the hub took something of each edge")

    def permit(self) -> None:
        """Pre-authorise every second vehicle that is announced at an edge now."""
        plates = [plate for edge in self.edges for plate in edge.ask("announced", edge.name)["plates"][::2]]
        self.hub.feed("kouan.proving.partition.permits", plates)
        self.permitted.update(plates)

    def _all_heard(self) -> bool:
        return all(self.hub.ask("standing", port)["taken"] > 0 for port in self.PORTS)

    def _bundle(self, port: str) -> Path:
        return self._folder / f"{port}.bundle"

    def _scenario(self) -> Path:
        """Return a scenario in which vehicles are announced long before they come, as carriers do."""
        file = self._folder / "partition.toml"
        file.write_text('name = "partition"\npictures = false\n[people]\nannounced_ahead = 60\n', "utf-8")
        return file

    def _edge(self, port: str, number: int, speed: float, stale_after_s: int) -> Host:
        file = self._folder / f"{port}.toml"
        text = path_of(self.FILES[port]).read_text("utf-8")
        text = re.sub(r'(?m)^name = ".*"$', f'name = "{port}"', text, count=1)
        given = f"max_age_s = {stale_after_s}"
        changed = re.sub(r"(?m)^max_age_s = \d+$", given, text)
        file.write_text(changed if changed != text else f"{text}\n[offline]\n{given}\n", "utf-8")
        address = f"tls://{self.network.address('hub')}:{HUB_TCP_PORT}"
        options = (
            *("--role", "edge", "--hub", address, "--credentials", str(self._bundle(port)), "--port", str(file)),
            *("--speed", str(speed), "--seed", str(100 + number), "--scenario", str(self._scenario())),
        )
        return Host(self.network, port, self._folder / port, options, self._clock)
