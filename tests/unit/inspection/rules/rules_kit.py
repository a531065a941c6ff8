"""Documents and tables for the tests of rules."""

import json
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kouan.access.people import Agency, Principal, Role
from kouan.adapters.rules.shipped import shipped_documents
from kouan.inspection.rules.document import Kind, RuleDocument, digest_of
from kouan.inspection.rules.shelf import RuleShelf
from kouan.protocols.jws import PrivateKeySigner

FOLDER = Path(__file__).parents[4] / "ports" / "rules"
PORT = "ganqimaodu"
SIGNER = PrivateKeySigner("platform:ganqimaodu", Ed25519PrivateKey.from_private_bytes(bytes(32)))
LI = Principal("li", "Li", Agency.CUSTOMS, (Role.INSPECTOR,))
WU = Principal("wu", "Wu", Agency.CUSTOMS, (Role.DUTY_OFFICER,))
BO = Principal("bo", "Bo", Agency.BORDER_INSPECTION, (Role.INSPECTOR,))
NOW = 1_796_000_000_000_000
DAY = 86_400_000_000
GATE_FACTS: dict[str, Any] = {
    "direction": "in", "load": "loaded", "cargo": "coal", "plate": "MN1", "hs_code": "2701110000", "goods": "coal",
    "declaration": None, "gross_kg": 90_000, "total_kg": None, "crossed_kg": 0, "tare_kg": None, "convoy_expected": 1,
    "late": False, "cleared": True, "green_channel": False, "announced": True,
}  # fmt: skip


def row(number: int, *when: str, then: str = "examine", **more: Any) -> dict[str, Any]:
    return {"id": f"r{number}", "when": list(when), "then": then, "why": "a word", **more}


def table(*rows: dict[str, Any], columns: tuple[str, ...] = ("hs_code", "gross_kg"), hit: str = "collect") -> bytes:
    return json.dumps({"hit": hit, "columns": columns, "rows": rows}).encode()


def document(content: bytes, name: str = "customs-at-gate", kind: Kind = Kind.TABLE, **more: Any) -> RuleDocument:
    fields = {"version": 1, "effective_from": NOW + DAY, "drafted_by": "li", **more}
    return RuleDocument(kind=kind, name=name, content=content, digest=digest_of(content), **fields)


def shelf() -> RuleShelf:
    return RuleShelf(PORT, shipped_documents(FOLDER, PORT), {SIGNER.key_id: SIGNER.public_key})
