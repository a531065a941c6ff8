"""Everything that somebody was told is durable, and what a port that came back still has of it. Pure."""

import base64
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Self

import msgspec

from kouan.ledger.merkle import leaf_hash
from kouan.proving import ledger_facts
from kouan.proving.durability.device_witness import serials

Entry = Mapping[str, Any]

OVERLAP = 200
"""Entries before the last confirmed one that are read again after every restart. Our choice: more than a commit."""


class Lost(msgspec.Struct):
    """What was acknowledged and is not there any more, or not as it was, in words; and what happened twice."""

    entries: list[str] = []
    papers: list[str] = []
    messages: list[str] = []
    nonces: list[str] = []
    twice: list[str] = []

    def __iadd__(self, other: "Lost") -> Self:
        for mine, others in zip(self._lists(), other._lists(), strict=True):
            mine.extend(others)
        return self

    def acknowledged_facts(self) -> int:
        """Return how many acknowledged facts are lost."""
        return len(self.entries) + len(self.papers) + len(self.messages) + len(self.nonces)

    def words(self) -> list[str]:
        """Return all of it."""
        return [word for words in self._lists() for word in words]

    def _lists(self) -> tuple[list[str], ...]:
        return (self.entries, self.papers, self.messages, self.nonces, self.twice)


def digest(entry: Entry) -> str:
    """Return the hash of an entry's bytes as they are served, in hex; its own hash where they are withheld."""
    encoded = entry["encoded"]
    return str(entry["hash"]) if encoded is None else leaf_hash(base64.b64decode(encoded)).hex()


class Acknowledged:
    """The sum of what was acknowledged. Papers and messages count as confirmed once they are seen in the ledger."""

    def __init__(self) -> None:
        self._digests: dict[int, str] = {}
        self._papers: dict[str, None] = {}
        self._papers_seen: set[str] = set()
        self._messages: set[int] = set()
        self._recorded: set[int] = set()
        self._confirmed = 0

    @property
    def entries(self) -> int:
        """How many entries were read by somebody."""
        return len(self._digests)

    @property
    def papers(self) -> int:
        """How many papers were acknowledged."""
        return len(self._papers)

    @property
    def messages(self) -> int:
        """How many messages of the device were acknowledged."""
        return len(self._messages)

    @property
    def outstanding(self) -> set[int]:
        """Messages that were acknowledged and are not in the ledger yet."""
        return self._messages - self._recorded

    @property
    def read_from(self) -> int:
        """After which sequence number the ledger must be read again."""
        return max(0, self._confirmed - OVERLAP)

    def note(self, entries: Iterable[Entry], papers: Iterable[str], messages: Iterable[int]) -> None:
        """Take note of what was acknowledged."""
        for entry in entries:
            self._digests.setdefault(int(entry["seq"]), digest(entry))
        self._papers.update(dict.fromkeys(papers))
        self._messages.update(messages)

    def compare(self, entries: Sequence[Entry]) -> Lost:
        """Hold the entries after ``read_from``, as they are served now, against what was acknowledged."""
        lost = Lost(entries=self._entries(entries, self.read_from))
        lost.papers += self._papers_missing(entries)
        self._recorded |= serials(entries)
        self._confirmed = max([self._confirmed, *(int(entry["seq"]) for entry in entries)])
        self.note(entries, (), ())
        return lost

    def compare_all(self, entries: Sequence[Entry]) -> Lost:
        """Hold the whole ledger, as it is served now, against everything that was ever acknowledged."""
        lost = Lost(entries=self._entries(entries, 0) + ledger_facts.numbering(entries))
        lost.papers += ledger_facts.papers_once(entries, list(self._papers))
        lost.twice += ledger_facts.keys_once(entries)
        kept = serials(entries)
        lost.messages += [f"message {number} of the device is lost" for number in sorted(self._messages - kept)]
        self._recorded = kept
        return lost

    def _entries(self, entries: Sequence[Entry], after: int) -> list[str]:
        served = {int(entry["seq"]): digest(entry) for entry in entries}
        wanted = ((sequence, known) for sequence, known in self._digests.items() if sequence > after)
        return [
            f"entry {sequence} is {'another one now' if sequence in served else 'lost'}"
            for sequence, known in wanted
            if served.get(sequence) != known
        ]

    def _papers_missing(self, entries: Sequence[Entry]) -> list[str]:
        """Return the papers that were acknowledged and were in no entry that was ever compared."""
        self._papers_seen |= {entry["stream"] for entry in entries if entry["kind"] == "papers.declaration/1"}
        missing = [number for number in self._papers if number not in self._papers_seen]
        self._papers_seen.update(missing)  # each is told once
        return [f"declaration {number} is lost" for number in missing]
