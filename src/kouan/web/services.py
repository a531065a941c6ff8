"""What the web layer needs of the rest of the port; ``wiring`` fills it in."""

import abc
import dataclasses
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, Literal, Protocol

from kouan.access.people import Agency, Principal, Role
from kouan.access.roles import Accounts, PasswordHasher
from kouan.command.roles import AlarmDesk
from kouan.gate.procedures import Authority
from kouan.gate.roles import GateRecords
from kouan.inspection.control_orders import ControlOrder
from kouan.inspection.importing.columns import FileKind
from kouan.inspection.importing.files import File, read_file
from kouan.inspection.release.roles import ReleaseRecords
from kouan.inspection.roles import PapersRecords
from kouan.inspection.rules.document import RuleDocument
from kouan.inspection.two_step import RulesAt, default_rules
from kouan.journeys.examination import Examinations
from kouan.journeys.release import ReleaseDesk
from kouan.journeys.release_papers import PapersForRelease
from kouan.journeys.rule_dry_run import Job
from kouan.journeys.rules_desk import RulesDesk
from kouan.journeys.targeting_desk import TargetingDesk
from kouan.journeys.yard_desk import YardDesk
from kouan.ledger.roles import Ledger, Subjects
from kouan.ledger.tiles import TileSource
from kouan.planning.study.kept import MOST_FILE_BYTES, Studies
from kouan.vocabulary.clock import Clock
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Granted, Refused

View = Mapping[str, Any]
"""One JSON object as the API shows it."""


ReadPapers = Callable[[bytes, FileKind | None], Awaitable[File]]
"""Reads a file of papers; raises InvalidValue where nothing of it can be used."""


async def read_at_once(data: bytes, kind: FileKind | None = None) -> File:
    """Read a file of papers where it stands, as in tests and in the twin."""
    return read_file(data, kind)


class Board(Protocol):
    """The port as it stands now, after the last commit."""

    def overview(self) -> View:
        """Return the counters of the port."""
        ...

    def lanes(self) -> Sequence[View]:
        """Return every lane with its passage, by the port file's order."""
        ...

    def lane(self, lane: str) -> View:
        """Return one lane; raise NotFound."""
        ...

    def reviews(self, authority: Authority | None = None) -> Sequence[View]:
        """Return the review queue, most urgent first, with what a person of ``authority`` may do."""
        ...

    async def passage(self, passage: str) -> View:
        """Return one passage, open or closed; raise NotFound."""
        ...

    def changes(self, authority: Authority | None = None) -> AsyncGenerator[tuple[str, View], None]:
        """Yield (event, data): first everything as it stands, then what changes, and ``heartbeat`` every 5 s.

        The events are ``lane``, ``review`` and ``overview``. A slow reader skips to the latest state. The same
        picture is the same object for every reader.
        """
        ...


