"""Messages with every field, and with as few as may be."""

from typing import Any

from kouan.protocols.vda5050 import factsheet as f
from kouan.protocols.vda5050 import factsheet_words as w
from kouan.protocols.vda5050 import order as o
from kouan.protocols.vda5050 import state as s
from kouan.protocols.vda5050.codec import Message

HEADER: dict[str, Any] = {
    "header_id": 7,
    "timestamp": "2026-11-23T08:15:00.250Z",
    "version": "2.1.0",
    "manufacturer": "KOUAN",
    "serial_number": "agv-1",
}
LEAST: dict[str, Any] = {
    "header_id": 0,
    "timestamp": "2026-11-23T08:15:00.000Z",
    "version": "2.1.0",
    "manufacturer": "K",
    "serial_number": "1",
}

_PICK = o.Action(
    action_type="pick",
    action_id="a-1",
    blocking_type=o.BlockingType.HARD,
    action_description="抓箱",
    action_parameters=(
        o.ActionParameter(key="stationType", value="crane"),
        o.ActionParameter(key="height", value=1.5),
        o.ActionParameter(key="automatic", value=True),
        o.ActionParameter(key="sides", value=["left", 2]),
        o.ActionParameter(key="load", value={"type": "45G1"}),
    ),
)
_CURVE = o.Trajectory(
    degree=2,
    knot_vector=(0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
    control_points=(
        o.ControlPoint(x=0.5, y=1.0, weight=1.0),
        o.ControlPoint(x=5.0, y=2.0, weight=0.5),
        o.ControlPoint(x=10.0, y=1.0, weight=1.0),
    ),
)
_PLACE = o.NodePosition(
    x=1.5,
    y=-2.25,
    map_id="line",
    theta=1.5,
    allowed_deviation_xy=0.25,
    allowed_deviation_theta=0.1,
    map_description="the line",
)

ORDER = o.Order(
    **HEADER,
    order_id="order-1",
    order_update_id=2,
    zone_set_id="zones-1",
    nodes=(
        o.Node(
            node_id="n1",
            sequence_id=4,
            released=True,
            actions=(_PICK,),
            node_description="crane 1",
            node_position=_PLACE,
        ),
        o.Node(
            node_id="n2",
            sequence_id=6,
            released=True,
            actions=(o.Action(action_type="beep", action_id="a-2", blocking_type=o.BlockingType.NONE),),
            node_description="gate",
            node_position=_PLACE,
        ),
    ),
    edges=(
        o.Edge(
            edge_id="e1",
            sequence_id=5,
            released=True,
            start_node_id="n1",
            end_node_id="n2",
            actions=(o.Action(action_type="light", action_id="a-3", blocking_type=o.BlockingType.SOFT),),
            edge_description="to the gate",
            max_speed=6.9,
            max_height=4.5,
            min_height=0.2,
            orientation=0.5,
            orientation_type=o.OrientationType.TANGENTIAL,
            direction="straight",
            rotation_allowed=True,
            max_rotation_speed=0.3,
            length=20.5,
            trajectory=_CURVE,
            corridor=o.Corridor(
                left_width=0.5, right_width=0.75, corridor_ref_point=o.CorridorReference.KINEMATICCENTER
            ),
        ),
    ),
)

INSTANT_ACTIONS = o.InstantActions(**HEADER, actions=(_PICK,))

_POSITION = s.AgvPosition(
    x=1.5,
    y=2.5,
    theta=0.25,
    map_id="line",
    position_initialized=True,
    map_description="the line",
    localization_score=0.9,
    deviation_range=0.05,
)
_VELOCITY = s.Velocity(vx=3.5, vy=0.1, omega=0.02)
_REFERENCE = (s.Reference(reference_key="orderId", reference_value="order-1"),)

STATE = s.State(
    **HEADER,
    order_id="order-1",
    order_update_id=2,
    last_node_id="n1",
    last_node_sequence_id=4,
    node_states=(
        s.NodeState(
            node_id="n2",
            sequence_id=6,
            released=True,
            node_description="gate",
            node_position=s.StatePosition(x=1.5, y=2.5, theta=0.5, map_id="line"),
        ),
    ),
    edge_states=(
        s.EdgeState(edge_id="e1", sequence_id=5, released=True, edge_description="to the gate", trajectory=_CURVE),
    ),
    driving=True,
    action_states=(
        s.ActionState(
            action_id="a-1",
            action_status=s.ActionStatus.RUNNING,
            action_type="pick",
            action_description="抓箱",
            result_description="none yet",
        ),
    ),
    battery_state=s.BatteryState(
        battery_charge=80.5, charging=True, battery_voltage=612.5, battery_health=97.5, reach=42_000.0
    ),
    operating_mode=s.OperatingMode.AUTOMATIC,
    errors=(
        s.Error(
            error_type="orderUpdateError",
            error_level=s.ErrorLevel.WARNING,
            error_references=_REFERENCE,
            error_description="a later update is known",
            error_hint="send a later one",
        ),
    ),
    safety_state=s.SafetyState(e_stop=s.EStop.NONE, field_violation=True),
    maps=(s.Map(map_id="line", map_version="3", map_status=s.MapStatus.ENABLED, map_description="the line"),),
    zone_set_id="zones-1",
    paused=True,
    new_base_request=True,
    distance_since_last_node=3.5,
    agv_position=_POSITION,
    velocity=_VELOCITY,
    loads=(
        s.Load(
            load_id="MSCU1234566",
            load_type="45G1",
            load_position="front",
            bounding_box_reference=s.BoundingBoxReference(x=0.5, y=0.1, z=1.2, theta=0.3),
            load_dimensions=s.LoadDimensions(length=12.2, width=2.4, height=2.9),
            weight=28_000.0,
        ),
    ),
    information=(
        s.Information(
            info_type="tyres", info_level=s.InfoLevel.DEBUG, info_references=_REFERENCE, info_description="warm"
        ),
    ),
)

CONNECTION = s.Connection(**HEADER, connection_state=s.ConnectionState.CONNECTIONBROKEN)
VISUALIZATION = s.Visualization(**HEADER, agv_position=_POSITION, velocity=_VELOCITY)

_LENGTHS = dict.fromkeys(f.MaxArrayLens.__struct_fields__, 10)
FACTSHEET = f.Factsheet(
    **HEADER,
    type_specification=f.TypeSpecification(
        series_name="line carrier",
        series_description="carries one container",
        agv_kinematic=w.AgvKinematic.THREEWHEEL,
        agv_class=w.AgvClass.CARRIER,
        max_load_mass=40_000.0,
        localization_types=(w.LocalizationType.SPOT,),
        navigation_types=(w.NavigationType.VIRTUAL_LINE_GUIDED,),
    ),
    physical_parameters=f.PhysicalParameters(
        speed_min=0.1,
        speed_max=6.9,
        acceleration_max=0.5,
        deceleration_max=1.0,
        height_min=1.7,
        height_max=4.6,
        width=3.0,
        length=15.0,
    ),
    protocol_limits=f.ProtocolLimits(
        max_string_lens=f.MaxStringLens(
            msg_len=1_048_576,
            topic_serial_len=64,
            topic_elem_len=64,
            id_len=64,
            id_numerical_only=True,
            enum_len=32,
            load_id_len=16,
        ),
        max_array_lens=f.MaxArrayLens(**_LENGTHS),
        timing=f.Timing(
            min_order_interval=0.5, min_state_interval=0.5, default_state_interval=1.5, visualization_interval=0.2
        ),
    ),
    protocol_features=f.ProtocolFeatures(
        optional_parameters=(
            f.OptionalParameter(
                parameter="order.edges.trajectory", support=w.Support.SUPPORTED, description="straight and arcs"
            ),
        ),
        agv_actions=(
            f.AgvAction(
                action_type="pick",
                action_scopes=(w.ActionScope.NODE,),
                action_description="takes a container",
                action_parameters=(
                    f.ParameterDefinition(
                        key="height", value_data_type=w.ValueDataType.FLOAT, description="metres", is_optional=True
                    ),
                ),
                result_description="the container's number",
            ),
        ),
    ),
    agv_geometry=f.AgvGeometry(
        wheel_definitions=(
            f.WheelDefinition(
                type=w.WheelType.DRIVE,
                is_active_driven=True,
                is_active_steered=True,
                position=f.WheelPosition(x=4.5, y=0.1, theta=0.2),
                diameter=1.1,
                width=0.4,
                center_displacement=0.05,
                constraints="none",
            ),
        ),
        envelopes2d=(
            f.Envelope2d(
                set="loaded",
                polygon_points=(
                    f.PolygonPoint(x=-7.5, y=-1.5),
                    f.PolygonPoint(x=7.5, y=-1.5),
                    f.PolygonPoint(x=7.5, y=1.5),
                ),
                description="with a container",
            ),
        ),
        envelopes3d=(
            f.Envelope3d(set="loaded", format="DXF", data={"layers": [1]}, url="http://vehicle/dxf", description=1),
        ),
    ),
    load_specification=f.LoadSpecification(
        load_positions=("front",),
        load_sets=(
            f.LoadSet(
                set_name="DEFAULT",
                load_type="45G1",
                load_positions=("front",),
                bounding_box_reference=s.BoundingBoxReference(x=0.5, y=0.1, z=1.2, theta=0.3),
                load_dimensions=s.LoadDimensions(length=12.2, width=2.4, height=2.9),
                max_weight=30_000.0,
                min_loadhandling_height=1.1,
                max_loadhandling_height=1.3,
                min_loadhandling_depth=0.1,
                max_loadhandling_depth=0.2,
                min_loadhandling_tilt=0.1,
                max_loadhandling_tilt=0.2,
                agv_speed_limit=5.5,
                agv_acceleration_limit=0.4,
                agv_deceleration_limit=0.8,
                pick_time=60.5,
                drop_time=55.5,
                description="one container",
            ),
        ),
    ),
    vehicle_config=f.VehicleConfig(
        versions=(f.NamedVersion(key="software", value="1.4"),),
        network=f.Network(
            dns_servers=("10.0.0.1",),
            local_ip_address="10.0.0.7",
            ntp_servers=("10.0.0.2",),
            netmask="255.255.0.0",
            default_gateway="10.0.0.254",
        ),
    ),
)

FULL: tuple[Message, ...] = (ORDER, INSTANT_ACTIONS, STATE, VISUALIZATION, CONNECTION, FACTSHEET)
"""Every field of every message."""

MINIMAL: tuple[Message, ...] = (
    o.Order(
        **LEAST,
        order_id="o",
        order_update_id=0,
        nodes=(o.Node(node_id="n", sequence_id=0, released=True, actions=()),),
        edges=(),
    ),
    o.InstantActions(
        **LEAST,
        actions=(o.Action(action_type="cancelOrder", action_id="c", blocking_type=o.BlockingType.NONE),),
    ),
    s.State(
        **LEAST,
        order_id="",
        order_update_id=0,
        last_node_id="",
        last_node_sequence_id=0,
        node_states=(),
        edge_states=(),
        driving=False,
        action_states=(),
        battery_state=s.BatteryState(battery_charge=20.0, charging=False),
        operating_mode=s.OperatingMode.MANUAL,
        errors=(),
        safety_state=s.SafetyState(e_stop=s.EStop.AUTOACK, field_violation=False),
    ),
    s.Visualization(),
    s.Connection(**LEAST, connection_state=s.ConnectionState.ONLINE),
    f.Factsheet(
        version="2.1.0",
        manufacturer="K",
        serial_number="1",
        type_specification=f.TypeSpecification(
            series_name="s",
            agv_kinematic=w.AgvKinematic.DIFF,
            agv_class=w.AgvClass.CARRIER,
            max_load_mass=1.0,
            localization_types=(),
            navigation_types=(),
        ),
        physical_parameters=f.PhysicalParameters(
            speed_min=0.0,
            speed_max=1.0,
            acceleration_max=1.0,
            deceleration_max=1.0,
            height_max=1.0,
            width=1.0,
            length=1.0,
        ),
        protocol_limits=f.ProtocolLimits(
            max_string_lens=f.MaxStringLens(),
            max_array_lens=f.MaxArrayLens(),
            timing=f.Timing(min_order_interval=0.0, min_state_interval=0.0),
        ),
        protocol_features=f.ProtocolFeatures(optional_parameters=(), agv_actions=()),
        agv_geometry=f.AgvGeometry(),
        load_specification=f.LoadSpecification(),
    ),
)
"""Every message with as few fields as may be."""
