import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.protocols import topics
from kouan.protocols.catalogue import CHANNELS, DEVICES, Flow
from kouan.protocols.plc import codec as plc
from kouan.protocols.plc.messages import PlcFault
from kouan.protocols.signed import Unverified
from kouan.protocols.stream import Chunk
from kouan.protocols.topics import AgencyTopic, ApproachTopic, DeviceTopic, HubTopic
from kouan.vocabulary.errors import InvalidValue

FAULT = PlcFault(device="I1.plc", seq=1, at=2, code="loop_open", active=True)

EVERY_TOPIC = [
    {
        "lane": f"kouan/ganqimaodu/I1/{channel.device}/{channel.name}",
        "approach": f"kouan/ganqimaodu/approach/{channel.device}/{channel.name}",
        "agency": f"kouan/ganqimaodu/agency/customs/{channel.name}",
        "hub": f"kouan/ganqimaodu/hub/{channel.name}",
    }[channel.place]
    for channel in CHANNELS.values()
]


@pytest.mark.parametrize("topic", EVERY_TOPIC)
def test_every_topic_of_the_catalogue_is_read_and_written_back(topic):
    assert str(topics.parse(topic)) == topic
    assert topics.from_subject(topics.subject(topic)) == topic


@pytest.mark.parametrize(
    ("topic", "parsed"),
    [
        ("kouan/ganqimaodu/I1/plc/event", DeviceTopic("ganqimaodu", "I1", "plc", "event")),
        ("kouan/ganqimaodu/agency/customs/case", AgencyTopic("ganqimaodu", "customs", "case")),
        ("kouan/ceke/approach/queue_counter/event", ApproachTopic("ceke", "queue_counter", "event")),
        ("kouan/ceke/hub/entries", HubTopic("ceke", "entries")),
    ],
)
def test_a_topic_says_where_it_belongs(topic, parsed):
    assert topics.parse(topic) == parsed


@pytest.mark.parametrize(
    "topic",
    [
        "",
        "kouan",
        "kouan/ganqimaodu/I1/plc",
        "kouan/ganqimaodu/I1/plc/event/more",
        "Kouan/ganqimaodu/I1/plc/event",
        "/kouan/ganqimaodu/I1/plc/event",
        "kouan//I1/plc/event",
        "kouan/ganqimaodu/i1/plc/event",
        "kouan/ganqimaodu/I1/plc/command",
        "kouan/ganqimaodu/I1/unknown/status",
        "kouan/ganqimaodu/+/plc/event",
        "kouan/ganqimaodu/#",
        "kouan/ganqimaodu/I1.2/plc/event",
        "kouan/ganqimaodu/agency/Customs/case",
        "kouan/ganqimaodu/agency/*/case",
        "kouan/ganqimaodu/agency/customs/event",
        "kouan/ganqimaodu/approach/plc/event",
        "kouan/ganqimaodu/hub",
        "kouan/ganqimaodu/hub/event",
        "kouan/ganqimaodu/hub/hub/entries",
        "kouan/+/hub/entries",
        "kouan/gan\u0000qimaodu/I1/plc/event",
        "$SYS/broker/I1/plc/event",
        "kouan/" + "a" * 100_000 + "/I1/plc/event",
    ],
)
def test_an_unknown_topic_is_refused(topic):
    for use in (topics.parse, topics.channel_of, lambda unknown: topics.decode(unknown, b"{}")):
        with pytest.raises(InvalidValue) as caught:
            use(topic)
        assert caught.value.rule == "topic.unknown"
        assert len(str(caught.value)) < 400


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(st.text(max_size=80), st.lists(st.sampled_from(["kouan", "I1", "plc", "event", "*", ""])).map("/".join))
)
def test_any_text_is_a_topic_or_refused(text):
    try:
        parsed = topics.parse(text)
    except InvalidValue:
        return
    assert str(parsed) == text


def test_a_message_is_read_and_written_by_its_topic():
    topic = "kouan/ganqimaodu/I1/plc/event"
    assert topics.encode(topic, FAULT) == plc.encode(FAULT)
    assert topics.decode(topic, plc.encode(FAULT)) == FAULT


def test_a_message_on_the_topic_of_another_device_is_refused():
    with pytest.raises(InvalidValue):
        topics.decode("kouan/ganqimaodu/I1/seal_reader/event", plc.encode(FAULT))


@pytest.mark.parametrize("topic", EVERY_TOPIC)
@settings(max_examples=30, deadline=None)
@given(payload=st.binary(max_size=200))
def test_random_bytes_on_any_topic_are_a_message_or_refused(topic, payload):
    try:
        message = topics.decode(topic, payload)
    except InvalidValue:
        return
    assert isinstance(message, Chunk | Unverified)


@pytest.mark.parametrize("topic", EVERY_TOPIC)
def test_every_channel_has_a_limit(topic):
    channel = topics.channel_of(topic)
    with pytest.raises(InvalidValue):
        topics.decode(topic, b"x" * (channel.codec.max_bytes + 1))


def test_byte_streams_pass_through_unread():
    topic = "kouan/ganqimaodu/I1/weighbridge/frames"
    assert topics.decode(topic, b"\x00\xff") == Chunk(b"\x00\xff")
    assert topics.encode(topic, Chunk(b"\x00\xff")) == b"\x00\xff"
    assert topics.channel_of(topic).qos == 0


def test_signed_messages_come_back_unverified():
    topic = "kouan/ganqimaodu/I1/order/open"
    assert topics.decode(topic, b"a.b-_.c") == Unverified(b"a.b-_.c")
    assert topics.encode(topic, Unverified(b"a.b-_.c")) == b"a.b-_.c"
    for payload in (b"a.b", b"a.b.c.d", b"a..c", b"a.b.c=", b"a.b.c\n", b"{}"):
        with pytest.raises(InvalidValue, match=r"jws\.form"):
            topics.decode(topic, payload)


def test_only_the_lane_controller_sends_to_a_barrier_and_nothing_sent_there_arrives_twice():
    within = [channel for channel in CHANNELS.values() if channel.flow is Flow.WITHIN_LANE]
    assert [(channel.device, channel.name, channel.qos) for channel in within] == [("barrier", "command", 0)]


def test_every_device_tells_its_status_and_the_broker_keeps_it():
    for device in (*DEVICES, "controller"):
        channel = topics.channel_of(f"kouan/ganqimaodu/I1/{device}/status")
        assert channel.retained
        assert channel.qos == 1
