"""What each fact does to a lot, a function a fact: the next standing without its deadline, or a refusal.

Each is given the standing in the state that hears the fact; ``machine.TRANSITIONS`` says which state that is.
"""

from msgspec.structs import replace

from kouan.inspection.release.facts import (
    BARRING,
    Arrived,
    Asked,
    CertificateIssued,
    CertificateRevoked,
    CheckedThere,
    Disposed,
    Finding,
    Found,
    HoldLifted,
    ReachedDestination,
    RecallOrdered,
    Recovered,
    ReleaseDenied,
    ReleaseGranted,
    ReportVerified,
    ResultIn,
    RetestOrdered,
    SampleTaken,
    SiteChecked,
    Way,
    Wish,
)  # fmt: skip
from kouan.inspection.release.lot import LotState
from kouan.inspection.release.rule import Check, GrantedBy, Need, ReleaseRule
from kouan.inspection.release.standing import (
    Standing,
    asks,
    checked,
    checked_there,
    leaves_on_condition,
    needs_result,
    site_checks,
)  # fmt: skip
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse

Next = Standing | Refused


def arrive(standing: Standing, _fact: Arrived, _rule: ReleaseRule, _now: Instant) -> Next:
    """Note the arrival; what is barred already is held at once."""
    return replace(standing, state=LotState.ON_SITE_FAILED if standing.barred else LotState.ARRIVED)


def withdraw(standing: Standing, fact: Disposed, _rule: ReleaseRule, _now: Instant) -> Next:
    """Close a lot that never came."""
    if fact.way is not Way.RETURN:
        return refuse("release.not_here")
    return replace(standing, state=LotState.RETURNED)


def ask(standing: Standing, fact: Asked, rule: ReleaseRule, _now: Instant) -> Next:
    """Note what the consignee asks for, or customs orders, where the rule leaves it to them."""
    if fact.wish is Wish.WEIGHT:
        return replace(standing, weight_asked=True) if rule.checks_on_request else refuse("release.not_on_request")
    if Need.ON_REQUEST not in (rule.sampling, rule.certificate):
        return refuse("release.not_on_request")
    return replace(standing, quality_asked=True)


def check_on_site(standing: Standing, fact: SiteChecked, rule: ReleaseRule, _now: Instant) -> Next:
    """Note a check's outcome; one that failed fails the lot, and it leaves only with its result from then on."""
    if fact.check not in site_checks(standing, rule):
        return refuse("release.no_such_check", check=fact.check.value)
    others = tuple(check for check in standing.passed if check is not fact.check)
    if not fact.passed:
        return replace(standing, state=LotState.ON_SITE_FAILED, passed=others, excluded=True)
    return replace(standing, state=LotState.ON_SITE, passed=_sorted((*others, fact.check)))


def _sorted(checks: tuple[Check, ...]) -> tuple[Check, ...]:
    return tuple(sorted(checks))


def find_on_site(standing: Standing, fact: Found, _rule: ReleaseRule, _now: Instant) -> Next:
    """Exclude a lot from leaving before its result; hold it, but for high risk, which only asks for the result."""
    found = replace(standing, excluded=True, barred=standing.barred or fact.finding in BARRING)
    if fact.finding is Finding.HIGH_RISK or standing.state is LotState.DECLARED:
        return found
    return replace(found, state=LotState.ON_SITE_FAILED)


def find_outside(standing: Standing, fact: Found, _rule: ReleaseRule, _now: Instant) -> Next:
    """Fail a lot of which something was found after it may have left."""
    barred = standing.barred or fact.finding in BARRING
    return replace(standing, state=LotState.FAILED, excluded=True, barred=barred, spoiled=True, tested=False)


def find_again(standing: Standing, fact: Found, _rule: ReleaseRule, _now: Instant) -> Next:
    """Note another finding of a lot that is held or recalled already."""
    return replace(standing, excluded=True, barred=standing.barred or fact.finding in BARRING)


