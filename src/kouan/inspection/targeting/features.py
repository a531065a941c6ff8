"""Features (特征): what a score may look at, each with when it becomes known.

A set of features is made for a moment, and refuses by construction whatever becomes known later. All values are whole
numbers, or None where the papers do not say: they stand in ledger entries as they were when the candidate was judged,
and learning reads them there, never afresh.
"""

import enum
from collections.abc import Callable, Mapping, Sequence

import msgspec

from kouan.inspection.targeting.candidate import CHINA_US, DAY_US, Candidate, day_of
from kouan.inspection.targeting.profiles import Profile, Profiles, about
from kouan.vocabulary.errors import InvalidValue

HOUR_US = 3_600_000_000

FEW = 5
"""Fewer than these are no usual price or load to compare with. Our choice."""

PRIOR_EXAMINED, PRIOR_FOUND_PM = 20, 30
"""What a rate of offences begins with: as if 20 had been examined, 3 % of them false. Our choice."""


class Known(enum.IntEnum):
    """When something about a candidate becomes known; later moments have higher numbers."""

    PAPERS = 1
    AT_GATE = 2
    EXAMINED = 3
    RESULT = 4


class Seen(msgspec.Struct, frozen=True):
    """A candidate, and the profiles of its firms, plate, goods and route by what each is about (``profiles.about``)."""

    one: Candidate
    known: Mapping[str, Profile]


Value = Callable[[Seen], int | None]


class Feature(msgspec.Struct, frozen=True):
    """One feature: its name, when it is known, and how it is found from the papers and what was known before."""

    name: str
    known: Known
    of: Value


class FeatureSet:
    """The features of one moment, in order."""

    def __init__(self, features: Sequence[Feature], moment: Known) -> None:
        """Raise InvalidValue (``targeting.feature_late``) where one becomes known only after the moment."""
        late = [feature.name for feature in features if feature.known > moment]
        if late:
            mend = f"must be known at {moment.name.lower()}, which these are not: {', '.join(late)}"
            raise InvalidValue("features", "targeting.feature_late", mend)
        self.names = tuple(feature.name for feature in features)
        if len(set(self.names)) != len(features):
            raise InvalidValue("features", "targeting.feature_repeated", "must have each name once")
        self.moment = moment
        self._features = tuple(features)

    def of(self, candidate: Candidate, profiles: Profiles) -> dict[str, int | None]:
        """Return the values of a candidate, by name."""
        seen = Seen(candidate, about(candidate, profiles))
        return {feature.name: feature.of(seen) for feature in self._features}

    def require(self, values: Mapping[str, object]) -> None:
        """Raise InvalidValue (``targeting.feature_unknown``) unless the values are of these features and no others."""
        if values.keys() != set(self.names):
            strange = sorted(values.keys() ^ set(self.names))
            raise InvalidValue("features", "targeting.feature_unknown", f"must be those of the set: {strange}")


def _rate(name: str) -> Value:
    """Offences found per thousand examined, drawn towards the usual while few were examined."""

    def of(seen: Seen) -> int:
        profile = seen.known.get(name, _NOTHING)
        return (1000 * profile.found + PRIOR_EXAMINED * PRIOR_FOUND_PM) // (profile.examined + PRIOR_EXAMINED)

    return of


def _count(name: str) -> Value:
    """How often it was seen before."""
    return lambda seen: seen.known.get(name, _NOTHING).seen


def _days(name: str) -> Value:
    """Days since it was first seen."""

    def of(seen: Seen) -> int:
        profile = seen.known.get(name)
        return 0 if profile is None else (seen.one.at - profile.first_at) // DAY_US

    return of


def _fen_t(seen: Seen) -> int | None:
    """Declared price in fen a tonne."""
    one = seen.one
    return None if not one.value_fen or not one.gross_kg else one.value_fen * 1000 // one.gross_kg


def _price_against(name: str) -> Value:
    """Declared price against the usual, per mille."""

    def of(seen: Seen) -> int | None:
        price, usual = _fen_t(seen), seen.known.get(name)
        if price is None or usual is None or usual.seen < FEW or not usual.value_fen:
            return None
        return price * usual.mass_kg // usual.value_fen

    return of


def _mass_against(name: str) -> Value:
    """Declared mass against the usual of a consignment, per mille."""

    def of(seen: Seen) -> int | None:
        usual = seen.known.get(name)
        if usual is None or usual.seen < FEW or not usual.mass_kg:
            return None
        return 1000 * seen.one.gross_kg * usual.seen // usual.mass_kg

    return of


def _zeros(seen: Seen) -> int:
    """How many zeros the mass ends with: those who make a mass up like round ones."""
    text = str(seen.one.gross_kg)
    return len(text) - len(text.rstrip("0"))


_NOTHING = Profile("")

_FROM_PAPERS: Mapping[str, Value] = {
    "gross_kg": lambda seen: seen.one.gross_kg,
    "value_fen": lambda seen: seen.one.value_fen,
    "price_fen_t": _fen_t,
    "price_usual_pm": _price_against("usual"),
    "price_own_pm": _price_against("own_goods"),
    "mass_usual_pm": _mass_against("usual"),
    "mass_own_pm": _mass_against("own_goods"),
    "mass_zeros": _zeros,
    "heading": lambda seen: int(seen.one.hs_code[:4]),
    "lines": lambda seen: seen.one.lines,
    "vehicles": lambda seen: seen.one.vehicles,
    "outbound": lambda seen: int(seen.one.direction == "out"),
    "hour": lambda seen: (seen.one.at + CHINA_US) % DAY_US // HOUR_US,
    "weekday": lambda seen: (day_of(seen.one.at) + 3) % 7,
    "importer_days": _days("importer"),
    "importer_seen": _count("importer"),
    "exporter_days": _days("exporter"),
    "pair_seen": _count("pair"),
    "own_goods_seen": _count("own_goods"),
    "own_goods_today": _count("own_day"),
    "own_mass_today_kg": lambda seen: seen.known.get("own_day", _NOTHING).mass_kg,
    "plate_seen": _count("plate"),
    "importer_found_pm": _rate("importer"),
    "exporter_found_pm": _rate("exporter"),
    "agent_found_pm": _rate("agent"),
    "carrier_found_pm": _rate("carrier"),
    "plate_found_pm": _rate("plate"),
    "goods_found_pm": _rate("goods"),
    "route_found_pm": _rate("route"),
}

FEATURES: tuple[Feature, ...] = tuple(Feature(name, Known.PAPERS, of) for name, of in _FROM_PAPERS.items())
"""All that is found from papers. Our choice of what tells: prices and masses against the usual, firms' and their
partners' pasts, firms new behind old partners, lots split over a day, round figures."""

AT_HAND_IN = FeatureSet(FEATURES, Known.PAPERS)
"""What a candidate is judged by when its papers are complete."""
