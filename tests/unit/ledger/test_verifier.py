"""Every kind of damage is detected, named, and found where it was done."""

import msgspec
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from tests.unit.ledger.building import (
    KEY,
    PORT,
    KeyInMemory,
    broken_signature,
    change,
    edited,
    make_entries,
    make_entry,
    make_head,
)

from kouan.ledger.damage import Damage
from kouan.ledger.entries import canonical
from kouan.ledger.verifier import MAX_FINDINGS, compare_heads, verify

SIZE = 24
LEDGER = make_entries(SIZE)
HEADS = [make_head(LEDGER, size) for size in (5, 12, SIZE)]
LAST_HEAD = HEADS[-1:]
positions = st.integers(1, SIZE)
head_choices = st.sampled_from([HEADS, LAST_HEAD])


def named(entries, heads, **more):
    return [(finding.damage, finding.position) for finding in verify(entries, heads, KEY, **more).findings]


@pytest.mark.parametrize("heads", [HEADS, LAST_HEAD, []])
def test_an_untouched_ledger_is_intact(heads):
    report = verify(LEDGER, heads, KEY, port=PORT)
    assert report.intact
    assert report.size == SIZE
    assert report.vouched == (SIZE if heads else 0)
    assert report.root == HEADS[-1].root


def test_an_empty_ledger_with_its_head_is_intact():
    assert verify([], [make_head([])], KEY).intact


@given(positions, head_choices)
def test_an_edited_entry_is_named_alone(position, heads):
    damaged = list(LEDGER)
    damaged[position - 1] = edited(damaged[position - 1])
    assert named(damaged, heads) == [(Damage.EDITED, position)]


@given(st.integers(1, SIZE - 1))
def test_an_edited_entry_is_named_without_any_head(position):
    damaged = list(LEDGER)
    damaged[position - 1] = edited(damaged[position - 1])
    assert named(damaged, []) == [(Damage.EDITED, position)]


@given(positions, head_choices)
def test_an_entry_whose_link_was_edited_is_named_alone(position, heads):
    damaged = list(LEDGER)
    damaged[position - 1] = change(damaged[position - 1], prev="ab" * 32)
    assert named(damaged, heads) == [(Damage.EDITED, position)]


@given(positions, st.integers(0, 2**60), head_choices)
def test_an_entry_whose_sequence_was_edited_is_named_where_it_stands(position, sequence, heads):
    assume(sequence != position)
    damaged = list(LEDGER)
    damaged[position - 1] = change(damaged[position - 1], seq=sequence)
    found = named(damaged, heads)
    assert (Damage.EDITED, position) in found
    assert {damage for damage, _ in found} <= {Damage.EDITED, Damage.NOT_CANONICAL}


@given(st.integers(1, SIZE - 1), head_choices)
def test_a_dropped_entry_is_named_alone(position, heads):
    damaged = [entry for entry in LEDGER if entry.seq != position]
    assert named(damaged, heads) == [(Damage.DROPPED, position)]


@given(st.integers(1, SIZE - 2), st.integers(2, 6), head_choices)
def test_dropped_entries_are_named_with_their_range(first, count, heads):
    last = min(first + count - 1, SIZE - 1)
    damaged = [entry for entry in LEDGER if not first <= entry.seq <= last]
    findings = verify(damaged, heads, KEY).findings
    assert [(one.damage, one.position, one.through) for one in findings] == [(Damage.DROPPED, first, last)]


@given(st.integers(1, SIZE - 1), head_choices)
def test_neighbours_that_changed_places_are_reordered(position, heads):
    damaged = list(LEDGER)
    damaged[position - 1], damaged[position] = damaged[position], damaged[position - 1]
    assert named(damaged, heads) == [(Damage.REORDERED, position + 1)]


@given(positions, positions, head_choices)
def test_an_entry_that_was_moved_is_reordered(origin, goal, heads):
    assume(origin != goal)
    damaged = list(LEDGER)
    damaged.insert(goal - 1, damaged.pop(origin - 1))
    between = range(min(origin, goal), max(origin, goal) + 1)
    found = named(damaged, heads)
    assert found
    assert {damage for damage, _ in found} == {Damage.REORDERED}
    assert all(position in between for _, position in found)
    if abs(origin - goal) > 1:
        assert found == [(Damage.REORDERED, origin)]


