"""``kouan hub hold|watch|preauthorise|rulebook|resume|status``: what is in force in the region, at its running hub."""

import datetime as dt
import tomllib
from pathlib import Path
from typing import Annotated, Any

import typer

from kouan.cli import options
from kouan.cli.output import show, show_rows, text_of
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue
from kouan.wiring.hub_client import HubClient

holds = typer.Typer(help="Holds at every port of the region.", no_args_is_help=True)
watch = typer.Typer(help="What every port of the region watches for.", no_args_is_help=True)
rulebooks = typer.Typer(help="Rulebooks for the ports of the region.", no_args_is_help=True)

Token = Annotated[
    str | None, typer.Option(envvar="KOUAN_TOKEN", help="Another account's token; by default the hub's machine's own.")
]
Plate = Annotated[str | None, typer.Option(help="A plate.")]
Container = Annotated[str | None, typer.Option(help="A container's number.")]
Reason = Annotated[str, typer.Option(help="Why; it goes into the hub's ledger.")]
Number = Annotated[str, typer.Argument(help="The number under which it stands.")]


@holds.command("place")
def place_hold(
    data: options.Data,
    reason: Reason,
    plate: Plate = None,
    container: Container = None,
    kind: Annotated[str, typer.Option(help="detain, scan or examine.")] = "detain",
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Hold a plate or a container at every port."""
    body = {"kind": kind, "reason": reason, "plate": plate, "container": container}
    show("Held", HubClient(data, token).post("/holds", **body), as_json=json)


@holds.command("lift")
def lift_hold(
    number: Number, data: options.Data, reason: Reason = "lifted", token: Token = None, json: options.Json = False
) -> None:
    """Lift a hold of the hub."""
    HubClient(data, token).delete(f"/holds/{number}", reason=reason)
    show("Lifted", {"number": number}, as_json=json)


@watch.command("add")
def add_watch(
    data: options.Data,
    reason: Reason,
    plate: Plate = None,
    container: Container = None,
    document: Annotated[str | None, typer.Option(help="Commitment of a travel document, 64 hex digits.")] = None,
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Watch for a plate, a container or a document at every port."""
    body = {"reason": reason, "plate": plate, "container": container, "document_commitment": document}
    show("Watched for", HubClient(data, token).post("/watch", **body), as_json=json)


@watch.command("remove")
def remove_watch(number: Number, data: options.Data, token: Token = None, json: options.Json = False) -> None:
    """Watch for something no more."""
    HubClient(data, token).delete(f"/watch/{number}")
    show("Removed", {"number": number}, as_json=json)


def preauthorise(
    plate: Annotated[str, typer.Argument(help="The tractor's plate.")],
    data: options.Data,
    carrier: Annotated[str, typer.Option(help="Whose vehicle it is.")],
    until: Annotated[str, typer.Option(help="Its end, as 2026-11-22T20:00:00+08:00.")],
    start: Annotated[str | None, typer.Option("--from", help="Its beginning; now if not given.")] = None,
    trailer: Annotated[str | None, typer.Option(help="The trailer's plate.")] = None,
    low_risk: Annotated[bool, typer.Option("--low-risk", help="Only such vehicles pass a disconnected port.")] = False,
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Let a vehicle pass a port that does not hear the hub, within a span of time."""
    client = HubClient(data, token)
    begins = client.get("")["now"] if start is None else _instant("--from", start)
    body = {"plate": plate, "trailer": trailer, "carrier": carrier, "not_before": begins, "low_risk": low_risk}
    show("Permitted", client.post("/permits", **body, expires_at=_instant("--until", until)), as_json=json)


@rulebooks.command("publish")
def publish_rulebook(
    file: Annotated[Path, typer.Argument(help="A rulebook as TOML, with its id and version.")],
    data: options.Data,
    start: Annotated[str, typer.Option("--from", help="When it takes effect, as 2026-12-01T00:00:00+08:00.")],
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Publish a rulebook to every port, in force from an instant on."""
    text = file.read_text(encoding="utf-8")
    try:
        book = tomllib.loads(text)
        name, version = str(book["id"]), str(book["version"])
    except (tomllib.TOMLDecodeError, KeyError) as error:
        raise InvalidValue("rulebook", "rulebook.toml", f"must be TOML with id and version: {error}") from error
    body = {"name": name, "version": version, "effective_from": _instant("--from", start), "text": text}
    answer = HubClient(data, token).post("/rulebooks", **body)
    show("Published", {"name": name, "version": version, **answer}, as_json=json)


def resume(
    port: Annotated[str, typer.Argument(help="Short name of the port.")],
    data: options.Data,
    reason: Reason,
    token: Token = None,
    json: options.Json = False,
) -> None:
    """Take entries of a suspended port again, from where they were taken."""
    show("Resumed", HubClient(data, token).post(f"/ports/{port}/resume", reason=reason), as_json=json)


_SHOWN = ("link", "taken", "behind", "witnessed_size", "heard_at", "witnessed_at", "suspended")


def status(data: options.Data, token: Token = None, json: options.Json = False) -> None:
    """Say how every port stands at the hub: what was taken, how far it is behind, what is witnessed, when heard."""
    region = HubClient(data, token).get("")
    ports = [port for port in region["ports"] if port["enrolled"] or port["taken"]]
    if json:
        names = (*_SHOWN, "enrolled", "entry_at", "day_in", "day_out", "open_passages", "held")
        stands = {
            port["port"]: {name: port[name] for name in names} | {"alarms": len(port["alarms"])} for port in ports
        }
        show("", {"now": region["now"], "ports": stands}, as_json=True)
        return
    rows = [{"port": port["port"], **{name: _shown(name, port[name]) for name in _SHOWN}} for port in ports]
    show_rows("ports", rows, as_json=False)


def _shown(name: str, value: Any) -> Any:
    return text_of(value) if name.endswith("_at") else value


def _instant(option: str, text: str) -> Instant:
    """Return an instant that a person wrote; raise InvalidValue."""
    try:
        at = dt.datetime.fromisoformat(text)
    except ValueError as error:
        raise InvalidValue(option, "time.form", "must be a time as 2026-12-01T00:00:00+08:00") from error
    if at.tzinfo is None:
        raise InvalidValue(option, "time.zone", "must say its time zone, as +08:00")
    return int(at.timestamp()) * SECOND
