"""Bugs planted between ports and hub are caught by a run of a region: false words of the hub, clones, double counts."""

import re
from collections import Counter
from contextlib import ExitStack

import pytest

from kouan.proving.planted import PLANTED, Planted, planted
from kouan.proving.planted.region import REGION
from kouan.proving.region.hunt import SEEDS, catches, hunt

AN_OLD_LIST_MAY_COME = Planted(
    "an_old_list_may_come", "I13", "kouan.network.bulletins:may_keep",
    "    if held is not None and (offered.version, offered.issued_at) <= (held.version, held.issued_at):",
    "    if offered == held:",
    "messages were thought to come in order",
)  # fmt: skip

WHATEVER_THE_LEDGER_SAYS = Planted(
    "whatever_the_ledger_says", "I13", "kouan.adapters.network.keeper:BulletinKeeper.hear",
    ", Appended):",
    ", object):",
    "a unit that was refused was taken for one that was recorded",
)  # fmt: skip


def test_each_bug_has_a_name_of_its_own_a_story_and_an_invariant() -> None:
    assert max(Counter(bug.name for bug in (*REGION, *PLANTED)).values()) == 1
    assert all(re.fullmatch(r"[a-z_]+", bug.name) and bug.story for bug in REGION)
    assert Counter(bug.invariant for bug in REGION).keys() == {"I6", "I13", "once"}
    assert min(Counter(bug.invariant for bug in REGION).values()) >= 2


@pytest.mark.parametrize("seed", range(SEEDS))
def test_where_nothing_is_planted_nothing_is_found(seed: int) -> None:
    assert not catches(seed)


@pytest.mark.parametrize("bug", REGION, ids=lambda bug: bug.name)
def test_a_bug_between_ports_and_hub_is_caught(bug: Planted) -> None:
    with planted(bug):
        assert any(catches(seed) for seed in range(SEEDS))


def test_an_old_list_needs_two_bugs_to_be_acted_on() -> None:
    for alone in (AN_OLD_LIST_MAY_COME, WHATEVER_THE_LEDGER_SAYS):
        with planted(alone):
            assert not any(catches(seed) for seed in range(SEEDS)), alone.name
    with ExitStack() as both:
        both.enter_context(planted(AN_OLD_LIST_MAY_COME))
        both.enter_context(planted(WHATEVER_THE_LEDGER_SAYS))
        assert any(catches(seed) for seed in range(SEEDS))


def test_a_hunt_says_which_bug_it_missed() -> None:
    harmless = Planted(
        "harmless", "I6", "kouan.network.travel:impossible", "    if one.plate != other.plate or",
        "    if other.plate != one.plate or", "the same said the other way round",
    )  # fmt: skip
    found = hunt([harmless])
    assert (found["planted"], found["caught"], found["missed"], found["clean"]) == (1, 0, ["harmless"], True)
