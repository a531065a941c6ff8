import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.protocols.weighbridge.codec import FRAME_BYTES, KEPT_BYTES, MAX_BYTES, FrameReader, encode_frame
from kouan.protocols.weighbridge.messages import Frame, Garbled, StableMass
from kouan.protocols.weighbridge.stability import StabilityRule, StableRun
from kouan.vocabulary.errors import InvalidValue

EMPTY = bytes.fromhex("022b30303030303030314203")
CAR = bytes.fromhex("022b30303135363030313903")
CAR_AND_DRIVER = bytes.fromhex("022b30303136353030313903")

frames = st.builds(Frame, st.integers(-999_999, 999_999), st.integers(0, 4))


def read(data: bytes) -> list[Frame | Garbled]:
    return FrameReader().feed(data)


def cut(data: bytes, places: list[int]) -> list[bytes]:
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    return [data[a:b] for a, b in itertools.pairwise(edges)]


@pytest.mark.parametrize(("raw", "kilograms"), [(EMPTY, 0), (CAR, 1560), (CAR_AND_DRIVER, 1650)])
def test_frames_of_a_real_indicator_are_read_and_written(raw, kilograms):
    assert read(raw) == [Frame(kilograms)]
    assert encode_frame(Frame(kilograms)) == raw


def test_swapped_digits_have_the_same_check():
    assert CAR[9:11] == CAR_AND_DRIVER[9:11] == b"19"


@pytest.mark.parametrize(
    ("frame", "kilograms"),
    [
        (Frame(49_980), 49_980),
        (Frame(499_805, 1), 49_981),
        (Frame(499_804, 1), 49_980),
        (Frame(-5, 1), -1),
        (Frame(-4, 1), 0),
        (Frame(-40), -40),
        (Frame(999_999, 4), 100),
    ],
)
def test_the_point_is_heeded_and_halves_go_away_from_zero(frame, kilograms):
    assert frame.mass_kg == kilograms


@given(frames)
def test_every_frame_comes_back_as_it_went(frame):
    assert read(encode_frame(frame)) == [frame]


@pytest.mark.parametrize("frame", [Frame(1_000_000), Frame(-1_000_000), Frame(1, 5), Frame(1, -1)])
def test_what_the_indicator_cannot_show_is_not_sent(frame):
    with pytest.raises(InvalidValue, match=r"frame\.range"):
        encode_frame(frame)


@settings(max_examples=300, deadline=None)
@given(st.lists(st.one_of(frames.map(encode_frame), st.binary(max_size=20)), max_size=20), st.lists(st.integers(0)))
def test_any_cut_of_the_stream_gives_the_same_frames(parts, places):
    data = b"".join(parts)
    whole, cutting = FrameReader(), FrameReader()
    expected = [found for found in whole.feed(data) if isinstance(found, Frame)]
    found = [each for piece in cut(data, places) for each in cutting.feed(piece)]
    assert [each for each in found if isinstance(each, Frame)] == expected
    assert cutting.garbled_bytes == whole.garbled_bytes
    assert cutting.pending == whole.pending < FRAME_BYTES


@settings(max_examples=200, deadline=None)
@given(st.lists(frames, min_size=1, max_size=8), st.binary(max_size=30).filter(lambda noise: b"\x02" not in noise))
def test_noise_between_frames_costs_no_frame(sent, noise):
    reader = FrameReader()
    found = reader.feed(b"".join(noise + encode_frame(frame) for frame in sent))
    assert [each for each in found if isinstance(each, Frame)] == sent
    assert reader.garbled_bytes == len(noise) * len(sent)


@given(st.lists(frames, min_size=2, max_size=6), st.integers(0), st.integers(0))
def test_a_cut_frame_costs_itself_only(sent, which, length):
    which, length = which % (len(sent) - 1), length % FRAME_BYTES
    wire = [encode_frame(frame) for frame in sent]
    wire[which] = wire[which][:length]
    found = read(b"".join(wire))
    assert [each for each in found if isinstance(each, Frame)] == [*sent[:which], *sent[which + 1 :]]


@given(frames, st.integers(0, FRAME_BYTES * 8 - 1))
def test_a_flipped_bit_is_never_read_as_another_weight(frame, bit):
    wire = bytearray(encode_frame(frame))
    wire[bit // 8] ^= 1 << bit % 8
    assert [each for each in read(bytes(wire)) if isinstance(each, Frame)] == []


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=300)))
def test_random_bytes_never_raise_and_are_never_hoarded(pieces):
    reader = FrameReader()
    for piece in pieces:
        for found in reader.feed(piece):
            assert isinstance(found, Frame) or len(found.raw) <= KEPT_BYTES
        assert reader.pending < FRAME_BYTES


