"""What the hub learns of passages is what the gate's own entries say."""

import msgspec
import pytest

from kouan.ledger.entries import GENESIS, Entry
from kouan.network.reading import PassageChange, change_of, changes
from kouan.proving.region.traffic import OPENS, plate_of, stories

KNOWN = ("gate.passage_opened/1", "gate.evidence/1", "gate.order/1", "gate.review_opened/1", "gate.closed/1")


def entry(kind: str, body: bytes, stream: str = "p") -> Entry:
    return Entry(1, msgspec.Raw(body), 1, "k", kind, "ceke", GENESIS, 1, stream)


@pytest.fixture(scope="module")
def lorries() -> list[list[Entry]]:
    told = [story.tell(f"lorry-{number}", plate_of(number), OPENS) for number, story in enumerate(stories())]
    return [[entry(draft.kind, draft.body, draft.stream) for draft in drafts] for drafts in told]


def test_a_lorry_of_the_simulated_port_is_read_from_its_arrival_to_its_end(lorries: list[list[Entry]]) -> None:
    assert len(lorries) > 20
    for number, entries in enumerate(lorries):
        (change,) = changes(entries)
        assert change.passage == f"lorry-{number}"
        assert change.plate == plate_of(number)
        assert change.lane is not None
        assert change.direction in ("in", "out")
        assert change.opened_at == OPENS
        assert change.closed_at is not None
        assert change.closed_at > OPENS
        assert (change.state, change.held) == ("cleared", False)
        assert change.stop_us is not None


def test_reading_in_parts_says_the_same_as_reading_at_once(lorries: list[list[Entry]]) -> None:
    for entries in lorries[:10]:
        for cut in range(1, len(entries)):
            (first,), rest = changes(entries[:cut]), changes(entries[cut:])
            whole = first.and_then(rest[0]) if rest else first
            assert whole == changes(entries)[0]


def test_a_passage_that_waits_for_a_person_is_held_until_it_is_ordered_or_ends() -> None:
    asked = entry("gate.review_opened/1", b"{}")
    ordered = entry("gate.order/1", b'{"order":{"vehicle":{"plate":"B"}}}')
    ended = entry("gate.closed/1", b'{"at":5,"state":"refused","stop_us":null}')
    assert changes([asked])[0].held is True
    assert changes([asked, ordered])[0] == PassageChange("p", plate="B", held=False)
    assert changes([asked, ended])[0] == PassageChange("p", held=False, closed_at=5, state="refused")


def test_evidence_that_was_not_used_names_no_plate() -> None:
    read = b'{"fact":{"evidence":{"type":"plates","tractor":"A"}},"used":%s}'
    assert change_of(entry("gate.evidence/1", read % b"true")) == PassageChange("p", plate="A")
    assert change_of(entry("gate.evidence/1", read % b"false")) is None


@pytest.mark.parametrize("kind", KNOWN)
@pytest.mark.parametrize("body", [b"[]", b'{"fact":1,"order":1,"at":"x"}'])
def test_an_entry_that_cannot_be_read_stops_nothing(kind: str, body: bytes) -> None:
    change = change_of(entry(kind, body))
    assert change is None or kind == "gate.review_opened/1"


def test_kinds_that_do_not_count_here_are_passed_over() -> None:
    assert change_of(entry("papers.manifest/1", b"{}")) is None
    assert changes([entry("gate.closed/2", b"{}")]) == ()
