"""Where people act on the region: each act is recorded at the hub, and goes to the ports at once."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import msgspec

from kouan.access.people import Principal
from kouan.adapters.network.port_copy import Hub
from kouan.ledger.roles import Appended, Draft, Statement, Unit
from kouan.network import units
from kouan.network.bulletins import PublishedRulebook, Spread, rulebooks_in_force
from kouan.network.records import InForce, PreAuthorisedRecord, RegionHold, Watched
from kouan.protocols.network.codec import BULLETIN_MAX_BYTES
from kouan.protocols.network.messages import (
    MAX_ITEMS,
    HoldItem,
    PreAuthorisedItem,
    RulebookItem,
    WatchItem,
)
from kouan.vocabulary.errors import NotFound
from kouan.vocabulary.verdict import GRANTED, Granted, Refused, refuse

ROOM_BYTES = 2_000
"""Left free in a bulletin for what stands around its items. Our choice: ten times what it takes."""


class HubDesk:
    """The RegionDesk role; ``changed`` is called after each act, ``resume`` takes up with a port anew."""

    def __init__(
        self,
        hub: Hub,
        changed: Callable[[], None],
        resume: Callable[[str], Awaitable[None]],
        secret: Callable[[], str],
        spread: Callable[[], Sequence[Spread]] = tuple,
    ) -> None:
        """``secret`` returns a fresh string that nobody can guess, of which numbers are made.

        ``spread`` says how far each kind of bulletin has come at each port.
        """
        self._hub = hub
        self._changed = changed
        self._resume = resume
        self._secret = secret
        self._spread = spread

    async def in_force(self) -> InForce:
        """Return what holds in the whole region, and which ports act on it."""
        records = self._hub.records
        permits = await records.preauthorised(self._hub.clock.now())
        return InForce(await records.holds(), await records.watched(), permits, self._spread())

    async def acknowledge(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        """Record that somebody saw to an alarm; raise NotFound."""
        alarm = await self._hub.records.find_alarm(number)
        if alarm is None:
            raise NotFound(f"there is no alarm {number}")
        body = {"at": self._hub.clock.now(), "number": number, "by": by.username, "reason": reason}
        draft = units.draft("alarm_acknowledged", alarm.port, f"acknowledged/{number}", body)
        taken = Statement("network.acknowledge_alarm", {"number": number, "by": by.username})
        if await self._recorded(draft, taken):
            return GRANTED
        seen = await self._hub.records.find_alarm(number)
        return refuse("network.acknowledged", by=(seen.acknowledged_by if seen else None) or "somebody")

    async def place_hold(self, hold: HoldItem, by: Principal) -> Granted | Refused:
        """Hold a plate or a container in the whole region; refused where neither or both are named."""
        if (hold.plate is None) == (hold.container is None):
            return refuse("network.one_target")
        standing = [*await self._hub.records.holds(), hold]
        if not _fits([_as(HoldItem, one) for one in standing]):
            return refuse("network.full", most=MAX_ITEMS)
        record = RegionHold(**msgspec.structs.asdict(hold), placed_by=by.username, placed_at=self._hub.clock.now())
        unit = units.placing(record)
        return await self._verdict(unit, refuse("network.number_taken", number=hold.number))

    async def lift_hold(self, number: str, by: Principal, reason: str) -> Granted | Refused:
        """Lift a hold in the whole region; refused where it is not in force, or another authority's (I12)."""
        refused = _not_theirs(await self._hub.records.holds(), number, by)
        if refused is not None:
            return refused
        now = self._hub.clock.now()
        body = {"at": now, "number": number, "by": by.username, "reason": reason}
        lift = Statement("network.lift_hold", {"number": number, "lifted_by": by.username, "lifted_at": now})
        unit = Unit((units.draft("hold_lifted", "holds", f"lifted/{number}", body),), (lift,))
        return await self._verdict(unit, refuse("network.not_in_force", number=number))

    async def add_watch(self, item: WatchItem, by: Principal) -> tuple[str, Granted | Refused]:
        """Watch for something in the whole region; return the number under which it stands."""
        number = f"watch-{self._secret()[:12]}"
        if not any((item.plate, item.container, item.document_commitment)):
            return number, refuse("network.one_target")
        watched = [*await self._hub.records.watched(), item]
        if not _fits([_as(WatchItem, one) for one in watched]):
            return number, refuse("network.full", most=MAX_ITEMS)
        record = Watched(
            **msgspec.structs.asdict(item), number=number, added_by=by.username, added_at=self._hub.clock.now()
        )
        draft = units.draft("watch_added", "watch_list", f"watch/{number}", record)
        unit = Unit((draft,), (units.plain("network.add_watch", record),))
        return number, await self._verdict(unit, refuse("network.number_taken", number=number))

    async def remove_watch(self, number: str, by: Principal) -> Granted | Refused:
        """Watch for something no more; refused where it is not watched for, or another authority watches (I12)."""
        refused = _not_theirs(await self._hub.records.watched(), number, by)
        if refused is not None:
            return refused
        body = {"at": self._hub.clock.now(), "number": number, "by": by.username}
        draft = units.draft("watch_removed", "watch_list", f"unwatch/{number}", body)
        unit = Unit((draft,), (Statement("network.remove_watch", {"number": number}),))
        return await self._verdict(unit, refuse("network.not_in_force", number=number))

    async def preauthorise(self, item: PreAuthorisedItem, by: Principal) -> Granted | Refused:
        """Let a vehicle pass a disconnected port within its span of time; replaces what the plate had before."""
        now = self._hub.clock.now()
        if item.expires_at <= max(now, item.not_before):
            return refuse("network.span", expires_at=item.expires_at)
        others = [one for one in await self._hub.records.preauthorised(now) if one.plate != item.plate]
        if not _fits([_as(PreAuthorisedItem, one) for one in (*others, item)]):
            return refuse("network.full", most=MAX_ITEMS)
        record = PreAuthorisedRecord(**msgspec.structs.asdict(item), given_by=by.username, given_at=now)
        return await self._verdict(units.preauthorising(record, now), GRANTED)

    async def withdraw(self, plate: str, by: Principal, reason: str) -> Granted | Refused:
        """End a vehicle's permit before its time; refused where it has none."""
        now = self._hub.clock.now()
        body = {"at": now, "plate": plate, "by": by.username, "reason": reason}
        unit = Unit(
            (units.draft("permit_withdrawn", plate, f"withdrawn/{plate}/{now}", body),),
            (Statement("network.withdraw", {"plate": plate}),),
        )
        return await self._verdict(unit, refuse("network.not_in_force", number=plate))

    async def publish(self, book: RulebookItem, by: Principal) -> Granted | Refused:
        """Publish a rulebook to every port, in force from its instant on; refused where this version was published."""
        now = self._hub.clock.now()
        record = PublishedRulebook(**msgspec.structs.asdict(book), published_by=by.username, published_at=now)
        coming = rulebooks_in_force([*await self._hub.records.rulebooks(), record], now)
        if not _fits([_as(RulebookItem, one) for one in coming]):
            return refuse("network.full", most=MAX_ITEMS)
        draft = units.draft("rulebook_published", book.name, f"rulebook/{book.name}/{book.version}", record)
        unit = Unit((draft,), (units.plain("network.publish_rulebook", record),))
        return await self._verdict(unit, refuse("network.version_taken", name=book.name, version=book.version))

    async def resume(self, port: str, by: Principal, reason: str) -> Granted | Refused:
        """Take entries of a suspended port again, from where they were taken."""
        now = self._hub.clock.now()
        body = {"at": now, "port": port, "by": by.username, "reason": reason}
        draft = units.draft("resumed", port, f"resumed/{port}/{now}", body)
        if not await self._recorded(draft, Statement("network.resume", {"port": port})):
            return refuse("network.not_suspended", port=port)
        await self._resume(port)
        return GRANTED

    async def _verdict(self, unit: Unit, refused: Granted | Refused) -> Granted | Refused:
        answer = await self._hub.ledger.append(unit)
        if not isinstance(answer, Appended) or answer.repeated:
            return refused
        self._changed()
        return GRANTED

    async def _recorded(self, draft: Draft, guard: Statement) -> bool:
        answer = await self._hub.ledger.append(Unit((draft,), (guard,)))
        return isinstance(answer, Appended) and not answer.repeated


def _not_theirs(records: Sequence[RegionHold | Watched], number: str, by: Principal) -> Refused | None:
    """Return why somebody may not end what stands under a number, None where it is their own authority's."""
    found = next((record for record in records if record.number == number), None)
    if found is None:
        return refuse("network.not_in_force", number=number)
    return None if found.authority == by.agency.value else refuse("network.not_yours", authority=found.authority)


def _as(form: type[Any], record: msgspec.Struct) -> Any:
    return form(**{name: getattr(record, name) for name in form.__struct_fields__})


def _fits(items: list[Any]) -> bool:
    """Say whether so many items go into one bulletin."""
    return len(items) <= MAX_ITEMS and len(msgspec.json.encode(items)) <= BULLETIN_MAX_BYTES - ROOM_BYTES
