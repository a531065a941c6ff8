"""What happened to a lot, told from the facts alone: the witness that knows nothing of the machine's own marks."""

import msgspec
from msgspec.structs import replace

from kouan.inspection.release.facts import (
    Asked,
    CertificateIssued,
    CertificateRevoked,
    CheckedThere,
    Disposed,
    Fact,
    Finding,
    Found,
    RecallOrdered,
    ReleaseDenied,
    ReportVerified,
    ResultIn,
    RetestOrdered,
    SampleTaken,
    SiteChecked,
    Way,
    Wish,
)
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.rule import Check, Need
from kouan.proving.release.norms import Norm

_GONE = frozenset({LotState.CONDITIONALLY_RELEASED, LotState.PASSED, LotState.CERTIFIED})


class History(msgspec.Struct, frozen=True):
    """All that happened since the declaration, or since the goods were treated, as far as the norms look at it.

    ``good`` is the last result, ``bad`` that one was bad, which only the duplicate of a ``contested`` one mends;
    ``spoiled`` is something found, or a check failed, after the lot may have left; ``tested_again`` that a report's
    goods were drawn.
    """

    asked: bool = False
    weight_asked: bool = False
    here: frozenset[Check] = frozenset()
    there: frozenset[Check] = frozenset()
    excluded: bool = False
    barred: bool = False
    spoiled: bool = False
    sampled: bool = False
    good: bool = False
    bad: bool = False
    contested: bool = False
    reported: bool = False
    tested_again: bool = False
    certified: bool = False


def told(  # noqa: C901, PLR0911, PLR0912 - a line a fact
    history: History, fact: Fact, state: LotState, at: LotState
) -> History:
    """Return the history after a fact that the machine accepted; ``at`` is where the lot stood, or was overdue."""
    match fact:
        case Asked(wish=Wish.QUALITY):
            return replace(history, asked=True)
        case Asked(wish=Wish.WEIGHT):
            return replace(history, weight_asked=True)
        case SiteChecked(check=check, passed=True):
            return replace(history, here=history.here | {check})
        case SiteChecked(check=check):
            return replace(history, here=history.here - {check}, excluded=True)
        case CheckedThere(check=check, passed=True):
            return replace(history, there=history.there | {check})
        case CheckedThere(check=check):
            return replace(history, there=history.there - {check}, excluded=True, spoiled=True)
        case Found(finding=finding):
            barred = history.barred or finding in (Finding.PROHIBITED, Finding.EPIDEMIC)
            return replace(history, excluded=True, barred=barred, spoiled=history.spoiled or at in _GONE)
        case ReleaseDenied() | RecallOrdered():
            return replace(history, excluded=True)
        case SampleTaken():
            return replace(history, sampled=True, good=False)
        case RetestOrdered():
            return replace(history, contested=True)
        case ResultIn(passed=passed):
            bad = not passed or (history.bad and not history.contested)
            return replace(history, good=passed, bad=bad, contested=False)
        case ReportVerified(drawn=drawn):
            return replace(history, reported=True, tested_again=drawn)
        case CertificateIssued():
            return replace(history, certified=True)
        case CertificateRevoked():
            return replace(history, certified=False)
        case Disposed(way=Way.TREAT) if state is LotState.TREATED:
            return History(asked=history.asked, weight_asked=history.weight_asked, excluded=True)
    return history


def wrong_when_free(history: History, norm: Norm) -> str | None:
    """Return what is missing of goods that are free for sale, None where nothing is (I22)."""
    tested = history.good or (history.reported and not history.tested_again and not history.excluded)
    due = norm.tests is Need.REQUIRED or (norm.tests is Need.ON_REQUEST and history.asked)
    certificate_due = norm.certificate is Need.REQUIRED or (norm.certificate is Need.ON_REQUEST and history.asked)
    site = norm.site | ({Check.WEIGHT} if history.weight_asked else set())
    wrong = {
        "the certificate that the rule requires is missing": certificate_due and not history.certified,
        "goods were not tested": (due or history.tested_again or history.excluded) and not tested,
        "the last result was bad": history.bad,
        "goods are barred from the market": history.barred,
        "something was found after they left": history.spoiled,
        "a check on site is missing": not site <= history.here,
        "a check at the destination is missing": not norm.destination <= history.there | history.here,
    }
    return next((text for text, is_so in wrong.items() if is_so), None)


def wrong_when_leaving(history: History, norm: Norm, state: LotState) -> str | None:
    """Return why goods may not leave, None where they may: before their result only as the rule lets them."""
    tested = history.good or (history.reported and not history.tested_again)
    if tested or state is LotState.FREE:
        return None
    wrong = {
        "goods leave before their result, which their rule does not allow": not norm.early,
        "excluded goods leave before their result": history.excluded,
        "goods leave without a sample, a report or checks at their destination": not (
            history.sampled or norm.destination
        ),
        "a check on site is missing": not norm.site <= history.here,
    }
    return next((text for text, is_so in wrong.items() if is_so), None)
