import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.strategies import ALL_TYPES, JSON_CODECS, messages

from kouan.protocols.agency.messages import Verdict, VerdictOutcome
from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.container_camera import codec as container_camera
from kouan.protocols.driver_terminal.messages import DriverRead
from kouan.protocols.json_codec import JsonCodec
from kouan.protocols.lane_order.messages import LONGEST_LIFE_US, OpenOrder, OrderedVehicle
from kouan.protocols.plate_camera import codec as plate_camera
from kouan.protocols.plate_camera.messages import PlateRead
from kouan.protocols.plc import codec as plc
from kouan.protocols.plc.messages import Loop, LoopChanged
from kouan.vocabulary.errors import InvalidValue

LOOP = LoopChanged(device="I1.plc", seq=1, at=1_700_000_000_000_000, loop=Loop.STOP, occupied=True, track=7)
PLATE = {
    "device": "c",
    "seq": 1,
    "at": 2,
    "track": 3,
    "position": "front",
    "text": "蒙B023H6",
    "confidence_pm": 990,
    "colour": "yellow",
    "image": {"sha256": "0" * 64, "box": [1, 2, 3, 4]},
}


def plate(**changes: object) -> bytes:
    return json.dumps({**PLATE, **changes}).encode()


def refused(codec, payload: bytes) -> InvalidValue:
    with pytest.raises(InvalidValue) as caught:
        codec.decode(payload)
    return caught.value


def refusal_of(codec, payload: bytes) -> InvalidValue | None:
    try:
        codec.decode(payload)
    except InvalidValue as error:
        return error
    return None


@pytest.mark.parametrize("name", ALL_TYPES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_every_message_comes_back_as_it_went(name, data):
    kind, codec = ALL_TYPES[name]
    message = data.draw(messages(kind))
    assert codec.decode(codec.encode(message)) == message


@pytest.mark.parametrize("name", ALL_TYPES)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_a_cut_flipped_or_extended_message_is_read_or_refused_by_name_and_nothing_else(name, data):
    kind, codec = ALL_TYPES[name]
    payload = codec.encode(data.draw(messages(kind)))
    at = data.draw(st.integers(0, len(payload) - 1))
    flipped = payload[:at] + bytes([payload[at] ^ (1 << data.draw(st.integers(0, 7)))]) + payload[at + 1 :]
    for broken in (flipped, payload[:at], payload + payload[at:], payload[at:] + payload[:at]):
        error = refusal_of(codec, broken)
        assert error is None or (error.rule and len(str(error)) < 600 and str(error).isprintable())


@pytest.mark.parametrize("name", JSON_CODECS)
@settings(max_examples=80, deadline=None)
@given(payload=st.binary(max_size=3000))
def test_random_bytes_are_refused_by_name(name, payload):
    assert refused(JSON_CODECS[name], payload).rule


@pytest.mark.parametrize("name", JSON_CODECS)
@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"{}",
        b"null",
        b"[" * 500,
        b'{"a":' * 500,
        b"\xff\xfe{}",
        b"\xef\xbb\xbf{}",
        b'{"type":"__class__"}',
        b'{"device":"\\ud800"}',
        b"9" * 5000,
        b"1e999999",
        b'{"' + b"k" * 900 + b'":1}',
        b" " * 100_000 + b"{}",
        b"{}" * 100_000,
    ],
)
def test_hostile_documents_are_refused_by_name(name, payload):
    assert refused(JSON_CODECS[name], payload).rule


@pytest.mark.parametrize("name", JSON_CODECS)
def test_a_payload_one_byte_over_the_limit_is_refused_unread(name):
    codec = JSON_CODECS[name]
    assert refused(codec, b" " * (codec.max_bytes + 1)).rule == "json.size"


@pytest.mark.parametrize(
    ("changes", "field", "rule"),
    [
        ({"track": -1}, "track", "field.range"),
        ({"track": 2**31}, "track", "field.range"),
        ({"track": 1.5}, "track", "field.type"),
        ({"track": "7"}, "track", "field.type"),
        ({"track": True}, "track", "field.type"),
        ({"seq": 2**53}, "seq", "field.range"),
        ({"seq": 10**40}, "seq", "field.range"),
        ({"device": "two words"}, "device", "field.form"),
        ({"device": "c\n"}, "device", "field.form"),
        ({"device": ""}, "device", "field.form"),
        ({"text": "x" * 33}, "text", "field.length"),
        ({"text": "a\u202eb"}, "text", "field.form"),
        ({"text": "a\u0000"}, "text", "field.form"),
        ({"confidence_pm": 1001}, "confidence_pm", "field.range"),
        ({"colour": "pink"}, "colour", "field.choice"),
        ({"position": None}, "position", "field.type"),
        ({"image": {"sha256": "0" * 63}}, "image.sha256", "field.form"),
        ({"image": {"sha256": "G" * 64}}, "image.sha256", "field.form"),
        ({"image": {"sha256": "0" * 64, "box": [1, 2, 3]}}, "image.box", "field.length"),
        ({"image": {"sha256": "0" * 64, "box": [1, 2, 3, -4]}}, "image.box[3]", "field.range"),
        ({"image": {"sha256": "0" * 64, "size": 1}}, "image.size", "field.unknown"),
        ({"image": {}}, "image.sha256", "field.missing"),
        ({"speed": 1}, "speed", "field.unknown"),
    ],
)
def test_a_refusal_names_the_field_and_the_rule(changes, field, rule):
    error = refused(plate_camera, plate(**changes))
    assert (error.field, error.rule) == (field, rule)
    assert error.mend


