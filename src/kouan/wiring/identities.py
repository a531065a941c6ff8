"""Who is on a port's device network by its own doing: platform, lane controller, and a demonstration's field.

keys/mqtt-platform.pem           opens the gateway's session; the platform speaks by NATS with keys/platform.nk
keys/mqtt-lane-controller.pem    moves barriers
field/keys/mqtt-NAME.pem         only in a demonstration: a box a lane, the yard's, the approach, the agencies

Real devices and agencies are enrolled with ``kouan device enrol``.
"""

import hashlib
import hmac
from collections.abc import Sequence
from pathlib import Path

from kouan.adapters.engines.broker_users import Identity, Kind
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.device_identities import Own, device_authority, keep_own, write_broker_users
from kouan.gate.procedures import Authority
from kouan.vocabulary.clock import Instant

PLATFORM = "platform"
CONTROLLER = "lane-controller"
APPROACH = "approach"
YARD = "yard"


def lane_box(lane: str) -> str:
    """Return the name of the simulated device box of a lane."""
    return f"lane-{lane}"


def agency(authority: str) -> str:
    """Return the name of a simulated agency's system."""
    return f"agency-{authority}"


def own_path(name: str) -> str:
    """Return where the certificate of one of our own participants stands in the data folder."""
    return f"{'keys' if name in (PLATFORM, CONTROLLER) else 'field/keys'}/mqtt-{name}.pem"


def prepare(folder: DataFolder, port: str, now: Instant, field: Sequence[Own] = ()) -> None:
    """Make the certificates of our own participants, and the broker's list of users.

    ``field`` are those of a simulated field; certificates of an earlier one that are not among them end.
    """
    platform = Own(PLATFORM, Identity(Kind.PLATFORM, port), own_path(PLATFORM))
    controller = Own(CONTROLLER, Identity(Kind.LANE_CONTROLLER, port), own_path(CONTROLLER))
    device_authority(folder, now)
    keep_own(folder, (platform, controller, *field), now)
    write_broker_users(folder, now)


def simulated_field(port: str, lanes: Sequence[str], yard: tuple[str, ...] = ()) -> tuple[Own, ...]:
    """Return the participants of a simulated field: a device box a lane, the agencies, the approach, the yard's box.

    ``yard`` names the yard's scales and gates; none where the port has no yard.
    """
    boxes = [simulated(lane_box(lane), Identity(Kind.LANE, port, (lane,))) for lane in lanes]
    agencies = [simulated(agency(each), Identity(Kind.AGENCY, port, (each.value,))) for each in Authority]
    scales_and_gates = [simulated(YARD, Identity(Kind.LANE, port, yard))] if yard else []
    return (*boxes, *agencies, simulated(APPROACH, Identity(Kind.APPROACH, port)), *scales_and_gates)


def simulated(name: str, identity: Identity) -> Own:
    """Return one simulated participant, whose certificate stands among the field's keys."""
    return Own(name, identity, own_path(name), simulated=True)


def authority_path(folder: DataFolder) -> Path:
    """Return the file with the certificate of the device network's authority; no secret."""
    return folder.path / "keys" / "devices-ca.crt"


def client_id(folder: DataFolder, name: str) -> str:
    """Return an MQTT client id that nobody guesses.

    Who connects under another's client id takes that one's session over, and the broker binds no id to a certificate.
    """
    secret = folder.secret("mqtt-client-ids").encode("ascii")
    return f"{name}-{hmac.new(secret, name.encode(), hashlib.sha256).hexdigest()[:16]}"
