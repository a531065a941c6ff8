import msgspec
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.strategies import SIGNED, message_types, messages

from kouan.protocols import jws
from kouan.protocols.agency.codec import VERDICT_TYPE, sign_verdict, verify_verdict
from kouan.protocols.agency.messages import Verdict, VerdictOutcome
from kouan.protocols.barrier.messages import Barrier
from kouan.protocols.jws import PrivateKeySigner
from kouan.protocols.lane_order import codec as lane_order
from kouan.protocols.lane_order.messages import (
    ActuationOutcome,
    ControllerReport,
    HoldNotice,
    OpenOrder,
    OrderedVehicle,
    PollAnswer,
)
from kouan.protocols.network.codec import hub_key
from kouan.protocols.signed import agency_key, lane_controller_key, platform_key
from kouan.vocabulary.errors import InvalidValue


def signer(key_id: str) -> PrivateKeySigner:
    return PrivateKeySigner(key_id, Ed25519PrivateKey.from_private_bytes(key_id.encode().ljust(32, b"\0")[:32]))


PLATFORM = signer(platform_key("ganqimaodu"))
CONTROLLER = signer(lane_controller_key("ganqimaodu"))
CUSTOMS = signer(agency_key("customs", "ganqimaodu"))
BORDER = signer(agency_key("border_inspection", "ganqimaodu"))
ELSEWHERE = signer(agency_key("customs", "ceke"))
KEYS = {each.key_id: each.public_key for each in (PLATFORM, CONTROLLER, CUSTOMS, BORDER, ELSEWHERE)}

ORDER = OpenOrder(
    order_id="o1",
    port="ganqimaodu",
    lane="I1",
    passage="p1",
    barrier=Barrier.RELEASE,
    outcome="RELEASE",
    vehicle=OrderedVehicle(plate="蒙B023H6", axles=6, track=7),
    epoch=3,
    issued_at=10,
    expires_at=5_000_010,
    nonce="n" * 16,
)
VERDICT = Verdict(
    authority="customs",
    port="ganqimaodu",
    case="p1",
    revision=1,
    outcome=VerdictOutcome.GRANT,
    issued_at=1,
    expires_at=2,
)
ANSWER = PollAnswer(nonce="n" * 16, time=5, epochs={"I1": 3})


def forged(by: PrivateKeySigner, typ: str, message: object) -> bytes:
    return jws.sign(by, typ, msgspec.json.encode(message))


def issuer(name: str, message) -> PrivateKeySigner:
    return signer(
        {
            "open": lambda: platform_key(message.port),
            "hold": lambda: platform_key(message.port),
            "reset": lambda: platform_key(message.port),
            "report": lambda: lane_controller_key(message.port),
            "verdict": lambda: agency_key(message.authority, message.port),
            "witnessed": lambda: hub_key(message.region),
            "bulletin": lambda: hub_key(message.region),
        }[name]()
    )


@pytest.mark.parametrize("name", SIGNED)
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_every_signed_message_is_verified_with_its_issuers_key_only(name, data):
    codec = SIGNED[name]
    message = data.draw(st.one_of([messages(kind) for kind in message_types(codec.json)]))
    by = issuer(name, message)
    compact = codec.sign(by, message)
    assert codec.verify({by.key_id: by.public_key}, compact) == message
    with pytest.raises(InvalidValue, match=r"jws\.key"):
        codec.verify({}, compact)


@pytest.mark.parametrize("name", SIGNED)
def test_a_message_signed_as_one_type_is_never_taken_for_another(name):
    for other, codec in SIGNED.items():
        if other != name:
            compact = jws.sign(PLATFORM, SIGNED[name].typ, b"{}")
            with pytest.raises(InvalidValue, match=r"jws\.type"):
                codec.verify(KEYS, compact)


@pytest.mark.parametrize("by", [CONTROLLER, CUSTOMS, signer(platform_key("ceke"))])
def test_nobody_but_the_ports_platform_orders_a_barrier(by):
    keys = {**KEYS, by.key_id: by.public_key}
    with pytest.raises(InvalidValue, match=r"jws\.issuer"):
        lane_order.verify_order(keys, forged(by, lane_order.ORDER_TYPE, ORDER))
    with pytest.raises(InvalidValue, match=r"jws\.issuer"):
        lane_order.sign_order(by, ORDER)


@pytest.mark.parametrize("by", [BORDER, ELSEWHERE, PLATFORM])
def test_an_authority_speaks_for_itself_and_its_port_only(by):
    with pytest.raises(InvalidValue, match=r"jws\.issuer"):
        verify_verdict(KEYS, forged(by, VERDICT_TYPE, VERDICT))
    with pytest.raises(InvalidValue, match=r"jws\.issuer"):
        sign_verdict(by, VERDICT)


def test_the_platform_cannot_report_in_the_lane_controllers_place():
    report = ControllerReport(
        controller="c1",
        port="ganqimaodu",
        lane="I1",
        order_id="o1",
        outcome=ActuationOutcome.ACTUATED,
        at=1,
        uncertainty_us=5,
    )
    assert lane_order.verify_report(KEYS, lane_order.sign_report(CONTROLLER, report)) == report
    with pytest.raises(InvalidValue, match=r"jws\.issuer"):
        lane_order.verify_report(KEYS, forged(PLATFORM, lane_order.REPORT_TYPE, report))


def test_an_answer_to_a_poll_is_the_ports_own():
    compact = lane_order.sign_poll_answer(PLATFORM, "ganqimaodu", ANSWER)
    assert lane_order.verify_poll_answer(KEYS, "ganqimaodu", compact) == ANSWER
    with pytest.raises(InvalidValue, match=r"jws\.issuer"):
        lane_order.verify_poll_answer(KEYS, "ceke", compact)
    with pytest.raises(InvalidValue, match=r"jws\.issuer"):
        lane_order.sign_poll_answer(CONTROLLER, "ganqimaodu", ANSWER)


def test_a_well_signed_payload_is_still_held_to_the_rules_of_its_fields():
    for payload in (b"", b"null", b"{}", b'{"port":"ganqimaodu"}', msgspec.json.encode(ORDER) + b"x"):
        with pytest.raises(InvalidValue) as caught:
            lane_order.verify_order(KEYS, jws.sign(PLATFORM, lane_order.ORDER_TYPE, payload))
        assert not caught.value.rule.startswith("jws.")


def test_a_well_signed_order_that_contradicts_itself_is_refused():
    document = {**msgspec.to_builtins(ORDER), "outcome": "DIVERT_SCAN"}
    with pytest.raises(InvalidValue, match=r"order\.outcome"):
        lane_order.verify_order(KEYS, forged(PLATFORM, lane_order.ORDER_TYPE, document))


def test_a_hold_is_signed_by_the_platform():
    hold = HoldNotice(port="ganqimaodu", lane="I1", epoch=4, reason="hold.placed")
    assert lane_order.verify_hold(KEYS, lane_order.sign_hold(PLATFORM, hold)) == hold
