"""``kouan prove partition``: three edges and a hub on a network that is cut."""

import tempfile
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from kouan.cli import options
from kouan.cli.output import err, show
from kouan.vocabulary.errors import Unavailable


def partition(
    seed: Annotated[int, typer.Option(help="Seed of the troubles.")] = 7,
    cut: Annotated[float, typer.Option(help="Seconds for which each edge is cut.", min=45.0)] = 60.0,
    flap: Annotated[float, typer.Option(help="Seconds for which links flap and hosts die.", min=8.0)] = 20.0,
    speed: Annotated[float, typer.Option(help="Speed of the simulated fields.")] = 1.5,
    json: options.Json = False,
) -> None:
    """Cut three real edges off their hub, in namespaces of their own, and compare what both have afterwards.

    Needs root, iproute2 and nftables. Exit code 1 where something was lost, counted twice or released against the
    policy, or where a cut was none.
    """
    from kouan.proving.partition.experiment import experiment
    from kouan.proving.partition.network import why_impossible

    reason = why_impossible()
    if reason is not None:
        raise Unavailable(f"no network of namespaces here: {reason}")
    with tempfile.TemporaryDirectory(prefix="kouan-partition-") as folder:
        figures = experiment(Path(folder), seed, cut, flap, speed, lambda line: err.print(f"[dim]{line}[/dim]"))
    found = msgspec.to_builtins(figures)
    if json:
        show("", found, as_json=True)
    else:
        rows = {name: value for name, value in found.items() if name not in {"cuts", "failures"}}
        rows |= {f"{each['host']}, cut ({each['way']})": _told(each) for each in found["cuts"]}
        show("Edges cut off from their hub", rows, as_json=False)
        for failure in figures.failures:
            err.print(f"[bold]{failure}[/bold]")
    if figures.failures:
        raise typer.Exit(1)


def _told(cut: dict[str, object]) -> str:
    return f"{cut['behind']} entries behind at its end, reconciled after {cut['reconciled_s']} s"
