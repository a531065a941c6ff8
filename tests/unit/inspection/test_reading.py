"""What a paper must say, must not say, and how its sender learns of everything that is wrong with it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.inspection.papers_kit import IN_DECLARATION, OUT_DECLARATION, confirmation, declaration, line, manifest

from kouan.inspection.fields import Need, violations_of
from kouan.inspection.matrix import CONFIRMATION, CONFIRMATION_MATRIX
from kouan.inspection.papers import DeclarationStatus, Load
from kouan.inspection.reading import (
    ReadConfirmation,
    driver_identity,
    driver_payload,
    read_confirmation,
    read_declaration,
    read_driver,
    read_manifest,
)
from kouan.vocabulary.places import Direction
from kouan.vocabulary.verdict import Refused

Found = set[tuple[str, str]]


def wrong(read: object) -> Found:
    assert isinstance(read, Refused), read
    return {(each.field, each.rule) for each in violations_of(read)}


def case(direction: Direction, load: Load) -> dict[str, Any]:
    """Return a good confirmation for one column of the matrix, with every field that it allows."""
    declared = IN_DECLARATION if direction is Direction.IN else OUT_DECLARATION
    document = confirmation(
        direction=direction.value,
        load=load.value,
        version=1,
        vehicles=1,
        customs_office="0713",
        mode="4",
        loading_place="Tavan Tolgoi",
        unloading_place="甘其毛都",
        consignments=[line(declaration=declared)],
    )
    needs = CONFIRMATION_MATRIX[direction, load]
    return {name: value for name, value in document.items() if needs[name] is not Need.FORBIDDEN}


COLUMNS = list(CONFIRMATION_MATRIX)


def test_a_good_confirmation_is_read_into_normal_forms() -> None:
    read = read_confirmation(confirmation())
    assert isinstance(read, ReadConfirmation)
    paper = read.confirmation
    assert (paper.plate, paper.trailer, paper.direction, paper.load) == ("1234УБА", "5678УБ", Direction.IN, Load.LOADED)
    assert (paper.version, paper.vehicles, paper.containers) == (1, 1, ("CSQU3054383",))
    assert read.driver.document_number == "E1234567"
    assert paper.driver == ""


def test_the_matrix_has_a_row_for_every_field_and_no_other() -> None:
    for needs in CONFIRMATION_MATRIX.values():
        assert set(needs) == {field.name for field in CONFIRMATION}


@pytest.mark.parametrize(("direction", "load"), COLUMNS)
def test_every_column_accepts_all_that_it_allows(direction: Direction, load: Load) -> None:
    assert isinstance(read_confirmation(case(direction, load)), ReadConfirmation)


@pytest.mark.parametrize(("direction", "load"), COLUMNS)
def test_every_column_accepts_no_more_than_it_requires(direction: Direction, load: Load) -> None:
    needs = CONFIRMATION_MATRIX[direction, load]
    least = {name: value for name, value in case(direction, load).items() if needs[name] is Need.REQUIRED}
    assert isinstance(read_confirmation(least), ReadConfirmation)


@pytest.mark.parametrize(("direction", "load"), COLUMNS)
def test_every_field_of_every_column_is_required_optional_or_forbidden(direction: Direction, load: Load) -> None:
    full = case(Direction.IN, Load.LOADED) | {"consignments": [line()]}
    for name, need in CONFIRMATION_MATRIX[direction, load].items():
        if name in ("direction", "load"):
            continue
        document = case(direction, load)
        document.pop(name, None)
        if need is Need.REQUIRED:
            assert wrong(read_confirmation(document)) == {(name, "field.required")}
        elif need is Need.FORBIDDEN:
            assert wrong(read_confirmation(document | {name: full[name]})) == {(name, "field.forbidden")}
        else:
            assert isinstance(read_confirmation(document), ReadConfirmation)


def test_everything_that_is_wrong_is_told_at_once() -> None:
    document = confirmation(
        batch=None,
        plate="?",
        crew_count=0,
        containers=["CSQU3054384"],
        health={"symptoms": "no"},
        consignments=[line(hs_code="0012"), line(number="MF2", gross_kg=-1, declaration="071320250000000001")],
        surprise=1,
    )
    assert wrong(read_confirmation(document)) == {
        ("batch", "field.required"),
        ("plate", "plate.form"),
        ("crew_count", "field.range"),
        ("containers.0", "container.check_digit"),
        ("health.symptoms", "field.type"),
        ("consignments.0.hs_code", "hs_code.digits"),
        ("consignments.1.number", "document.number"),
        ("consignments.1.gross_kg", "field.range"),
        ("surprise", "field.unknown"),
    }


def test_without_direction_and_load_only_what_all_cases_share_is_asked_for() -> None:
    found = wrong(read_confirmation({}))
    assert ("direction", "field.required") in found
    assert ("batch", "field.required") in found
    assert ("tare_kg", "field.required") not in found


@pytest.mark.parametrize("document", [None, [], "text", 4, {"direction": {}, "load": []}, {1: 2}])
def test_what_is_no_document_is_refused(document: object) -> None:
    assert wrong(read_confirmation(document))
    assert wrong(read_manifest(document))
    assert wrong(read_declaration(document))


def test_a_consignment_stands_once_in_a_document() -> None:
    assert wrong(read_manifest(manifest(consignments=[line(), line(gross_kg=5)]))) == {
        ("consignments.1.number", "consignment.repeated")
    }


def test_a_declaration_goes_the_same_way_as_its_paper() -> None:
    found = wrong(read_manifest(manifest(consignments=[line(declaration=OUT_DECLARATION)])))
    assert found == {("consignments.0.declaration", "declaration.direction")}
    assert wrong(read_declaration(declaration(direction="out"))) == {("direction", "declaration.direction")}


def test_a_declaration_without_a_status_is_not_cleared() -> None:
    read = read_declaration(declaration())
    assert not isinstance(read, Refused)
    assert read.status is DeclarationStatus.DECLARED


def test_a_driver_comes_back_from_what_is_sealed() -> None:
    read = read_confirmation(confirmation())
    assert isinstance(read, ReadConfirmation)
    assert read_driver(driver_payload(read.driver)) == read.driver
    assert driver_identity(read.driver) == "E1234567"


json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


@given(name=st.sampled_from([field.name for field in CONFIRMATION]), value=json)
def test_no_value_of_any_field_breaks_the_reading(name: str, value: Any) -> None:
    read = read_confirmation(confirmation() | {name: value})
    assert isinstance(read, ReadConfirmation | Refused)
