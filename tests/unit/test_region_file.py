"""The region's file: twenty ports where they are said to lie, and errors that name the field and the rule."""

import itertools
import math
from collections import Counter

import pytest

from kouan.vocabulary.errors import InvalidValue
from kouan.wiring.port_file import folder, load
from kouan.wiring.port_file import parse as parse_port
from kouan.wiring.region_file import Place, PortKind, load_region, parse

TEXT = (folder() / "region.toml").read_text(encoding="utf-8")
REGION = parse(TEXT)
KM_PER_DEGREE = 111.2
NEAR_KM = 25
"""How near to the sketched border a border port must lie: the sketch strays by some ten kilometres."""


def km_to_segment(point: Place, a: Place, b: Place) -> float:
    """Return the distance to a segment on a plane that touches the earth at ``point``."""
    narrow = math.cos(math.radians(point[1]))
    (ax, ay), (bx, by) = (((x - point[0]) * narrow, y - point[1]) for x, y in (a, b))
    length = (bx - ax) ** 2 + (by - ay) ** 2
    along = max(0.0, min(1.0, -(ax * (bx - ax) + ay * (by - ay)) / length)) if length else 0.0
    return KM_PER_DEGREE * math.hypot(ax + along * (bx - ax), ay + along * (by - ay))


def km_to_border(point: Place) -> float:
    return min(km_to_segment(point, a, b) for a, b in zip(REGION.border, REGION.border[1:], strict=False))


def inside(point: Place) -> bool:
    """Say whether a point lies within the outline (crossings of a ray to the east)."""
    ring = (*REGION.border, *REGION.inland[1:])
    crossings = 0
    for (ax, ay), (bx, by) in itertools.pairwise(ring):
        if (ay > point[1]) != (by > point[1]) and point[0] < ax + (point[1] - ay) * (bx - ax) / (by - ay):
            crossings += 1
    return crossings % 2 == 1


def test_there_are_twenty_ports_twelve_on_roads_two_on_railways_and_six_at_airports():
    assert Counter(port.kind for port in REGION.ports) == {PortKind.ROAD: 12, PortKind.RAIL: 2, PortKind.AIR: 6}


def test_ten_ports_look_to_mongolia_four_to_russia_and_airports_to_nobody_in_particular():
    countries = [port.opposite.country if port.opposite else None for port in REGION.ports]
    assert Counter(countries) == {"MN": 10, "RU": 4, None: 6}
    assert all(port.opposite is None for port in REGION.ports if port.kind is PortKind.AIR)


@pytest.mark.parametrize("port", REGION.ports, ids=lambda port: port.name)
def test_a_port_lies_in_the_region_and_a_border_port_near_the_border(port):
    place = (port.longitude, port.latitude)
    assert inside(place) or km_to_border(place) < NEAR_KM
    if port.kind is not PortKind.AIR:
        assert km_to_border(place) < NEAR_KM


def test_no_two_ports_lie_at_the_same_place():
    assert len({(port.longitude, port.latitude) for port in REGION.ports}) == 20


def test_the_outline_crosses_itself_nowhere():
    ring = (*REGION.border, *REGION.inland[1:])
    segments = list(itertools.pairwise(ring))

    def side(a: Place, b: Place, c: Place) -> float:
        return (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])

    for number, (a, b) in enumerate(segments):
        for c, d in segments[number + 2 : -1 if number == 0 else None]:
            assert side(a, b, c) * side(a, b, d) > 0 or side(c, d, a) * side(c, d, b) > 0, (a, b, c, d)


def test_what_a_port_file_says_agrees_with_the_region():
    for name in ("ganqimaodu", "ceke", "mandula"):
        known, own = REGION.port(name), load(name)
        assert known is not None
        assert known.title == own.title
        lanes = Counter(lane.direction for lane in own.lanes)
        assert known.lanes_in in (None, lanes["in"])
        assert known.lanes_out in (None, lanes["out"])


@pytest.mark.parametrize(
    ("old", "new", "field", "rule"),
    [
        ('name = "uliji"', 'name = "ceke"', "ports[1].name", "region_file.port_once"),
        ('name = "uliji"', 'name = "Uli ji"', "ports[1].name", "port.name"),
        ("latitude = 41.72", "latitude = 141.72", "ports[1].latitude", "region_file.shape"),
        ("latitude = 41.72", "", "ports[1]", "region_file.shape"),
        ('kind = "air"', 'kind = "sea"', "ports[14].kind", "region_file.shape"),
        ('"08:00–20:00"', '"8 to 20"', "ports[2].hours", "region_file.shape"),
        ('unverified = ["hours"]', 'unverified = ["colour"]', "ports[2].unverified", "region_file.fact"),
        ("  [121.4, 53.33], [121.65", "  [121.65", "inland", "region_file.outline"),
        ("[[ports]]", "[[", "", "region_file.toml"),
    ],
)
def test_a_mistake_is_named_by_field_and_rule(old: str, new: str, field: str, rule: str):
    assert old in TEXT
    with pytest.raises(InvalidValue) as found:
        parse(TEXT.replace(old, new, 1))
    assert (found.value.field, found.value.rule) == (field, rule)


def test_a_region_without_ports_is_none():
    head = TEXT.partition("[[ports]]")[0]
    with pytest.raises(InvalidValue, match=r"region_file\.ports"):
        parse(head + "ports = []\n")


@pytest.mark.parametrize("address", ["https://ceke.example", "http://10.1.2.3:8080/", "https://ceke.example/kouan/"])
def test_a_port_may_name_its_own_console(address: str):
    region = parse(TEXT.replace('name = "ceke"', f'name = "ceke"\nconsole = "{address}"', 1))
    found = {port.name: port.console for port in region.ports if port.console is not None}
    assert found == {"ceke": address}


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "ceke.example", "https://", "https://a b/", "//ceke.example"]
)
def test_an_address_that_is_no_page_of_the_web_is_no_console(address: str):
    with pytest.raises(InvalidValue, match="console"):
        parse(TEXT.replace('name = "ceke"', f'name = "ceke"\nconsole = "{address}"', 1))


def test_the_region_that_comes_with_kouan_is_read_from_its_folder():
    assert load_region() == REGION


def test_a_port_that_is_like_another_has_its_procedures_and_rules_but_its_own_lanes_hours_and_certificate():
    ceke, like = load("ceke"), load("ganqimaodu")
    assert (ceke.procedures, ceke.rulebook, ceke.timezone) == (like.procedures, like.rulebook, like.timezone)
    assert [lane.name for lane in ceke.lanes] == ["I1", "I2", "I3", "I4", "O1", "O2"]
    text = (folder() / "ceke.toml").read_text(encoding="utf-8").replace("calibrated_until", "comment = 1 #", 1)
    assert parse_port(text).calibrated_until == "2020-01-01"


def test_a_port_may_not_be_like_a_port_that_is_like_another():
    text = (folder() / "ceke.toml").read_text(encoding="utf-8").replace('like = "ganqimaodu"', 'like = "mandula"')
    with pytest.raises(InvalidValue) as found:
        parse_port(text)
    assert (found.value.field, found.value.rule) == ("like", "port_file.like")
