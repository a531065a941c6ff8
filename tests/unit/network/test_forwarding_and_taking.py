"""Whatever is lost, doubled, overtaken or crashes between a port and its hub, each entry is taken once and in order."""

import itertools
from collections.abc import Callable

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from kouan.ledger.entries import GENESIS, Entry, canonical
from kouan.network.forwarding import Ask, Forwarding, Send, Wait, asked, due, failed, heard, sent
from kouan.network.taking import (
    Accepted,
    Batch,
    Broken,
    Early,
    Position,
    Repeated,
    judge,
    overlap,
    read_batch,
)
from kouan.protocols.network.messages import Taken

PORT = "ganqimaodu"
SECOND = 1_000_000


def chain(count: int, port: str = PORT, start: list[Entry] | None = None, text: str = "口岸") -> list[Entry]:
    entries = list(start or [])
    while len(entries) < count:
        seq = len(entries) + 1
        prev = entries[-1].hash if entries else GENESIS
        body = msgspec.Raw(canonical({"n": seq, "text": text}))
        entries.append(Entry(seq, body, 1, f"k{seq}", "gate.evidence/1", port, prev, seq, "p"))
    return entries


class Edge:
    """A port whose memory is lost at a crash, and whose ledger is not."""

    def __init__(self, ledger: list[Entry]) -> None:
        self.ledger = ledger
        self.state = Forwarding()

    def own_hash(self, size: int) -> str | None:
        if size > len(self.ledger):
            return None
        return self.ledger[size - 1].hash if size else GENESIS

    def step(self, now: int, batch: int) -> object:
        action = due(self.state, len(self.ledger), now)
        if isinstance(action, Ask):
            self.state = asked(self.state, now)
            return "wanted"
        if isinstance(action, Send):
            entries = [one.encode() for one in self.ledger[action.after : action.after + min(action.limit, batch)]]
            self.state = sent(self.state, action.after + len(entries), now)
            return entries
        return None

    def hear(self, taken: Taken, now: int) -> None:
        self.state = heard(self.state, taken, len(self.ledger), self.own_hash(taken.size), now)


class Hub:
    """A hub whose copy is durable; only ever grows by what ``judge`` accepts."""

    def __init__(self) -> None:
        self.copy: list[bytes] = []
        self.position = Position()
        self.leaves: list[bytes] = []

    def take(self, entries: list[bytes], *, crash_before_commit: bool = False) -> None:
        batch = read_batch(PORT, entries)
        assert isinstance(batch, Batch), batch
        shared = overlap(self.position, batch)
        judgement = judge(self.position, batch, self.leaves[shared - 1] if shared else None)
        assert not isinstance(judgement, Broken), judgement
        if isinstance(judgement, Accepted) and not crash_before_commit:
            assert judgement.fresh[0].entry.seq == len(self.copy) + 1
            self.copy += [one.encoded for one in judgement.fresh]
            self.leaves += [one.leaf for one in judgement.fresh]
            self.position = judgement.after

    def taken(self) -> Taken:
        return Taken(PORT, self.position.size, self.position.last)


class Way:
    """A port, its hub, and the messages between them, which anything may happen to."""

    def __init__(self, batch: int) -> None:
        self.edge, self.hub = Edge([]), Hub()
        self.now = 0
        self._batch = batch
        self._messages: list[object] = []
        self._acts: dict[str, Callable[[int], None]] = {
            "write": self._write,
            "step": self._step,
            "time": self._pass,
            "crash": lambda _: self._forget(Forwarding()),
            "fail": lambda _: self._forget(failed(self.edge.state, self.now)),
            "deliver": lambda number: self._deliver(self._take(number)),
            "lose": self._lose,
            "double": self._double,
            "die": lambda number: self._deliver(self._take(number), crash_before_commit=True),
        }

    def act(self, name: str, number: int) -> None:
        self._acts[name](number)
        assert self.hub.copy == [one.encode() for one in self.edge.ledger[: len(self.hub.copy)]]
        assert self.edge.state.halted is None

    def come_together(self) -> None:
        """Let everything arrive at once and in order, until the hub has all."""
        for _ in range(2000):
            self._step(0)
            while self._messages:
                self._deliver(self._take(0))
            if self.edge.state.taken == len(self.edge.ledger):
                return
            self.now += SECOND // 2

    def _write(self, number: int) -> None:
        self.edge.ledger = chain(len(self.edge.ledger) + number, start=self.edge.ledger)

    def _step(self, _: int) -> None:
        message = self.edge.step(self.now, self._batch)
        self._messages += [] if message is None else [message]

    def _pass(self, number: int) -> None:
        self.now += number * SECOND

    def _forget(self, state: Forwarding) -> None:
        self.edge.state = state

    def _take(self, number: int) -> object:
        return self._messages.pop(number % len(self._messages)) if self._messages else None

    def _lose(self, number: int) -> None:
        self._take(number)

    def _double(self, number: int) -> None:
        self._messages += self._messages[number % len(self._messages) :][:1] if self._messages else []

    def _deliver(self, message: object, *, crash_before_commit: bool = False) -> None:
        if isinstance(message, Taken):
            self.edge.hear(message, self.now)
        elif message is not None:
            if isinstance(message, list):
                self.hub.take(message, crash_before_commit=crash_before_commit)
            if not crash_before_commit:
                self._messages.append(self.hub.taken())


