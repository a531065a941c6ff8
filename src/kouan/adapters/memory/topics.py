"""MQTT topic filters, and who subscribed to what."""

import functools

MOST_FOUND = 10_000
"""Topics whose subscribers are remembered, and comparisons of a filter with a topic. Our choice: several times as many
as a large port has."""


@functools.lru_cache(maxsize=MOST_FOUND)
def matches(topic_filter: str, topic: str) -> bool:
    """Say whether an MQTT topic filter, with ``+`` and ``#``, matches a topic (MQTT 3.1.1, chapter 4.7)."""
    wanted, words = topic_filter.split("/"), topic.split("/")
    for position, word in enumerate(wanted):
        if word == "#":
            return True
        if position >= len(words) or word not in ("+", words[position]):
            return False
    return len(wanted) == len(words)


class Subscribers:
    """Names with their topic filters, in the order in which they came; each topic's are looked for once."""

    def __init__(self) -> None:
        self._filters: dict[str, tuple[str, ...]] = {}
        self._found: dict[str, tuple[str, ...]] = {}

    def add(self, name: str, filters: tuple[str, ...]) -> None:
        """Subscribe a name; a name that comes again is the last in the order."""
        self._filters.pop(name, None)
        self._filters[name] = filters
        self._found.clear()

    def remove(self, name: str) -> None:
        """Forget a name."""
        self._filters.pop(name, None)
        self._found.clear()

    def of(self, topic: str) -> tuple[str, ...]:
        """Return the names that have a filter for a topic."""
        found = self._found.get(topic)
        if found is None:
            found = tuple(
                name for name, filters in self._filters.items() if any(matches(each, topic) for each in filters)
            )
            if len(self._found) >= MOST_FOUND:
                self._found.clear()
            self._found[topic] = found
        return found
