"""What a degraded lane still may serve."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.procedures import Procedure
from kouan.gate.rules.registry import rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Waivable(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The procedures that a degraded lane may lack and still serve what was authorised beforehand."""

    procedures: list[Procedure]


@rule(Waivable)
def degraded_lane_serves_pre_authorised(case: Case, params: Waivable) -> Verdict:
    """Grant in a lane in order; in a degraded one, only for pre-authorised vehicles and what may be lacking there."""
    if not case.lacking:
        return GRANTED
    needed = [procedure for procedure in case.lacking if procedure not in params.procedures]
    if needed:
        return refuse("lane.lacks", procedures=", ".join(needed))
    if not case.pre_authorised:
        return refuse("lane.not_pre_authorised", procedures=", ".join(case.lacking))
    return GRANTED