def take_sample(standing: Standing, _fact: SampleTaken, rule: ReleaseRule, _now: Instant) -> Next:
    """Send a sample to the laboratory, once all checks on site have passed."""
    if not checked(standing, rule):
        return refuse("release.checks_missing")
    if rule.destination_checks and leaves_on_condition(standing, rule):
        return refuse("release.sampled_there")
    if not needs_result(standing, rule):
        return refuse("release.not_on_request")
    return replace(standing, state=LotState.SAMPLED, sampled=True)


def take_sample_there(standing: Standing, _fact: SampleTaken, rule: ReleaseRule, _now: Instant) -> Next:
    """Send a sample from the destination, once the goods are there and the checks there have passed."""
    if not rule.destination_checks or standing.sampled:
        return refuse("release.sampled_already")
    if not standing.there or not checked_there(standing, rule):
        return refuse("release.checks_missing")
    return replace(standing, sampled=True)


def verify_report(standing: Standing, fact: ReportVerified, rule: ReleaseRule, now: Instant) -> Next:
    """Accept a third party's report in place of a sample, if its agency, items and age are as the rule has them."""
    terms = rule.report
    if terms is None or standing.excluded:
        return refuse("release.report_not_accepted")
    if not checked(standing, rule):
        return refuse("release.checks_missing")
    if fact.agency not in terms.agencies:
        return refuse("release.report_agency", agency=fact.agency)
    if missing := [item for item in terms.items if item not in fact.items]:
        return refuse("release.report_items", item=missing[0])
    if not fact.issued_at <= now < fact.issued_at + terms.valid_us:
        return refuse("release.report_age")
    return replace(standing, state=LotState.REPORT_VERIFIED, drawn=fact.drawn)


def grants_itself(standing: Standing, rule: ReleaseRule) -> bool:
    """Say whether the rule grants release by itself where the lot stands now."""
    if rule.granted_by is GrantedBy.OFFICER:
        return False
    return standing.state in (LotState.ON_SITE, LotState.SAMPLED, LotState.REPORT_VERIFIED)


def grant(standing: Standing, _fact: ReleaseGranted, rule: ReleaseRule, _now: Instant) -> Next:
    """Release a lot as far as its rule lets it go from here: free, on condition, or as tested by its report."""
    if standing.barred or not checked(standing, rule):
        return refuse("release.checks_missing")
    if standing.state is LotState.REPORT_VERIFIED:
        tested = replace(standing, state=LotState.PASSED, tested=True, out=True)
        return refuse("release.sample_missing") if standing.drawn or standing.excluded else tested
    on_condition = leaves_on_condition(standing, rule)
    if on_condition and (standing.state is LotState.SAMPLED or rule.destination_checks):
        return replace(standing, state=LotState.CONDITIONALLY_RELEASED, out=True)
    if standing.state is LotState.SAMPLED:
        return refuse("release.result_missing")
    free = replace(standing, state=LotState.FREE, out=True)
    return refuse("release.sample_missing") if needs_result(standing, rule) else free


def deny(standing: Standing, _fact: ReleaseDenied, _rule: ReleaseRule, _now: Instant) -> Next:
    """Hold a lot that an officer does not release."""
    return replace(standing, state=LotState.HELD, excluded=True)


def take_result(standing: Standing, fact: ResultIn, _rule: ReleaseRule, _now: Instant) -> Next:
    """Pass or fail a lot by its laboratory result."""
    if not standing.sampled:
        return refuse("release.sample_missing")
    if not fact.passed:
        return replace(standing, state=LotState.FAILED, failed=True, tested=False)
    return replace(standing, state=LotState.PASSED, tested=True, out=True)


def take_second_result(standing: Standing, fact: ResultIn, _rule: ReleaseRule, _now: Instant) -> Next:
    """Hear the test of the duplicate, or a result that comes in of a lot that is held or was recalled without it."""
    late = standing.state is LotState.RECALLED and standing.sampled and not (standing.failed or standing.tested)
    if not fact.passed:
        heard = standing.retest or standing.sampled
        failed = replace(
            standing, failed=True, tested=False, retest=False, retested=standing.retested or standing.retest
        )
        return failed if heard else refuse("release.no_test")
    if not (standing.retest or late) or standing.barred or standing.spoiled:
        return refuse("release.no_test")
    passed = replace(standing, state=LotState.PASSED, failed=False, tested=True, recovered=False, out=True)
    return replace(passed, retest=False, retested=standing.retested or standing.retest)


