"""The rule of a port that has a hub: what its gate may do while the hub is gone (I13).

The rule is an entry of the rulebook like any other, so that decisions name it and replay finds it. A rulebook that says
nothing of it is given the port's own.
"""

from msgspec.structs import replace

from kouan.gate.procedures import Authority, Outcome
from kouan.gate.rulebook import Rulebook, RuleEntry, make_rulebook
from kouan.vocabulary.clock import Instant

CHECK = "hub_heard_lately"
"""The rule's predicate (``rules.network``)."""


def offline_rule(max_age_s: int, serve: str) -> RuleEntry:
    """Return the rule for a port whose hub's word may be ``max_age_s`` seconds old; see ``rules.network.Freshness``.

    Whoever is not served goes to a person, and to the inspection yard if nobody comes. Our choice: it is customs' rule,
    because control orders and low risk are customs' words, and two of its people may except from it.
    """
    return RuleEntry(
        name="network.hub_heard",
        check=CHECK,
        version=1,
        effective_from=0,
        authority=Authority.CUSTOMS,
        outcome=Outcome.DIVERT_MANUAL,
        params={"max_age_s": max_age_s, "serve": serve},
        second_person=True,
        overridable=True,
        source="Invariant I13; the port file's [offline].",
    )


def max_age_s(book: Rulebook) -> int | None:
    """Return how old the hub's word may be by a rulebook, in seconds; None where it says nothing of it.

    Of a rulebook in which that changes, the strictest.
    """
    found = [entry.params["max_age_s"] for entry in book.rules if entry.check == CHECK]
    return min((most for most in found if isinstance(most, int)), default=None)


def with_offline_rule(book: Rulebook, entry: RuleEntry, since: Instant) -> Rulebook:
    """Return the rulebook with the port's offline rule, until one of the book's own holds.

    ``since`` is when the book comes into force. Raises InvalidValue where the book has another rule of that name.
    """
    begins = min((own.effective_from for own in book.rules if own.check == CHECK), default=None)
    if begins is not None and begins <= since:
        return book
    return make_rulebook(book.id, book.version, (*book.rules, replace(entry, effective_until=begins)))
