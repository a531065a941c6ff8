"""Rules that every rulebook must hold, for every vehicle and without a gap: no setting bypasses them."""

import msgspec

from kouan.gate.procedures import Authority, Outcome


class Safeguard(msgspec.Struct, frozen=True):
    """Whose the rule is, and what it must ask for; ``outcome`` None leaves that to the rulebook.

    Where it is not ``always`` there, a rulebook may lack it, but may not hold it narrowed or for a time.
    An exception, if the rulebook allows one at all, always needs a second person, and evidence of its own where
    ``needs_survey`` says so.
    """

    authority: Authority
    outcome: Outcome | None = None
    needs_survey: bool = False
    always: bool = True


SAFEGUARDS: dict[str, Safeguard] = {
    "no_gamma_alarm": Safeguard(Authority.CUSTOMS, Outcome.DIVERT_RADIATION, needs_survey=True),
    "no_neutron_alarm": Safeguard(Authority.CUSTOMS, Outcome.DIVERT_RADIATION, needs_survey=True),
    "portal_in_order": Safeguard(Authority.CUSTOMS),
    "seal_matches_manifest": Safeguard(Authority.CUSTOMS),
    "seal_intact": Safeguard(Authority.CUSTOMS),
    "plate_seen_once": Safeguard(Authority.BORDER_INSPECTION),
    "weighbridge_in_calibration": Safeguard(Authority.CUSTOMS),
    "weighbridge_zero_checked": Safeguard(Authority.CUSTOMS),
    "manifest_only_once": Safeguard(Authority.CUSTOMS),
    "hub_heard_lately": Safeguard(Authority.CUSTOMS, always=False),
}
"""Invariants I6 to I9, I13 and I16 as rules; I8 fixes the outcome as well. I13 concerns ports that have a hub."""
