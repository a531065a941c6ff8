import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.protocols.radiation_portal.codec import (
    KEPT_BYTES,
    LONGEST_LINE,
    MAX_BYTES,
    LineReader,
    encode_line,
    parse_line,
)
from kouan.protocols.radiation_portal.messages import (
    CountKind,
    CountLine,
    EndLine,
    Garbled,
    Occupancy,
    SetupKind,
    SetupLine,
    SpeedLine,
    TamperLine,
)
from kouan.protocols.radiation_portal.occupancy import OccupancyReader
from kouan.vocabulary.errors import InvalidValue

six = st.integers(0, 999_999)
lines = st.one_of(
    st.builds(CountLine, st.sampled_from(CountKind), st.tuples(six, six, six, six)),
    st.builds(EndLine, six, six),
    st.builds(SpeedLine, st.integers(0, 99_999), st.integers(0, 99_999), st.integers(0, 99_999)),
    st.builds(TamperLine, st.booleans()),
    st.builds(
        SetupLine,
        st.sampled_from(SetupKind),
        st.lists(st.from_regex(r"[0-9.]{0,10}", fullmatch=True), min_size=1, max_size=8).map(tuple),
    ),
)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (b"GB,000188,000206,000262,000243", CountLine(CountKind.GAMMA_BACKGROUND, (188, 206, 262, 243))),
        (b"NA,000002,000001,000000,000031", CountLine(CountKind.NEUTRON_ALARM, (2, 1, 0, 31))),
        (b"GX,000017,004741,000000,000000", EndLine(17, 4741)),
        (b"SP,0.2249,03.032,004.88,000000", SpeedLine(2249, 3032, 488)),
        (b"TT,000000,000000,000000,000000", TamperLine(open=True)),
        (b"TC,111111,111111,111111,111111", TamperLine(open=False)),
        (b"SG1,600,100,5,10,7.0,000000", SetupLine(SetupKind.GAMMA_1, ("600", "100", "5", "10", "7.0", "000000"))),
    ],
)
def test_each_kind_of_line_is_read_and_written(text, line):
    assert parse_line(text) == line
    assert encode_line(line) == text + b"\r\n"


def test_a_speed_is_the_same_in_all_three_units():
    line = SpeedLine.of(1355)
    assert encode_line(line) == b"SP,0.2249,03.031,004.87,000000\r\n"
    assert abs(line.speed_mmps - 1355) <= 3


@pytest.mark.parametrize("speed", [0, -1])
def test_a_standing_vehicle_has_no_speed_line(speed):
    with pytest.raises(InvalidValue, match=r"line\.speed"):
        SpeedLine.of(speed)


@given(st.integers(31, 40_000))
def test_every_speed_of_a_vehicle_has_a_line(speed):
    assert abs(parse_line(encode_line(SpeedLine.of(speed))[:-2]).speed_mmps - speed) <= 6


@given(lines)
def test_every_line_comes_back_as_it_went(line):
    assert LineReader().feed(encode_line(line)) == [line]


@pytest.mark.parametrize(
    "line",
    [
        CountLine(CountKind.GAMMA_SCAN, (1_000_000, 0, 0, 0)),
        CountLine(CountKind.GAMMA_SCAN, (-1, 0, 0, 0)),
        EndLine(1_000_000),
        SpeedLine(1, 100_000, 1),
        SetupLine(SetupKind.GAMMA_1, ("a,b",)),
        SetupLine(SetupKind.GAMMA_1, ("a\r\nGX",)),
        SetupLine(SetupKind.GAMMA_1, ()),
    ],
)
def test_what_does_not_fit_into_a_line_is_not_sent(line):
    with pytest.raises(InvalidValue, match=r"line\.range"):
        encode_line(line)


@pytest.mark.parametrize(
    "text",
    [
        b"GX,000001",
        b"GB,000001,000002,000003",
        b"GB,000001,000002,000003,000004,000005",
        b"GB,1,2,3,4",
        b"GA,999999,-00001,000000,000000",
        b"ga,000001,000002,000003,000004",
        b" GB,000001,000002,000003,000004",
        b"ZZ,000001",
        b'"unterminated,quote',
        "GB,٠٠٠٠٠١,000002,000003,000004".encode(),
        b"\x00\xff",
        b"A" * 1000,
    ],
)
def test_a_line_of_no_known_form_is_garbled_and_kept_short(text):
    read = parse_line(text)
    assert isinstance(read, Garbled)
    assert len(read.raw) <= KEPT_BYTES


