"""Who signs what, and where the keys stand.

keys/platform.pem            orders, holds, answers to polls
keys/ledger.pem              signed heads
keys/lane-controller.pem     reports
keys/agency-NAME.pem.pub     public keys of the agencies, put there by the port; NAME as in border_inspection
keys/sealing.json            what seals personal data
field/keys/agency-NAME.pem   only in a demonstration: the simulated agencies' own keys
"""

from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from kouan.adapters.signing.files import load_public_key, open_signer, public_path
from kouan.gate.procedures import Authority
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.signed import agency_key, lane_controller_key, platform_key
from kouan.vocabulary.errors import NotFound


def ledger_key(port: str) -> str:
    """Return the key id under which a port's ledger signs its heads."""
    return f"ledger:{port}"


def platform_signer(data: Path, port: str) -> PrivateKeySigner:
    """Return the platform's signer, made at the first start."""
    return open_signer(data / "keys" / "platform.pem", platform_key(port))


def ledger_signer(data: Path, port: str) -> PrivateKeySigner:
    """Return the ledger's signer, made at the first start."""
    return open_signer(data / "keys" / "ledger.pem", ledger_key(port))


def controller_signer(data: Path, port: str) -> PrivateKeySigner:
    """Return the lane controller's signer, made at the first start."""
    return open_signer(data / "keys" / "lane-controller.pem", lane_controller_key(port))


def simulated_agency_signers(data: Path, port: str) -> Mapping[str, PrivateKeySigner]:
    """Return the simulated agencies' signers; for demonstrations only."""
    folder = data / "field" / "keys"
    return {
        name.value: open_signer(folder / f"agency-{name.value}.pem", agency_key(name.value, port)) for name in Authority
    }


def known_keys(data: Path, port: str, *, demo: bool) -> Mapping[str, Ed25519PublicKey]:
    """Return the public keys that the platform believes, by key id.

    Raises NotFound where an agency's key is missing: without it that agency can never grant, and no lorry would clear.
    """
    keys: dict[str, Ed25519PublicKey] = {}
    controller = controller_signer(data, port)
    keys[controller.key_id] = controller.public_key
    if demo:
        simulated_agency_signers(data, port)
    for name in Authority:
        own = public_path((data / "field" if demo else data) / "keys" / f"agency-{name.value}.pem")
        if not own.exists():
            raise NotFound(f"the public key of {name.value} is missing: put it at {own} (PEM, Ed25519)")
        keys[agency_key(name.value, port)] = load_public_key(own)
    return keys
