"""Who an identity provider says has signed in.

It stands apart from the provider itself, whose libraries a port without one does not import.
"""

import msgspec

from kouan.vocabulary.clock import SECOND
from kouan.web.problems import FieldError, ProblemError

STARTED_US = 600 * SECOND
"""How long signing in at the provider may take. Our choice: ten minutes."""


class Person(msgspec.Struct, frozen=True):
    """Who the provider says has signed in: who, with which groups, and when the password was given, if it says so."""

    subject: str
    username: str | None
    display_name: str | None
    groups: tuple[str, ...]
    authenticated_at: int | None


def refused(field: str, rule: str, mend: str) -> ProblemError:
    """Return the refusal of a sign-in."""
    return ProblemError(401, errors=[FieldError(field, rule, mend)])
