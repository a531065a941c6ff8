"""What every named rule returns: granted, or refused with reasons that an operator can read."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from kouan.vocabulary.clock import Instant


class Reason(msgspec.Struct, frozen=True):
    """A message id with its parameters; screens render it in the reader's language.

    ``code`` names a message of the catalogues (``gate/messages/*.toml``), e.g. ``seal.differs``. Parameters are
    strings or whole numbers only, because reasons stand in ledger entries and entries hold no floats.
    """

    code: str
    params: Mapping[str, str | int] = {}


Alert = Callable[[str, str, int, Reason], None]
"""What calls a person: lane, passage, priority (1 is the most urgent) and why."""

Stands = Callable[[Mapping[str, Any]], bool]
"""Says whether what somebody was called for still stands, by the parameters of its reason."""

Back = Callable[[str, Instant, Stands], None]
"""What ends the alarms of a code that were raised before an instant, but for those that still stand."""


def nothing_stands(_params: Mapping[str, Any]) -> bool:
    """Say that nothing that somebody was called for stands any more."""
    return False


class Granted(msgspec.Struct, frozen=True, tag="granted"):
    """The rule is satisfied."""


class Refused(msgspec.Struct, frozen=True, tag="refused"):
    """The rule is not satisfied, for one or more reasons."""

    reasons: tuple[Reason, ...]


Verdict = Granted | Refused

GRANTED = Granted()


def refuse(code: str, **params: str | int) -> Refused:
    """Refuse for a single reason."""
    return Refused((Reason(code, params),))
