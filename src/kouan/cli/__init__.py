"""The command ``kouan``: each command prints for a person, and with ``--json`` one JSON object for a script.

Exit code 0 means that it did what was asked; 1 that it could not, said in one sentence; 2 that the command line is
wrong. Only the module of the command that runs is imported: the lane controller starts in a quarter of the time that
importing all of them takes, and an edge that lost power waits for it.
"""

import importlib
import sys
from collections.abc import Mapping
from typing import Any

import typer
from typer.core import TyperGroup

from kouan.vocabulary.errors import KouanError

COMMANDS: Mapping[str, str] = {
    "run": "run:run",
    "simulate": "simulate:app",
    "field": "field:field",
    "lane-controller": "lane_controller:lane_controller",
    "replay": "replay:replay",
    "ledger": "ledger:app",
    "port": "port:app",
    "papers": "papers:app",
    "yard": "yard:app",
    "study": "study:app",
    "bench": "bench:app",
    "targeting": "targeting:app",
    "prove": "prove:app",
    "user": "people:app",
    "roster": "roster:app",
    "device": "device:app",
    "hub": "hub:app",
}
"""Every command: the module of this package, and the function or the group of commands in it."""


class Commands(TyperGroup):
    """The commands by name, each imported when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - click's own form
        """Return the names, in the order in which help shows them."""
        return list(COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - click's own form
        """Return the command of a name; None if there is none."""
        place = COMMANDS.get(cmd_name)
        if place is None:
            return None
        module, _, name = place.partition(":")
        found = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        if not isinstance(found, typer.Typer):
            single = typer.Typer(context_settings=app.info.context_settings, add_completion=False)
            single.command(cmd_name)(found)
            return typer.main.get_command(single)
        group = typer.main.get_group(found)
        group.name = cmd_name
        return group


app = typer.Typer(
    name="kouan",
    cls=Commands,
    help="An open operating system for smart land border ports (口岸).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def kouan() -> None:
    """An open operating system for smart land border ports (口岸)."""


def main() -> None:
    """Run the command; a known error is one sentence on stderr."""
    try:
        app()
    except KouanError as error:
        print(f"kouan: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
