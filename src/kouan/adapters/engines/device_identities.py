"""The identities on a port's device network: certificates that its own authority issues, and the list of good ones.

``keys/devices-ca.pem`` signs them; ``devices.json`` lists each that was ever issued; the broker lets in those that are
listed, neither revoked nor expired. Each certificate has a name of its own, so that one can be revoked without its
successor.
"""

import secrets
from collections.abc import Sequence
from typing import Any

import msgspec

from kouan.adapters.engines.broker_users import Identity, Kind, Permissions, permissions_of, platform_permissions
from kouan.adapters.engines.data_folder import DataFolder
from kouan.adapters.engines.nats_server import reload, user_rules, write_users
from kouan.adapters.engines.roster import Roster
from kouan.adapters.signing.certificates import DAY, LIFETIME, Certificate, CertificateAuthority, certificate_in
from kouan.adapters.signing.nkeys import open_seed, public_nkey
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import Conflict, Corrupt, InvalidValue, NotFound

USERS_FILE = "nats-users.conf"
"""What the device network's broker reads its users from; an outside nats-server can include it as well."""

RENEWED_BEFORE = 90 * DAY
"""Certificates that kouan keeps for itself are renewed at a start when less is left. Our choice."""

MAX_NAME = 40
"""Longest name in characters. Our choice: with what makes it unique it fits a common name, which has 64 (RFC 5280)."""


class Enrolled(msgspec.Struct, frozen=True, kw_only=True):
    """One certificate: whom it speaks for, and how long it is good.

    ``own`` are those that kouan makes for its own processes, ``simulated`` those of a demonstration's field.
    """

    name: str
    identity: Identity
    subject: str
    enrolled_at: Instant
    expires_at: Instant
    revoked_at: Instant | None = None
    own: bool = False
    simulated: bool = False

    def is_good(self, now: Instant) -> bool:
        """Say whether the certificate is accepted."""
        return self.revoked_at is None and now < self.expires_at


class Own(msgspec.Struct, frozen=True):
    """A certificate that kouan keeps for itself, in a file of its data folder."""

    name: str
    identity: Identity
    path: str
    simulated: bool = False


def roster(folder: DataFolder) -> Roster[Enrolled]:
    """Return the list of all certificates that were ever issued here."""
    return Roster(folder, "devices.json", Enrolled)


def device_authority(folder: DataFolder, now: Instant) -> CertificateAuthority:
    """Return the authority of the device network, made at the first use; its certificate is written beside it."""
    path = folder.path / "keys" / "devices-ca.pem"
    authority = CertificateAuthority.open(path, "kouan devices", now)
    public = path.with_suffix(".crt")
    if not public.exists():
        folder.write(str(public.relative_to(folder.path)), authority.certificate_pem)
    return authority


def platform_seed(folder: DataFolder) -> str:
    """Return the NKey seed by which the platform proves itself to the broker, made at the first use."""
    return open_seed(folder.path / "keys" / "platform.nk")


def enrol(
    folder: DataFolder,
    name: str,
    identity: Identity,
    now: Instant,
    *,
    keep_old: bool = False,
    lifetime: int = LIFETIME,
) -> Certificate:
    """Issue a certificate to ``name``; earlier ones of that name end, unless they are kept for a change without a gap.

    The private key is kept nowhere here. A running broker follows with ``reload_devices`` only. Raises Conflict where
    the name is one of kouan's own participants.
    """
    identity = identity.check()
    issued = _issue(folder, name, now, lifetime)
    entry = Enrolled(
        name=name, identity=identity, subject=issued.subject, enrolled_at=now, expires_at=issued.expires_at
    )
    with roster(folder).changing() as replace:
        items = roster(folder).items()
        if any(each.own and each.name == name and each.revoked_at is None for each in items):
            raise Conflict(f"{name} is one of kouan's own participants: choose another name")
        replace((*(items if keep_old else _ended(items, name, now)), entry))
    return issued


