"""Health of the crew and disinfection of the vehicle, which are customs' since 2018."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Fever(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Temperature, in tenths of a degree Celsius, from which a person is examined."""

    from_dc: int


@rule(Fever)
def no_fever(case: Case, params: Fever) -> Verdict:
    """Grant below the temperature from which a person is examined."""
    found = case.health
    if found is None or found.temperature_dc < params.from_dc:
        return GRANTED
    return refuse("health.fever", temperature=_degrees(found.temperature_dc), limit=_degrees(params.from_dc))


def _degrees(tenths: int) -> str:
    return f"{tenths // 10}.{tenths % 10}"


@rule(NoParams)
def no_symptoms(case: Case, _params: NoParams) -> Verdict:
    """Grant where no symptoms were declared."""
    found = case.health
    return refuse("health.symptoms") if found is not None and found.symptoms else GRANTED


@rule(NoParams)
def health_declared(case: Case, _params: NoParams) -> Verdict:
    """Grant where a health declaration was made."""
    found = case.health
    return GRANTED if found is None or found.declared else refuse("health.undeclared")


@rule(NoParams)
def vehicle_disinfected(case: Case, _params: NoParams) -> Verdict:
    """Grant where the vehicle was disinfected."""
    found = case.health
    return GRANTED if found is None or found.disinfected else refuse("health.not_disinfected")
