"""A port's yards as its file describes them: sites, blocks, scales, and what is tolerated and for how long."""

import enum
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from kouan.vocabulary.clock import Instant, seconds
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import GRANTED, Reason, Refused, Verdict

HOUR_US = seconds(3600)


class SiteKind(enum.StrEnum):
    """What a site is approved for; designated ones (指定监管场地) take only their own goods."""

    GENERAL = "general"
    BONDED = "bonded"
    GRAIN = "grain"
    MEAT = "meat"
    DELIVERY_WAREHOUSE = "delivery_warehouse"


DESIGNATED: Mapping[SiteKind, tuple[str, ...]] = {
    SiteKind.GRAIN: ("10", "1201"),
    SiteKind.MEAT: ("02",),
    SiteKind.DELIVERY_WAREHOUSE: ("2701",),
}
"""What designated sites take, by the beginning of the HS code: chapter 10 and soya beans are grain, chapter 2 is meat,
heading 2701 is coal (WCO, HS 2022). A delivery warehouse holds coking coal against warrants."""


class Site(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One supervised site (监管场所): its short name, what it is approved for, and its name in both languages."""

    name: str
    kind: SiteKind
    zh: str
    en: str


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One block (垛区) of a site: stacks in layers, in closed storage or in the open.

    ``goods`` are the beginnings of the HS codes that may lie here; ``stack_kg`` is what one stack holds, wet.
    ``warmest_dc`` is the highest temperature allowed, in tenths of a degree Celsius, where the cold chain must hold.
    """

    name: str
    site: str
    goods: tuple[str, ...]
    layers: int
    stacks: int
    stack_kg: int
    closed: bool = True
    warmest_dc: int | None = None


class Scale(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One weighbridge (地磅) of a site; ``division_kg`` is its verification scale interval e (OIML R 76-1)."""

    name: str
    site: str
    division_kg: int = 20


class Gate(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A way in and out of a site, with a plate camera and border inspection's terminal."""

    name: str
    site: str


class Exit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An exit lane (出场通道) of a site: loops, plate camera, border inspection's terminal, and a barrier.

    The lane controller serves it as it does the gate's lanes: its barrier opens on a signed order and nothing else.
    """

    name: str
    site: str


class Perishable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Goods of the green channel (绿色通道): the beginning of their HS code, and how long they may take, in hours."""

    hs: str
    hours: int


class Reference(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A reference vehicle: its plate, and its mass in kilograms as a verified scale found it."""

    plate: str
    mass_kg: int


class Tolerances(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What may differ, in kilograms and parts per thousand.

    ``pick_up_kg`` is how far a domestic lorry's net may lie from its order; ``ticket_pm`` how far a carrier's net may
    lie from the port's before the ticket stands out. Our choice: 1.5 divisions each way of two weighings of 20 kg, and
    the 3 ‰ by which dry coal changes on a day's drive.
    """

    pick_up_kg: int = 120
    ticket_pm: int = 3


class Limits(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How long a visit may stay in each state before a person is called, in minutes. Our choice, as at a busy yard.

    Who drives out has been called for at once where nobody knows whether he is out; ``exiting`` is until the next call.
    """

    arrived: int = 60
    weighed: int = 60
    handling: int = 90
    handled: int = 60
    ready: int = 30
    held: int = 120
    exiting: int = 5

    def span_us(self, state: str) -> int:
        """Return the limit of a state in microseconds."""
        return seconds(60 * int(getattr(self, state)))


class YardSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The table ``[yard]`` of a port file; a port without one has no yard."""

    sites: tuple[Site, ...] = ()
    blocks: tuple[Block, ...] = ()
    scales: tuple[Scale, ...] = ()
    gates: tuple[Gate, ...] = ()
    exits: tuple[Exit, ...] = ()
    perishables: tuple[Perishable, ...] = ()
    references: tuple[Reference, ...] = ()
    tolerances: Tolerances = Tolerances()
    limits: Limits = Limits()

    @property
    def places(self) -> tuple[str, ...]:
        """The names of scales, gates and exit lanes, as in their devices' topics."""
        return tuple(name for name, _ in self.placed)

    @property
    def placed(self) -> tuple[tuple[str, str], ...]:
        """The name and site of each scale, gate and exit lane."""
        scales = tuple((each.name, each.site) for each in self.scales)
        gates = tuple((each.name, each.site) for each in self.gates)
        return (*scales, *gates, *((each.name, each.site) for each in self.exits))

    def has_exit(self, site: str) -> bool:
        """Say whether vehicles leave a site by an exit lane alone."""
        return any(each.site == site for each in self.exits)

    def site(self, name: str) -> Site:
        """Return a site; raise InvalidValue (``yard.site``)."""
        return _named("site", self.sites, name)

    def scale(self, name: str) -> Scale:
        """Return a weighbridge; raise InvalidValue (``yard.scale``)."""
        return _named("scale", self.scales, name)

    def block(self, site: str, name: str) -> Block:
        """Return a block of a site; raise InvalidValue (``yard.block``)."""
        return _named("block", tuple(block for block in self.blocks if block.site == site), name)

    def reference_kg(self, plate: str) -> int | None:
        """Return the known mass of a reference vehicle, None for any other vehicle."""
        return next((known.mass_kg for known in self.references if known.plate == plate), None)

    def perishable_us(self, hs_code: str) -> int | None:
        """Return how long these goods may take, in microseconds; None where they keep. The longest code counts."""
        fitting = [each for each in self.perishables if hs_code.startswith(each.hs)]
        best = max(fitting, key=lambda each: len(each.hs), default=None)
        return None if best is None else best.hours * HOUR_US


class Place(msgspec.Struct, frozen=True):
    """Where a stack lies: site, block, layer and stack; written ``coal/A/1/3``."""

    site: str
    block: str
    layer: int
    stack: int

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Return the place; raise InvalidValue (``yard.place``)."""
        parts = text.split("/")
        if len(parts) != 4 or not all(part.isascii() and part.isdigit() for part in parts[2:]) or "" in parts:
            raise InvalidValue("place", "yard.place", f"must be site/block/layer/stack, not {text[:64]!r}")
        return cls(parts[0], parts[1], int(parts[2]), int(parts[3]))

    def __str__(self) -> str:
        return f"{self.site}/{self.block}/{self.layer}/{self.stack}"


def may_lie(settings: YardSettings, place: Place, hs_code: str, temperature_dc: int | None = None) -> Verdict:
    """Say whether goods may lie at a place: the site is approved for them, the block takes them, the cold chain holds.

    Raises InvalidValue where the place is none of the port's.
    """
    site, block = settings.site(place.site), settings.block(place.site, place.block)
    reasons: list[Reason] = []
    approved, only = DESIGNATED.get(site.kind), _only_at(hs_code)
    if (approved is not None and not hs_code.startswith(approved)) or only not in (None, site.kind):
        reasons.append(Reason("yard.not_designated", {"site": site.name, "kind": site.kind.value, "hs_code": hs_code}))
    if not hs_code.startswith(block.goods):
        reasons.append(Reason("yard.not_for_block", {"block": block.name, "hs_code": hs_code}))
    if not (1 <= place.layer <= block.layers and 1 <= place.stack <= block.stacks):
        reasons.append(Reason("yard.no_such_stack", {"place": str(place)}))
    if block.warmest_dc is not None and (temperature_dc is None or temperature_dc > block.warmest_dc):
        found = "–" if temperature_dc is None else temperature_dc
        reasons.append(Reason("yard.cold_chain", {"found_dc": found, "warmest_dc": block.warmest_dc}))
    return Refused(tuple(reasons)) if reasons else GRANTED


def check_settings(settings: YardSettings) -> None:
    """Raise InvalidValue where blocks or scales belong to no site, names repeat, or a size is none."""
    sites = [site.name for site in settings.sites]
    blocks = [f"{block.site}/{block.name}" for block in settings.blocks]
    for field, names in (("sites", sites), ("scales", settings.places), ("blocks", blocks)):
        if len(names) != len(set(names)):
            raise InvalidValue(f"yard.{field}", "yard.once", "must name each once")
    placed = [(each.name, each.site) for each in settings.blocks]
    for name, site in (*placed, *settings.placed):
        if site not in sites:
            raise InvalidValue("yard.site", "yard.site", f"{name} lies at {site}, which is no site")
    for block in settings.blocks:
        if not block.goods or min(block.layers, block.stacks, block.stack_kg) < 1:
            raise InvalidValue("yard.blocks", "yard.block", f"{block.name} must have goods, layers, stacks and a size")
    designated = {site.name for site in settings.sites if site.kind is SiteKind.MEAT}
    warm = [block.name for block in settings.blocks if block.site in designated and block.warmest_dc is None]
    if warm:
        raise InvalidValue("yard.blocks", "yard.cold_chain", f"{warm[0]} holds meat: it must say how warm it may be")


def green_until(settings: YardSettings, hs_code: str, since: Instant) -> Instant | None:
    """Return until when perishable goods must be through, None where they keep."""
    span = settings.perishable_us(hs_code)
    return None if span is None else since + span


_Part = TypeVar("_Part", Site, Scale, Block)


def _named(kind: str, parts: tuple[_Part, ...], name: str) -> _Part:
    for part in parts:
        if part.name == name:
            return part
    raise InvalidValue(kind, f"yard.{kind}", f"{name[:64]!r} is no {kind} of this port's yards")


def _only_at(hs_code: str) -> SiteKind | None:
    """Return the kind of site at which alone these goods may lie, None where any takes them."""
    kinds = (SiteKind.GRAIN, SiteKind.MEAT)
    return next((kind for kind in kinds if hs_code.startswith(DESIGNATED[kind])), None)


def site_for(settings: YardSettings, hs_code: str) -> Site | None:
    """Return the first site that takes these goods; None where none does.

    Grain and meat go to sites designated for them and nowhere else; to a delivery warehouse goes only what was ordered
    there.
    """
    only = _only_at(hs_code)
    taking = {block.site for block in settings.blocks if hs_code.startswith(block.goods)}
    for site in settings.sites:
        fits = site.kind is only if only else site.kind in (SiteKind.GENERAL, SiteKind.BONDED)
        if fits and site.name in taking:
            return site
    return None
