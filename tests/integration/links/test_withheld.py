"""A broker that has a message and does not deliver it: a person is told, and all others come."""

import contextlib

import pytest

from kouan.adapters.nats.link import PlatformLink
from kouan.adapters.nats.messages import Delivery
from kouan.adapters.nats.progress import Progress
from kouan.vocabulary.places import PortName

from .conftest import LANE, MESSAGES, PORT, THEIRS, RealNetwork, said, take

DAMAGED = 10


async def damage(real: RealNetwork) -> None:
    """Stop the broker, turn a bit over in the length of one message's headers, and start it where it was."""
    async with real.stopped() as stream:
        (block,) = (stream / "msgs").glob("*.blk")
        stored = bytearray(block.read_bytes())
        headers = stored.rindex(b"NATS/1.0", 0, stored.index(said("old")[DAMAGED]))
        stored[headers - 1] ^= 4  # four bytes before the headers say how long they are, the lowest first
        block.write_bytes(stored)
        (stream / "msgs" / "index.db").unlink(missing_ok=True)  # written at a clean stop only, and made anew


@pytest.mark.parametrize("settled", [None, 0, 4])
async def test_a_message_that_the_broker_passes_over_calls_a_person_once(
    real: RealNetwork, settled: int | None
) -> None:
    first = await real.platform()
    await real.say("old")
    old = await take(first, MESSAGES)
    if settled is not None:
        await first.settle(old[settled])
    await real.leave(first)
    await damage(real)
    told: list[tuple[int, int]] = []
    async with PlatformLink(real.nats(), PORT, withheld=lambda *found: told.append(found)) as second:
        left = (0 if settled is None else settled + 1, MESSAGES - 1)
        again = await take(second, left[1] - left[0])
        await real.say("new")
        new = await take(second, MESSAGES)
    assert again == [each for number, each in enumerate(old) if number >= left[0] and number != DAMAGED]
    assert [each.payload for each in new] == said("new")
    assert told == [(DAMAGED + 1, DAMAGED + 1)]


@pytest.mark.parametrize("they_listen", [False, True])
async def test_messages_of_another_port_on_the_same_broker_call_nobody(real: RealNetwork, they_listen: bool) -> None:
    theirs = await real.device("theirs", user=THEIRS)
    ours = await real.device("ours")
    told: list[tuple[int, int]] = []
    async with contextlib.AsyncExitStack() as stack:
        if they_listen:  # what they have not settled stays in the stream
            await stack.enter_async_context(PlatformLink(real.nats(), PortName.parse("erenhot")))
        link = await stack.enter_async_context(
            PlatformLink(real.nats(), PORT, withheld=lambda *found: told.append(found))
        )
        for number in range(MESSAGES):
            await ours.send(f"{LANE}/plc/event", f"{number}".encode())
            await theirs.send("kouan/erenhot/I1/plc/event", f"{number}".encode())
        taken = await take(link, MESSAGES)
    assert [each.payload for each in taken] == [f"{number}".encode() for number in range(MESSAGES)]
    assert told == []


def test_what_was_told_to_be_withheld_is_told_again_of_another_stream_only() -> None:
    told: list[tuple[int, int]] = []
    progress = Progress(withheld=lambda *found: told.append(found))
    progress.withhold([7, 9])
    progress.withhold([9])
    progress.withhold([])
    assert told == [(7, 9)]
    assert progress.take(Delivery(10, 10, 1_000)) is not None
    assert progress.take(Delivery(10, 1, 2_000)) is None  # the stream went back: its numbers are given again
    progress.withhold([9])
    assert told == [(7, 9), (9, 9)]
