"""JetStream's API as far as the platform asks it: its stream, and the consumers on it."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from nats.aio.client import Client

from kouan.adapters.mqtt.link import DeviceLink, MqttAddress
from kouan.adapters.nats.messages import STREAM, ConsumerInfo, ConsumerList, MessageInfo, StreamInfo, consumer_request
from kouan.vocabulary.errors import Corrupt, Unavailable

_T = TypeVar("_T")

API_WITHIN_S = 5.0
"""How long JetStream may take to answer. Our choice: it answers in a millisecond, after a crash in a second."""

_MOST_ASKED = 256
"""As many messages of one gap are asked for. Our choice: a gap is one message, or what other ports have stored."""


class JetStream:
    """The stream of the MQTT gateway, asked over one connection.

    ``name`` is what the names of the caller's consumers begin with, ``mqtt`` is its way in by MQTT.
    """

    def __init__(self, client: Client, mqtt: MqttAddress, name: str) -> None:
        self._client = client
        self._mqtt = mqtt
        self._name = name

    async def stream(self) -> StreamInfo:
        """Return the gateway's stream, made if it is not there; raise Unavailable where it cannot be."""
        info = await self._ask(f"STREAM.INFO.{STREAM}", b"", StreamInfo)
        if info.error is not None:
            # The gateway makes its streams when the first MQTT session opens.
            async with DeviceLink(self._mqtt, f"{self._name}-opener") as opener:
                await opener.connected(API_WITHIN_S)
            info = await self._ask(f"STREAM.INFO.{STREAM}", b"", StreamInfo)
        if info.error is not None:
            raise Unavailable(f"JetStream has no stream {STREAM}: {info.error.description}")
        return info

    async def withheld(self, first: int, last: int, prefix: str) -> list[int]:
        """Return the numbers from ``first`` to ``last`` under which it has something of ours and did not deliver it.

        Ours is what has a subject with this prefix, and what cannot be read: its subject is not known either.
        """
        info = await self._ask(f"STREAM.INFO.{STREAM}", b'{"deleted_details":true}', StreamInfo)
        if info.error is not None:
            raise Unavailable(f"JetStream has no stream {STREAM}: {info.error.description}")
        stored = set(range(max(first, info.state.first_seq), last + 1)) - set(info.state.deleted)
        found = []
        for number in sorted(stored)[:_MOST_ASKED]:
            request = msgspec.json.encode({"seq": number})
            answer = await self._ask(f"STREAM.MSG.GET.{STREAM}", request, MessageInfo)
            if answer.message is None or answer.message.subject.startswith(prefix):
                found.append(number)
        return found

    async def consume(self, inbox: str, filters: list[str], *, anew: bool, begin: Callable[[int | None], None]) -> None:
        """Put a durable consumer that sends to ``inbox`` in the place of the one before; raise Unavailable.

        ``begin`` is told the number from which it delivers before it does, None where that is not known. It begins
        after what was acknowledged to the one before, by the server's own word, or ``anew`` with all that the stream
        has. The stream forgets what no consumer waits for, so it is made before the old one is deleted. And it has a
        name that none had before: where the power was cut while a consumer was made, nats-server (2.15) does not know
        it and keeps its files; one that is made under its name works, and is gone at the next start.
        """
        old = await self._consumers()
        for info in old[1:]:
            await self._delete(info)
        name = f"{self._name}-{inbox.rpartition('.')[2]}"
        start = old[0].ack_floor.stream_seq + 1 if old and not anew else None
        begin(start)
        request = msgspec.json.encode(consumer_request(name, inbox, filters, start))
        made = await self._ask(f"CONSUMER.DURABLE.CREATE.{STREAM}.{name}", request, ConsumerInfo)
        if made.error is not None:
            raise Unavailable(f"JetStream made no consumer: {made.error.description}")
        for info in old[:1]:
            await self._delete(info)

    async def _consumers(self) -> list[ConsumerInfo]:
        """Return the caller's consumers, the furthest first; two only if a crash came between making and deleting."""
        found: list[ConsumerInfo] = []
        listed = 0
        while True:
            page = await self._ask(f"CONSUMER.LIST.{STREAM}", b'{"offset":%d}' % listed, ConsumerList)
            if page.error is not None:
                raise Unavailable(f"JetStream lists no consumers: {page.error.description}")
            found += [info for info in page.consumers if info.name.rpartition("-")[0] == self._name]
            listed += len(page.consumers)
            if not page.consumers or listed >= page.total:
                break
        return sorted(found, key=lambda info: info.ack_floor.stream_seq, reverse=True)

    async def _delete(self, info: ConsumerInfo) -> None:
        await self._ask(f"CONSUMER.DELETE.{STREAM}.{info.name}", b"", ConsumerInfo)

    async def _ask(self, call: str, body: bytes, answer: type[_T]) -> _T:
        response = await self._client.request(f"$JS.API.{call}", body, timeout=API_WITHIN_S)
        try:
            return msgspec.json.decode(response.data, type=answer)
        except msgspec.MsgspecError as error:
            raise Corrupt(f"JetStream's answer to {call} cannot be read: {error}") from error
