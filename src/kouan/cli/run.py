"""``kouan run``: open a port."""

import asyncio
import logging
import webbrowser
from pathlib import Path
from typing import Annotated, Any

import typer

from kouan.cli import options
from kouan.cli.output import err, out, show
from kouan.cli.processes import stop_on_signals
from kouan.wiring.demo import DEMO_PASSWORD, DEMO_USER
from kouan.wiring.loops import run_on_loop
from kouan.wiring.platform import Platform
from kouan.wiring.platform import run as run_platform
from kouan.wiring.settings import RunSettings


def run(
    data: options.Data,
    port: options.Port = "ganqimaodu",
    database: Annotated[str | None, typer.Option(help="DSN of an outside PostgreSQL ≥ 15.")] = None,
    nats: Annotated[str | None, typer.Option(help="Address of an outside NATS server with JetStream and MQTT.")] = None,
    mqtt: Annotated[str | None, typer.Option(help="Address of its MQTT gateway, host:port.")] = None,
    host: Annotated[str, typer.Option(help="Address on which the console listens.")] = "127.0.0.1",
    tcp_port: Annotated[int, typer.Option(help="Its tcp port; 0 takes a free one.")] = 0,
    live: Annotated[
        bool, typer.Option("--live", help="Real devices, agencies and people: no simulated field.")
    ] = False,
    oidc: Annotated[Path | None, typer.Option(help="File that describes an identity provider (OIDC).")] = None,
    speed: Annotated[float, typer.Option(help="Speed of the simulated field.")] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the simulated field.")] = 7,
    scenario: Annotated[str | None, typer.Option(help="calm, ordinary, rough, or a file.")] = None,
    for_s: Annotated[
        float | None, typer.Option("--for", help="Stop after so many seconds and print the figures.")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="Do not open a browser.")] = False,
    json: options.Json = False,
) -> None:
    """Open a port: engines, gate, console, and unless --live a simulated field around it."""
    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = RunSettings(
        port=port,
        data=Path(data),
        database=database,
        nats=nats,
        mqtt=mqtt,
        host=host,
        tcp_port=tcp_port,
        demo=not live,
        oidc=oidc,
        speed=speed,
        seed=seed,
        scenario=scenario,
    )
    figures = run_on_loop(_run(settings, for_s, browser=not no_browser and for_s is None, quiet=json))
    if for_s is not None or json:
        show("What the port did", figures, as_json=json)


async def _run(settings: RunSettings, for_s: float | None, *, browser: bool, quiet: bool) -> dict[str, Any]:
    stop = asyncio.Event()
    stop_on_signals(stop)
    loop = asyncio.get_running_loop()
    figures: dict[str, Any] = {}
    opened = False

    def tell(stage: str) -> None:
        if not quiet:
            err.print(f"[dim]{stage}[/dim]")

    def ready(platform: Platform) -> None:
        nonlocal opened
        if not quiet:
            out.print(f"{platform.port.title.zh} {platform.port.title.en} is open at [bold]{platform.url}[/bold]")
            if settings.demo:
                out.print(f"Sign in as {DEMO_USER} with the password {DEMO_PASSWORD}. Ctrl-C closes the port.")
        if browser and not opened:
            webbrowser.open(platform.url)
        if for_s is not None and not opened:
            loop.call_later(for_s, stop.set)
        opened = True

    async def at_end(platform: Platform) -> None:
        if for_s is not None or quiet:  # counting reads all that this run recorded, which nobody waits for at Ctrl-C
            figures.update(await platform.figures())

    await run_platform(settings, stop, ready, tell, at_end)
    return figures
