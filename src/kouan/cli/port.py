"""``kouan port``: look at port files."""

from typing import Annotated

import typer

from kouan.cli import options
from kouan.cli.output import show
from kouan.simulator.port_file import load_port
from kouan.wiring.gate_settings import load_rulebook, policy_of, setting_of
from kouan.wiring.port_file import load, path_of, rulebooks_beside

app = typer.Typer(help="Port files: lanes, devices, procedures and rules.", no_args_is_help=True)


@app.callback()
def _group() -> None:
    """Keep ``check`` a command of its own, however many there are."""


@app.command()
def check(
    file: Annotated[str, typer.Argument(help="A port that comes with kouan, or the path of a port file.")],
    json: options.Json = False,
) -> None:
    """Check a port file and its rulebook; say what is wrong, where, and how to mend it."""
    port = load(file)
    path = path_of(file)
    rulebook = load_rulebook(port, rulebooks_beside(path))
    policy = policy_of(port, rulebook)
    setting_of(port)
    load_port(path)
    figures = {
        "port": port.name,
        "title": port.title.en,
        "lanes_in": sum(lane.direction == "in" for lane in port.lanes),
        "lanes_out": sum(lane.direction == "out" for lane in port.lanes),
        "procedures": len(port.procedures),
        "rules": len(rulebook.rules),
        "rulebook": f"{rulebook.id}@{rulebook.version}",
        "policy": policy.digest,
    }
    show(f"{path} is a good port file", figures, as_json=json)
