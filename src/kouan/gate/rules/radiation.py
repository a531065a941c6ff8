"""The radiation portal (I8): alarms, faults, and counts that contradict the absence of an alarm."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Sigmas(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """So many standard deviations of the background's counts (Poisson: its square root)."""

    sigmas: int


@rule(NoParams)
def no_gamma_alarm(case: Case, _params: NoParams) -> Verdict:
    """Grant where the portal raised no gamma alarm (I8)."""
    found = case.radiation
    if found is None or not found.gamma_alarm:
        return GRANTED
    return refuse("radiation.gamma", peak_cps=found.gamma_peak_cps, background_cps=found.gamma_background_cps)


@rule(NoParams)
def no_neutron_alarm(case: Case, _params: NoParams) -> Verdict:
    """Grant where the portal raised no neutron alarm (I8)."""
    found = case.radiation
    if found is None or not found.neutron_alarm:
        return GRANTED
    return refuse("radiation.neutron")


@rule(NoParams)
def portal_in_order(case: Case, _params: NoParams) -> Verdict:
    """Grant where the portal reported no fault during the occupancy."""
    found = case.radiation
    if found is None or found.fault is None:
        return GRANTED
    return refuse("radiation.fault", fault=found.fault)


@rule(Sigmas)
def counts_agree_with_no_alarm(case: Case, params: Sigmas) -> Verdict:
    """Grant unless the peak lies so far above the background that an alarm should have been raised."""
    found = case.radiation
    if found is None or found.gamma_alarm:
        return GRANTED
    excess = found.gamma_peak_cps - found.gamma_background_cps
    if excess <= 0 or excess * excess <= params.sigmas * params.sigmas * max(found.gamma_background_cps, 1):
        return GRANTED
    return refuse("radiation.no_alarm", peak_cps=found.gamma_peak_cps, background_cps=found.gamma_background_cps)