def revoke(folder: DataFolder, name: str, now: Instant, *, old_only: bool = False) -> tuple[Enrolled, ...]:
    """Revoke all certificates of a name, or all but the newest; return them. Raise NotFound where there are none."""
    with roster(folder).changing() as replace:
        items = roster(folder).items()
        standing = [each for each in items if each.name == name and each.revoked_at is None]
        chosen = standing[:-1] if old_only else standing
        if not chosen:
            raise NotFound(f"no {'older ' if old_only else ''}certificate of {name} is enrolled here")
        gone = {each.subject for each in chosen}
        replace(tuple(_revoked(each, now) if each.subject in gone else each for each in items))
    return tuple(_revoked(each, now) for each in chosen)


def keep_own(folder: DataFolder, wanted: Sequence[Own], now: Instant) -> None:
    """Make or renew the certificates that kouan keeps for itself; those that are not wanted any more end."""
    with roster(folder).changing() as replace:
        items = roster(folder).items()
        good = {each.subject: each for each in items if each.own and each.is_good(now + RENEWED_BEFORE)}
        kept: set[str] = set()
        fresh: list[Enrolled] = []
        for own in wanted:
            entry = good.get(_subject_in(folder, own.path))
            if entry is not None and (entry.name, entry.identity) == (own.name, own.identity):
                kept.add(entry.subject)
                continue
            issued = _issue(folder, own.name, now, LIFETIME)
            folder.write(own.path, issued.pem)
            fresh.append(
                Enrolled(
                    name=own.name,
                    identity=own.identity.check(),
                    subject=issued.subject,
                    enrolled_at=now,
                    expires_at=issued.expires_at,
                    own=True,
                    simulated=own.simulated,
                )
            )
        stale = {each.subject for each in items if each.own and each.subject not in kept and each.revoked_at is None}
        if fresh or stale:
            replace((*(_revoked(each, now) if each.subject in stale else each for each in items), *fresh))


def write_broker_users(folder: DataFolder, now: Instant) -> None:
    """Write the broker's users from the list of certificates, which nobody changes meanwhile."""
    with roster(folder).changing():
        good = [each for each in roster(folder).items() if each.is_good(now)]
        port = next((each.identity.port for each in good if each.identity.kind == Kind.PLATFORM), None)
        platform = Permissions() if port is None else platform_permissions(port)
        # A server without users lets everybody in: the platform is always one.
        users = [
            {
                "nkey": public_nkey(platform_seed(folder)),
                "allowed_connection_types": ["STANDARD"],
                "permissions": _rules(platform),
            }
        ]
        users += [_mqtt_user(each) for each in good]
        write_users(folder, USERS_FILE, {"KOUAN": {"jetstream": "enabled", "users": users}})


async def reload_devices(folder: DataFolder, now: Instant) -> bool:
    """Have a running broker follow the list of certificates; say whether one runs. See ``nats_server.reload``."""
    write_broker_users(folder, now)
    return await reload(folder, "nats", "nats_monitor")


def _issue(folder: DataFolder, name: str, now: Instant, lifetime: int) -> Certificate:
    if not 0 < len(name) <= MAX_NAME or not name.replace("-", "").replace("_", "").isalnum() or not name.isascii():
        raise InvalidValue("name", "identity.name", f"must be 1 to {MAX_NAME} letters, digits, - and _")
    return device_authority(folder, now).client(f"{name}.{secrets.token_hex(6)}", now, lifetime)


def _subject_in(folder: DataFolder, path: str) -> str:
    try:
        return certificate_in(folder.path / path).subject
    except (NotFound, Corrupt):
        return ""


def _mqtt_user(entry: Enrolled) -> dict[str, Any]:
    # A user without a password could come by NATS with an empty one: only MQTT is open to it, where a certificate
    # is asked for in any case.
    return {
        "user": entry.subject,
        "allowed_connection_types": ["MQTT"],
        "permissions": _rules(permissions_of(entry.identity)),
    }


def _rules(permissions: Permissions) -> dict[str, Any]:
    return user_rules(
        permissions.publish,
        permissions.subscribe,
        publish_denied=permissions.publish_denied,
        subscribe_denied=permissions.subscribe_denied,
    )


def _ended(items: Sequence[Enrolled], name: str, now: Instant) -> tuple[Enrolled, ...]:
    return tuple(_revoked(each, now) if each.name == name else each for each in items)


def _revoked(entry: Enrolled, now: Instant) -> Enrolled:
    return entry if entry.revoked_at is not None else msgspec.structs.replace(entry, revoked_at=now)