@given(positions, positions, head_choices)
def test_two_entries_that_changed_places_are_reordered(left, right, heads):
    assume(abs(left - right) > 2)
    damaged = list(LEDGER)
    damaged[left - 1], damaged[right - 1] = damaged[right - 1], damaged[left - 1]
    assert named(damaged, heads) == [(Damage.REORDERED, place) for place in sorted((left, right))]


@given(st.integers(1, SIZE - 1), st.sampled_from(["edited", "dropped"]))
def test_past_one_damaged_entry_the_signed_heads_still_vouch_for_the_rest(position, damage):
    kept = [entry for entry in LEDGER if entry.seq != position]
    mended = list(LEDGER)
    mended[position - 1] = edited(mended[position - 1])
    report = verify(kept if damage == "dropped" else mended, HEADS, KEY)
    assert (report.root, report.vouched) == (HEADS[-1].root, SIZE)


@given(st.integers(2, SIZE - 2), st.sampled_from(["body", "prev"]))
def test_an_entry_that_was_moved_and_edited_is_named_for_both(position, field):
    damaged = list(LEDGER)
    moved = damaged.pop(position - 1)
    damaged.append(edited(moved) if field == "body" else change(moved, prev="ab" * 32))
    assert named(damaged, HEADS) == [(Damage.REORDERED, position), (Damage.EDITED, position)]


def test_an_entry_that_a_head_vouches_for_is_no_forgery_though_it_came_early():
    damaged = [*LEDGER[: SIZE - 3], LEDGER[SIZE - 1], LEDGER[SIZE - 3]]
    found = [(Damage.DROPPED, SIZE - 1)]
    assert named(damaged, HEADS) == found


@given(st.integers(2, SIZE - 3))
def test_a_late_entry_is_held_against_what_stands_before_its_gap(position):
    damaged = [entry for entry in LEDGER if entry.seq not in (position, position + 1)]
    damaged.append(change(LEDGER[position - 1], prev="ab" * 32))
    found = [(Damage.REORDERED, position), (Damage.EDITED, position), (Damage.DROPPED, position + 1)]
    assert sorted(named(damaged, HEADS)) == sorted(found)


@given(st.integers(2, SIZE - 3), st.sampled_from([[], LAST_HEAD]))
def test_an_edit_beside_a_gap_is_named_with_it(position, heads):
    damaged = [edited(entry) if entry.seq == position else entry for entry in LEDGER if entry.seq != position + 2]
    assert named(damaged, heads) == [(Damage.EDITED, position), (Damage.DROPPED, position + 2)]


@given(st.integers(13, SIZE - 3))
def test_neighbours_that_were_both_edited_are_damage_of_that_kind_only(position):
    damaged = [edited(entry) if entry.seq in (position, position + 1) else entry for entry in LEDGER]
    report = verify(damaged, HEADS, KEY)
    assert {finding.damage for finding in report.findings} == {Damage.EDITED}
    assert any(one.position <= position <= one.through for one in report.findings)
    assert any(one.position <= position + 1 <= one.through for one in report.findings)


@given(positions, head_choices)
def test_an_entry_whose_epoch_was_edited_casts_no_doubt_on_later_ones(position, heads):
    damaged = list(LEDGER)
    damaged[position - 1] = change(damaged[position - 1], epoch=99)
    assert named(damaged, heads) == [(Damage.EDITED, position)]


def test_a_link_that_was_edited_after_the_last_head_is_named_where_it_is():
    damaged = [*LEDGER[:-1], change(LEDGER[-1], prev="ab" * 32)]
    assert named(damaged, [make_head(LEDGER, SIZE - 1)]) == [(Damage.EDITED, SIZE)]


def test_a_chain_that_claims_what_is_no_hash_never_raises():
    forged = make_entries(4)
    forged.append(make_entry(5, "zz"))
    forged.append(make_entry(6, forged[-1].hash))
    assert named(forged, []) == [(Damage.EDITED, 4)]