class GateDesk(Protocol):
    """Where people act on the gate; a refusal says why, an unknown name raises NotFound."""

    async def decide(
        self,
        passage: str,
        by: Principal,
        action: str,
        reason: str,
        *,
        rule: str | None = None,
        corrections: Mapping[str, str],
        stepped_up: bool,
    ) -> Granted | Refused:
        """Decide on a passage in the review queue: ``release``, ``divert``, ``refuse`` or ``correct``."""
        ...

    async def confirm(self, passage: str, by: Principal, reason: str, *, stepped_up: bool) -> Granted | Refused:
        """Confirm, as a second person, what the first decided."""
        ...

    async def turn_lane(self, lane: str, direction: Direction, by: Principal, reason: str) -> Granted | Refused:
        """Let a tidal lane go the other way, once it is empty."""
        ...

    async def open_lane(self, lane: str, by: Principal, reason: str) -> Granted | Refused:
        """Take a lane into service again, after it was stopped or closed."""
        ...

    async def close_lane(self, lane: str, by: Principal, reason: str) -> Granted | Refused:
        """Take a lane out of service, once it is empty."""
        ...

    async def place_hold(self, by: Principal, order: ControlOrder, number: str | None = None) -> str | Refused:
        """Place a control order; return its number once it is durable and pushed to the lanes.

        Under a ``number`` that exists nothing is done again.
        """
        ...

    async def lift_hold(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        """Lift a control order; only the authority that placed it may. Raises NotFound."""
        ...


class ImageStore(Protocol):
    """Pictures by their SHA-256 in hex."""

    async def put(self, sha256: str, jpeg: bytes) -> None:
        """Keep a picture durably; raise InvalidValue if it is not what its name says or too large."""
        ...

    async def get(self, sha256: str) -> bytes:
        """Return a picture; raise NotFound."""
        ...

    async def has(self, sha256: str) -> bool:
        """Say whether a picture is kept, without reading it."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class Rate:
    """How often something may be asked: ``per_s`` in the long run, ``burst`` at once."""

    per_s: float
    burst: float


@dataclasses.dataclass(frozen=True, kw_only=True)
class Limits:
    """How much one client may ask. All numbers are our choice.

    ``address`` is generous, because the devices and offices of a port share one; ``person`` is far above what a hand at
    the console makes; ``machine`` carries a port's pictures, four a vehicle, at ten times its busiest hour. Wrong
    passwords are limited by address and name, so that guessing one takes years, and by address, so that trying one
    on all names does. ``streams`` is how many event streams one principal may have open, ``all_streams`` how many all.
    """

    address: Rate = Rate(per_s=400, burst=800)
    person: Rate = Rate(per_s=50, burst=100)
    machine: Rate = Rate(per_s=300, burst=600)
    sign_in: Rate = Rate(per_s=1 / 12, burst=10)
    sign_ins: Rate = Rate(per_s=1, burst=30)
    body_bytes: int = 64 * 1024
    image_bytes: int = 512 * 1024
    import_bytes: int = 512 * 1024
    study_bytes: int = MOST_FILE_BYTES
    streams: int = 16
    all_streams: int = 256


@dataclasses.dataclass(frozen=True, kw_only=True)
class OidcSettings:
    """An identity provider: its issuer URL, and what it knows this port by.

    ``roles_claim`` names the claim of the ID token with the person's groups; ``roles`` says which role of this port,
    and ``agencies`` which agency, a group stands for. Who has no role here is not let in. ``name`` is shown to
    people; ``redirect_url`` is where the provider sends them back (``https://…/api/v1/auth/oidc/callback``).
    """

    issuer: str
    client_id: str
    client_secret: str = dataclasses.field(repr=False)
    redirect_url: str
    name: str = "OpenID Connect"
    roles_claim: str = "roles"
    roles: Mapping[str, Role] = dataclasses.field(default_factory=dict)
    agencies: Mapping[str, Agency] = dataclasses.field(default_factory=dict)


class RuleDryRuns(Protocol):
    """Looks in the background which decisions of the last month a draft would have changed."""

    def begin(self, draft: RuleDocument) -> Job:
        """Begin the dry run of a draft."""
        ...

    def find(self, number: str) -> Job:
        """Return a dry run; raise NotFound."""
        ...


@dataclasses.dataclass(frozen=True, kw_only=True)
class RuleServices:
    """The rules desk, and the dry runs in the background."""

    desk: RulesDesk
    dry_runs: RuleDryRuns


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReleaseServices:
    """Where lots are looked up, where what happens to them is told, and what papers tell of them."""

    records: ReleaseRecords
    desk: ReleaseDesk
    papers: PapersForRelease


@dataclasses.dataclass(frozen=True, kw_only=True)
class CommonServices(abc.ABC):
    """What every application needs, a port's and a hub's: people, their sessions, a ledger, the console.

    ``messages`` are the catalogues by language; ``secret`` returns a fresh unguessable string; ``subjects`` names
    people without keeping who they are; ``tiles`` is what proofs are made of (the ledger's adapter itself, or
    ``LeafTiles``); ``ledger_key`` is the raw Ed25519 public key (32 bytes) of the ledger's heads; ``demo_accounts`` are
    the name and password that the sign-in page of a demonstration shows; ``console`` is the built console's folder.
    """

    place: ClassVar[Literal["port", "hub"]]
    clock: Clock
    ledger: Ledger
    subjects: Subjects
    accounts: Accounts
    hasher: PasswordHasher
    messages: Mapping[str, Mapping[str, str]]
    tiles: TileSource
    ledger_key: bytes
    ledger_key_id: str
    secret: Callable[[], str]
    demo: bool = False
    demo_accounts: tuple[tuple[str, str], ...] = ()
    limits: Limits = Limits()
    oidc: OidcSettings | None = None
    console: str | None = None

    @property
    @abc.abstractmethod
    def title(self) -> Mapping[str, str]:
        """The name of the port or region, by language."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Services(CommonServices):
    """Everything that a request to a port may need.

    ``port`` is the drawn port as ``GET /api/v1/port`` shows it; ``salt`` returns 16 fresh random bytes.
    ``targeting``, ``examinations``, ``yard``, ``release``, ``rules``, ``alarms`` and ``studies`` are None where the
    port has none.
    """

    place = "port"
    port: View
    board: Board
    desk: GateDesk
    gate: GateRecords
    papers: PapersRecords
    salt: Callable[[], bytes]
    images: ImageStore
    read_papers: ReadPapers = read_at_once
    two_step: RulesAt = default_rules
    targeting: TargetingDesk | None = None
    examinations: Examinations | None = None
    yard: YardDesk | None = None
    release: ReleaseServices | None = None
    rules: RuleServices | None = None
    alarms: AlarmDesk | None = None
    studies: Studies | None = None

    @property
    def title(self) -> Mapping[str, str]:
        """The port's name, by language."""
        found: Mapping[str, str] = self.port["name"]
        return found
