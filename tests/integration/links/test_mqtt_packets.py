"""MQTT packets: cut anywhere, hostile, and as another client of the same protocol makes them."""

import contextlib

import aiomqtt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kouan.adapters.mqtt import packets
from kouan.adapters.mqtt.packets import Kind, PacketReader, Publish
from kouan.vocabulary.errors import InvalidValue

from .conftest import LANE, RealNetwork, take

MESSAGES = st.lists(
    st.tuples(
        st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30),
        st.binary(max_size=400),
        st.one_of(st.none(), st.integers(1, 0xFFFF)),
        st.booleans(),
    ),
    max_size=8,
)


def _read(chunks: list[bytes]) -> list[tuple[int, int, bytes]]:
    reader = PacketReader()
    return [packet for chunk in chunks for packet in reader.feed(chunk)]


@given(MESSAGES, st.lists(st.integers(1, 50), max_size=40))
def test_published_messages_are_read_back_however_the_stream_is_cut(
    messages: list[tuple[str, bytes, int | None, bool]], cuts: list[int]
) -> None:
    stream = b"".join(packets.publish(t, p, packet_id=i, retain=r) for t, p, i, r in messages)
    chunks = []
    for cut in cuts:
        chunks.append(stream[:cut])
        stream = stream[cut:]
    read = [packets.read_publish(flags, body) for _, flags, body in _read([*chunks, stream])]
    assert read == [Publish(topic, payload, packet_id, retain) for topic, payload, packet_id, retain in messages]


def _read_everything(chunks: list[bytes]) -> None:
    for kind, flags, body in _read(chunks):
        if kind == Kind.PUBLISH:
            packets.read_publish(flags, body)
        elif kind in (Kind.PUBACK, Kind.SUBACK):
            packets.packet_id_of(body)


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_hostile_bytes_are_packets_or_invalid_and_nothing_else(chunks: list[bytes]) -> None:
    with contextlib.suppress(InvalidValue):
        _read_everything(chunks)


@pytest.mark.parametrize(
    ("data", "rule"), [(b"\x30\xff\xff\xff\x7f", "mqtt.size"), (b"\x30\xff\xff\xff\xff\x01", "mqtt.form")]
)
def test_a_packet_without_end_is_refused_before_it_is_kept(data: bytes, rule: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        _read([data])
    assert refusal.value.rule == rule


def test_packets_are_the_standard_s_examples() -> None:
    assert packets.publish("a/b", b"x", packet_id=10, retain=True) == b"\x33\x08\x00\x03a/b\x00\x0ax"
    assert packets.again(packets.publish("a/b", b"x", packet_id=10, retain=False))[0] == 0x3A
    assert packets.publish("a", b"y" * 200, packet_id=None, retain=False)[:3] == b"\x30\xcb\x01"
    assert packets.subscribe(10, ("a/b", "c/d")) == b"\x82\x0e\x00\x0a\x00\x03a/b\x01\x00\x03c/d\x01"
    assert packets.puback(258) == b"\x40\x02\x01\x02"
    plain = packets.connect("id", user="u", password="p", clean_session=True, keep_alive_s=10, will=None)
    assert plain == b"\x10\x14\x00\x04MQTT\x04\xc2\x00\x0a\x00\x02id\x00\x01u\x00\x01p"
    will = packets.Will("t", b"w")
    assert packets.connect("i", user="u", password="p", clean_session=False, keep_alive_s=0, will=will) == (
        b"\x10\x19\x00\x04MQTT\x04\xec\x00\x00\x00\x01i\x00\x01t\x00\x01w\x00\x01u\x00\x01p"
    )


async def test_a_device_with_another_client_library_is_heard_and_hears(real: RealNetwork) -> None:
    platform = await real.platform()
    address = real.mqtt()
    async with aiomqtt.Client(
        address.host, address.tcp_port, username=address.user, password=address.password, identifier="other"
    ) as client:
        await client.subscribe(f"{LANE}/light/command", qos=1)
        await client.publish(f"{LANE}/plc/event", b"from paho", qos=1)
        received = (await take(platform, 1))[0]
        assert (received.topic, received.payload) == (f"{LANE}/plc/event", b"from paho")
        await platform.send(f"{LANE}/light/command", b"red")
        assert (await anext(aiter(client.messages))).payload == b"red"
