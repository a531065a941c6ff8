"""The yard as those who work in it know it: which scale, gate and block stands where, as the port's file says."""

import msgspec


class FieldBlock(msgspec.Struct, frozen=True):
    """One block of a site, and which goods may lie there."""

    name: str
    site: str
    goods: tuple[str, ...]
    layers: int
    stacks: int


class FieldPlace(msgspec.Struct, frozen=True):
    """A scale, a gate or an exit lane of a site."""

    name: str
    site: str


class FieldSite(msgspec.Struct, frozen=True):
    """A site, and what it is approved for."""

    name: str
    kind: str


class FieldReference(msgspec.Struct, frozen=True):
    """A reference vehicle and its verified mass in kilograms."""

    plate: str
    mass_kg: int


class FieldYard(msgspec.Struct, frozen=True):
    """What the simulated field reads of the table ``[yard]``."""

    sites: tuple[FieldSite, ...] = ()
    blocks: tuple[FieldBlock, ...] = ()
    scales: tuple[FieldPlace, ...] = ()
    gates: tuple[FieldPlace, ...] = ()
    exits: tuple[FieldPlace, ...] = ()
    references: tuple[FieldReference, ...] = ()

    @property
    def places(self) -> tuple[str, ...]:
        """The names of all scales, gates and exit lanes."""
        return tuple(each.name for each in (*self.scales, *self.gates, *self.exits))

    def stacks(self, site: str, hs_code: str) -> list[str]:
        """Return the places of a site where goods may lie, in order, each as ``site/block/layer/stack``."""
        return [
            f"{site}/{block.name}/{layer}/{stack}"
            for block in self.blocks
            if block.site == site and hs_code.startswith(block.goods)
            for layer in range(1, block.layers + 1)
            for stack in range(1, block.stacks + 1)
        ]
