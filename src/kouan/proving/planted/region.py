"""Bugs between the ports and their hub: what the hub's half of I13, I6 across ports, and counting once must catch.

They are hunted by ``kouan prove region --planted``, each in one short run of a simulated region.
"""

from kouan.proving.planted.planting import Planted

_KEEPER = "kouan.adapters.network.keeper:BulletinKeeper"
_COPY = "kouan.adapters.network.port_copy:PortCopy"

REGION: tuple[Planted, ...] = (
    Planted(
        "anybody_speaks_for_the_hub", "I13", f"{_KEEPER}.hear",
        "        bulletin: Bulletin = BULLETINS.verify(self._keys, compact)\n",
        "        import base64\n"
        '        payload = base64.urlsafe_b64decode(compact.split(b".")[1] + b"==")\n'
        "        bulletin: Bulletin = BULLETINS.json.decode(payload)\n",
        "TLS was thought to be enough",
    ),
    Planted(
        "whomever_it_was_for", "I13", "kouan.network.bulletins:may_keep",
        "    if (offered.region, offered.port) != (region, port):", "    if offered.region != region:",
        "all ports of a region were thought to be told the same",
    ),
    Planted(
        "from_the_future", "I13", "kouan.network.bulletins:may_keep",
        "    if offered.issued_at > now + MAX_AHEAD_US:", "    if offered.issued_at > now + 1_000 * MAX_AHEAD_US:",
        "clocks were thought to agree within hours",
    ),
    Planted(
        "acts_before_it_is_recorded", "I13", f"{_KEEPER}.hear",
        "        if held is not None and held.bulletin.version == bulletin.version:", "        if held is not None:",
        "a later version was taken for a later issue",
    ),
    Planted(
        "permits_for_ever", "I13", "kouan.adapters.network.issuer:BulletinIssuer._lists",
        "await records.preauthorised(now)", "await records.preauthorised(0)",
        "a permit was thought to be ended by somebody",
    ),
    Planted(
        "a_new_list_is_not_said", "I13", "kouan.network.bulletins:next_issued",
        "    if before is not None and before.digest == digest:", "    if before is not None:",
        "what was issued once was thought to be known",
    ),
    Planted(
        "the_shared_entry_again", "once", "kouan.network.taking:_join",
        "        fresh = tuple(copied[shared - first + 1 :])", "        fresh = tuple(copied[shared - first :])",
        "off by one where a batch overlaps what was taken",
    ),
    Planted(
        "closed_in_each_batch", "once", "kouan.network.units:taking",
        '"network.count_closed") if changes else ()', '"network.count_closed") * 2 if changes else ()',
        "a statement was added where it stood already",
    ),
    Planted(
        "far_apart_is_far_enough", "I6", "kouan.network.travel:impossible",
        "    if gap_us >= 0 and gap_us >= least_us:", "    if gap_us >= 0:",
        "only what stands at two ports at once was thought to be cloned",
    ),
    Planted(
        "seconds_for_microseconds", "I6", "kouan.network.travel:travel_us",
        "    return distance_m * 3600 * SECOND // (MAX_SPEED_KMH * 1000)",
        "    return distance_m * 3600 // (MAX_SPEED_KMH * 1000)",
        "the unit of the name was not that of the value",
    ),
    Planted(
        "what_was_said_before_is_forgotten", "I6", f"{_COPY}._clones",
        "        merged = [known[one.passage].and_then(one) if one.passage in known else one for one in said]",
        "        merged = list(said)",
        "a passage was thought to come in one batch",
    ),
    Planted(
        "looks_only_at_now", "I6", f"{_COPY}._clones",
        "        since, end = min(one.since for one in seen) - span_us, max(one.until for one in seen) + span_us",
        "        since, end = min(one.since for one in seen), max(one.until for one in seen)",
        "the time of travel was left out",
    ),
    Planted(
        "alarmed_and_let_go", "I6", "kouan.network.units:cloned",
        "    return Unit((*alarming(alarm).drafts, *placed.drafts), placed.guards, (_raised(alarm),))",
        "    return alarming(alarm)",
        "an alarm was thought to hold somebody",
    ),
)  # fmt: skip
"""Every bug; "once" stands for what the tables call nothing: each entry is taken, and counted, once."""
