"""What the platform says to JetStream and hears from it: topics, acknowledgement subjects, answers of its API."""

from typing import Any

import msgspec

from kouan.vocabulary.errors import Corrupt

STREAM = "$MQTT_msgs"
"""The stream in which nats-server's MQTT gateway keeps QoS 1 messages; it appears with the first MQTT session."""

STORED = "$MQTT.msgs."
"""What the gateway puts before a message's subject in that stream."""

QUALITY_HEADER = "Nmqtt-Pub"
"""Header with the MQTT quality of service at which a message was published."""

MAX_UNSETTLED = 4096
"""As many may be unsettled before the server waits. Our choice: a second of the busiest load, 3,400 messages/s."""


class ApiError(msgspec.Struct, frozen=True):
    """An error of JetStream's API."""

    code: int
    err_code: int = 0
    description: str = ""


class StreamState(msgspec.Struct, frozen=True):
    """From where to where a stream reaches; ``deleted`` are the numbers in between that it does not have, if asked."""

    first_seq: int = 0
    last_seq: int = 0
    deleted: tuple[int, ...] = ()


class StreamInfo(msgspec.Struct, frozen=True):
    """As much of a stream's description as is used here; ``created`` is its identity."""

    created: str = ""
    state: StreamState = StreamState()
    error: ApiError | None = None


class StoredMessage(msgspec.Struct, frozen=True):
    """As much of a stored message as is used here."""

    subject: str = ""


class MessageInfo(msgspec.Struct, frozen=True):
    """A message that was asked for by its number, or why it cannot be had."""

    message: StoredMessage | None = None
    error: ApiError | None = None


class Position(msgspec.Struct, frozen=True):
    """A place in a stream."""

    stream_seq: int = 0
    consumer_seq: int = 0


class ConsumerInfo(msgspec.Struct, frozen=True):
    """As much of a consumer's description as is used here: everything up to ``ack_floor`` is acknowledged."""

    name: str = ""
    ack_floor: Position = Position()
    error: ApiError | None = None


class ConsumerList(msgspec.Struct, frozen=True):
    """One page of a stream's consumers, and how many there are in all."""

    total: int = 0
    consumers: tuple[ConsumerInfo, ...] = ()
    error: ApiError | None = None


class Delivery(msgspec.Struct, frozen=True):
    """Where a delivered message stands: in the stream, and among what its consumer has sent (without gaps).

    ``stored_ns`` is when it was stored, in nanoseconds since the epoch; it stays with the message.
    """

    stream_seq: int
    consumer_seq: int
    stored_ns: int = 0


class Taken(msgspec.Struct, frozen=True):
    """A message of a stream, known for good by when it was stored besides its number.

    The number is not enough: nats-server that lost the end of a file, because bits flipped there, goes on counting
    from what is left, and gives the same numbers to other messages.
    """

    stream: str = ""
    stored_ns: int = 0
    seq: int = 0

    @property
    def key(self) -> str:
        """The message's key, the same at every delivery."""
        return f"{self.stream}/{self.stored_ns}:{self.seq}"

    @classmethod
    def parse(cls, key: str) -> "Taken | None":
        """Return the message of a key; None where the key is none."""
        place, _, seq = key.rpartition(":")
        stream, _, stored_ns = place.rpartition("/")
        if not (stream and seq.isdigit() and stored_ns.isdigit()):
            return None
        return cls(stream, int(stored_ns), int(seq))

    def is_gone_when(self, other: "Taken") -> bool:
        """Say whether the stream went back behind this message, since ``other`` has its number or an earlier one.

        A message that has an earlier number was stored earlier.
        """
        later = 0 < self.stored_ns < other.stored_ns
        return other.stream == self.stream and other.seq <= self.seq and later


def subject_of(topic: str) -> str:
    """Return the NATS subject of an MQTT topic."""
    return topic.replace("/", ".")


def filter_of(topic_filter: str) -> str:
    """Return the NATS subject with wildcards of an MQTT topic filter: ``*`` for ``+``, ``>`` for ``#``."""
    return subject_of(topic_filter).replace("+", "*").replace("#", ">")


def topic_of(subject: str) -> str:
    """Return the MQTT topic of a NATS subject, with or without the prefix under which it is stored."""
    return subject.removeprefix(STORED).replace(".", "/")


def delivery_of(reply: str) -> Delivery:
    """Return what the acknowledgement subject of a message says of it; raise Corrupt if it is none.

    ``$JS.ACK.STREAM.CONSUMER.DELIVERED.SSEQ.CSEQ.TIME.PENDING``, or with DOMAIN.ACCOUNT after ACK (ADR-15 of NATS).
    """
    words = reply.split(".")
    first = 5 if len(words) == 9 else 7
    try:
        return Delivery(int(words[first]), int(words[first + 1]), int(words[first + 2]))
    except (IndexError, ValueError) as error:
        raise Corrupt(f"{reply!r} is no acknowledgement subject") from error


def consumer_request(name: str, deliver_subject: str, filters: list[str], start_seq: int | None) -> dict[str, Any]:
    """Return the request that makes the platform's durable consumer.

    Acknowledging one message acknowledges all before it. Nothing is ever delivered a second time to the same
    consumer (``ack_wait`` is a day): a platform that starts again makes a new one from where the old one stood, and so
    gets what was not settled in order and at once, instead of after a time-out and behind newer messages.
    """
    second_ns = 1_000_000_000
    config: dict[str, Any] = {
        "name": name,
        "durable_name": name,
        "deliver_subject": deliver_subject,
        "filter_subjects": filters,
        "ack_policy": "all",
        "ack_wait": 86_400 * second_ns,
        "deliver_policy": "all",
        "replay_policy": "instant",
        "idle_heartbeat": 2 * second_ns,
        "max_ack_pending": MAX_UNSETTLED,
    }
    if start_seq is not None:
        config |= {"deliver_policy": "by_start_sequence", "opt_start_seq": start_seq}
    return {"stream_name": STREAM, "config": config, "action": ""}
