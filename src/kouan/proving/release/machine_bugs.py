"""Bugs in the release machine, each with the rules under which it is looked for; none where it is in reading rules."""

from kouan.proving.planted.planting import Planted

_MOVES = "kouan.inspection.release.moves:"
_MACHINE = "kouan.inspection.release.machine:"
_TIMING = "kouan.inspection.release.timing:"
_STANDING = "kouan.inspection.release.standing:"
_FOOD = ("food_and_farm_goods@1",)
_COPPER = ("copper_concentrate@1",)
_REPORTS = ("clothing@2",)
_OTHER = ("other_goods_in@1",)

MACHINE_BUGS: tuple[tuple[Planted, tuple[str, ...]], ...] = (
    (
        Planted(
            "free_once_sampled", "I22", f"{_MOVES}grant",
            "state=LotState.CONDITIONALLY_RELEASED", "state=LotState.FREE",
            "released on condition was shown as released, and then stored so",
        ),
        _FOOD,
    ),
    (
        Planted(
            "passed_is_enough", "I22", f"{_MACHINE}automatic",
            "if not needs_certificate(standing, rule)", "if standing.tested",
            "the certificate was thought to be the result's printout",
        ),
        _FOOD,
    ),
    (
        Planted(
            "a_result_without_a_sample", "I22", f"{_MOVES}take_result",
            "if not standing.sampled:", "if False:",
            "laboratories were thought to send results of samples only",
        ),
        _COPPER,
    ),
    (
        Planted(
            "a_request_is_not_noted", "I22", f"{_MOVES}ask",
            "return replace(standing, quality_asked=True)", "return standing",
            "the request was kept with the papers, where the machine does not look",
        ),
        _OTHER,
    ),
    (
        Planted(
            "exclusions_are_forgotten", "I22", f"{_STANDING}leaves_on_condition",
            "and not standing.excluded ", "",
            "what excludes a lot was thought to hold it anyhow",
        ),
        _FOOD,
    ),
    (
        Planted(
            "lifting_clears_all", "I22", f"{_MOVES}lift_hold",
            "excluded=True", "excluded=False",
            "a lifted hold was taken for an acquittal",
        ),
        _FOOD,
    ),
    (
        Planted(
            "a_bad_result_is_lifted", "I22", f"{_MOVES}lift_hold",
            "standing.barred or standing.failed or standing.spoiled", "standing.barred",
            "holds for a failed test and for a failed check were made one",
        ),
        _OTHER,
    ),
    (
        Planted(
            "treated_goods_keep_their_checks", "I22", f"{_MOVES}dispose",
            "return Standing(\n        state=LotState.TREATED,",
            "return replace(\n        standing, state=LotState.TREATED,",
            "only what changes was written",
        ),
        _FOOD,
    ),
    (
        Planted(
            "barred_goods_arrive", "I22", f"{_MOVES}arrive",
            "LotState.ON_SITE_FAILED if standing.barred else LotState.ARRIVED", "LotState.ARRIVED",
            "prohibited goods were thought to be turned back at the gate",
        ),
        _OTHER,
    ),
    (
        Planted(
            "found_too_late", "I22", f"{_MOVES}find_outside",
            "state=LotState.FAILED, ", "",
            "what is found after release was only noted",
        ),
        _FOOD,
    ),
    (
        Planted(
            "a_test_clears_a_finding", "I22", f"{_MOVES}take_second_result",
            "standing.barred or standing.spoiled", "standing.barred",
            "a good test was thought to outweigh what was found in the load",
        ),
        _FOOD,
    ),
    (
        Planted(
            "waste_at_the_destination_is_noted", "I22", f"{_MOVES}check_there",
            "if not fact.passed:", "if fact.check is None:",
            "checks were counted, not read",
        ),
        _COPPER,
    ),
    (
        Planted(
            "sampled_before_it_is_checked_there", "I22", f"{_MOVES}take_sample_there",
            "not standing.there or not checked_there(standing, rule)", "not standing.there",
            "the laboratory was thought to look for waste",
        ),
        _COPPER,
    ),
    (
        Planted(
            "drawn_and_not_tested", "I22", f"{_MOVES}grant",
            "if standing.drawn or standing.excluded else", "if standing.excluded else",
            "a report was taken for the end of the matter",
        ),
        _REPORTS,
    ),
    (
        Planted(
            "old_reports_hold", "I22", f"{_MOVES}verify_report",
            "if not fact.issued_at <= now < fact.issued_at + terms.valid_us:", "if not fact.issued_at <= now:",
            "validity was checked where the agency is listed",
        ),
        _REPORTS,
    ),
    (
        Planted(
            "any_agency_reports", "I22", f"{_MOVES}verify_report",
            "fact.agency not in terms.agencies", "not fact.agency",
            "the directory of agencies was empty in the test",
        ),
        _REPORTS,
    ),
    (
        Planted(
            "any_certificate_will_do", "I22", f"{_MOVES}certify",
            "fact.kind is not rule.certificate_kind", "not fact.certificate",
            "a certificate was thought to be a certificate",
        ),
        _FOOD,
    ),
    (
        Planted(
            "a_revoked_certificate_counts", "I22", f"{_MOVES}revoke",
            "replace(standing, state=LotState.PASSED, certificate=None)", "replace(standing, certificate=None)",
            "goods that were free were thought to be nobody's business any more",
        ),
        _FOOD,
    ),
    (
        Planted(
            "nobody_is_called", "I22", f"{_TIMING}pass_deadline",
            "replace(standing, state=LotState.ESCALATED, deadline=now", "replace(standing, deadline=now",
            "an overdue lot was thought to be seen on the screen",
        ),
        _COPPER,
    ),
    (
        Planted(
            "released_and_forgotten", "I22", f"{_TIMING}deadline",
            "if standing.state in FINAL:", "if standing.state in FINAL or standing.out:",
            "goods that have left were off the list",
        ),
        _COPPER,
    ),
    (
        Planted(
            "overdue_goods_leave", "I22", "kouan.inspection.release.permits:may_leave",
            "now >= standing.deadline", "standing.state is LotState.OVERDUE",
            "overdue was thought to be noted at the very moment",
        ),
        _COPPER,
    ),
    (
        Planted(
            "recalled_for_ever", "I22", f"{_MACHINE}TRANSITIONS",
            "(S.RECALLED, Recovered): moves.recover,", "",
            "where recalled goods go was left for later",
        ),
        _COPPER,
    ),
    (
        Planted(
            "a_transition_cites_nothing", "I22", f"{_MACHINE}step",
            "kind_of(fact), (rule.reference, VERSION)", "kind_of(fact), (VERSION,)",
            "the rule was thought to be on the lot",
        ),
        _OTHER,
    ),
    (
        Planted(
            "never_free_without_a_request", "I22", f"{_MOVES}grant",
            'return refuse("release.sample_missing") if needs_result(standing, rule) else free',
            'return refuse("release.sample_missing")',
            "to be on the safe side",
        ),
        ("lead_zinc_ore@3",),
    ),
    (
        Planted(
            "midnight_in_greenwich", "I22", "kouan.vocabulary.days:midnight",
            "tzinfo=SHANGHAI", "tzinfo=dt.UTC",
            "the machine's clock is in UTC, so days were as well",
        ),
        (),
    ),
    (
        Planted(
            "the_first_rule_that_fits", "I22", "kouan.inspection.release.rulebook:ReleaseBook.choose",
            "return max(found, key=lambda pair: pair[0])[1]", "return found[-1][1]",
            "rules were thought to stand in their order",
        ),
        (),
    ),
)  # fmt: skip
"""Each is looked for in every state under its rules."""