ACTS = (
    "write",
    "step",
    "step",
    "step",
    "deliver",
    "deliver",
    "deliver",
    "lose",
    "double",
    "time",
    "crash",
    "die",
    "fail",
)


@settings(max_examples=400, deadline=None)
@given(acts=st.lists(st.tuples(st.sampled_from(ACTS), st.integers(0, 7)), max_size=120), batch=st.integers(1, 5))
def test_everything_is_taken_once_and_in_order(acts: list[tuple[str, int]], batch: int) -> None:
    way = Way(batch)
    for name, number in acts:
        way.act(name, number)
    way.come_together()
    assert way.hub.copy == [one.encode() for one in way.edge.ledger]


def encoded(entries: list[Entry]) -> list[bytes]:
    return [one.encode() for one in entries]


def taken_to(count: int) -> tuple[Position, list[Entry]]:
    entries = chain(count)
    return Position(count, entries[-1].hash, 1), entries


def judged(position: Position, entries: list[bytes], held: bytes | None = None) -> object:
    batch = read_batch(PORT, entries)
    return judge(position, batch, held) if isinstance(batch, Batch) else batch


def test_a_batch_that_overlaps_gives_only_what_is_new() -> None:
    position, entries = taken_to(3)
    answer = judged(position, encoded(chain(5)[1:]), entries[-1].leaf)
    assert isinstance(answer, Accepted)
    assert [one.entry.seq for one in answer.fresh] == [4, 5]
    assert answer.after.size == 5


def test_what_is_held_already_is_repeated_and_what_is_beyond_is_early() -> None:
    position, entries = taken_to(3)
    assert judged(position, encoded(entries[:2]), entries[1].leaf) == Repeated()
    assert judged(position, encoded(chain(6)[4:])) == Early()


def test_another_entry_at_a_place_that_was_taken_is_a_fork() -> None:
    position, entries = taken_to(3)
    other = encoded(chain(5, text="another"))
    assert judged(position, other, entries[-1].leaf) == Broken("chain.fork", 3)
    assert judged(position, other[3:]) == Broken("chain.fork", 4)


def broken(change: Callable[[list[Entry]], list[Entry]]) -> str:
    answer = judged(Position(), encoded(change(chain(4))))
    assert isinstance(answer, Broken)
    return answer.rule


def test_a_batch_that_no_ledger_can_hold_is_broken() -> None:
    edit = msgspec.structs.replace
    assert broken(lambda e: [e[0], e[2]]) == "chain.sequence"
    assert broken(lambda e: [e[0], edit(e[1], prev=GENESIS)]) == "chain.prev"
    assert broken(lambda e: [edit(e[0], port="ceke")]) == "chain.port"
    assert broken(lambda e: [edit(e[0], body=msgspec.Raw(b'{"b": 1}'))]) == "entry.canonical"
    assert broken(lambda e: [edit(e[0], v=2)]) == "entry.version"


def test_an_epoch_that_goes_back_is_broken() -> None:
    entries = chain(2)
    back = msgspec.structs.replace(entries[1], epoch=0)
    assert judged(Position(), encoded([entries[0], back])) == Broken("chain.epoch", 2)
    assert judged(Position(1, entries[0].hash, 1), encoded([back])) == Broken("chain.epoch", 2)


def test_bytes_that_are_no_entry_are_broken_and_never_taken() -> None:
    answer = judged(Position(), [b"{}"])
    assert isinstance(answer, Broken)
    assert answer.rule == "entry.form"
    assert judged(Position(), []) == Broken("chain.empty", 0)


def test_bytes_that_are_no_entry_are_named_by_the_place_where_they_stand() -> None:
    assert judged(Position(), [*encoded(chain(2)), b"{}"]) == Broken("entry.form", 3)


def test_a_port_whose_ledger_was_replaced_by_an_older_one_halts() -> None:
    edge = Edge(chain(3))
    edge.hear(Taken(PORT, 5, chain(5)[-1].hash), 0)
    assert edge.state.halted == "chain.fork"
    assert isinstance(edge.step(0, 5), str)  # it goes on asking, and sends nothing
    assert edge.step(1, 5) is None


def test_a_port_goes_on_once_a_person_at_the_hub_ended_the_suspension() -> None:
    edge = Edge(chain(3))
    edge.hear(Taken(PORT, 0, GENESIS, "chain.fork"), 0)
    assert edge.state.halted == "chain.fork"
    edge.hear(Taken(PORT, 0, GENESIS), 1)
    edge.state = asked(edge.state, 1)
    assert isinstance(edge.step(2, 5), list)


def test_silence_is_met_with_a_growing_pause_and_the_pause_ends_growing() -> None:
    edge, now = Edge(chain(3)), 0
    asked_at: list[int] = []
    while now < 60 * SECOND:
        if edge.step(now, 5) is not None:
            asked_at.append(now)
        action = due(edge.state, 3, now)
        now = action.until if isinstance(action, Wait) else now + 1
    pauses = [(later - one) // SECOND for one, later in itertools.pairwise(asked_at)]
    assert pauses[:4] == [1, 2, 4, 8]
    assert set(pauses[4:]) == {8}