def certify(standing: Standing, fact: CertificateIssued, rule: ReleaseRule, _now: Instant) -> Next:
    """Note the certificate of goods that passed."""
    if not standing.tested:
        return refuse("release.result_missing")
    if not asks(rule.certificate, standing):
        return refuse("release.not_on_request")
    if fact.kind is not rule.certificate_kind:
        return refuse("release.certificate_kind", kind=fact.kind.value)
    return replace(standing, state=LotState.CERTIFIED, certificate=fact.certificate, certified_kg=None)


def revoke(standing: Standing, fact: CertificateRevoked, _rule: ReleaseRule, _now: Instant) -> Next:
    """Take free goods back to what they were before the certificate that freed them: tested, and not to be sold.

    A new certificate frees them again; an officer may recall them, and where nothing comes in time they are overdue.
    """
    if fact.certificate != standing.certificate:
        return refuse("release.other_certificate", certificate=fact.certificate)
    return replace(standing, state=LotState.PASSED, certificate=None)


def reach_destination(standing: Standing, _fact: ReachedDestination, _rule: ReleaseRule, _now: Instant) -> Next:
    """Note that goods released on condition are where they were to go."""
    if standing.there:
        return refuse("release.there_already")
    return replace(standing, there=True)


def check_there(standing: Standing, fact: CheckedThere, rule: ReleaseRule, _now: Instant) -> Next:
    """Note a check at the destination; one that failed fails the lot."""
    if not standing.there or fact.check not in rule.destination_checks:
        return refuse("release.no_such_check", check=fact.check.value)
    others = tuple(check for check in standing.passed_there if check is not fact.check)
    if not fact.passed:
        return replace(standing, state=LotState.FAILED, passed_there=others, excluded=True, spoiled=True)
    return replace(standing, passed_there=_sorted((*others, fact.check)))


def lift_hold(standing: Standing, _fact: HoldLifted, _rule: ReleaseRule, _now: Instant) -> Next:
    """Send a held lot back to the checks on site; what failed its test or is barred stays held."""
    if standing.barred or standing.failed or standing.spoiled:
        return refuse("release.stays_held")
    return replace(standing, state=LotState.ON_SITE, excluded=True, sampled=False, tested=False, drawn=False)


def order_retest(standing: Standing, _fact: RetestOrdered, _rule: ReleaseRule, _now: Instant) -> Next:
    """Have the duplicate sample tested, once, of a lot that failed its test."""
    contested = standing.failed and standing.sampled and not standing.spoiled
    if not contested or standing.retest or standing.retested:
        return refuse("release.no_retest")
    return replace(standing, retest=True)


def recall(standing: Standing, _fact: RecallOrdered, _rule: ReleaseRule, _now: Instant) -> Next:
    """Recall goods that have left."""
    return replace(standing, state=LotState.RECALLED, excluded=True)


def recover(standing: Standing, _fact: Recovered, _rule: ReleaseRule, _now: Instant) -> Next:
    """Note that recalled goods are under control again."""
    if standing.recovered:
        return refuse("release.there_already")
    return replace(standing, recovered=True)


def dispose(standing: Standing, fact: Disposed, _rule: ReleaseRule, _now: Instant) -> Next:
    """Treat, return or destroy what failed; treated goods are inspected and tested again from the beginning."""
    if standing.state is LotState.RECALLED and not standing.recovered:
        return refuse("release.not_here")
    if fact.way is Way.RETURN:
        return replace(standing, state=LotState.RETURNED)
    if fact.way is Way.DESTROY:
        return replace(standing, state=LotState.DESTROYED)
    if standing.barred:
        return refuse("release.barred")
    return Standing(
        state=LotState.TREATED,
        excluded=True,
        quality_asked=standing.quality_asked,
        weight_asked=standing.weight_asked,
    )
