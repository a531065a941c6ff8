"""Bugs in what follows the gate: release, papers and examinations, to be found by a virtual month."""

from kouan.proving.planted.planting import Planted

MONTH: tuple[Planted, ...] = (
    Planted(
        "a_good_result_is_enough", "I22", "kouan.inspection.release.machine:automatic",
        "        case LotState.PASSED if not needs_certificate(standing, rule):", "        case LotState.PASSED:",
        "goods that passed were thought to be free, certificate or not",
    ),
    Planted(
        "sold_on_condition", "I22", "kouan.inspection.release.permits:may_sell",
        "    if standing.state is LotState.FREE:", "    if standing.state in _MAY_LEAVE:",
        "goods that may leave were thought to be goods that may be sold",
    ),
    Planted(
        "everything_leaves_on_condition", "I22", "kouan.inspection.release.standing:leaves_on_condition",
        "    return rule.leaves is Leaves.ON_CONDITION and not standing.excluded", "    return not standing.excluded",
        "the rule's own word was lost as a condition was tidied up",
    ),
    Planted(
        "one_check_is_enough", "I22", "kouan.inspection.release.standing:checked",
        "    return set(site_checks(standing, rule)) <= set(standing.passed)", "    return bool(standing.passed)",
        "any check was taken for all checks",
    ),
    Planted(
        "samples_have_no_deadline", "I22", "kouan.inspection.release.timing:deadline",
        "    if standing.state in FINAL:", "    if standing.state in FINAL or standing.state is LotState.SAMPLED:",
        "who waits for a laboratory was thought to need no reminder",
    ),
    Planted(
        "balances_are_not_kept", "I16", "kouan.adapters.memory.papers_balances:take_balance",
        '    taken_kg = before["taken_kg"] + row["mass_kg"]', '    taken_kg = row["mass_kg"] // 2',
        "what was taken before was thought to be in the mass already, and halves were counted for two tickets",
    ),
    Planted(
        "anybody_answers", "I12", "kouan.inspection.examination.results:answer",
        "    if said.agency is not ask.agency:", "    if said.agency is None:",
        "an answer was thought to be its sender's own affair",
    ),
)  # fmt: skip
