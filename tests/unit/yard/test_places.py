"""Where goods may lie: approved sites, their blocks, and the cold chain; what port files say of it."""

import msgspec
import pytest
from tests.unit.yard.yard_kit import MINUTE, NOW, SETTINGS

from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Refused
from kouan.wiring.port_file import load
from kouan.yard.people import Aboard, commitment
from kouan.yard.settings import Block, Place, check_settings, green_until, may_lie, site_for


@pytest.mark.parametrize(
    ("place", "hs_code", "temperature_dc", "codes"),
    [
        ("coal/A/1/1", "2701121000", None, []),
        ("coal/A/3/1", "2701121000", None, ["yard.no_such_stack"]),
        ("coal/A/1/5", "2701121000", None, ["yard.no_such_stack"]),
        ("coal/A/1/1", "2603000090", None, ["yard.not_for_block"]),
        ("grain/G/1/1", "1001", None, []),
        ("grain/G/1/1", "2701121000", None, ["yard.not_designated"]),
        ("bonded/B/1/1", "1001", None, ["yard.not_designated"]),
        ("bonded/B/1/1", "0201", -200, ["yard.not_designated"]),
        ("meat/M/1/1", "0201", -180, []),
        ("meat/M/1/1", "0201", -179, ["yard.cold_chain"]),
        ("meat/M/1/1", "0201", None, ["yard.cold_chain"]),
        ("warehouse/W/1/1", "2701121000", None, []),
        ("warehouse/W/1/1", "2704", None, ["yard.not_designated", "yard.not_for_block"]),
    ],
)
def test_goods_lie_only_where_they_may(place: str, hs_code: str, temperature_dc: int | None, codes: list[str]) -> None:
    verdict = may_lie(SETTINGS, Place.parse(place), hs_code, temperature_dc)
    assert [reason.code for reason in verdict.reasons] == codes if isinstance(verdict, Refused) else codes == []


@pytest.mark.parametrize("text", ["", "coal/A/1", "coal/A/1/x", "/A/1/1", "coal/A/1/1/1", "coal/A/-1/1", "coal/A/１/1"])
def test_a_place_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InvalidValue):
        Place.parse(text)


def test_grain_and_meat_go_to_their_own_sites_and_nothing_goes_to_a_warehouse_unasked() -> None:
    found = {code: site_for(SETTINGS, code) for code in ("2701121000", "1001", "0201", "9999")}
    assert {code: site and site.name for code, site in found.items()} == {
        "2701121000": "coal", "1001": "grain", "0201": "meat", "9999": "bonded",
    }  # fmt: skip
    without = msgspec.structs.replace(SETTINGS, sites=tuple(each for each in SETTINGS.sites if each.name != "meat"))
    assert site_for(without, "0201") is None


def test_the_longest_code_says_how_long_perishable_goods_keep() -> None:
    assert green_until(SETTINGS, "0701", NOW) == NOW + 360 * MINUTE
    assert green_until(SETTINGS, "0703", NOW) == NOW + 240 * MINUTE
    assert green_until(SETTINGS, "2701121000", NOW) is None


@pytest.mark.parametrize(
    "changes",
    [
        {"sites": SETTINGS.sites[:1]},
        {"scales": (*SETTINGS.scales, SETTINGS.scales[0])},
        {"blocks": (*SETTINGS.blocks, Block("N", "meat", ("02",), 1, 1, 1))},
        {"blocks": (Block("N", "coal", (), 1, 1, 1),)},
    ],
)
def test_a_port_file_that_contradicts_itself_is_refused(changes: dict[str, object]) -> None:
    with pytest.raises(InvalidValue):
        check_settings(msgspec.structs.replace(SETTINGS, **changes))  # type: ignore[arg-type]


def test_the_yard_of_ganqimaodu_takes_what_crosses_there() -> None:
    yard = load("ganqimaodu").yard
    found = [site_for(yard, code) for code in ("2701121000", "2603000090", "0703", "1001", "0201")]
    assert [site and site.name for site in found] == ["coal", "ore", "export", "grain", "meat"]


def test_a_person_has_another_commitment_in_every_visit_and_vehicle() -> None:
    known = {commitment(salt, visit, plate, "bat") for salt in (b"1", b"2") for visit in "vw" for plate in "AB"}
    assert len(known) == 8
    assert commitment(b"1", "v", "A", "bat") in known
    with pytest.raises(InvalidValue):
        Aboard(0, ("a",))
