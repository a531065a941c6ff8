import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.protocols.vda5050.conversation import action, edge, node, path
from tests.protocols.vda5050.samples import ORDER

from kouan.protocols.vda5050.order import ControlPoint, Order, Trajectory
from kouan.protocols.vda5050.order_rules import check
from kouan.vocabulary.errors import InvalidValue

replace = msgspec.structs.replace


def order(nodes, edges, **changes) -> Order:
    return replace(ORDER, nodes=tuple(nodes), edges=tuple(edges), **changes)


def curve(degree: int, knots: int, points: int) -> Trajectory:
    vector = tuple(min(1.0, i / max(knots - 1, 1)) for i in range(knots))
    return Trajectory(degree=degree, knot_vector=vector, control_points=(ControlPoint(x=0.0, y=0.0),) * points)


@given(start=st.integers(0, 50), base=st.integers(0, 6), horizon=st.integers(0, 6))
def test_a_path_with_a_base_before_its_horizon_is_an_order(start, base, horizon):
    check(order(*path(3, 2 * start, base, horizon)))


@pytest.mark.parametrize(
    ("broken", "field", "rule"),
    [
        (order(*path(0, 0, 1), order_id=""), "orderId", "order.id"),
        (order([], []), "nodes", "order.nodes"),
        (order([node(0, 0), node(1, 2)], []), "edges", "order.edges"),
        (order([node(0, 0)], [edge(0, 1)]), "edges", "order.edges"),
        (order([node(0, 1)], []), "nodes[0].sequenceId", "order.sequence"),
        (order([node(0, 0), node(1, 4)], [edge(0, 1)]), "nodes[1].sequenceId", "order.sequence"),
        (order([node(0, 0), node(1, 2)], [edge(0, 3)]), "edges[0].sequenceId", "order.sequence"),
        (order([node(1, 2), node(0, 0)], [edge(0, 1)]), "nodes[1].sequenceId", "order.sequence"),
        (order([node(0, 0, released=False)], []), "nodes[0].released", "order.base"),
        (order([node(0, 0), node(1, 2, released=False)], [edge(0, 1)]), "nodes[1].released", "order.base"),
        (order([node(0, 0), node(1, 2)], [edge(0, 1, released=False)]), "nodes[1].released", "order.base"),
        (
            order([node(0, 0), node(1, 2, released=False), node(2, 4)], [edge(0, 1, released=False), edge(1, 3)]),
            "edges[1].released",
            "order.base",
        ),
        (order([node(5, 0), node(1, 2)], [edge(0, 1)]), "edges[0].startNodeId", "order.ends"),
        (order([node(0, 0), node(5, 2)], [edge(0, 1)]), "edges[0].endNodeId", "order.ends"),
        (order([node(0, 0, actions=(action("a"), action("a")))], []), "nodes[0].actions[1].actionId", "order.actions"),
        (order([node(0, 0, actions=(action(""),))], []), "nodes[0].actions[0].actionId", "order.actions"),
        (
            order([node(0, 0, actions=(action("a"),)), node(1, 2)], [edge(0, 1, actions=(action("a"),))]),
            "edges[0].actions[0].actionId",
            "order.actions",
        ),
    ],
)
def test_an_order_that_contradicts_itself_is_refused_by_field_and_rule(broken, field, rule):
    with pytest.raises(InvalidValue) as caught:
        check(broken)
    assert (caught.value.field, caught.value.rule) == (field, rule)


@pytest.mark.parametrize(
    ("trajectory", "field"),
    [
        (curve(2, 5, 3), "knotVector"),
        (curve(3, 7, 3), "controlPoints"),
        (replace(curve(1, 4, 2), knot_vector=(0.0, 1.0, 0.5, 1.0)), "knotVector"),
    ],
)
def test_a_curve_without_its_knots_is_refused(trajectory, field):
    bent = replace(edge(0, 1), trajectory=trajectory)
    with pytest.raises(InvalidValue) as caught:
        check(order([node(0, 0), node(1, 2)], [bent]))
    assert (caught.value.field, caught.value.rule) == (f"edges[0].trajectory.{field}", "order.trajectory")


def test_a_sound_curve_is_taken():
    check(order([node(0, 0), node(1, 2)], [replace(edge(0, 1), trajectory=curve(2, 6, 3))]))
