"""What a port may do while it does not hear the hub of its region (I13)."""

import datetime as dt
from typing import Literal

import msgspec

from kouan.gate.case import Case
from kouan.gate.evidence import NEVER_HEARD_US
from kouan.gate.rules.registry import rule
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Freshness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How old the hub's word may be, in seconds, and who is served without a person while it is older."""

    max_age_s: int
    serve: Literal["pre_authorised", "nobody"] = "pre_authorised"


@rule(Freshness)
def hub_heard_lately(case: Case, params: Freshness) -> Verdict:
    """Grant where the hub was heard lately, or the vehicle is pre-authorised by it, unexpired and of low risk (I13).

    Papers that were found while it was silent were compared with old lists: they are looked for again once it is back.
    Holds and watch lists that are known stay in force by rules of their own: this one lifts nothing.
    """
    papers, heard_at = case.papers, _silent_since(case, params.max_age_s)
    if papers is None or heard_at is None:
        return GRANTED
    if papers.hub_age_us == NEVER_HEARD_US:
        return refuse("network.hub_never_heard", max_age_s=params.max_age_s)
    since, most, permit = _in_china(heard_at), params.max_age_s, papers.permit or ""
    if params.serve == "nobody" or not papers.pre_authorised:
        return refuse("network.hub_stale", since=since, max_age_s=most)
    if not case.pre_authorised:
        return refuse("network.permit_over", permit=permit, since=since, max_age_s=most)
    return GRANTED if papers.low_risk else refuse("network.not_low_risk", permit=permit, since=since, max_age_s=most)


def _silent_since(case: Case, max_age_s: int) -> Instant | None:
    """Return when the hub was heard last, where that is too long ago by the papers or by now; None where it is not."""
    papers, age_us = case.papers, case.hub_age_us
    if papers is None or papers.hub_age_us is None or age_us is None:
        return None
    if papers.hub_age_us > max_age_s * SECOND:
        return papers.at - papers.hub_age_us
    return case.hub_last_heard if age_us > max_age_s * SECOND else None


def _in_china(at: Instant) -> str:
    """Return an instant as people in China read it: it stays the same while the age grows, as an exception must."""
    return dt.datetime.fromtimestamp(at // SECOND, _SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


_SHANGHAI = dt.timezone(dt.timedelta(hours=8))