def test_a_missing_field_is_named():
    error = refused(plc, b'{"type":"LoopChanged","device":"d","seq":1,"at":1,"loop":"stop","occupied":true}')
    assert (error.field, error.rule) == ("track", "field.missing")


def test_a_union_without_or_with_an_unknown_type_is_refused():
    assert refused(plc, b'{"device":"d"}').field == "type"
    assert refused(container_camera, b'{"type":"PlcFault"}').rule == "field.choice"


def test_text_that_is_no_json_has_the_rule_of_the_form():
    error = refused(plc, b"<?xml version='1.0'?>")
    assert (error.field, error.rule) == ("", "json.form")


def test_what_a_sender_wrote_is_shown_short_and_printable():
    error = refused(plate_camera, plate(**{"\u202e\n" + "k" * 300: 1}))
    assert error.rule == "field.unknown"
    assert len(error.field) <= 160
    assert str(error).isprintable()


def test_a_repeated_key_counts_once_and_the_last_stands():
    payload = plc.encode(LOOP).replace(b'"track":7', b'"track":6,"track":7')
    assert plc.decode(payload) == LOOP


def test_optional_fields_may_be_left_out():
    less = {key: value for key, value in PLATE.items() if key != "image"}
    assert plate_camera.decode(json.dumps(less).encode()).image is None


def test_escaped_letters_mean_the_same_as_themselves():
    assert plate_camera.decode(plate()) == plate_camera.decode(json.dumps(PLATE, ensure_ascii=False).encode())


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"track": -1}, "field.range"),
        ({"device": "two words"}, "field.form"),
        ({"loop": "middle"}, "field.choice"),
        ({"device": "\ud800"}, "json.form"),
        ({"seq": object()}, "json.form"),
    ],
)
def test_a_sender_is_held_to_the_same_rules(changes, rule):
    with pytest.raises(InvalidValue) as caught:
        plc.encode(msgspec.structs.replace(LOOP, **changes))
    assert caught.value.rule == rule


def test_a_message_of_another_device_is_not_sent():
    message = plate_camera.decode(plate())
    assert isinstance(message, PlateRead)
    with pytest.raises(InvalidValue):
        plc.encode(message)


DRIVER = {
    "device": "d",
    "seq": 1,
    "at": 1,
    "track": 1,
    "face_score_pm": 900,
    "liveness_pm": 900,
    "occupants": 1,
}


@pytest.mark.parametrize("lengths", [(44,), (44, 43), (30, 30), (44, 44, 44), (36, 36)])
def test_document_lines_of_another_shape_are_refused(lengths):
    mrz = tuple("<" * length for length in lengths)
    with pytest.raises(InvalidValue):
        ALL_TYPES["DriverRead"][1].decode(json.dumps({**DRIVER, "mrz": mrz}).encode())
    with pytest.raises(InvalidValue, match=r"mrz\.shape"):
        DriverRead(**DRIVER, mrz=mrz)


def test_document_lines_in_small_letters_are_refused():
    error = refused(ALL_TYPES["DriverRead"][1], json.dumps({**DRIVER, "mrz": ["p" * 44, "<" * 44]}).encode())
    assert (error.field, error.rule) == ("mrz[0]", "field.form")


ORDER = {
    "order_id": "o1",
    "port": "ganqimaodu",
    "lane": "I1",
    "passage": "p1",
    "vehicle": OrderedVehicle(plate="蒙B023H6", axles=6, track=7),
    "epoch": 3,
    "issued_at": 10,
    "nonce": "n" * 16,
}


@pytest.mark.parametrize(
    ("barrier", "outcome"),
    [
        ("release", "DIVERT_SCAN"),
        ("release", "HOLD"),
        ("release", "release"),
        ("release", "RELEASED"),
        ("divert", "RELEASE"),
        ("divert", "REFUSE"),
        ("divert", "DIVERT_ELSEWHERE"),
    ],
)
def test_only_a_literal_release_opens_the_release_barrier_and_only_a_diversion_the_other(barrier, outcome):
    codec = ALL_TYPES["OpenOrder"][1]
    vehicle = msgspec.to_builtins(ORDER["vehicle"])
    document = {**ORDER, "vehicle": vehicle, "barrier": barrier, "outcome": outcome, "expires_at": 11}
    assert refused(codec, json.dumps(document).encode()).rule == "order.outcome"


@pytest.mark.parametrize("life", [-1, 0, LONGEST_LIFE_US + 1])
def test_an_order_without_life_or_with_too_long_a_life_cannot_be_made(life):
    with pytest.raises(InvalidValue, match=r"order\.life"):
        OpenOrder(**ORDER, barrier=Barrier.RELEASE, outcome="RELEASE", expires_at=10 + life)


def test_a_refusal_without_a_reason_is_no_verdict():
    with pytest.raises(InvalidValue, match=r"verdict\.reasons"):
        Verdict(
            authority="customs",
            port="p",
            case="c",
            revision=1,
            outcome=VerdictOutcome.REFUSE,
            issued_at=1,
            expires_at=2,
        )


def test_a_verdict_that_expires_before_it_is_issued_is_none():
    with pytest.raises(InvalidValue, match=r"verdict\.expiry"):
        Verdict(
            authority="customs",
            port="p",
            case="c",
            revision=1,
            outcome=VerdictOutcome.GRANT,
            issued_at=2,
            expires_at=2,
        )


def test_nesting_deeper_than_the_interpreter_bears_is_refused_by_name():
    loose: JsonCodec[dict[str, object]] = JsonCodec(dict[str, object], 1_000_000)
    assert refused(loose, b'{"a":' * 100_000).rule == "json.form"
