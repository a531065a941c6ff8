"""What the hub's bulletins change at a port's gate: its holds, what it watches for, and its rules."""

import asyncio
import contextlib
import hashlib
import logging
from collections.abc import Sequence

import msgspec

from kouan.access.people import Agency
from kouan.adapters.driver.holds import HoldDesk
from kouan.adapters.driver.port_driver import PortDriver
from kouan.adapters.driver.rules import Dated
from kouan.adapters.policies import policy_by
from kouan.gate.offline import max_age_s
from kouan.gate.procedures import Authority
from kouan.gate.rulebook import Rulebook, parse_rulebook
from kouan.inspection.control_orders import HUB, ControlKind, ControlOrder, order_record
from kouan.inspection.records import ControlOrderRecord
from kouan.ledger.entries import canonical
from kouan.ledger.roles import Draft, Unit
from kouan.network.roles import Bulletins
from kouan.protocols.network.messages import (
    BulletinKind,
    HoldItem,
    Holds,
    RulebookItem,
    Rulebooks,
    WatchItem,
    WatchList,
)
from kouan.vocabulary.clock import SECOND, Instant
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.identifiers import ContainerNumber, PlateNumber
from kouan.vocabulary.verdict import Reason

_log = logging.getLogger(__name__)

STREAM = "rules"
"""The ledger's stream that says which rulebooks of the hub the port took, and which it refused."""

LOOK_S = 5.0
"""Seconds between two looks at how old the hub's word is. Our choice: a small part of any age that a port allows."""

_FOLLOWED = (BulletinKind.HOLDS, BulletinKind.WATCH_LIST, BulletinKind.RULEBOOK)


class TakenRules(msgspec.Struct, frozen=True):
    """One rulebook of the hub that passages begin under from ``since`` on, by the digest of its policy."""

    policy: str
    since: Instant
    origin: str


class RulesTaken(msgspec.Struct, frozen=True):
    """The rulebooks that the port took from one version of the hub's list."""

    at: Instant
    version: int
    rules: tuple[TakenRules, ...]


