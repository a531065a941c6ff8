"""``kouan prove``: experiments that try to break a port, each with what must hold and what must not."""

import typer

from kouan.cli.prove.durability import durability
from kouan.cli.prove.partition import partition
from kouan.cli.prove.planner import planner
from kouan.cli.prove.region import region
from kouan.cli.prove.release import release
from kouan.cli.prove.seeds import seeds

app = typer.Typer(help="Try to break a port, and say what held.", no_args_is_help=True)


@app.callback()
def prove() -> None:
    """Try to break a port, and say what held."""


for experiment in (seeds, durability, partition, region, release, planner):
    app.command()(experiment)
