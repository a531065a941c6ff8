import json

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.protocols.vda5050.conversation import edge, node
from tests.protocols.vda5050.samples import CONNECTION, FACTSHEET, FULL, INSTANT_ACTIONS, MINIMAL, ORDER, STATE
from tests.protocols.vda5050.strategies import VALUES

from kouan.protocols.vda5050 import codec
from kouan.protocols.vda5050.order import BlockingType
from kouan.protocols.vda5050.state import (
    ActionState,
    ActionStatus,
    ConnectionState,
    Error,
    ErrorLevel,
    OperatingMode,
)
from kouan.protocols.vda5050.topics import Kind
from kouan.protocols.vda5050.version_3_names import NAMES
from kouan.protocols.vda5050.versions import Version, decode, encode
from kouan.vocabulary.errors import InvalidValue

LOST = {
    "2.0.0": {"corridor", "maps", "errorHint", "vehicleConfig"},
    "3.0.0": {"zoneSetId", "mapDescription", "enumLen"},
}
"""Fields that another version does not have."""


def document(version, message):
    return json.loads(encode(version, message))


def leaves(node, path=""):
    """Every value of a document by its path; what another version lacks is left out."""
    if isinstance(node, dict):
        return {k: v for key, each in node.items() for k, v in leaves(each, f"{path}.{key}").items()}
    if isinstance(node, list):
        return {k: v for i, each in enumerate(node) for k, v in leaves(each, f"{path}.{i}").items()}
    return {path: node}


@pytest.mark.parametrize("version", list(Version))
@pytest.mark.parametrize("message", [*FULL, *MINIMAL], ids=codec.kind_of)
def test_a_message_comes_back_from_any_version_with_all_that_the_version_has(version, message):
    kind = codec.kind_of(message)
    back = decode(version, kind, encode(version, message))
    before = leaves(json.loads(codec.encode(message)))
    after = leaves(json.loads(codec.encode(back)))
    lost = {path for path in before if LOST.get(version, set()) & set(path.split("."))}
    changed = {path for path in before.keys() - lost if before[path] != after.get(path)}
    allowed = {".version"}
    if version is Version.V3_0 and message is MINIMAL[2]:
        allowed |= {".safetyState.eStop"}  # 3.0.0 knows no stop that acknowledges itself
    assert changed <= allowed


@pytest.mark.parametrize("version", list(Version))
def test_a_message_says_which_version_it_is(version):
    assert document(version, STATE)["version"] == version
    assert version.major == "v" + version[0]


def test_no_name_of_2_1_that_was_changed_is_left_in_3_0():
    def olds(names):
        for old, (new, below) in names.items():
            if new != old:
                yield old
            yield from olds(below)

    def keys(node):
        if isinstance(node, dict):
            return set(node).union(*map(keys, node.values()))
        return set().union(*map(keys, node)) if isinstance(node, list) and node else set()

    for message in FULL:
        gone = set(olds(NAMES[codec.kind_of(message)])) - {"set", "range"}
        if codec.kind_of(message) is Kind.FACTSHEET:
            gone -= {"actionDescription"}
        assert not gone & keys(document(Version.V3_0, message))


def test_an_instant_action_of_2_0_has_the_name_of_its_schema_beside_that_of_its_text():
    action = document(Version.V2_0, INSTANT_ACTIONS)["actions"][0]
    assert action["actionName"] == action["actionType"] == "pick"
    del action["actionType"]
    payload = document(Version.V2_0, INSTANT_ACTIONS) | {"actions": [action]}
    assert decode(Version.V2_0, Kind.INSTANT_ACTIONS, json.dumps(payload).encode()).actions[0].action_type == "pick"


def test_an_edge_of_3_0_gets_its_ends_from_the_nodes_beside_it():
    order = msgspec.structs.replace(ORDER, nodes=(node(0, 0), node(1, 2)), edges=(edge(0, 1),))
    written = document(Version.V3_0, order)
    assert not {"startNodeId", "endNodeId"} & written["edges"][0].keys()
    assert decode(Version.V3_0, Kind.ORDER, json.dumps(written).encode()).edges == order.edges


def test_an_ellipse_of_3_0_is_read_as_the_circle_within_it():
    written = document(Version.V3_0, ORDER)
    place = written["nodes"][0]["nodePosition"]
    assert place["allowedDeviationXY"] == {"a": 0.25, "b": 0.25, "theta": 0.0}
    place["allowedDeviationXY"] = {"a": 3.0, "b": 0.5, "theta": 1.0}
    read = decode(Version.V3_0, Kind.ORDER, json.dumps(written).encode())
    assert read.nodes[0].node_position.allowed_deviation_xy == 0.5


