"""A broker that lost the end of what it had stored: a person is told, and no new message is taken for an old one."""

import contextlib
import dataclasses
import random

import pytest

from kouan.adapters.clock import SystemClock
from kouan.adapters.memory.disk import MemoryDisk
from kouan.adapters.memory.ledger import MemoryLedger
from kouan.adapters.nats.link import PlatformLink
from kouan.adapters.nats.messages import Delivery, StreamInfo, StreamState, Taken
from kouan.adapters.nats.progress import Progress
from kouan.adapters.nats.taken import furthest_taken
from kouan.adapters.signing.sealing import Sealer, SealingKeys
from kouan.ledger.roles import Draft, Unit
from kouan.protocols.link import Link, Received

from .conftest import MESSAGES, PORT, RealNetwork, said, take


async def lose_the_end(real: RealNetwork) -> None:
    """Stop the broker, cut off the second half of what it stored, and start it where it was."""
    async with real.stopped() as stream:
        (stream / "msgs" / "index.db").unlink(missing_ok=True)  # written at a clean stop only, and made anew
        block = max((stream / "msgs").glob("*.blk"))
        stored = block.read_bytes()  # what was settled may stand in it, or no longer
        block.write_bytes(stored[: len(stored) // 2])


def number_of(received: Received) -> int:
    taken = Taken.parse(received.key)
    assert taken is not None
    return taken.seq


async def test_a_platform_that_starts_again_is_told_and_knows_old_messages_from_new_ones(real: RealNetwork) -> None:
    first = await real.platform()
    await real.say("old")
    old = await take(first, MESSAGES)
    await first.settle(old[-1])
    await real.leave(first)
    await lose_the_end(real)
    told: list[tuple[int, int]] = []
    async with PlatformLink(
        real.nats(), PORT, taken=old[-1].key, went_back=lambda *found: told.append(found)
    ) as second:
        assert [known for known, _ in told] == [MESSAGES]
        await real.say("new")
        new = await take(second, MESSAGES)
    assert [received.payload for received in new] == said("new")
    assert {number_of(received) for received in new} & {number_of(received) for received in old}
    assert not {received.key for received in new} & {received.key for received in old}
    assert len(told) == 1


async def test_devices_that_are_faster_than_the_platform_do_not_hide_it(real: RealNetwork) -> None:
    first = await real.platform()
    await real.say("old")
    old = await take(first, MESSAGES)
    await first.settle(old[-1])
    await real.leave(first)
    await lose_the_end(real)
    await real.say("new")
    await real.say("more")
    told: list[tuple[int, int]] = []
    async with PlatformLink(
        real.nats(), PORT, taken=old[-1].key, went_back=lambda *found: told.append(found)
    ) as second:
        new = await take(second, 2 * MESSAGES)
    assert len({received.payload for received in new}) == 2 * MESSAGES
    assert not {received.key for received in new} & {received.key for received in old}
    assert len(told) == 1


async def take_new(link: Link) -> list[Received]:
    """Return the new messages: what was settled in the last moment may come again before them."""
    new: list[Received] = []
    while len(new) < MESSAGES:
        new += [received for received in await take(link, 1) if received.payload.startswith(b"new")]
    return new


async def test_a_platform_that_goes_on_is_told_and_takes_every_new_message(real: RealNetwork) -> None:
    told: list[tuple[int, int]] = []
    async with PlatformLink(real.nats(), PORT, went_back=lambda *found: told.append(found)) as link:
        await real.say("old")
        old = await take(link, MESSAGES)
        await link.settle(old[-1])
        await lose_the_end(real)
        await real.say("new")
        new = await take_new(link)
    assert [received.payload for received in new] == said("new")
    assert not {received.key for received in new} & {received.key for received in old}
    assert len(told) == 1


@pytest.mark.parametrize("settled", [None, 4, 12, MESSAGES - 1])
async def test_devices_that_are_back_before_a_platform_that_goes_on_do_not_hide_it(
    real: RealNetwork, settled: int | None
) -> None:
    told: list[tuple[int, int]] = []
    door = await real.door()
    address = dataclasses.replace(real.nats(), url=door.url)
    async with PlatformLink(address, PORT, went_back=lambda *found: told.append(found)) as link:
        await real.say("old")
        old = await take(link, MESSAGES)
        if settled is not None:
            await link.settle(old[settled])
        await door.shut()
        await lose_the_end(real)
        await real.say("new")  # more than were lost: the stream stands further than the platform has come
        await door.open()
        new = await take_new(link)
    assert [received.payload for received in new] == said("new")
    assert {number_of(received) for received in new} & {number_of(received) for received in old}
    assert len(told) == 1


async def test_settling_an_old_message_settles_no_new_one_that_has_its_number(real: RealNetwork) -> None:
    first = await real.platform()
    await real.say("old")
    old = await take(first, MESSAGES)
    await lose_the_end(real)
    await first.settle(old[-1])  # it may not know yet
    await real.say("new")
    new = await take_new(first)
    await first.settle(old[-1])
    await real.leave(first)
    assert await take_new(await real.platform()) == new


def told_progress(taken: str = "") -> tuple[Progress, list[tuple[int, int]]]:
    told: list[tuple[int, int]] = []
    progress = Progress(taken, lambda *found: told.append(found))
    progress.follow(StreamInfo(created="stream", state=StreamState(1_000)))
    return progress, told


def test_a_number_that_is_given_again_is_another_message_even_where_the_clock_was_set_back() -> None:
    progress, told = told_progress()
    old = progress.take(Delivery(20, 20, 1_000))
    assert progress.take(Delivery(20, 21, 1_000)) is None  # the same one comes again
    assert told == []
    assert progress.take(Delivery(20, 22, 500)) is None
    assert told == [(20, 20)]
    with progress.reading() as anew:
        assert anew
    new = progress.take(Delivery(20, 1, 500))
    assert old is not None
    assert new is not None
    assert not progress.settle(old)
    assert progress.settled == 0
    assert progress.settle(new)


def test_messages_that_a_clock_set_back_made_look_older_come_again_without_an_alarm() -> None:
    progress, told = told_progress()
    taken = [Delivery(20, 20, 1_000), Delivery(21, 21, 500)]
    assert all(progress.take(each) for each in taken)
    assert not any(progress.take(each) for each in taken)
    assert told == []


def test_a_stream_that_could_not_be_read_anew_is_still_to_be() -> None:
    progress, _ = told_progress("stream/1000:20")
    progress.follow(StreamInfo(created="stream", state=StreamState(10)))
    with contextlib.suppress(TimeoutError), progress.reading():
        assert progress.take(Delivery(1, 1, 100))
        raise TimeoutError
    assert progress.take(Delivery(2, 2, 200)) is None
    with progress.reading() as anew:
        assert anew
        assert progress.take(Delivery(2, 2, 200))


async def test_a_message_stored_after_a_loss_is_the_furthest_though_its_number_is_lower() -> None:
    sealer = Sealer(SealingKeys(bytes(32), bytes(32)), random.Random(1).randbytes)
    ledger = await MemoryLedger.open_writer(MemoryDisk(), str(PORT), SystemClock(), sealer)
    assert await furthest_taken(ledger) == ""
    for key in ("m:stream/900:19", "m:stream/1000:20", "m:stream/2000:11", "order 7"):
        await ledger.append(Unit((Draft("gate.evidence/1", "passage", key, b"{}"),)))
    assert await furthest_taken(ledger) == "stream/2000:11"
    await ledger.close()


async def test_a_broker_that_was_restarted_and_lost_nothing_calls_nobody(real: RealNetwork) -> None:
    first = await real.platform()
    await real.say("old")
    old = await take(first, MESSAGES)
    await first.settle(old[9])
    await real.leave(first)
    async with real.stopped():
        pass
    told: list[tuple[int, int]] = []
    async with PlatformLink(
        real.nats(), PORT, taken=old[-1].key, went_back=lambda *found: told.append(found)
    ) as second:
        assert await take(second, MESSAGES - 10) == old[10:]
    assert told == []


async def test_a_broker_that_was_killed_and_lost_no_message_calls_nobody(real: RealNetwork) -> None:
    first = await real.platform()
    await real.say("old")
    old = await take(first, MESSAGES)
    await first.settle(old[9])
    await real.leave(first)
    await real.kill_broker()
    told: list[tuple[int, int]] = []
    async with PlatformLink(
        real.nats(), PORT, taken=old[-1].key, went_back=lambda *found: told.append(found)
    ) as second:
        again = await take(second, 1)  # the settling may have been lost with the broker: then more come again
        while again[-1].key != old[-1].key:
            again += await take(second, 1)
        await real.say("new")
        new = await take(second, MESSAGES)
    assert again == [received for received in old if received in again]
    assert set(old[10:]) <= set(again)
    assert number_of(new[0]) > number_of(old[-1])
    assert told == []