@settings(max_examples=300, deadline=None)
@given(
    st.lists(st.one_of(lines.map(encode_line), st.binary(max_size=150), st.just(b"\r\n")), max_size=12),
    st.lists(st.integers(0)),
)
def test_any_cut_of_the_stream_gives_the_same_lines(parts, places):
    data = b"".join(parts)
    edges = [0, *sorted(place % (len(data) + 1) for place in places), len(data)]
    whole, cutting = LineReader(), LineReader()
    found = [each for a, b in itertools.pairwise(edges) for each in cutting.feed(data[a:b])]
    assert found == whole.feed(data)
    assert (cutting.pending, cutting.garbled_lines) == (whole.pending, whole.garbled_lines)


@settings(max_examples=200, deadline=None)
@given(st.lists(st.binary(max_size=300)))
def test_random_bytes_never_raise_and_are_never_hoarded(pieces):
    reader = LineReader()
    for piece in pieces:
        reader.feed(piece)
        assert reader.pending <= LONGEST_LINE + 1


def test_a_line_without_end_costs_itself_only():
    reader = LineReader()
    found = [each for _ in range(50) for each in reader.feed(b"G" * 100)]
    found += reader.feed(b"tail\r\n" + encode_line(EndLine(1)))
    assert found == [Garbled("line.length", b"G" * KEPT_BYTES), EndLine(1)]


def test_a_piece_that_is_too_long_is_refused_and_changes_nothing():
    reader = LineReader()
    reader.feed(b"GX,0000")
    with pytest.raises(InvalidValue, match=r"stream\.size"):
        reader.feed(b"\n" * (MAX_BYTES + 1))
    assert reader.feed(b"07,000000\n") == [EndLine(7)]


def counts(kind: str, *numbers: int) -> CountLine:
    return CountLine(CountKind(kind), tuple((*numbers, 0, 0, 0, 0)[:4]))


QUIET = [counts("NB", 2, 1), counts("GB", 200, 200, 200, 200)]
SCAN = [counts("NS", 2), *[counts("GS", 40, 40, 40, 40)] * 5]


def told(sent: list, reader: OccupancyReader | None = None) -> list[Occupancy]:
    reader = reader or OccupancyReader()
    found = [reader.take(line, at) for at, line in enumerate(sent)]
    return [each for each in found if each]


def test_a_quiet_vehicle_is_told_with_its_peaks_and_no_alarm():
    assert told([*QUIET, *SCAN, SpeedLine.of(1389), EndLine(1)]) == [
        Occupancy(
            number=1,
            started_at=2,
            ended_at=9,
            gamma_alarm=False,
            neutron_alarm=False,
            gamma_peak_cps=800,
            gamma_background_cps=800,
            neutron_peak_cps=2,
            neutron_background_cps=3,
            speed_mmps=SpeedLine.of(1389).speed_mmps,
        )
    ]


@pytest.mark.parametrize(("kind", "gamma", "neutron"), [("GA", True, False), ("NA", False, True)])
def test_one_alarm_line_is_an_alarm_of_the_occupancy(kind, gamma, neutron):
    (found,) = told([*QUIET, *SCAN, counts(kind, 300), *SCAN, EndLine(1)])
    assert (found.gamma_alarm, found.neutron_alarm) == (gamma, neutron)


def test_the_gamma_peak_is_the_largest_second_not_the_largest_interval():
    sent = [counts("GS", 100), counts("GA", 900), *[counts("GS", 100)] * 8]
    (found,) = told([counts("NS"), *[counts("GS", 100)] * 4, *sent, EndLine(1)])
    assert found.gamma_peak_cps == 4 * 100 + 900


def test_an_alarm_does_not_reach_the_next_vehicle():
    first, second = told([*QUIET, *SCAN, counts("GA", 900), EndLine(1), *QUIET, *SCAN, EndLine(2)])
    assert first.gamma_alarm
    assert not second.gamma_alarm
    assert second.gamma_peak_cps < first.gamma_peak_cps
    assert not second.incomplete


def test_faults_in_force_and_an_open_cabinet_are_told():
    (found,) = told([counts("GH", 9000), counts("NH", 90), TamperLine(open=True), *SCAN, EndLine(1)])
    assert found.faults == ("GH", "NH")
    assert found.tamper


