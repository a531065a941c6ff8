"""Control orders (布控) and holds in force on a vehicle, its containers or its goods."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.procedures import Authority
from kouan.gate.rules.registry import rule
from kouan.vocabulary.verdict import GRANTED, Reason, Refused, Verdict


class Holder(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The authority whose control orders are looked for."""

    authority: Authority


KINDS = ("detain", "examine", "scan", "quarantine", "watch")
"""What a control order asks for; a kind that is not known detains."""


@rule(Holder)
def no_control_order(case: Case, params: Holder) -> Verdict:
    """Grant where this authority has no control order in force; each one that stands is a reason of its own."""
    reasons = [_reason(case, hold) for hold in case.standing_holds if hold.split(":", 1)[0] == params.authority]
    return Refused(tuple(reasons)) if reasons else GRANTED


def _reason(case: Case, hold: str) -> Reason:
    _, kind, number = (*hold.split(":", 2), "", "")[:3]
    if kind == "watch":
        return Reason("hold.watch", {"number": number, "why": case.why(number)})
    return Reason(f"hold.{kind}" if kind in KINDS else "hold.detain", {"number": number})
