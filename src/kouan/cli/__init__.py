"""The command ``kouan``: each command prints for a person, and with ``--json`` one JSON object for a script.

Exit code 0 means that it did what was asked; 1 that it could not, said in one sentence; 2 that the command line is
wrong.
"""

import sys

import typer

from kouan.cli import bench, ledger, people, port, processes, prove, replay, run
from kouan.vocabulary.errors import KouanError

app = typer.Typer(
    name="kouan",
    help="An open operating system for smart land border ports (口岸).",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("run")(run.run)
app.command("field")(processes.field)
app.command("lane-controller")(processes.lane_controller)
app.command("replay")(replay.replay)
app.add_typer(ledger.app, name="ledger")
app.add_typer(port.app, name="port")
app.add_typer(bench.app, name="bench")
app.add_typer(prove.app, name="prove")
app.add_typer(people.app, name="user")


def main() -> None:
    """Run the command; a known error is one sentence on stderr."""
    try:
        app()
    except KouanError as error:
        print(f"kouan: {error}", file=sys.stderr)  # noqa: T201
        sys.exit(1)
