"""What is known of firms, plates, goods and routes from before: counts, and nothing else.

A profile is only ever added to, so that two candidates judged at once cannot lose each other's counts. What an
examination found is added when its result is in, not before: a candidate is never judged by a result that came later.
"""

from collections.abc import Mapping

import msgspec

from kouan.inspection.targeting.candidate import Candidate, day_of
from kouan.vocabulary.clock import Instant

MONTH_DAYS = 30
"""Days over which goods' usual prices and loads are counted. Our choice: prices move by months."""


class Profile(msgspec.Struct, frozen=True):
    """How often something was seen, examined and found false, since when, and how much of it was declared."""

    key: str
    seen: int = 0
    examined: int = 0
    found: int = 0
    first_at: Instant = 0
    last_at: Instant = 0
    mass_kg: int = 0
    value_fen: int = 0


class Addition(msgspec.Struct, frozen=True):
    """What is added to a profile; the instants widen its span where it was ``seen``."""

    key: str
    seen: int
    examined: int
    found: int
    at: Instant
    mass_kg: int
    value_fen: int


Profiles = Mapping[str, Profile]
"""Profiles by key; a key that is not there was never seen."""

FOUND_WITH = ("importer", "exporter", "agent", "carrier", "plate", "goods", "route")
"""The parts of a candidate with which offences are counted."""


def keys_of(candidate: Candidate) -> dict[str, str]:
    """Return the keys of the profiles that a candidate belongs to, by what each is about."""
    one = candidate
    parts = {
        "importer": one.importer,
        "exporter": one.exporter,
        "agent": one.agent,
        "carrier": one.carrier,
        "plate": one.plate,
        "goods": one.hs_code,
        "route": one.route,
    }
    keys = {name: f"{name}:{value}" for name, value in parts.items() if value}
    day, month = day_of(one.at), day_of(one.at) // MONTH_DAYS
    keys["goods_month"] = f"goods_month:{one.hs_code}:{month}"
    if one.importer:
        keys["pair"] = f"pair:{one.importer}:{one.exporter}"
        keys["own_goods"] = f"own_goods:{one.importer}:{one.hs_code}"
        keys["own_day"] = f"own_day:{one.importer}:{one.hs_code}:{day}"
    return keys


def read_keys(candidate: Candidate) -> tuple[str, ...]:
    """Return the keys that must be read to judge a candidate: its own, and its goods' of the month before."""
    return (*keys_of(candidate).values(), _month_before(candidate))


def about(candidate: Candidate, profiles: Profiles) -> dict[str, Profile]:
    """Return a candidate's profiles by what each is about; ``usual`` is its goods' of this month and the last."""
    keys = keys_of(candidate)
    found = {name: profiles[key] for name, key in keys.items() if key in profiles}
    months = [profiles[key] for key in (keys["goods_month"], _month_before(candidate)) if key in profiles]
    if months:
        seen_, mass, value = (sum(getattr(one, name) for one in months) for name in ("seen", "mass_kg", "value_fen"))
        found["usual"] = Profile("usual", seen=seen_, mass_kg=mass, value_fen=value)
    return found


def _month_before(candidate: Candidate) -> str:
    return f"goods_month:{candidate.hs_code}:{day_of(candidate.at) // MONTH_DAYS - 1}"


def seen(candidate: Candidate) -> tuple[Addition, ...]:
    """Return what is added when a candidate has been judged."""
    mass, value = candidate.gross_kg, candidate.value_fen or 0
    return tuple(Addition(key, 1, 0, 0, candidate.at, mass, value) for key in keys_of(candidate).values())


def examined(candidate: Candidate, *, found: bool, at: Instant) -> tuple[Addition, ...]:
    """Return what is added when the result of an examination is in."""
    keys = keys_of(candidate)
    counted = (keys[name] for name in FOUND_WITH if name in keys)
    return tuple(Addition(key, 0, 1, int(found), at, 0, 0) for key in counted)


def added(profile: Profile | None, addition: Addition) -> Profile:
    """Return a profile with something added to it."""
    before = profile or Profile(addition.key, first_at=addition.at, last_at=addition.at)
    return Profile(
        key=before.key,
        seen=before.seen + addition.seen,
        examined=before.examined + addition.examined,
        found=before.found + addition.found,
        first_at=min(before.first_at, addition.at),
        last_at=max(before.last_at, addition.at) if addition.seen else before.last_at,
        mass_kg=before.mass_kg + addition.mass_kg,
        value_fen=before.value_fen + addition.value_fen,
    )
