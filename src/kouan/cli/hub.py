"""``kouan hub``: which ports' edges may speak to the hub of this data, and what is in force in its region."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.signing.files import load_public_key, new_secret
from kouan.cli import hub_acts, options
from kouan.cli.output import show, show_rows, text_of
from kouan.wiring import region_links

app = typer.Typer(help="The hub of a region: which edges are enrolled, and what is in force.", no_args_is_help=True)
app.add_typer(hub_acts.holds, name="hold")
app.add_typer(hub_acts.watch, name="watch")
app.add_typer(hub_acts.rulebooks, name="rulebook")
app.command("preauthorise")(hub_acts.preauthorise)
app.command("resume")(hub_acts.resume)
app.command("status")(hub_acts.status)


@app.command()
def enrol(
    port: Annotated[str, typer.Argument(help="Short name of the port, as in ganqimaodu.")],
    data: options.Data,
    ledger_key: Annotated[Path, typer.Option(help="The port's public ledger key: its keys/ledger.pem.pub.")],
    out: Annotated[Path, typer.Option(help="New file for the edge's bundle, a secret; hand it over in person.")],
    region: Annotated[
        str, typer.Option(help="The region's name; it stands in the hub's key id.")
    ] = region_links.REGION,
    json: options.Json = False,
) -> None:
    """Let a port's edge speak to this hub; a running hub lets it in at once."""
    key = load_public_key(ledger_key)
    with new_secret(out) as file:
        bundle = asyncio.run(region_links.enrol_edge(DataFolder(data), port, key, SystemClock(), region))
        region_links.write_credentials(bundle, file)
    show("Enrolled", {"port": bundle.port, "region": bundle.region, "bundle": str(out)}, as_json=json)


@app.command()
def revoke(
    port: Annotated[str, typer.Argument(help="Short name of the port.")],
    data: options.Data,
    json: options.Json = False,
) -> None:
    """Take a port's right to speak to this hub away; its connection is closed before this returns."""
    ended = asyncio.run(region_links.revoke_edge(DataFolder(data), port, SystemClock()))
    show("Revoked", {"port": ended.port, "revoked_at": text_of(ended.revoked_at)}, as_json=json)


@app.command()
def edges(data: options.Data, json: options.Json = False) -> None:
    """List the edges that were ever enrolled at this hub."""
    rows = [
        {"port": each.port, "enrolled_at": text_of(each.enrolled_at), "revoked_at": text_of(each.revoked_at)}
        for each in region_links.enrolled_edges(DataFolder(data))
    ]
    show_rows("edges", rows, as_json=json)