@given(st.integers(0, SIZE - 1))
def test_a_ledger_cut_short_of_a_signed_head_is_truncated(size):
    findings = verify(LEDGER[:size], HEADS, KEY).findings
    assert [(one.damage, one.position, one.through) for one in findings] == [(Damage.TRUNCATED, size + 1, SIZE)]


@given(st.integers(0, SIZE - 1))
def test_a_ledger_cut_short_of_the_expected_size_is_truncated(size):
    assert named(LEDGER[:size], [], expected_size=SIZE) == [(Damage.TRUNCATED, size + 1)]


@given(st.integers(1, SIZE - 1), positions, head_choices)
def test_a_copy_of_an_entry_is_inserted(place, original, heads):
    damaged = list(LEDGER)
    damaged.insert(place, LEDGER[original - 1])
    assert named(damaged, heads) == [(Damage.INSERTED, original)]


@given(st.integers(0, SIZE - 1), st.sampled_from(["chained", "unchained"]), st.integers(0, 1), head_choices)
def test_a_forged_entry_between_others_is_inserted(after, link, offset, heads):
    prev = (LEDGER[after - 1].hash if after else "0" * 64) if link == "chained" else "cd" * 32
    sequence = max(1, after + offset)
    damaged = list(LEDGER)
    damaged.insert(after, make_entry(sequence, prev, text="forged"))
    assert named(damaged, heads) == [(Damage.INSERTED, sequence)]


@given(st.integers(0, SIZE - 1), st.integers(0, 10**6), head_choices)
def test_a_forged_entry_of_any_sequence_is_inserted(after, sequence, heads):
    damaged = list(LEDGER)
    damaged.insert(after, make_entry(sequence, "cd" * 32, text="forged"))
    assert named(damaged, heads) == [(Damage.INSERTED, sequence)]


@given(st.integers(1, SIZE - 1), head_choices)
def test_a_history_written_anew_from_some_entry_on_is_forked(kept, heads):
    rewritten = make_entries(SIZE, text="another history", before=LEDGER[:kept])
    vouched = max((head.size for head in heads if head.size <= kept), default=0)
    report = verify(rewritten, heads, KEY)
    first = report.findings[0]
    if kept == SIZE - 1:  # then only the last entry differs from what was signed, which is the same as an edit
        assert (first.damage, first.position) == (Damage.EDITED, SIZE)
    elif kept == vouched:
        assert first.damage in (Damage.FORKED, Damage.EDITED)
        assert first.position >= vouched + 1
    else:
        assert first.position <= kept + 1 <= first.through or first.damage is Damage.EDITED
    assert report.vouched == vouched


def test_two_signed_heads_of_one_size_with_different_roots_are_a_fork():
    other = make_entries(12, text="another history")
    found = named(LEDGER, [*HEADS, make_head(other)])
    assert (Damage.FORKED, 12) in found


@given(st.sampled_from([0, 1, 2]))
def test_a_head_whose_signature_does_not_hold_is_named(place):
    heads = list(HEADS)
    heads[place] = broken_signature(heads[place])
    assert named(LEDGER, heads) == [(Damage.BAD_SIGNATURE, HEADS[place].size)]


def test_a_head_of_another_key_is_named():
    assert named(LEDGER, [make_head(LEDGER, signer=KeyInMemory(b"thief"))]) == [(Damage.BAD_SIGNATURE, SIZE)]


@pytest.mark.parametrize(
    "change_", [{"root": "zz"}, {"last": "AB" * 32}, {"signature": "1"}, {"size": -1}, {"size": 0}]
)
def test_a_head_of_bad_form_is_named(change_):
    head = msgspec.structs.replace(HEADS[-1], **change_)
    assert named(LEDGER, [head]) == [(Damage.BAD_SIGNATURE, head.size)]


def test_a_signed_head_that_contradicts_itself_is_a_fork():
    head = make_head(LEDGER, root=b"\x05" * 32)
    assert named(LEDGER, [head]) == [(Damage.FORKED, SIZE)]


def test_entries_of_another_port_are_named():
    foreign = make_entries(3)
    foreign.append(make_entry(4, foreign[-1].hash, port="ceke"))
    assert named(foreign, [], port=PORT) == [(Damage.WRONG_PORT, 4)]