class RegionFollower:
    """Follows the bulletins of a port. ``start`` before the driver runs; ``run`` follows what comes later."""

    def __init__(self, bulletins: Bulletins, port: PortDriver, holds: HoldDesk) -> None:
        self._bulletins = bulletins
        self._port = port
        self._holds = holds
        self._changed: set[BulletinKind] = set()
        self._wake = asyncio.Event()
        self._silent: bool | None = None

    async def start(self) -> None:
        """Take up what an earlier process followed, and follow what is known."""
        self._port.rules.take(await self._taken())
        self._bulletins.on_change(self._note)
        for kind in _FOLLOWED:
            await self._follow(kind)

    async def run(self) -> None:
        """Follow each change, for ever, and tell when the hub falls silent; raise what made the ledger fail."""
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_S)
            self._wake.clear()
            for kind in sorted(self._changed):
                self._changed.discard(kind)
                await self._follow(kind)
            self._look()

    def _look(self) -> None:
        """Raise an alarm when the hub's word grew too old for the rules in force, and say when it is heard again."""
        region, most = self._port.roles.region, max_age_s(self._port.policy.rulebook)
        if region is None or most is None:
            return
        silent = region.age_us() > most * SECOND
        if silent and not self._silent:
            self._port.watcher.alarm("", "", 2, Reason("network.hub_silent", {"max_age_s": most}))
        elif not silent and self._silent is not False:
            self._port.watcher.back("network.hub_silent")
        self._silent = silent

    def _note(self, kind: BulletinKind) -> None:
        self._changed.add(kind)
        self._wake.set()

    async def _follow(self, kind: BulletinKind) -> None:
        kept = self._bulletins.latest(kind)
        match kept.bulletin if kept is not None else None:
            case Holds() as holds:
                await self._hold(holds.region, holds.version, "hub-", [(item.number, item) for item in holds.items])
            case WatchList() as watched:
                await self._hold(
                    watched.region, watched.version, "watch-", [(number_of(item), item) for item in watched.items]
                )
            case Rulebooks() as books:
                await self._rule(books)
            case _:
                pass

    async def _hold(
        self, region: str, version: int, prefix: str, items: Sequence[tuple[str, HoldItem | WatchItem]]
    ) -> None:
        """Hold what the items name; one that names neither plate nor container stands for nothing at the line."""
        now, source = self._port.roles.clock.now(), f"{HUB}{region}"
        wanted: dict[str, ControlOrderRecord] = {}
        for name, item in items:
            if item.plate is None and item.container is None:
                if isinstance(item, HoldItem):
                    self._alarm(Reason("network.hold_refused", {"number": name, "rule": "hold.one_target"}))
                continue
            number = f"{prefix}{name}-{version}" if f"{prefix}{name}-{version}" not in wanted else None
            number = number or f"{prefix}{name}.{number_of(item)}-{version}"
            wanted[number] = _record(item, number, source, now)
        await self._holds.follow(source, prefix, list(wanted.values()))

    async def _rule(self, bulletin: Rulebooks) -> None:
        """Take the rulebooks that parse; where one does not, what was taken before stays as well."""
        origin = f"{HUB}{bulletin.region}"
        taken: list[Dated] = []
        refused = False
        for item in bulletin.items:
            if item.name != self._port.rules.name:
                continue  # another port's
            try:
                taken.append(self._port.rules.dated(read_item(item), item.effective_from, origin))
            except InvalidValue as error:
                refused = True
                await self._refuse(item, bulletin, error)
        if refused:
            fresh = {dated.policy.digest for dated in taken}
            taken = [*(old for old in self._port.rules.coming if old.policy.digest not in fresh), *taken]
        await self._port.follow_rules(taken)
        await self._record_taken(bulletin.version, taken)

    async def _refuse(self, item: RulebookItem, bulletin: Rulebooks, error: InvalidValue) -> None:
        told = {"name": item.name, "version": item.version, "field": error.field, "rule": error.rule}
        digest = hashlib.sha256(item.text.encode()).hexdigest()
        body = {**told, "at": self._port.roles.clock.now(), "bulletin": bulletin.version, "sha256": digest}
        key = f"rules:refused:{bulletin.version}:{item.name}:{item.version}:{digest[:16]}"
        await self._port.roles.ledger.append(Unit((Draft("gate.rulebook_refused/1", STREAM, key, canonical(body)),)))
        self._alarm(Reason("network.rulebook_refused", {**told, "field": error.field or "rulebook"}))

    async def _record_taken(self, version: int, taken: Sequence[Dated]) -> None:
        rules = tuple(TakenRules(dated.policy.digest, dated.since, dated.origin) for dated in taken)
        digest = hashlib.sha256(canonical(rules)).hexdigest()
        body = RulesTaken(self._port.roles.clock.now(), version, rules)
        draft = Draft("gate.rules/1", STREAM, f"rules:taken:{version}:{digest[:16]}", canonical(body))
        await self._port.roles.ledger.append(Unit((draft,)))

    async def _taken(self) -> tuple[Dated, ...]:
        """Return the rulebooks that an earlier process took last, under the port's own settings of today."""
        last: RulesTaken | None = None
        after = 0
        while page := await self._port.roles.ledger.read(after=after, stream=STREAM):
            after = page[-1].seq
            for entry in page:
                if entry.kind == "gate.rules/1":
                    last = msgspec.json.decode(entry.body, type=RulesTaken)
        found = []
        for rules in last.rules if last is not None else ():
            policy = await policy_by(self._port.roles.ledger, rules.policy)
            found.append(self._port.rules.dated(policy.rulebook, rules.since, rules.origin))
        return tuple(found)

    def _alarm(self, reason: Reason) -> None:
        _log.error("%s: %s", reason.code, dict(reason.params))
        self._port.watcher.alarm("", "", 2, reason)


def read_item(item: RulebookItem) -> Rulebook:
    """Return the rulebook of an item; raise InvalidValue where it does not parse or is not what the item says."""
    book = parse_rulebook(item.text)
    if (book.id, str(book.version)) != (item.name, item.version):
        raise InvalidValue("id", "rulebook.identity", f"is {book.id}@{book.version}, not {item.name}@{item.version}")
    return book


def number_of(item: HoldItem | WatchItem) -> str:
    """Return a number for what has none of its own: the same for the same item."""
    return hashlib.sha256(canonical(item)).hexdigest()[:12]


def _record(item: HoldItem | WatchItem, number: str, source: str, now: Instant) -> ControlOrderRecord:
    kind = ControlKind.WATCH.value if isinstance(item, WatchItem) else item.kind
    order = ControlOrder(
        kind=ControlKind(kind) if kind in list(ControlKind) else ControlKind.DETAIN,
        reason=item.reason,
        plate=None if item.plate is None else _plate(item.plate),
        container=None if item.container is None else _container(item.container),
    )
    return order_record(order, number, Agency(authority_of(item.authority).value), source, now)


def authority_of(name: str) -> Authority:
    """Return the authority of this name; customs stands in for one that does not decide at the gate."""
    return Authority(name) if name in list(Authority) else Authority.CUSTOMS


def _plate(text: str) -> str:
    """Return a plate in its normal form, or as it was written where it has none of the known forms."""
    try:
        return str(PlateNumber.parse(text))
    except InvalidValue:
        return text


def _container(text: str) -> str:
    try:
        return str(ContainerNumber.parse(text))
    except InvalidValue:
        return text
