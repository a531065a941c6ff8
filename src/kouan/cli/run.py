"""``kouan run``: open a port, by itself or as an edge of a region, or the hub of a region."""

import asyncio
import dataclasses
import enum
import webbrowser
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

import typer

from kouan.cli import options
from kouan.cli.logs import set_up_logging
from kouan.cli.output import err, out, show
from kouan.vocabulary.errors import InvalidValue
from kouan.wiring import platform as port_process
from kouan.wiring.demo import DEMO_PASSWORD, DEMO_USER
from kouan.wiring.loops import run_on_loop, stop_on_signals
from kouan.wiring.platform import Platform
from kouan.wiring.settings import HubSettings, RunSettings

if TYPE_CHECKING:
    from kouan.wiring.hub import RunningHub

S = TypeVar("S", RunSettings, HubSettings)


class Role(enum.StrEnum):
    """As what to run."""

    STANDALONE = "standalone"
    EDGE = "edge"
    HUB = "hub"


Hub = Annotated[str | None, typer.Option(help="An edge's hub, as in tls://host:4223.")]
Credentials = Annotated[Path | None, typer.Option(help="The bundle that the hub gave this port (kouan hub enrol).")]
Region = Annotated[Path | None, typer.Option(help="A hub's region file; kouan's own if not given.")]
HubHost = Annotated[str, typer.Option(help="Address on which a hub listens for edges.")]
FreePort = Annotated[int, typer.Option(help="Its tcp port; 0 takes a free one.")]
Database = Annotated[str | None, typer.Option(help="DSN of an outside PostgreSQL ≥ 15.")]
OutsideNats = Annotated[str | None, typer.Option(help="Address of an outside NATS server with JetStream and MQTT.")]
OutsideMqtt = Annotated[str | None, typer.Option(help="Address of its MQTT gateway, host:port.")]
DevicesHost = Annotated[str, typer.Option(help="Address at which devices reach the port's broker.")]
DevicesPort = Annotated[int, typer.Option(help="Its tcp port for MQTT over TLS; 0 takes a free one.")]
Host = Annotated[str, typer.Option(help="Address on which the console listens.")]
Live = Annotated[bool, typer.Option("--live", help="Real devices, agencies and people: no simulated field.")]
Oidc = Annotated[Path | None, typer.Option(help="File that describes an identity provider (OIDC).")]
WithField = Annotated[
    bool, typer.Option("--field/--no-field", help="Start the simulated field of a demonstration, or not.")
]
Speed = Annotated[float, typer.Option(help="Speed of the simulated field.")]
Seed = Annotated[int, typer.Option(help="Seed of the simulated field.")]
Scenario = Annotated[str | None, typer.Option(help="calm, ordinary, rough, or a file.")]
ForS = Annotated[float | None, typer.Option("--for", help="Stop after so many seconds and print the figures.")]
NoBrowser = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")]


def run(
    data: options.Data,
    port: options.Port = "ganqimaodu",
    role: Annotated[Role, typer.Option(help="A port by itself, a port with a hub, or the hub of a region.")] = (
        Role.STANDALONE
    ),
    hub: Hub = None,
    credentials: Credentials = None,
    region: Region = None,
    hub_host: HubHost = "127.0.0.1",
    hub_tcp_port: FreePort = 0,
    database: Database = None,
    nats: OutsideNats = None,
    mqtt: OutsideMqtt = None,
    broker_ca: options.BrokerCa = None,
    devices_host: DevicesHost = "127.0.0.1",
    devices_tcp_port: DevicesPort = 0,
    host: Host = "127.0.0.1",
    tcp_port: FreePort = 0,
    live: Live = False,
    oidc: Oidc = None,
    field: WithField = True,
    speed: Speed = 1.0,
    seed: Seed = 7,
    scenario: Scenario = None,
    for_s: ForS = None,
    no_browser: NoBrowser = False,
    json: options.Json = False,
) -> None:
    """Open a port: engines, gate, console, and unless --live a simulated field around it; or the hub of a region."""
    given = {**locals(), "demo": not live}
    set_up_logging()
    session = _Session(for_s, browser=not no_browser and for_s is None, quiet=json)
    if (role is Role.EDGE) != (hub is not None) and role is not Role.HUB:
        raise InvalidValue("--hub", "run.edge", "must be given with --role edge, and with no other role")
    if role is Role.HUB:
        found = run_on_loop(_run_hub(_settings(HubSettings, given), session))
    else:
        found = run_on_loop(_run_port(_settings(RunSettings, given), session))
    if for_s is not None or json:
        show("What the hub took" if role is Role.HUB else "What the port did", found, as_json=json)


def _settings(kind: type[S], given: Mapping[str, Any]) -> S:
    """Return the settings of a role: of what was given on the command line, what it knows."""
    return kind(**{field.name: given[field.name] for field in dataclasses.fields(kind)})


class _Session:
    """One run of the command: what it says while it runs, and when it stops."""

    def __init__(self, for_s: float | None, *, browser: bool, quiet: bool) -> None:
        self.for_s = for_s
        self.browser = browser
        self.quiet = quiet
        self.stop = asyncio.Event()
        self.figures: dict[str, Any] = {}
        self._opened = False

    @property
    def counts(self) -> bool:
        """Whether figures are wanted; counting reads all that this run recorded, which nobody waits for at Ctrl-C."""
        return self.for_s is not None or self.quiet

    def tell(self, stage: str) -> None:
        """Say which stage of the start it is."""
        if not self.quiet:
            err.print(f"[dim]{stage}[/dim]")

    def ready(self, url: str, lines: Callable[[], list[str]]) -> None:
        """Say that it is open at ``url``, and begin to count its time."""
        if not self.quiet:
            for line in lines():
                out.print(line)
        if self.browser and not self._opened:
            webbrowser.open(url)
        if self.for_s is not None and not self._opened:
            asyncio.get_running_loop().call_later(self.for_s, self.stop.set)
        self._opened = True


async def _run_port(settings: RunSettings, session: _Session) -> dict[str, Any]:
    stop_on_signals(session.stop)

    def lines(platform: Platform) -> list[str]:
        title = platform.port.title
        said = [f"{title.zh} {title.en} is open at [bold]{platform.url}[/bold]"]
        if settings.demo:
            said.append(f"Sign in as {DEMO_USER} with the password {DEMO_PASSWORD}. Ctrl-C closes the port.")
        return said

    async def at_end(platform: Platform) -> None:
        if session.counts:
            session.figures.update(await platform.figures())

    def ready(platform: Platform) -> None:
        session.ready(platform.url, lambda: lines(platform))

    await port_process.run(settings, session.stop, ready, session.tell, at_end)
    return session.figures


async def _run_hub(settings: HubSettings, session: _Session) -> dict[str, Any]:
    from kouan.wiring import hub as hub_process  # a port's engines start without waiting for it

    stop_on_signals(session.stop)

    def lines(hub: "RunningHub") -> list[str]:
        title = hub.region.title
        return [
            f"The hub of {title.zh} {title.en} is open at [bold]{hub.url}[/bold], for edges at {hub.hub_url}.",
            "Enrol a port with: kouan hub enrol PORT --ledger-key FILE --out FILE. Ctrl-C closes the hub.",
        ]

    async def at_end(hub: "RunningHub") -> None:
        if session.counts:
            session.figures.update(await hub.figures())

    def ready(hub: "RunningHub") -> None:
        session.ready(hub.url, lambda: lines(hub))

    await hub_process.run(settings, session.stop, ready, session.tell, at_end)
    return session.figures
