"""Reads of protected fields: who read which fields about what, and for which purpose; never what they said."""

from collections.abc import Mapping

import msgspec

from kouan.access.need import Asking
from kouan.access.people import Agency
from kouan.access.words import Field
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant


class ReadRecord(msgspec.Struct, frozen=True):
    """One matter that somebody read protected fields of; ``key`` is that of the entry, ``fields`` names by blanks."""

    about: str
    key: str
    at: Instant
    username: str
    agency: Agency
    purpose: str
    fields: str


class ReadsAsked(msgspec.Struct, frozen=True):
    """Which reads are asked for: of a matter, by a person, for a purpose, from an instant and before another one."""

    about: str | None = None
    username: str | None = None
    purpose: str | None = None
    since: Instant | None = None
    before: Instant | None = None


def note_reads(asking: Asking, read: Mapping[str, frozenset[Field]], identity: str, now: Instant) -> Unit:
    """Return the one unit that records a request's reads: by the name of each matter, the fields that were read of it.

    ``identity`` is unique to the request, so that two reads of the same are two.
    """
    who, key = asking.who, f"access:read:{identity}"
    named = {about: sorted(field.value for field in fields) for about, fields in read.items()}
    body = {
        "at": now,
        "by": who.username,
        "agency": who.agency,
        "purpose": asking.purpose,
        "read": [{"about": about, "fields": fields} for about, fields in named.items()],
    }
    draft = Draft("access.read/1", who.username, key, canonical(body))
    params = {
        "key": key,
        "at": now,
        "username": who.username,
        "agency": who.agency.value,
        "purpose": asking.purpose.value,
        "abouts": list(named),
        "fields": [" ".join(fields) for fields in named.values()],
    }
    return Unit((draft,), effects=(Statement("access.note_reads", params),))
