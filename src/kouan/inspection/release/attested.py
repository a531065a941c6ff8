"""Papers of others that release rests on: certificates, and third parties' reports with the draw that follows them."""

import msgspec
from msgspec.structs import replace

from kouan.inspection.records import params_of
from kouan.inspection.release.facts import CertificateIssued, CertificateRevoked, ReportVerified
from kouan.inspection.release.permits import released_kg
from kouan.inspection.release.records import LotRecord, rule_of, standing_of
from kouan.inspection.release.samples import joined
from kouan.inspection.release.use_cases import Told, tell
from kouan.inspection.supporting import CertificateKind
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Statement, Unit
from kouan.vocabulary.clock import Instant
from kouan.vocabulary.verdict import Refused, refuse

PER_MILLE = 1000


class Certified(msgspec.Struct, frozen=True):
    """A certificate as it names a lot: how much of it in kilograms, and from when until when it holds (None: for ever).

    ``valid_until`` is the first instant at which it no longer does; ``version`` counts how often it was issued.
    """

    number: str
    kind: CertificateKind
    mass_kg: int
    valid_from: Instant
    valid_until: Instant | None = None
    version: int = 1


class Report(msgspec.Struct, frozen=True):
    """A third party's report as it was handed in: its number, agency, items that passed and when it was issued."""

    number: str
    agency: str
    items: tuple[str, ...]
    issued_at: Instant


def certify(record: LotRecord, certificate: Certified, by: str, now: Instant) -> Told | Refused:
    """Take a certificate of a lot that passed: one that holds now and covers all of the lot."""
    if certificate.mass_kg < record.mass_kg:
        return refuse("release.certificate_mass", mass_kg=certificate.mass_kg, lot_kg=record.mass_kg)
    ended = certificate.valid_until is not None and now >= certificate.valid_until
    if now < certificate.valid_from or ended:
        return refuse("release.certificate_age", certificate=certificate.number)
    fact = CertificateIssued(certificate.number, certificate.kind)
    issue = f":{certificate.version}" if certificate.version > 1 else ""
    return tell(record, fact, f"certificate:{certificate.number}{issue}", by, now)


def reissue(record: LotRecord, certificate: Certified, by: str, now: Instant) -> Told | Refused:
    """Take a certificate that was issued anew for a lot that it freed: what it covers now is what is released.

    One of another kind, and one that does not name the lot any more, frees nothing of it: its goods are taken back.
    What stands already changes nothing.
    """
    standing = standing_of(record)
    if standing.certificate != certificate.number:
        return refuse("release.other_certificate", certificate=certificate.number)
    if certificate.mass_kg <= 0 or certificate.kind is not rule_of(record).certificate_kind:
        fact = CertificateRevoked(certificate.number)
        return tell(record, fact, f"revoked:{certificate.number}:{record.version}", by, now)
    covered = replace(standing, certified_kg=None if certificate.mass_kg >= record.mass_kg else certificate.mass_kg)
    if covered == standing:
        return Told(Unit(()), record)
    after = replace(record, version=record.version + 1, changed_at=now, standing=canonical(covered))
    body = {
        "at": now, "by": by, "certificate": certificate.number, "lot": record.number, "version": certificate.version,
        "covers_kg": certificate.mass_kg, "released_kg": released_kg(covered, record.mass_kg),
        "released_before_kg": released_kg(standing, record.mass_kg),
    }  # fmt: skip
    key = f"release:{record.number}:recertified:{record.version}"
    draft = Draft("release.recertified/1", record.number, key, canonical(body))
    return Told(Unit((draft,), (Statement("release.move_lot", params_of(after)),)), after)


def verify_report(record: LotRecord, report: Report, draw: int, by: str, now: Instant) -> Told | Refused:
    """Accept a third party's report; ``draw``, at random from 0 to 999, says whether the goods are tested all the same.

    The draw and what it was held against stand in the entry, so that the share can be checked.
    """
    terms = rule_of(record).report
    if terms is None:
        return refuse("release.report_not_accepted")
    fact = ReportVerified(report.number, report.agency, report.items, report.issued_at, draw < terms.retest_per_mille)
    told = tell(record, fact, f"report:{report.number}", by, now)
    if isinstance(told, Refused):
        return told
    body = {"at": now, "draw": draw, "lot": record.number, "report": report.number, "share": terms.retest_per_mille}
    draft = Draft("release.drawn/1", record.number, f"release:{record.number}:drawn:{report.number}", canonical(body))
    return joined(told, draft, ())
