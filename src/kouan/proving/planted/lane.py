"""Bugs in the lane controller: its rules, its sight, its log, its restart and its driver."""

from kouan.proving.planted.planting import Planted

_GATE = "kouan.gate.lane_controller"
_DRIVER = "kouan.adapters.lane_controller.driver:LaneControllerProcess"

LANE: tuple[Planted, ...] = (
    Planted(
        "command_before_intent", "I1", f"{_GATE}.controller:_take",
        "    return Step(\n        replace(know(state, known), pending=order),\n"
        "        (Write((intent,), IntentWritten(order.order_id), IntentTaken(order.order_id)),),\n    )",
        "    opened = _intent_written(replace(know(state, known), pending=order), IntentWritten(order.order_id), now)\n"
        "    return Step(opened.state, (*opened.effects, Write((intent,))))",
        "the barrier should not wait for the disk, so the intent is written while it opens",
    ),
    Planted(
        "tried_again_after_restart", "I1", f"{_GATE}.restart:restart",
        "    return Step(state, tuple(_unsure(setting.lane, known) for known in unsure))",
        "    from kouan.gate.lane_controller.state import Actuate\n"
        "    from kouan.protocols.barrier.messages import Barrier, OpenBarrier\n"
        "    again = [OpenBarrier(barrier=Barrier.RELEASE, order_id=one.order_id, nonce=one.nonce) for one in unsure]\n"
        "    return Step(state, tuple(Actuate(command) for command in again))",
        "what was intended before the crash is finished after it",
    ),
    Planted(
        "command_sent_twice", "I1", f"{_DRIVER}._command",
        "                await self._link.send(topic, topics.encode(topic, command))",
        "                await self._link.send(topic, topics.encode(topic, command))\n"
        "                await self._link.send(topic, topics.encode(topic, command))",
        "commands are sent at most once, so a second one makes up for a lost first",
    ),
    Planted(
        "a_minute_of_grace", "I2", f"{_GATE}.rules:order_is_in_force",
        "    if time + within + COMMANDED_WITHIN_US > order.expires_at:",
        "    if time + within + COMMANDED_WITHIN_US > order.expires_at + 60 * SECOND:",
        "late networks made orders expire, so they were given a minute more",
    ),
    Planted(
        "expiry_is_no_rule", "I2", f"{_GATE}.rules:RULES",
        "    order_is_in_force,\n", "",
        "a rule fell out of the table in a merge",
    ),
    Planted(
        "expiry_in_milliseconds", "I2", f"{_GATE}.rules:order_is_in_force",
        "> order.expires_at:", "> order.expires_at * 1000:",
        "one side was taken to count milliseconds",
    ),
    Planted(
        "epoch_is_no_rule", "I4", f"{_GATE}.rules:RULES",
        "    hold_epoch_is_current,\n", "",
        "a rule fell out of the table in a merge",
    ),
    Planted(
        "epoch_compared_backwards", "I4", f"{_GATE}.rules:hold_epoch_is_current",
        "order.epoch < state.epoch", "order.epoch > state.epoch",
        "the comparison was turned round",
    ),
    Planted(
        "crossings_counted_not_vehicles", "I5", f"{_GATE}.devices:_see_crossing",
        "    crossed = opening.crossed + message.vehicles", "    crossed = opening.crossed + 1",
        "each message of a crossing was taken for one vehicle",
    ),
    Planted(
        "latch_in_memory_only", "I5", f"{_GATE}.devices:latch",
        "        (Write((Latched(state.setting.lane, cause),)),),", "        (),",
        "a write on each message of a PLC was thought too many",
    ),
    Planted(
        "uncertainty_in_another_unit", "I10", f"{_GATE}.clock:MOST_UNCERTAIN_US",
        "250_000", "250_000_000",
        "the limit was written for nanoseconds",
    ),
    Planted(
        "round_trip_is_no_doubt", "I10", f"{_GATE}.clock:measure",
        "    return ClockEstimate(time, sent + half, half)", "    return ClockEstimate(time, received, 0)",
        "the platform's answer was taken for its time now",
    ),
    Planted(
        "orders_unverified", "I11", f"{_GATE}.controller:_order_came",
        "        order = codec.verify_order(setting.keys, came.compact)", "        order = unproven",
        "the order had been read already, so reading it again seemed a waste",
    ),
    Planted(
        "bad_signature_is_logged", "I11", "kouan.protocols.jws:verify",
        '        raise InvalidValue("jws", "jws.signature", "does not verify") from error',
        "        binascii.Error(error)",
        "an exception was made and never raised",
    ),
    Planted(
        "silence_is_no_rule", "I13", f"{_GATE}.rules:RULES",
        "    platform_was_heard,\n", "",
        "a rule fell out of the table in a merge",
    ),
    Planted(
        "silence_in_another_unit", "I13", f"{_GATE}.rules:LONGEST_SILENCE_US",
        "5 * SECOND", "5 * 60 * SECOND",
        "seconds were taken for minutes",
    ),
    Planted(
        "opens_as_it_starts", "I15", f"{_GATE}.restart:_recall",
        "            return _seen(state, record, now + SETTLING_US)", "            return _seen(state, record, now)",
        "a restart should not keep drivers waiting",
    ),
    Planted(
        "begun_and_forgotten", "I15", f"{_GATE}.restart:restart",
        "    return Step(state, tuple(_unsure(setting.lane, known) for known in unsure))",
        "    return Step(state)",
        "what became of an order was thought to be the platform's to find out",
    ),
    Planted(
        "an_opening_never_ends", "I21", f"{_GATE}.devices:_closed",
        "    return replace(opening, ended=opening.ended or ended)", "    return opening",
        "the state of an opening was changed in a copy that nobody kept",
    ),
    Planted(
        "a_lost_command_keeps_the_lane_shut", "I21", f"{_GATE}.rules:NEVER_MOVES_US",
        "15 * SECOND", "15 * 3600 * SECOND",
        "an arm that does not move is left to people, who are not told of it",
    ),
)  # fmt: skip