def test_faults_that_ended_are_not_told():
    (found,) = told(
        [counts("GL", 1), counts("NH", 90), *QUIET, TamperLine(open=True), TamperLine(open=False), *SCAN, EndLine(1)]
    )
    assert found.faults == ()
    assert not found.tamper


def test_a_cabinet_opened_and_closed_amid_an_occupancy_is_told():
    (found,) = told([*QUIET, *SCAN, TamperLine(open=True), TamperLine(open=False), *SCAN, EndLine(1)])
    assert found.tamper


@pytest.mark.parametrize(
    "sent",
    [
        [*QUIET, *SCAN, Garbled("line.form", b"G?"), EndLine(1)],
        [*QUIET, Garbled("line.form", b"G?"), *SCAN, EndLine(1)],
        [*QUIET, *SCAN, *QUIET],
        [*QUIET, counts("NS", 1), EndLine(1)],
        [*QUIET, counts("GS", 1), EndLine(1)],
        [*QUIET, EndLine(1)],
    ],
    ids=["garbled within", "garbled before", "no end line", "no gamma", "no neutron", "no scan"],
)
def test_an_occupancy_with_missing_lines_proves_nothing(sent):
    (found,) = told(sent)
    assert found.incomplete


def test_an_end_line_that_comes_again_ends_nothing():
    (found,) = told([*QUIET, *SCAN, counts("GA", 900), EndLine(1), EndLine(1)])
    assert found.gamma_alarm
    assert not found.incomplete


def test_a_skipped_number_means_that_lines_were_lost():
    first, second, third = told([*QUIET, *SCAN, EndLine(1), *SCAN, EndLine(3), *SCAN, EndLine(4)])
    assert [first.incomplete, second.incomplete, third.incomplete] == [False, True, False]


def test_a_reader_that_began_amid_an_occupancy_does_not_take_it_for_whole():
    first, second = told([*SCAN, EndLine(1), *QUIET, *SCAN, EndLine(2)])
    assert [first.incomplete, second.incomplete] == [True, False]


def test_the_number_goes_on_at_zero_after_its_largest():
    assert [each.incomplete for each in told([*QUIET, *SCAN, EndLine(999_999), *SCAN, EndLine(0)])] == [False, False]


def test_a_lost_end_line_leaves_the_alarm_with_its_own_vehicle():
    first, second = told([*QUIET, *SCAN, counts("GA", 900), *QUIET, *SCAN, EndLine(2)])
    assert (first.number, first.gamma_alarm, first.incomplete) == (None, True, True)
    assert (second.number, second.gamma_alarm) == (2, False)


def test_a_garbled_line_amid_the_background_is_forgotten_with_the_next_good_one():
    (found,) = told([Garbled("line.form", b"?"), *QUIET, *SCAN, EndLine(1)])
    assert not found.incomplete


def test_a_portal_without_neutron_detectors_is_complete_without_their_lines():
    (found,) = told([counts("GB", 1), counts("GS", 1), EndLine(1)], OccupancyReader(neutron=False))
    assert not found.incomplete


@settings(max_examples=200, deadline=None)
@given(st.lists(st.one_of(lines, st.just(Garbled("line.form", b"")))))
def test_an_alarm_line_is_never_lost_whatever_comes_around_it(sent):
    reader = OccupancyReader()
    found = [reader.take(line, at) for at, line in enumerate(sent)]
    found.append(reader.take(EndLine(1), len(sent)))
    alarms = {str(line.kind) for line in sent if isinstance(line, CountLine) and line.kind in ("GA", "NA")}
    assert any(each.gamma_alarm for each in found if each) == ("GA" in alarms)
    assert any(each.neutron_alarm for each in found if each) == ("NA" in alarms)


@settings(max_examples=200, deadline=None)
@given(st.lists(lines, min_size=1, max_size=12), st.randoms(use_true_random=False))
def test_repeated_and_reordered_lines_never_raise_and_leave_no_occupancy_open_for_ever(sent, random):
    sent = sent + random.choices(sent, k=len(sent))
    random.shuffle(sent)
    reader = OccupancyReader()
    for at, line in enumerate([*sent, EndLine(1)]):
        reader.take(line, at)
    assert not reader.occupied
