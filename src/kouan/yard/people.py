"""People on board (随车人员): who came in with a vehicle leaves with it, or border inspection signed an exception.

Nobody's name or document stands here: each person is a commitment under the visit's own salt, so that the same person
with the same vehicle has the same commitment at entry and exit, and none anywhere else.
"""

import hashlib
import hmac
from collections.abc import Sequence

import msgspec

from kouan.vocabulary.clock import Instant
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import GRANTED, Reason, Refused, Verdict

SALT_BYTES = 16
"""Length of a visit's salt: 128 bits. It stands in no entry, and is forgotten when the visit ends."""

MOST_PEOPLE = 100
"""Most people in one vehicle, as a driver terminal counts them (``protocols.driver_terminal``)."""


class Aboard(msgspec.Struct, frozen=True):
    """What border inspection's terminal found at an entry or exit: how many are in the vehicle, and who, committed.

    ``people`` may be fewer than ``count``: a terminal counts everybody and identifies who shows a document. Raises
    InvalidValue (``people.count``) when made with more people than were counted, or more than a vehicle holds.
    """

    count: int
    people: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Refuse more people than were counted."""
        if not len(self.people) <= self.count <= MOST_PEOPLE or len(set(self.people)) != len(self.people):
            raise InvalidValue("people", "people.count", f"must be each person once, {self.count} at most")


class PeopleException(msgspec.Struct, frozen=True):
    """Border inspection's signed word that a difference is in order: by whom, why, and on what it was signed."""

    at: Instant
    by: str
    reason: str
    digest: str


def commitment(salt: bytes, visit: str, plate: str, subject: str) -> str:
    """Return what stands for a person in a vehicle during a visit; ``subject`` is the ledger's name of the person."""
    said = f"kouan-pairing\0{visit}\0{plate}\0{subject}".encode()
    return hmac.new(salt, said, hashlib.sha256).hexdigest()


def aboard(salt: bytes, visit: str, plate: str, occupants: int, subjects: Sequence[str]) -> Aboard:
    """Return who is in a vehicle, each as a commitment under the visit's salt."""
    return Aboard(occupants, tuple(sorted(commitment(salt, visit, plate, each) for each in subjects)))


def same_people(entered: Aboard, leaving: Aboard) -> Verdict:
    """Say whether those who leave are those who entered: the same number, and the same people with this vehicle."""
    reasons: list[Reason] = []
    if leaving.count != entered.count:
        reasons.append(Reason("people.count", {"entered": entered.count, "leaving": leaving.count}))
    strangers = [each for each in leaving.people if each not in entered.people]
    missing = [each for each in entered.people if each not in leaving.people]
    if strangers:
        reasons.append(Reason("people.stranger", {"count": len(strangers)}))
    if missing:
        reasons.append(Reason("people.missing", {"count": len(missing)}))
    return Refused(tuple(reasons)) if reasons else GRANTED


def difference_digest(entered: Aboard, leaving: Aboard) -> str:
    """Return what an exception is signed on: it excuses this difference, and no other."""
    said = "\0".join((str(entered.count), *entered.people, "→", str(leaving.count), *leaving.people))
    return hashlib.sha256(said.encode()).hexdigest()
