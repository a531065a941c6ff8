"""Where a lot stands: its state and all that later steps depend on, and what its rule still asks for."""

import msgspec

from kouan.inspection.release.lot import LotState
from kouan.inspection.release.rule import Check, Leaves, Need, ReleaseRule
from kouan.vocabulary.clock import Instant


class Standing(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Where one lot stands; what is not said is false, or empty.

    ``deadline`` is when somebody is called, None in final states. ``interrupted`` is the state that is overdue.
    ``passed`` and ``passed_there`` are the checks passed on site and at the destination. ``excluded`` says that the lot
    leaves only with its result, ``barred`` that it never comes to market, ``spoiled`` that something was found once it
    had left; ``tested`` that its last result was good, or a report took its place, ``failed`` that it was bad; ``out``
    that goods may have left the site, ``recovered`` that recalled goods are back; ``drawn`` that a report's goods are
    tested again; ``retest`` that the duplicate is being tested, ``retested`` that it was, which happens once;
    ``certificate`` the number of the certificate that freed it, ``certified_kg`` how much it covers where it was issued
    anew for less (None: all of the lot).
    """

    state: LotState = LotState.DECLARED
    deadline: Instant | None = None
    interrupted: LotState | None = None
    passed: tuple[Check, ...] = ()
    passed_there: tuple[Check, ...] = ()
    quality_asked: bool = False
    weight_asked: bool = False
    excluded: bool = False
    barred: bool = False
    spoiled: bool = False
    sampled: bool = False
    drawn: bool = False
    tested: bool = False
    failed: bool = False
    out: bool = False
    there: bool = False
    recovered: bool = False
    retest: bool = False
    retested: bool = False
    certificate: str | None = None
    certified_kg: int | None = None

    @property
    def at(self) -> LotState:
        """The state, or the one that is overdue."""
        return self.state if self.interrupted is None else self.interrupted


def site_checks(standing: Standing, rule: ReleaseRule) -> tuple[Check, ...]:
    """Return the checks that the lot must pass on site: those of its destination too, where it may not go there yet."""
    asked = rule.checks_on_request if standing.weight_asked else ()
    here = () if leaves_on_condition(standing, rule) else rule.destination_checks
    return (*rule.site_checks, *asked, *(check for check in here if check not in rule.site_checks))


def checked(standing: Standing, rule: ReleaseRule) -> bool:
    """Say whether all checks on site have passed."""
    return set(site_checks(standing, rule)) <= set(standing.passed)


def checked_there(standing: Standing, rule: ReleaseRule) -> bool:
    """Say whether all checks at the destination have passed; there may be none."""
    return set(rule.destination_checks) <= set(standing.passed_there)


def asks(need: Need, standing: Standing) -> bool:
    """Say whether a rule's need is one of this lot."""
    return need is Need.REQUIRED or (need is Need.ON_REQUEST and standing.quality_asked)


def needs_result(standing: Standing, rule: ReleaseRule) -> bool:
    """Say whether the lot must be tested before it is free: what is excluded always is."""
    return asks(rule.sampling, standing) or asks(rule.certificate, standing) or standing.excluded or standing.drawn


def needs_certificate(standing: Standing, rule: ReleaseRule) -> bool:
    """Say whether the dated rule requires a certificate for this lot before sale (I22)."""
    return asks(rule.certificate, standing)


def leaves_on_condition(standing: Standing, rule: ReleaseRule) -> bool:
    """Say whether the lot may leave before its result."""
    return rule.leaves is Leaves.ON_CONDITION and not standing.excluded and not standing.barred
