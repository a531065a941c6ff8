"""The registry of named rules: a rulebook selects them by name and gives their parameters."""

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

from kouan.gate.case import Case
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.verdict import Verdict

Params = TypeVar("Params", bound=msgspec.Struct)


class NoParams(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The rule takes no parameters."""


class Rule(msgspec.Struct, Generic[Params], frozen=True):
    """A named predicate over a case, and the type of its parameters."""

    name: str
    check: Callable[[Case, Params], Verdict]
    params: type[Params]

    def parse_params(self, values: Mapping[str, Any]) -> Params:
        """Return the parameters as their type; raise InvalidValue (``rulebook.params``)."""
        try:
            return msgspec.convert(values, type=self.params, strict=True)
        except msgspec.ValidationError as error:
            raise InvalidValue("params", "rulebook.params", f"of {self.name}: {error}") from error

    def apply(self, case: Case, values: Mapping[str, Any]) -> Verdict:
        """Return what the rule says of the case with these parameters."""
        return self.check(case, self.parse_params(values))


RULES: dict[str, Rule[Any]] = {}
"""Every rule by its name, in the order of definition; filled by importing ``kouan.gate.rules``."""


def rule(params: type[Params]) -> Callable[[Callable[[Case, Params], Verdict]], Callable[[Case, Params], Verdict]]:
    """Register a predicate under its own name, with the type of its parameters."""

    def register(check: Callable[[Case, Params], Verdict]) -> Callable[[Case, Params], Verdict]:
        name = check.__name__
        if name in RULES:
            raise InvalidValue(name, "rules.once", "two rules cannot have one name")
        RULES[name] = Rule(name, check, params)
        return check

    return register
