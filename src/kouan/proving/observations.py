"""What is seen of a port that lives in virtual time, and whoever watches whether its invariants hold.

Everything that happens is told as it happens, within the call in which it takes effect: an entry as it becomes durable
and before anybody is answered, a command as the broker takes it, an opening as the field records it. A checker sees one
thing at a time, keeps what it must know of the past, and never looks back over all of it.
"""

import base64
import binascii
import functools
import logging
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Self, TypeVar

import msgspec

from kouan.adapters.driver.setting import Watcher
from kouan.vocabulary.clock import Clock, Instant
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Reason

Tell = Callable[[str, str, Any], None]
"""Is told the node, the kind and the thing itself (``wiring.twin.watched.Tell``)."""

MOST_TOPICS = 4096
"""Topics whose names are remembered. Our choice: several times as many as a large port has."""

MOST_VIOLATIONS = 50
"""Violations of one invariant that are kept. Our choice: the first one tells what is wrong."""


class Observation:
    """One thing that happened at the true instant ``at`` (microseconds since the epoch).

    ``kind`` is ``entry``, ``truth``, ``actuation``, ``command``, ``report``, ``nonce``, ``wire``, ``head``, ``alarm``,
    ``acknowledged``, ``fault``, ``crash``, ``start``, ``failed``, ``corrupt``, ``logged``, ``heal`` or ``end``.
    ``name`` is finer: the kind of an entry, the event of a truth, the last two levels of a message's topic
    (``order/open``), the type of a record.
    """

    __slots__ = ("_body", "at", "data", "kind", "name", "node")

    def __init__(self, at: Instant, node: str, kind: str, data: Any) -> None:
        self.at = at
        self.node = node
        self.kind = kind
        self.data = data
        self.name = _name(kind, data)
        self._body: Any = None

    @property
    def body(self) -> Any:
        """What an entry, a message or a signed message says, read once and shared; None where it cannot be read."""
        if self._body is None:
            self._body = _read(self.kind, self.data)
        return self._body

    @property
    def lane(self) -> str:
        """The lane of a message's topic."""
        return str(self.data[0].split("/")[2])


class Violation(msgspec.Struct, frozen=True):
    """An invariant that did not hold: which, when (true microseconds since the epoch), how, and what shows it."""

    invariant: str
    at: Instant
    text: str
    evidence: Mapping[str, Any] = {}


_Handler = Callable[[Any, Observation], None]
_H = TypeVar("_H", bound=_Handler)


def on(*names: str) -> Callable[[_H], _H]:
    """Mark a method as one that is shown observations of these kinds or names, in the order in which they are given."""

    def mark(method: _H) -> _H:
        method.__dict__["_shown"] = names
        return method

    return mark


class Shown:
    """Whoever is shown observations: methods marked by ``on``."""

    def handlers(self) -> list[tuple[str, Callable[[Observation], None]]]:
        """Return the names of what is wanted, and by which method."""
        methods = [getattr(self, name) for name in dir(type(self)) if callable(getattr(type(self), name, None))]
        return [(name, method) for method in methods for name in getattr(method, "_shown", ())]


class Checker(Shown):
    """Watches over one invariant. ``promise`` says in a sentence what it checks, ``looks_at`` by whose record.

    A subclass marks its methods with ``on`` and calls ``violated``. What many have to know stands in ``known``, which
    has taken in an observation before any checker sees it.
    """

    invariant: ClassVar[str]
    promise: ClassVar[str]

    def __init__(self) -> None:
        self.known: Any = None
        self.found: list[Violation] = []

    def violated(self, seen: Observation, text: str, **evidence: Any) -> None:
        """Note that the invariant did not hold."""
        if len(self.found) < MOST_VIOLATIONS:
            self.found.append(Violation(self.invariant, seen.at, text, evidence))


