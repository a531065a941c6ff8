"""``kouan device``: who may speak on a port's device network, whether the port runs or not."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from kouan.adapters.clock import SystemClock
from kouan.adapters.engines import device_identities as identities
from kouan.adapters.engines.broker_users import Identity, Kind
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.signing.certificates import DAY
from kouan.adapters.signing.files import new_secret
from kouan.cli import options
from kouan.cli.output import show, show_rows, text_of
from kouan.gate.procedures import Authority
from kouan.vocabulary.errors import InvalidValue, NotFound
from kouan.wiring.identities import authority_path
from kouan.wiring.links import secret
from kouan.wiring.port_file import load

app = typer.Typer(help="Devices and agencies on the device network: certificates.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(help="Name of the device box or the system, as in box-I3.")]


@app.command()
def enrol(
    name: Name,
    data: options.Data,
    out: Annotated[Path, typer.Option(help="Folder for NAME.key, NAME.crt and ca.crt; made if it is missing.")],
    lane: Annotated[
        list[str] | None, typer.Option(help="A lane or place of the yard whose devices it speaks for; may be repeated.")
    ] = None,
    agency: Annotated[Authority | None, typer.Option(help="The authority that it speaks for.")] = None,
    approach: Annotated[bool, typer.Option("--approach", help="The counters on the road before the gate.")] = False,
    lane_controller: Annotated[bool, typer.Option("--lane-controller", help="A lane controller.")] = False,
    keep_old: Annotated[
        bool, typer.Option("--keep-old", help="Earlier certificates of the name stay good until `revoke --old`.")
    ] = False,
    port: options.Port = "ganqimaodu",
    json: options.Json = False,
) -> None:
    """Issue a certificate; earlier ones of the name end. A running port lets it in at once."""
    identity = _identity(port, lane or [], agency, approach=approach, lane_controller=lane_controller)
    folder, now = DataFolder(data), SystemClock().now()
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    with new_secret(out / f"{name}.key") as key:
        issued = identities.enrol(folder, name, identity, now, keep_old=keep_old)
        key.write(issued.key_pem)
    (out / f"{name}.crt").write_bytes(issued.certificate_pem)
    (out / "ca.crt").write_bytes(authority_path(folder).read_bytes())
    running = asyncio.run(identities.reload_devices(folder, now))
    figures = {
        "name": name,
        "subject": issued.subject,
        "expires_at": text_of(issued.expires_at),
        "client_id": f"{name}-{secret()[:8]}",
        "folder": str(out),
        "in_force_at_once": running,
    }
    show("Enrolled", figures, as_json=json)


@app.command()
def revoke(
    name: Name,
    data: options.Data,
    old: Annotated[bool, typer.Option("--old", help="All certificates of the name but the newest.")] = False,
    json: options.Json = False,
) -> None:
    """Revoke the certificates of a name; their connections are closed before this returns."""
    folder, now = DataFolder(data), SystemClock().now()
    gone = identities.revoke(folder, name, now, old_only=old)
    running = asyncio.run(identities.reload_devices(folder, now))
    show("Revoked", {"name": name, "certificates": len(gone), "in_force_at_once": running}, as_json=json)


@app.command(name="list")
def list_devices(
    data: options.Data,
    all_: Annotated[bool, typer.Option("--all", help="Revoked and expired ones as well.")] = False,
    json: options.Json = False,
) -> None:
    """List the certificates and when they expire."""
    now = SystemClock().now()
    rows = [
        {
            "name": each.name,
            "kind": each.identity.kind.value,
            "places": " ".join(each.identity.places),
            "expires_at": text_of(each.expires_at),
            "days_left": (each.expires_at - now) // DAY,
            **({"revoked_at": text_of(each.revoked_at)} if all_ else {}),
            **({"subject": each.subject} if json else {}),
        }
        for each in identities.roster(DataFolder(data)).items()
        if all_ or each.is_good(now)
    ]
    show_rows("certificates", rows, as_json=json)


def _identity(
    port: str, lanes: list[str], agency: Authority | None, *, approach: bool, lane_controller: bool
) -> Identity:
    """Return the one identity that the options name; raise InvalidValue for none or two, NotFound for no such lane."""
    setting = load(port)
    known = {*(lane.name for lane in setting.lanes), *setting.yard.places}
    for lane in lanes:
        if lane not in known:
            raise NotFound(f"{setting.name} has no lane {lane}, nor such a place in its yard")
    wanted = [
        *([Identity(Kind.LANE, setting.name, tuple(lanes))] if lanes else []),
        *([Identity(Kind.AGENCY, setting.name, (agency.value,))] if agency else []),
        *([Identity(Kind.APPROACH, setting.name)] if approach else []),
        *([Identity(Kind.LANE_CONTROLLER, setting.name)] if lane_controller else []),
    ]
    if len(wanted) != 1:
        raise InvalidValue("kind", "device.kind", "name one of --lane, --agency, --approach and --lane-controller")
    return wanted[0]