def test_an_action_of_3_0_that_lets_only_drive_makes_the_vehicle_stand_in_2_1():
    written = document(Version.V3_0, INSTANT_ACTIONS)
    written["actions"][0]["blockingType"] = "SINGLE"
    read = decode(Version.V3_0, Kind.INSTANT_ACTIONS, json.dumps(written).encode())
    assert read.actions[0].blocking_type is BlockingType.HARD


def test_a_curve_of_3_0_without_knots_gets_even_ones():
    written = document(Version.V3_0, ORDER)
    curve = written["edges"][0]["trajectory"]
    del curve["knotVector"], curve["degree"]
    read = decode(Version.V3_0, Kind.ORDER, json.dumps(written).encode()).edges[0].trajectory
    assert (read.degree, read.knot_vector) == (1, (0.0, 0.0, 0.5, 1.0, 1.0))


def test_the_states_of_instant_actions_stand_apart_in_3_0():
    cancel = ActionState(action_id="c", action_type="cancelOrder", action_status=ActionStatus.RUNNING)
    message = msgspec.structs.replace(STATE, action_states=(*STATE.action_states, cancel))
    written = document(Version.V3_0, message)
    assert [each["actionId"] for each in written["instantActionStates"]] == ["c"]
    assert decode(Version.V3_0, Kind.STATE, json.dumps(written).encode()).action_states == message.action_states


@pytest.mark.parametrize(
    ("mode", "read"),
    [
        ("TEACH_IN", OperatingMode.TEACHIN),
        ("STARTUP", OperatingMode.SERVICE),
        ("INTERVENED", OperatingMode.MANUAL),
        ("AUTOMATIC", OperatingMode.AUTOMATIC),
    ],
)
def test_in_a_mode_that_only_3_0_has_the_master_is_not_in_control(mode, read):
    written = document(Version.V3_0, STATE) | {"operatingMode": mode}
    assert decode(Version.V3_0, Kind.STATE, json.dumps(written).encode()).operating_mode is read


@pytest.mark.parametrize(
    ("level", "read"), [("URGENT", ErrorLevel.WARNING), ("CRITICAL", ErrorLevel.FATAL), ("FATAL", ErrorLevel.FATAL)]
)
def test_an_error_of_3_0_after_which_the_order_does_not_go_on_is_fatal(level, read):
    error = Error(error_type="t", error_level=ErrorLevel.WARNING)
    written = document(Version.V3_0, msgspec.structs.replace(STATE, errors=(error,)))
    written["errors"][0]["errorLevel"] = level
    assert decode(Version.V3_0, Kind.STATE, json.dumps(written).encode()).errors[0].error_level is read


@pytest.mark.parametrize(
    ("told", "read"),
    [
        ("CONNECTION_BROKEN", ConnectionState.CONNECTIONBROKEN),
        ("HIBERNATING", ConnectionState.OFFLINE),
        ("ONLINE", ConnectionState.ONLINE),
    ],
)
def test_a_connection_of_3_0_is_read(told, read):
    written = document(Version.V3_0, CONNECTION) | {"connectionState": told}
    assert decode(Version.V3_0, Kind.CONNECTION, json.dumps(written).encode()).connection_state is read


def test_a_factsheet_of_3_0_without_kinematics_is_read():
    written = document(Version.V3_0, FACTSHEET)
    del written["typeSpecification"]["mobileRobotKinematics"]
    written["protocolFeatures"]["mobileRobotActions"][0]["actionScopes"].append("ZONE")
    assert decode(Version.V3_0, Kind.FACTSHEET, json.dumps(written).encode()).physical_parameters.speed_max == 6.9


@pytest.mark.parametrize("version", [Version.V2_0, Version.V3_0])
@pytest.mark.parametrize("message", FULL, ids=codec.kind_of)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_document_with_anything_anywhere_is_read_or_refused_by_name(version, message, data):
    kind, written = codec.kind_of(message), document(version, message)
    at = written
    for _ in range(data.draw(st.integers(0, 4))):
        key = data.draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.integers(0, len(at) - 1))
        if not isinstance(at[key], dict | list) or not at[key]:
            break
        at = at[key]
    key = data.draw(st.sampled_from(sorted(at)) if isinstance(at, dict) else st.integers(0, len(at) - 1))
    at[key] = data.draw(VALUES | st.none())
    try:
        decode(version, kind, json.dumps(written).encode())
    except InvalidValue as error:
        refusal = error
        assert refusal.rule