class Watch:
    """Shows everything that happens to each checker that asked for it; ``known`` takes it in first."""

    def __init__(self, checkers: Sequence[Checker], known: Shown | None = None) -> None:
        self.seen: Counter[str] = Counter()
        self._checkers = tuple(checkers)
        self._handlers: dict[str, list[Callable[[Observation], None]]] = {}
        everybody: Iterable[Shown] = self._checkers if known is None else (known, *self._checkers)
        for each in everybody:
            if isinstance(each, Checker):
                each.known = known
            for name, method in each.handlers():
                self._handlers.setdefault(name, []).append(method)

    @property
    def violations(self) -> tuple[Violation, ...]:
        """All that did not hold, in the order of the instants."""
        found = [violation for checker in self._checkers for violation in checker.found]
        return tuple(sorted(found, key=lambda violation: (violation.at, violation.invariant)))

    def wants(self, kind: str) -> bool:
        """Say whether anybody is shown things of this kind or name."""
        return kind in self._handlers

    def see(self, observation: Observation) -> None:
        """Show one observation to all that asked for its name, then to all that asked for its kind."""
        self.seen[observation.name] += 1
        for handler in self._handlers.get(observation.name, ()):
            handler(observation)
        if observation.kind != observation.name:
            for handler in self._handlers.get(observation.kind, ()):
                handler(observation)

    def teller(self, clock: Clock) -> Tell:
        """Return what a simulated port may tell of what happens; ``clock`` is the true one."""

        def tell(node: str, kind: str, data: Any) -> None:
            self.see(Observation(clock.now(), node, kind, data))

        return tell


class AlarmWatcher(Watcher):
    """Tells ``alarm`` of each alarm that reaches whoever watches the port's screens."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell

    def alarm(self, lane: str, passage: str, priority: int, reason: Reason) -> None:
        """Something needs attention."""
        said = {"lane": lane, "passage": passage, "priority": priority, "code": reason.code}
        self._tell("platform", "alarm", said)


class LogListener(logging.Handler):
    """Hears every line of our own logs, and keeps it from being printed; a context manager."""

    def __init__(self, hear: Callable[[str], None]) -> None:
        super().__init__(logging.DEBUG)
        self._hear = hear
        self._log = logging.getLogger("kouan")
        self._before = (self._log.level, self._log.propagate)

    def __enter__(self) -> Self:
        self._before = (self._log.level, self._log.propagate)
        self._log.addHandler(self)
        self._log.setLevel(logging.DEBUG)
        self._log.propagate = False
        return self

    def __exit__(self, *_: object) -> None:
        self._log.removeHandler(self)
        self._log.setLevel(self._before[0])
        self._log.propagate = self._before[1]

    def emit(self, record: logging.LogRecord) -> None:
        """Take one line."""
        self._hear(record.getMessage())


def _name(kind: str, data: Any) -> str:
    if kind == "entry":
        return str(data.kind)
    if kind == "wire":
        return _last_levels(data[0])
    if kind == "truth":
        return f"truth {data['event']}"
    if kind == "nonce":
        return f"nonce {type(data).__name__}"
    return kind


@functools.lru_cache(maxsize=MOST_TOPICS)
def _last_levels(topic: str) -> str:
    return "/".join(topic.rsplit("/", 2)[-2:])


def _read(kind: str, data: Any) -> Any:
    try:
        if kind == "entry":
            return msgspec.json.decode(data.body)
        if kind in ("wire", "command", "report"):
            return _message(data[1])
    except (msgspec.MsgspecError, binascii.Error, InvalidValue):
        return None
    return data


def _message(payload: bytes) -> Any:
    """Return what a JSON message or the payload of a signed one says; no signature is believed or checked here."""
    if payload[:1] in (b"{", b"["):
        return msgspec.json.decode(payload)
    return signed_payload(payload)


def signed_payload(compact: bytes) -> Any:
    """Return what a signed message says; its signature is neither believed nor checked here.

    Raises InvalidValue where it is none, or what ``base64`` or ``msgspec`` raise.
    """
    parts = compact.split(b".")
    if len(parts) != 3:
        raise InvalidValue("payload", "observation.form", "must be JSON, or a signed message")
    return msgspec.json.decode(base64.urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)))
