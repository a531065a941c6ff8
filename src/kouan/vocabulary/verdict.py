"""What every named rule returns: granted, or refused with reasons that an operator can read."""

from collections.abc import Callable, Mapping

import msgspec


class Reason(msgspec.Struct, frozen=True):
    """A message id with its parameters; screens render it in the reader's language.

    ``code`` names a message of the catalogues (``gate/messages/*.toml``), e.g. ``seal.differs``. Parameters are
    strings or whole numbers only, because reasons stand in ledger entries and entries hold no floats.
    """

    code: str
    params: Mapping[str, str | int] = {}


Alert = Callable[[str, str, int, Reason], None]
"""What calls a person: lane, passage, priority (1 is the most urgent) and why."""


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
