import json

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.protocols.vda5050.conversation import Conversation, path
from tests.protocols.vda5050.samples import FULL, ORDER, STATE
from tests.protocols.vda5050.strategies import structs, valid

from kouan.protocols.vda5050 import codec
from kouan.protocols.vda5050.factsheet import Factsheet
from kouan.protocols.vda5050.header import instant, timestamp
from kouan.protocols.vda5050.order import Action, ActionParameter, BlockingType
from kouan.protocols.vda5050.state import ActionState, ActionStatus
from kouan.protocols.vda5050.topics import Kind
from kouan.vocabulary.errors import InvalidValue

KINDS = list(Kind)
MANY = settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large]
)


def written(message):
    """The message without what is never written."""
    if not isinstance(message, Factsheet):
        return message
    features = message.protocol_features
    actions = tuple(msgspec.structs.replace(each, blocking_types=None) for each in features.agv_actions)
    geometry = message.agv_geometry
    if geometry.envelopes3d is not None:
        outlines = tuple(
            msgspec.structs.replace(each, description=None) if isinstance(each.description, str) else each
            for each in geometry.envelopes3d
        )
        geometry = msgspec.structs.replace(geometry, envelopes3d=outlines)
    features = msgspec.structs.replace(features, agv_actions=actions)
    return msgspec.structs.replace(message, protocol_features=features, agv_geometry=geometry)


def refused(kind: Kind, payload: bytes) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        codec.decode(kind, payload)
    return caught.value


def refusal_of(kind: Kind, payload: bytes) -> InvalidValue | None:
    try:
        codec.decode(kind, payload)
    except InvalidValue as error:
        return error
    return None


@pytest.mark.parametrize("kind", KINDS)
@MANY
@given(data=st.data())
def test_every_message_keeps_the_official_schema_and_comes_back_as_it_went(kind, data):
    message = data.draw(structs(codec.CODECS[kind].message_type))
    payload = codec.encode(message)
    assert codec.decode(kind, payload) == written(message)
    valid(kind, payload)


@pytest.mark.parametrize("message", FULL, ids=codec.kind_of)
@given(data=st.data())
def test_a_cut_or_flipped_message_is_read_or_refused_by_name_and_nothing_else(message, data):
    kind, payload = codec.kind_of(message), codec.encode(message)
    at = data.draw(st.integers(0, len(payload) - 1))
    flipped = payload[:at] + bytes([payload[at] ^ (1 << data.draw(st.integers(0, 7)))]) + payload[at + 1 :]
    for broken in (flipped, payload[:at], payload + payload[at:]):
        error = refusal_of(kind, broken)
        assert error is None or (error.rule and str(error).isprintable())


def test_the_traffic_of_troubled_conversations_keeps_the_official_schemas():
    seen = set()
    for seed in range(12):
        talk = Conversation(seed)
        for _ in range(120):
            talk.second()
            if talk.random.random() < 0.3:
                talk.command()
            if talk.random.random() < 0.1:
                talk.trouble()
        for kind, payload in talk.sent:
            valid(kind, payload)
            seen.add(kind)
    assert seen == {Kind.ORDER, Kind.INSTANT_ACTIONS, Kind.STATE, Kind.CONNECTION}


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"headerId": -1}, "headerId", "field.range"),
        ({"headerId": "7"}, "headerId", "field.type"),
        ({"headerId": True}, "headerId", "field.type"),
        ({"timestamp": "yesterday"}, "timestamp", "field.form"),
        ({"timestamp": "2026-11-23T08:15:00.000"}, "timestamp", "field.form"),
        ({"timestamp": "2026-02-30T08:15:00.000Z"}, "timestamp", "field.timestamp"),
        ({"timestamp": "2026-11-23T25:15:00.000Z"}, "timestamp", "field.timestamp"),
        ({"timestamp": 1_700_000_000}, "timestamp", "field.type"),
        ({"operatingMode": "AUTO"}, "operatingMode", "field.choice"),
        ({"operatingMode": "automatic"}, "operatingMode", "field.choice"),
        ({"driving": "true"}, "driving", "field.type"),
        ({"orderUpdateId": 1.5}, "orderUpdateId", "field.type"),
        ({"nodeStates": None}, "nodeStates", "field.type"),
        ({"nodeStates": [{"nodeId": "n1", "released": True}]}, "nodeStates[0].sequenceId", "field.missing"),
        ({"batteryState": {"batteryCharge": "full", "charging": False}}, "batteryState.batteryCharge", "field.type"),
        ({"safetyState": {"eStop": "none", "fieldViolation": False}}, "safetyState.eStop", "field.choice"),
    ],
)
def test_a_refusal_names_the_field_and_the_rule(changes, field, rule):
    document = json.loads(codec.encode(STATE)) | changes
    error = refused(Kind.STATE, json.dumps(document).encode())
    assert (error.field, error.rule) == (field, rule)
    assert error.mend


