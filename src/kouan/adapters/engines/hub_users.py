"""Who may say what at the hub's server: the hub itself, and each edge that is enrolled, of its own port only."""

from collections.abc import Mapping
from typing import Any

import msgspec

from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats_server import user_rules, write_users
from kouan.adapters.engines.roster import Roster
from kouan.protocols.catalogue import CHANNELS, Flow
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict, NotFound
from kouan.vocabulary.places import PortName

FROM_EDGE = tuple(each.name for each in CHANNELS.values() if each.flow == Flow.TO_HUB)
"""Channels on which an edge speaks to the hub: ``kouan.<port>.hub.<channel>``."""

TO_EDGE = tuple(each.name for each in CHANNELS.values() if each.flow == Flow.FROM_HUB)
"""Channels on which the hub speaks to an edge."""

USERS_FILE = "hub-users.conf"
"""What the hub's server reads its users from."""


class EnrolledEdge(msgspec.Struct, frozen=True, kw_only=True):
    """A port that may speak to this hub, or could until ``revoked_at``.

    ``nkey`` is its public key on the wire; ``ledger_key_pem`` is the public key under which it signs its ledger's
    heads (PEM), as a person at the hub was given it.
    """

    port: str
    nkey: str
    ledger_key_pem: str
    enrolled_at: Instant
    revoked_at: Instant | None = None


def roster(folder: DataFolder) -> Roster[EnrolledEdge]:
    """Return the list of all edges that were ever enrolled here."""
    return Roster(folder, "hub-edges.json", EnrolledEdge)


def add_edge(folder: DataFolder, edge: EnrolledEdge) -> None:
    """Enrol an edge; raise Conflict where its port is enrolled already."""
    PortName.parse(edge.port)
    with roster(folder).changing() as replace:
        items = roster(folder).items()
        if any(each.port == edge.port and each.revoked_at is None for each in items):
            raise Conflict(f"{edge.port} is enrolled: revoke it first, so that only one bundle is good")
        replace((*items, edge))


def end_edge(folder: DataFolder, port: str, now: Instant) -> EnrolledEdge:
    """Take an edge's right to speak away; return it. Raise NotFound where its port is not enrolled."""
    with roster(folder).changing() as replace:
        items = roster(folder).items()
        for number, each in enumerate(items):
            if each.port == port and each.revoked_at is None:
                ended = msgspec.structs.replace(each, revoked_at=now)
                replace((*items[:number], ended, *items[number + 1 :]))
                return ended
    raise NotFound(f"{port} is not enrolled at this hub")


def edge_rules(port: str) -> Mapping[str, Any]:
    """Return what the edge of a port may do."""
    return user_rules(_subjects(port, FROM_EDGE), _subjects(port, TO_EDGE))


def hub_rules() -> Mapping[str, Any]:
    """Return what the hub itself may do."""
    return user_rules(_subjects("*", TO_EDGE), _subjects("*", FROM_EDGE))


def write_hub_users(folder: DataFolder, hub_nkey: str) -> None:
    """Write the users of the hub's server from the list of edges, which nobody changes meanwhile."""
    with roster(folder).changing():
        edges = [each for each in roster(folder).items() if each.revoked_at is None]
        users = [_user(hub_nkey, hub_rules()), *(_user(each.nkey, edge_rules(each.port)) for each in edges)]
        write_users(folder, USERS_FILE, {"HUB": {"users": users}})


def _user(nkey: str, rules: Mapping[str, Any]) -> dict[str, Any]:
    return {"nkey": nkey, "allowed_connection_types": ["STANDARD"], "permissions": rules}


def _subjects(port: str, channels: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"kouan.{port}.hub.{channel}" for channel in channels)
