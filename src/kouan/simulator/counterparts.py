"""Whom the simulated field meets besides the wire, whose clocks its devices bear, and how it fares."""

from collections.abc import Mapping

import msgspec

from kouan.protocols.jws import Signer
from kouan.simulator.roles import ImageStore, InspectionDesk, LotsDesk, OfficerDesk, PapersOffice, TruthLog, YardDesk
from kouan.vocabulary.clock import Clock


class Counterparts(msgspec.Struct, frozen=True):
    """Whom the field meets besides the wire.

    Without a store no pictures are taken, without a desk nobody decides reviews, without ``inspection`` none examines,
    and without ``yard`` nobody works there; ``lots`` is whom its consignees ask where nobody examines.
    """

    papers: PapersOffice
    truth: TruthLog
    actuations: TruthLog
    signers: Mapping[str, Signer]
    images: ImageStore | None = None
    desk: OfficerDesk | None = None
    inspection: InspectionDesk | None = None
    yard: YardDesk | None = None
    lots: LotsDesk | None = None


class Stamps(msgspec.Struct, frozen=True):
    """The clocks of devices and of agencies, which may be wrong; the records of what truly happened bear true time."""

    devices: Clock
    agencies: Clock


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How the field fares, for the one who watches it."""

    at: int
    stopped: int
    gone: int
    waiting_in: int
    waiting_out: int
    papers_accepted: int
    papers_rejected: int
    verdicts: int
    double_openings: int
    messages_sent: int
    telemetry_dropped: int