@pytest.mark.parametrize("missing", ["headerId", "timestamp", "orderId", "errors", "safetyState", "lastNodeSequenceId"])
def test_a_missing_field_is_named(missing):
    document = json.loads(codec.encode(STATE))
    del document[missing]
    error = refused(Kind.STATE, json.dumps(document).encode())
    assert (error.field, error.rule) == (missing, "field.missing")


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e400"])
def test_a_number_that_is_none_is_refused_when_it_is_read(number):
    payload = codec.encode(STATE).replace(b'"batteryCharge":80.5', f'"batteryCharge":{number}'.encode())
    assert payload != codec.encode(STATE)
    assert refused(Kind.STATE, payload).rule in {"json.form", "field.range"}


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_is_refused_when_it_would_be_written(number):
    optional = msgspec.structs.replace(STATE, distance_since_last_node=number)
    with pytest.raises(InvalidValue) as caught:
        codec.encode(optional)
    assert (caught.value.field, caught.value.rule) == ("distanceSinceLastNode", "field.finite")
    with pytest.raises(InvalidValue):
        codec.encode(
            msgspec.structs.replace(
                STATE, battery_state=msgspec.structs.replace(STATE.battery_state, battery_charge=number)
            )
        )


def test_a_number_that_is_none_is_refused_deep_in_an_action():
    deep = ActionParameter(key="k", value={"a": [1.0, float("nan")]})
    action = Action(action_type="t", action_id="i", blocking_type=BlockingType.NONE, action_parameters=(deep,))
    node = msgspec.structs.replace(ORDER.nodes[0], actions=(action,))
    with pytest.raises(InvalidValue, match=r"nodes\[0\]\.actions\[0\]\.actionParameters\[0\]\.value\.a\[1\]"):
        codec.encode(msgspec.structs.replace(ORDER, nodes=(node, *ORDER.nodes[1:])))


def test_fields_that_nobody_foresaw_are_passed_over_at_every_depth():
    document = json.loads(codec.encode(STATE)) | {"vendorTemperature": 31, "wheels": [1, 2]}
    document["batteryState"]["cells"] = [3.9]
    document["nodeStates"][0]["colour"] = "red"
    assert codec.decode(Kind.STATE, json.dumps(document).encode()) == STATE


def test_an_optional_field_that_is_null_is_read_as_absent_and_never_written():
    document = json.loads(codec.encode(STATE)) | {"loads": None, "maps": None}
    read = codec.decode(Kind.STATE, json.dumps(document).encode())
    assert read.loads is None
    assert b"null" not in codec.encode(read)


def test_a_vehicle_that_carries_nothing_is_told_from_one_that_cannot_tell():
    empty = msgspec.structs.replace(STATE, loads=())
    unable = msgspec.structs.replace(STATE, loads=None)
    assert b'"loads":[]' in codec.encode(empty)
    assert b'"loads"' not in codec.encode(unable)
    assert codec.decode(Kind.STATE, codec.encode(empty)).loads == ()


def test_a_paused_action_is_written_as_running_because_the_schema_has_no_paused():
    action = ActionState(action_id="a", action_status=ActionStatus.PAUSED)
    payload = codec.encode(msgspec.structs.replace(STATE, action_states=(action,)))
    valid(Kind.STATE, payload)
    assert codec.decode(Kind.STATE, payload).action_states[0].action_status is ActionStatus.RUNNING
    text = payload.replace(b"RUNNING", b"PAUSED")
    assert codec.decode(Kind.STATE, text).action_states[0].action_status is ActionStatus.PAUSED


def test_a_message_over_the_limit_is_refused_unread():
    assert refused(Kind.CONNECTION, b" " * (codec.SHORT + 1)).rule == "json.size"


def test_a_message_is_not_sent_on_the_topic_of_another():
    with pytest.raises(InvalidValue):
        codec.ORDERS.encode(STATE)


@given(st.integers(0, 4_000_000_000_000_000))
def test_a_timestamp_has_milliseconds_and_is_in_utc(at):
    text = timestamp(at)
    assert text.endswith("Z")
    assert text[-5] == "."
    assert instant(text) == at // 1000 * 1000


@pytest.mark.parametrize(
    ("text", "at"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:01.12Z", 1_120_000),
        ("1970-01-01T08:00:00.000001+08:00", 1),
        ("1970-01-01T00:00:00.123456789Z", 123_456),
    ],
)
def test_a_timestamp_may_have_any_fraction_and_any_offset(text, at):
    assert instant(text) == at


def test_an_order_of_the_longest_line_fits():
    nodes, edges = path(0, 0, 1900)
    payload = codec.encode(msgspec.structs.replace(ORDER, nodes=nodes, edges=edges))
    assert len(payload) < codec.MAX_BYTES
