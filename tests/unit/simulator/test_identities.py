from random import Random

import pytest
from tests.unit.simulator.field_kit import START

from kouan.simulator import identities
from kouan.simulator.people import check_digit, make_person, td3, yymmdd
from kouan.vocabulary.clock import SECOND
from kouan.vocabulary.identifiers import ContainerNumber, PlateNumber

DAY = 86_400 * SECOND


@pytest.mark.parametrize(
    ("make", "country", "trailer"),
    [
        (identities.mongolian_plate, "MNG", False),
        (identities.mongolian_trailer_plate, "MNG", True),
        (identities.chinese_plate, "CHN", False),
        (identities.chinese_trailer_plate, "CHN", True),
    ],
)
def test_plates_are_plates_of_their_country(make, country, trailer):
    random = Random(1)
    for _ in range(300):
        plate = PlateNumber.parse(make(random))
        assert plate.country == country
        assert plate.is_trailer is trailer
        assert not plate.warnings()


def test_container_numbers_have_their_check_digit():
    random = Random(2)
    for _ in range(300):
        ContainerNumber.parse(identities.container_number(random))


def test_the_check_digit_of_a_document_is_that_of_the_vector():
    assert check_digit("510509") == 2


def test_the_mrz_of_a_driver_has_two_lines_of_44_with_right_check_digits():
    random = Random(3)
    for nationality in ("MNG", "CHN"):
        for _ in range(50):
            person = make_person(random, nationality, START)
            first, second = td3(person)
            assert (len(first), len(second)) == (44, 44)
            assert first.startswith(f"P<{nationality}{person.family}")
            for start, end in ((0, 9), (13, 19), (21, 27), (28, 42)):
                assert int(second[end]) == check_digit(second[start:end])
            assert int(second[43]) == check_digit(second[0:10] + second[13:20] + second[21:43])


def test_a_document_is_in_date_unless_it_is_meant_not_to_be():
    random = Random(4)
    today = yymmdd(START)
    for _ in range(200):
        assert make_person(random, "MNG", START).expires > today
        assert make_person(random, "MNG", START, expired=True).expires < today


def test_no_two_documents_have_one_number_even_over_runs():
    numbers = set()
    for start in (1_760_000_000, 1_760_000_001):
        serials = identities.Serials(start, 2025, "0706")
        numbers |= {serials.number("CF") for _ in range(500)} | {serials.declaration(1) for _ in range(500)}
    assert len(numbers) == 2_000
    assert all(len(number) == 18 for number in numbers if number.startswith("0706"))


def test_an_identity_is_used_once():
    random, used = Random(5), set()
    made = [identities.unused(lambda r: str(r.randrange(20)), random, used) for _ in range(20)]
    assert len(set(made)) == 20
