"""The planted bugs: each fits the code, each invariant has one, and those that show soon are caught here.

All of them are hunted by ``kouan prove seeds --planted``, over sixty seeds each.
"""

import re
from collections import Counter

import pytest

from kouan.proving.invariants import CHECKERS, NOT_YET, all_checkers, invariants_covered
from kouan.proving.planted import PLANTED, Planted, planted
from kouan.proving.seeds.campaign import quiet, run_seed

SOON = 3
"""Seeds within which these bugs are caught: the port itself brings them about, whatever the nemesis does."""

FEWEST = 44
"""Planted bugs that there are at least."""

EARLY = (
    "command_sent_twice",
    "command_before_intent",
    "round_trip_is_no_doubt",
    "links_of_another_chain",
    "acts_before_the_commit",
    "papers_taken_unrecorded",
    "axles_left_out",
    "zero_is_now",
    "number_in_the_evidence",
    "subject_by_its_number",
    "raw_bytes_in_the_entry",
)


def test_each_invariant_that_exists_has_a_checker_and_a_bug() -> None:
    numbered = {f"I{number}" for number in range(1, 24)}
    assert set(NOT_YET) == {"I18", "I22", "I23"}
    assert set(invariants_covered()) == (numbered - set(NOT_YET)) | {"durable"}
    assert {bug.invariant for bug in PLANTED} == set(invariants_covered())
    assert len(PLANTED) >= FEWEST


def test_names_are_used_once_and_every_checker_says_what_it_promises() -> None:
    assert max(Counter(bug.name for bug in PLANTED).values()) == 1
    assert all(re.fullmatch(r"[a-z_]+", bug.name) and bug.story for bug in PLANTED)
    assert all(len(kind.promise) > 40 for kind in CHECKERS)
    assert len({id(checker) for pair in (all_checkers(), all_checkers()) for checker in pair}) == 2 * len(CHECKERS)


@pytest.mark.parametrize("bug", PLANTED, ids=lambda bug: bug.name)
def test_each_bug_fits_the_code(bug: Planted) -> None:
    with planted(bug):
        pass


@pytest.fixture(scope="module")
def _clean() -> None:
    """The same seeds are clean where nothing is planted."""
    quiet()
    for seed in range(SOON):
        assert run_seed(seed).violations == (), f"seed {seed}"


@pytest.mark.usefixtures("_clean")
@pytest.mark.parametrize("name", EARLY)
def test_a_bug_that_the_port_itself_brings_about_is_caught_at_once(name: str) -> None:
    quiet()
    (bug,) = (each for each in PLANTED if each.name == name)
    with planted(bug):
        assert any(run_seed(seed).violations for seed in range(SOON))
