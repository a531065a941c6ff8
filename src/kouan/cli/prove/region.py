"""``kouan prove region``: days of a hub and three edges under cuts and crashes, in virtual time or on real engines."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.progress import Progress

from kouan.cli import options
from kouan.cli.output import err, show


def region(
    hours: Annotated[float, typer.Option(help="Virtual hours of cuts; the first port is cut off for all of them.")] = (
        72.0
    ),
    lorries: Annotated[int, typer.Option(help="Lorries a day at each port.", min=1)] = 300,
    seed: Annotated[int, typer.Option(help="Seed of lorries, roads, crashes and of all that is left to chance.")] = 7,
    real: Annotated[
        bool, typer.Option("--real", help="One port on real engines: how long its hub takes for so many hours.")
    ] = False,
    planted: Annotated[
        bool, typer.Option("--planted", help="Hunt the bugs that are planted between ports and hub, and nothing else.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Cut, flap and crash a region, make it whole, and check that nothing is lost or counted twice.

    Somebody speaks in the hub's name meanwhile, and no port may act on it. Exit code 1 where something does not hold,
    or a planted bug is missed. With --real, one port's entries of so many hours are forwarded over
    nats-server from one PostgreSQL to another, and the seconds are counted until the hub holds them all.
    """
    if planted:
        _hunt(as_json=json)
        return
    if real:
        from kouan.proving.region.reconcile import reconcile

        found = reconcile(hours=hours, lorries=lorries, tell=lambda stage: None if json else err.print(stage))
    else:
        found = _simulate(hours, lorries, seed, quiet=json)
    show("A region that was cut to pieces", found, as_json=json)
    if found["violations"]:
        raise typer.Exit(1)


def _hunt(*, as_json: bool) -> None:
    from kouan.proving.region.hunt import hunt

    with Progress(console=err, transient=True, disable=as_json or not err.is_terminal) as bar:
        task = bar.add_task("planted bugs", total=1.0)
        found = hunt(tell=lambda share: bar.update(task, completed=share))
    show("Bugs planted between ports and hub", found, as_json=as_json)
    if found["missed"] or not found["clean"]:
        raise typer.Exit(1)


def _simulate(hours: float, lorries: int, seed: int, *, quiet: bool) -> Mapping[str, Any]:
    from kouan.proving.region.run import RegionSetting, simulate_region

    with Progress(console=err, transient=True, disable=quiet or not err.is_terminal) as bar:
        task = bar.add_task(f"{hours:g} hours of a region", total=1.0)
        setting = RegionSetting(seed=seed, hours=hours, lorries=lorries)
        return simulate_region(setting, lambda share: bar.update(task, completed=share))
