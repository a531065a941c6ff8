"""MQTT topic filters."""


def matches(topic_filter: str, topic: str) -> bool:
    """Say whether an MQTT topic filter, with ``+`` and ``#``, matches a topic (MQTT 3.1.1, chapter 4.7)."""
    wanted, words = topic_filter.split("/"), topic.split("/")
    for position, word in enumerate(wanted):
        if word == "#":
            return True
        if position >= len(words) or word not in ("+", words[position]):
            return False
    return len(wanted) == len(words)
