"""Bugs in the gate: evidence, decisions, orders, reviews and what follows from a release."""

from kouan.proving.planted.planting import Planted

GATE: tuple[Planted, ...] = (
    Planted(
        "uncertain_is_tried_again", "I1", "kouan.gate.ordering:report_order",
        '    return _trouble(state, "order.uncertain", now, policy)',
        "    return settle(state.dossier, now, policy)",
        "an order of which nothing is known is simply given again",
    ),
    Planted(
        "the_passage_keeps_its_epoch", "I2", "kouan.gate.intake:place_hold",
        "    epoch = max(state.dossier.epoch, fact.epoch)", "    epoch = state.dossier.epoch",
        "a hold on another vehicle was thought to be none of this one's business",
    ),
    Planted(
        "ordered_by_the_papers", "I3", "kouan.gate.moves:_seen",
        "    return None if record is None else record.misread or record.evidence",
        "    return None if record is None else record.evidence",
        "a plate that a person corrected is the plate, whatever the lane's camera says",
    ),
    Planted(
        "axles_left_out", "I3", "kouan.gate.moves:identity_of",
        "        axles=stands.axles if isinstance(stands, Positioned) else 0,", "        axles=0,",
        "a field was given its default while something else was tried out",
    ),
    Planted(
        "a_broken_identity_is_forgotten", "I3", "kouan.gate.ordering:break_identity",
        "    dossier = replace(state.dossier, broken=state.dossier.broken or fact.cause)",
        "    dossier = state.dossier",
        "the loop is free for a moment with long trailers, so the passage goes on",
    ),
    Planted(
        "holds_at_the_gate_unseen", "I4", "kouan.gate.case:Case.standing_holds",
        " + self.holds", "",
        "holds are found with the papers, so those placed later were overlooked",
    ),
    Planted(
        "control_orders_unseen", "I4", "kouan.journeys.papers_at_gate:_told",
        "        holds=_holds((*matched.holds, *matched.goods_holds)),", "        holds=_holds(matched.goods_holds),",
        "a list was narrowed in a refactoring",
    ),
    Planted(
        "travel_compared_backwards", "I6", "kouan.gate.visit:seen_elsewhere",
        "last.lane != lane and now - last.at < CROSSING_US", "last.lane != lane and now - last.at > CROSSING_US",
        "the comparison was turned round",
    ),
    Planted(
        "two_seconds_to_cross", "I6", "kouan.gate.visit:CROSSING_US",
        "seconds(120)", "seconds(2)",
        "minutes were taken for seconds",
    ),
    Planted(
        "every_seal_is_intact", "I7", "kouan.gate.assembly:seal",
        "condition=SealCondition(read.condition.value)", "condition=SealCondition.INTACT",
        "a reader that gives a number was thought to have found the seal whole",
    ),
    Planted(
        "the_calibration_is_not_asked", "I9", "kouan.gate.rules.weight:weighbridge_in_calibration",
        "    if found is None or found.at < found.calibrated_until:",
        "    if found is None or found.calibrated_until:",
        "whether there is a date was asked, not whether it has passed",
    ),
    Planted(
        "he_confirms_himself", "I12", "kouan.gate.review:confirm_review",
        "    if fact.by == first.by:", "    if fact.by == first.reason:",
        "the wrong field was compared",
    ),
    Planted(
        "no_second_person", "I12", "kouan.gate.review:_needs_second",
        '    if fact.action != "release":', '    if fact.action == "release":',
        "a condition was turned round",
    ),
    Planted(
        "no_fresh_sign_in", "I12", "kouan.gate.review:_release_refusal",
        "    if not fact.stepped_up:", "    if fact.stepped_up is None:",
        "a session was taken for a fresh sign-in",
    ),
    Planted(
        "no_reason", "I12", "kouan.gate.review:_has_reason",
        "len(text.strip()) > 0", "len(text) > 0",
        "a blank is a reason, too",
    ),
    Planted(
        "anybody_confirms", "I12", "kouan.gate.review:confirm_review",
        "    if fact.authority != first.authority:", "    if not fact.authority:",
        "a second person of whatever authority was thought better than none",
    ),
    Planted(
        "silence_is_consent", "I14", "kouan.gate.decide:_judge",
        "    if verdict is None or cause is not None:",
        "    if verdict is None:\n        return []\n    if cause is not None:",
        "an authority that says nothing has nothing to say",
    ),
    Planted(
        "late_is_no_matter", "I14", "kouan.gate.decide:missing_findings",
        "        if cause is not None and not _served_without(case, procedure):",
        '        if cause not in (None, "late") and not _served_without(case, procedure):',
        "a device that does not answer in time should not hold up a lane",
    ),
    Planted(
        "goods_twice_under_manifest", "I16", "kouan.adapters.memory.papers_statements:insert_consignment",
        '    if before["state"] != "deleted" or before["crossed_kg"] > row["gross_kg"]:',
        '    if before["crossed_kg"] > row["gross_kg"]:',
        "a manifest that is handed in again was taken for its own amendment",
    ),
    Planted(
        "number_in_the_evidence", "I17", "kouan.gate.driver_identity:identified",
        '        nationality=document.nationality if document is not None else "",',
        '        nationality=f"{document.nationality}{document.number}" if document is not None else "",',
        "a field that was at hand was added for the officer's convenience",
    ),
    Planted(
        "tailgating_is_let_pass", "I20", "kouan.gate.ordering:tailgating",
        "    if fact.vehicles <= 1:", "    if fact.vehicles >= 1:",
        "the number of vehicles was thought to be at least one, always",
    ),
    Planted(
        "tailgating_is_no_emergency", "I20", "kouan.gate.ordering:tailgating",
        'alarm(dossier, 1, "order.tailgating"', 'alarm(dossier, 3, "order.tailgating"',
        "too many emergencies were shown",
    ),
)  # fmt: skip