def test_garbled_bytes_say_which_rule_they_break():
    wrong_check = CAR[:9] + b"18" + CAR[11:]
    wrong_form = CAR[:2] + b"x" + CAR[3:]
    found = read(b"noise" + wrong_check + wrong_form + CAR)
    assert [getattr(each, "rule", "") for each in found] == ["frame.noise", "frame.check", "frame.form", ""]


def test_a_piece_that_is_too_long_is_refused_and_changes_nothing():
    reader = FrameReader()
    reader.feed(CAR[:5])
    with pytest.raises(InvalidValue, match=r"stream\.size"):
        reader.feed(b"\x02" * (MAX_BYTES + 1))
    assert reader.feed(CAR[5:]) == [Frame(1560)]


RULE = StabilityRule(frames=4, span_us=300_000, division_kg=20)
TICK = 100_000


def run(readings: list[int | None]) -> list[StableMass]:
    state, told = StableRun(RULE), []
    for count, kilograms in enumerate(readings):
        read_now = Garbled("frame.check", b"") if kilograms is None else Frame(kilograms)
        state, stable = state.take(read_now, count * TICK)
        told += [stable] if stable else []
    return told


def test_a_standing_vehicle_has_its_mass_told_once():
    assert run([0, 20_000, 48_000, 50_000, 50_000, 50_020, 50_000, 50_000, 50_000]) == [
        StableMass(50_000, 4, 3 * TICK, 6 * TICK)
    ]


def test_swapped_digits_break_the_run():
    assert run([1560, 1560, 1560, 1650, 1560, 1560, 1560]) == []


def test_garbled_bytes_break_the_run():
    assert run([1560, 1560, 1560, None, 1560, 1560, 1560]) == []


def test_a_slow_drift_of_less_than_a_division_a_frame_is_not_standing_still():
    assert run([1000 + 10 * count for count in range(40)]) == []


def test_a_burst_of_equal_frames_in_one_moment_is_not_standing_still():
    state = StableRun(RULE)
    for _ in range(100):
        state, stable = state.take(Frame(1560), 5)
        assert stable is None


def test_a_clock_that_goes_back_begins_the_run_anew():
    state = StableRun(RULE)
    for at in (0, 100_000, 200_000, 50_000, 150_000, 250_000):
        state, stable = state.take(Frame(1560), at)
        assert stable is None
    assert state.since == 50_000


def test_after_it_drives_off_the_next_mass_is_told_too():
    assert [each.mass_kg for each in run([100] * 5 + [50_000] * 5 + [0] * 5)] == [100, 50_000, 0]


def test_a_mass_that_stands_can_be_asked_for_again():
    state = StableRun(RULE)
    for count in range(6):
        state, _ = state.take(Frame(1560), count * TICK)
    assert state.standing == StableMass(1560, 6, 0, 5 * TICK)


@given(st.lists(st.tuples(st.integers(0, 60), st.booleans()), max_size=60))
def test_what_is_told_stood_within_a_division_for_long_enough(readings):
    state, seen = StableRun(RULE), []
    for count, (kilograms, good) in enumerate(readings):
        state, stable = state.take(Frame(kilograms) if good else Garbled("frame.form", b""), count * TICK)
        seen.append(kilograms if good else None)
        if stable:
            last = seen[-stable.frames :]
            assert None not in last
            assert max(last) - min(last) <= RULE.division_kg
            assert stable.frames >= RULE.frames
            assert stable.at - stable.since >= RULE.span_us


@settings(max_examples=200, deadline=None)
@given(
    st.lists(frames, min_size=1, max_size=8), st.lists(st.integers(0), max_size=10), st.randoms(use_true_random=False)
)
def test_repeated_and_reordered_pieces_give_frames_or_garbled_bytes_and_nothing_is_hoarded(sent, places, random):
    pieces = cut(b"".join(map(encode_frame, sent)), places)
    pieces += random.choices(pieces, k=len(pieces))
    random.shuffle(pieces)
    reader = FrameReader()
    for piece in pieces:
        for found in reader.feed(piece):
            assert isinstance(found, Garbled) or encode_frame(found)
        assert reader.pending < FRAME_BYTES
