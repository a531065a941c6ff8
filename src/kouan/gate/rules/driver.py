"""The driver and the crew, which are border inspection's (边检)."""

import msgspec

from kouan.gate.case import Case
from kouan.gate.rules.registry import NoParams, rule
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Score(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Least score in per mille."""

    least_pm: int


@rule(NoParams)
def document_valid(case: Case, _params: NoParams) -> Verdict:
    """Grant where the travel document's check digits hold (ICAO 9303)."""
    found = case.driver
    return GRANTED if found is None or found.document_valid else refuse("driver.document_invalid")


@rule(NoParams)
def document_in_date(case: Case, _params: NoParams) -> Verdict:
    """Grant where the travel document has not expired."""
    found = case.driver
    return refuse("driver.document_expired") if found is not None and found.document_expired else GRANTED


@rule(NoParams)
def driver_expected(case: Case, _params: NoParams) -> Verdict:
    """Grant where the driver is the one announced for this vehicle; nobody announced is refused as well."""
    found = case.driver
    if found is None or found.expected:
        return GRANTED
    return refuse("driver.not_announced" if found.expected is None else "driver.another")


@rule(Score)
def face_matches_document(case: Case, params: Score) -> Verdict:
    """Grant where the face is that of the document."""
    found = case.driver
    if found is None or found.face_score_pm >= params.least_pm:
        return GRANTED
    return refuse("driver.face", score_pm=found.face_score_pm, least_pm=params.least_pm)


@rule(Score)
def face_is_live(case: Case, params: Score) -> Verdict:
    """Grant where the face is that of a person present, not a picture."""
    found = case.driver
    if found is None or found.liveness_pm >= params.least_pm:
        return GRANTED
    return refuse("driver.liveness", score_pm=found.liveness_pm, least_pm=params.least_pm)


@rule(Score)
def fingerprint_matches(case: Case, params: Score) -> Verdict:
    """Grant where the fingerprint, if one was taken, is that of the document's holder."""
    found = case.driver
    if found is None or found.fingerprint_score_pm is None or found.fingerprint_score_pm >= params.least_pm:
        return GRANTED
    return refuse("driver.fingerprint", score_pm=found.fingerprint_score_pm, least_pm=params.least_pm)


@rule(NoParams)
def occupants_as_announced(case: Case, _params: NoParams) -> Verdict:
    """Grant where as many people sit in the cab as were announced: one more may be hidden, one less left behind."""
    found = case.driver
    if found is None or found.occupants == found.announced_crew:
        return GRANTED
    if found.announced_crew is None:
        return refuse("driver.crew_unknown", occupants=found.occupants)
    return refuse("driver.occupants", occupants=found.occupants, announced=found.announced_crew)
