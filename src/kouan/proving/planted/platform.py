"""Bugs around the gate: the driver, the desks, the assembly of streams, the ledger's writer, and privacy."""

from kouan.proving.planted.planting import Planted

_INTAKE = "kouan.adapters.driver.lane_intake:LaneIntake"

PLATFORM: tuple[Planted, ...] = (
    Planted(
        "only_the_last_counts", "I8", "kouan.protocols.radiation_portal.occupancy:OccupancyReader._scan",
        "            now.gamma_alarm |= line.kind is CountKind.GAMMA_ALARM\n",
        "            now.gamma_alarm = line.kind is CountKind.GAMMA_ALARM\n            now.gamma_peak_cps = 0\n",
        "the state of an occupancy is set, not gathered, by each of its lines",
    ),
    Planted(
        "alarms_are_noise", "I8", "kouan.gate.assembly:radiation",
        "        gamma_alarm=occupancy.gamma_alarm,\n        neutron_alarm=occupancy.neutron_alarm,\n"
        "        gamma_peak_cps=occupancy.gamma_peak_cps,",
        "        gamma_alarm=False,\n        neutron_alarm=occupancy.neutron_alarm,\n"
        "        gamma_peak_cps=occupancy.gamma_background_cps,",
        "the background was written where the peak belongs",
    ),
    Planted(
        "zero_is_now", "I9", f"{_INTAKE}.frames",
        "            scale = Scale(device, self._calibrated_until, self._zero_at)",
        "            scale = Scale(device, self._calibrated_until, now)",
        "each reading was said to be checked",
    ),
    Planted(
        "any_officer_excepts", "I12", "kouan.gate.review:_targets",
        "        if finding.authority == authority and rule in (None, finding.rule)",
        "        if rule in (None, finding.rule)",
        "whose a finding is was thought to be checked elsewhere",
    ),
    Planted(
        "raw_bytes_in_the_entry", "I17", "kouan.gate.driver_identity:personal_of",
        '    return Personal(subject, salt, canonical({"mrz": list(read.mrz)}))',
        '    made = Personal(subject, salt, canonical({"mrz": list(read.mrz)}))\n'
        "    import logging\n"
        '    logging.getLogger("kouan.gate").info("read %s", read.mrz)\n'
        "    return made",
        "a line that helped to find a fault stayed in",
    ),
    Planted(
        "subject_by_its_number", "I17", "kouan.inspection.use_cases:draft_of",
        'f"papers:{kind}:{number}:{version}", canonical(paper), personal)',
        'f"papers:{kind}:{number}:{version}",\n'
        "                 canonical({**msgspec.to_builtins(paper), "
        '"sealed": [one.payload.decode() for one in personal]}), personal)',
        "what is sealed was written into the entry as well",
    ),
    Planted(
        "links_of_another_chain", "I19", "kouan.adapters.appending.chain:chain",
        "            last = leaf.hex()\n", "",
        "the last hash is kept once a commit instead of once an entry",
    ),
    Planted(
        "a_head_an_hour", "I19", "kouan.adapters.heads:EVERY_S",
        "20.0", "3600.0",
        "heads filled the table, so they were made rarer",
    ),
    Planted(
        "a_head_of_the_entry_before", "I19", "kouan.adapters.heads:HeadSigner.sign",
        "            size=standing.sequence,", "            size=max(standing.sequence - 1, 0),",
        "numbers that count from one were taken to count from zero",
    ),
    Planted(
        "lost_is_taken_for_written", "durable", "kouan.adapters.appending.writer:GroupWriter._reopen",
        "        if doubt is None or standing.commits < doubt.written.block.after.commits:",
        "        if doubt is None:",
        "a commit whose answer was lost was taken to have been made",
    ),
    Planted(
        "acts_before_the_commit", "durable", "kouan.adapters.driver.passage_runner:PassageRunner._record",
        "            sequences = () if unit is None else await self._append(unit)\n",
        "            for command in commands:\n                self._act(command)\n"
        "            sequences = () if unit is None else await self._append(unit)\n",
        "the lane should not wait for the disk",
    ),
    Planted(
        "answers_before_the_commit", "durable", "kouan.adapters.driver.desk:PortDesk._feed",
        "        await asyncio.wait((recording,))\n        if recording.cancelled() or not recording.result():",
        "        if recording.cancelled():",
        "a task that was begun was taken for one that is done",
    ),
    Planted(
        "a_fault_for_ever", "I20", "kouan.adapters.driver.lane_driver:LaneDriver._fault",
        "        if (known is None and not code) or (known is not None and known.cause == code):",
        "        if not code or (known is not None and known.cause == code):",
        "an empty code was taken to say nothing",
    ),
    Planted(
        "papers_taken_unrecorded", "durable", "kouan.journeys.hand_in:PapersCounter._record",
        "        answer = None if decided.unit is None else await self._ledger.append(decided.unit)",
        "        import asyncio\n"
        "        answer = None\n"
        "        if decided.unit is not None:\n"
        "            asyncio.get_running_loop().create_task(self._ledger.append(decided.unit))",
        "traders should not wait for the disk",
    ),
)  # fmt: skip