def test_heads_of_another_port_are_named():
    assert named(LEDGER, [make_head(LEDGER, port="ceke")], port=PORT) == [(Damage.WRONG_PORT, SIZE)]


@given(st.integers(2, SIZE))
def test_a_writer_that_wrote_after_a_newer_one_is_named(position):
    epochs = [2] * SIZE
    epochs[position - 1] = 1
    ledger = make_entries(SIZE, epochs=epochs)
    assert named(ledger, [make_head(ledger, epoch=2)]) == [(Damage.EPOCH_WENT_BACK, position)]


def test_a_head_of_an_older_epoch_is_named():
    heads = [make_head(LEDGER, 5, epoch=3), make_head(LEDGER, 12, epoch=2)]
    assert named(LEDGER, heads) == [(Damage.EPOCH_WENT_BACK, 12)]


@pytest.mark.parametrize(
    "body", [b'{"b":1, "a":2}', b'{"b":1,"a":2}', b'{"a":1.5}', b'{"a":1,"a":1}', b'{"a":', b"\xff"]
)
def test_a_body_that_is_not_canonical_is_named(body):
    ledger = make_entries(4)
    ledger.append(change(make_entry(5, ledger[-1].hash), body=msgspec.Raw(body)))
    assert (Damage.NOT_CANONICAL, 5) in named(ledger, [])


def test_an_entry_of_an_unknown_version_is_named():
    ledger = make_entries(4)
    ledger.append(change(make_entry(5, ledger[-1].hash), v=99))
    assert named(ledger, []) == [(Damage.NOT_CANONICAL, 5)]


@given(st.lists(st.tuples(positions, st.sampled_from(["edit", "drop", "copy", "swap"])), min_size=1, max_size=6))
def test_several_damages_at_once_never_pass_for_intact(damages):
    damaged = list(LEDGER)
    for position, kind in damages:
        place = min(position, len(damaged)) - 1
        if kind == "edit":
            damaged[place] = change(damaged[place], body=msgspec.Raw(canonical({"other": place})))
        elif kind == "drop" and len(damaged) > 1:
            del damaged[place]
        elif kind == "copy":
            damaged.insert(place, damaged[place])
        else:
            damaged[place - 1], damaged[place] = damaged[place], damaged[place - 1]
    assume(damaged != LEDGER)
    assert not verify(damaged, HEADS, KEY).intact


@given(st.lists(st.sampled_from(range(SIZE)), max_size=40), st.lists(st.sampled_from(range(3)), max_size=6))
def test_any_shuffle_of_entries_and_heads_is_reported_and_never_raises(order, head_order):
    entries = [LEDGER[place] for place in order]
    report = verify(entries, [HEADS[place] for place in head_order], KEY)
    whole = entries == LEDGER[: len(entries)] and all(HEADS[place].size <= len(entries) for place in head_order)
    assert report.intact == whole


@given(
    st.lists(
        st.builds(
            change,
            st.sampled_from(LEDGER),
            seq=st.integers(-5, 40) | st.just(2**70),
            prev=st.sampled_from([entry.hash for entry in LEDGER] + ["", "zz", "0" * 64, " " * 64, "0" * 63 + "é"]),
            epoch=st.integers(-1, 3),
        ),
        max_size=30,
    )
)
def test_hostile_entries_never_raise(entries):
    assert verify(entries, HEADS, KEY).findings


def test_verification_stops_at_the_most_findings_it_keeps():
    hostile = (make_entry(seq, "ef" * 32) for seq in range(1, 10**9))
    report = verify(hostile, [], KEY)
    assert not report.complete
    assert not report.intact
    assert len(report.findings) == MAX_FINDINGS


def test_two_heads_that_no_proof_joins_are_a_fork():
    other = make_head(make_entries(20, text="another history"))
    found = compare_heads(HEADS[0], other, (), KEY)
    assert [(one.damage, one.position, one.through) for one in found] == [(Damage.FORKED, 6, 20)]


def test_a_finding_reads_as_a_sentence():
    damaged = [edited(LEDGER[0]), *LEDGER[1:]]
    assert str(verify(damaged, HEADS, KEY).findings[0]) == "edited: entry 1 (line 1): entry 2 vouches for another"
