"""A what-if of a port's own files: how wrong the model is on days that it has not seen comes before what it says."""

from collections.abc import Sequence

import msgspec

from kouan.planning.model.changes import Changed
from kouan.planning.model.changes import told as said
from kouan.planning.model.fit import BackTest, Fitted, back_test, fit
from kouan.planning.model.intervals import Spread, one_by_one
from kouan.planning.model.what_if import Compared, LineCompared, what_if
from kouan.planning.traffic import Traffic


class Judged(msgspec.Struct, frozen=True):
    """A plan fitted to files, and how it did on days held out."""

    back_test: BackTest
    fitted: Fitted


class MeasureTold(msgspec.Struct, frozen=True):
    """A measure before and after changes, and whether the paired difference is more than chance."""

    compared: Compared
    certain: bool


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What changes would bring; ``assumed`` and the others are those of ``Fitted``."""

    changes: tuple[str, ...]
    replications: int
    back_test: BackTest
    assumed: tuple[str, ...]
    elsewhere_min: float
    places: int | None
    measures: tuple[MeasureTold, ...]
    lines: tuple[LineCompared, ...] = ()
    changed: tuple[Changed, ...] = ()


def judged(traffic: Traffic, spread: Spread = one_by_one, seed: int = 1) -> Judged:
    """Return the plan of a port's files after its back-test; raise InvalidValue for too few days with whole visits."""
    return Judged(back_test(traffic, spread, seed), fit(traffic, spread, seed))


def told(found: Judged, changes: Sequence[str], replications: int, seed: int, spread: Spread = one_by_one) -> Told:
    """Return what changes would bring; raise InvalidValue for an unknown name or an impossible value."""
    fitted = found.fitted
    answered = what_if(fitted.plan, changes, replications, seed, spread)
    return Told(
        changes=tuple(changes),
        replications=replications,
        back_test=found.back_test,
        assumed=fitted.assumed,
        elsewhere_min=fitted.elsewhere_min,
        places=fitted.places,
        measures=tuple(MeasureTold(each, each.certain) for each in answered.measures),
        lines=answered.lines,
        changed=said(fitted.plan, changes),
    )
