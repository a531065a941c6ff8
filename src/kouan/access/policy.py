"""Who may do what to which facts, and when. What no rule of ``rules.py`` allows is denied.

A rule grants actions to roles of agencies, on fields, in states of the passage that the field belongs to; some grant
them only on what concerns a firm that the account acts for. The rules are compiled into sets, so that a question costs
one look-up.
"""

import functools
import itertools
from collections.abc import Collection

from kouan.access.people import Agency, Principal, Role
from kouan.access.rules import RULES, Rule
from kouan.access.words import Action, Field, State
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse

Cell = tuple[Role, Agency, Action, Field, State]


def cells_of(rule: Rule) -> frozenset[Cell]:
    """Return every combination that a rule grants."""
    return frozenset(itertools.product(rule.roles, rule.agencies, rule.actions, rule.fields, rule.states))


def compiled(rules: tuple[Rule, ...]) -> frozenset[Cell]:
    """Return every combination that some rule grants."""
    return frozenset().union(*(cells_of(rule) for rule in rules))


class _Table:
    """The compiled cells of some rules, and what they grant where less is asked."""

    def __init__(self, rules: tuple[Rule, ...]) -> None:
        self.cells = compiled(rules)
        self._by_parts = (
            frozenset(cell[:3] for cell in self.cells),
            frozenset(cell[:4] for cell in self.cells),
            self.cells,
        )

    def grants(self, principal: Principal, action: Action, *asked: Field | State) -> bool:
        """Say whether one of a person's roles may do this, to a field and in a state if they are asked for."""
        granted = self._by_parts[len(asked)]
        return any((role, principal.agency, action, *asked) in granted for role in principal.roles)


_WHOLE = _Table(tuple(rule for rule in RULES if not rule.own and not rule.bound))
_UNBOUND = _Table(tuple(rule for rule in RULES if not rule.own))
_OWN = _Table(tuple(rule for rule in RULES if rule.own or rule.bound))


def _whole(principal: Principal) -> _Table:
    """Return what a principal may do to everything, whatever firm it concerns."""
    return _WHOLE if principal.firms else _UNBOUND


def may(principal: Principal, action: Action, field: Field | None = None, state: State | None = None) -> Verdict:
    """Grant an action on a field in a state, by any of the principal's roles.

    Without a state it is asked whether the action is granted in some state, without a field whether on anything. Where
    it is granted only on what is the principal's own, ``may_concerning`` says on what.
    """
    asked = tuple(part for part in (field, state) if part is not None)
    whole = _whole(principal).grants(principal, action, *asked)
    if whole or (principal.firms and _OWN.grants(principal, action, *asked)):
        return GRANTED
    params = {"action": action.value, "username": principal.username}
    return refuse("access.not_yours", **(params if field is None else {**params, "field": field.value}))


def may_concerning(
    principal: Principal, action: Action, field: Field, firms: Collection[str], state: State = State.NONE
) -> Verdict:
    """Grant an action on a thing that concerns these firms: to whoever may act on all, else only where one is theirs.

    What concerns nobody known is nobody's own.
    """
    if _whole(principal).grants(principal, action, field, state):
        return GRANTED
    if not set(principal.firms).isdisjoint(firms) and _OWN.grants(principal, action, field, state):
        return GRANTED
    params = {"action": action.value, "field": field.value, "username": principal.username}
    return refuse("access.not_your_firm", **params)


def sees_all(principal: Principal, action: Action, field: Field, state: State = State.NONE) -> bool:
    """Say whether an action is granted on everything of a field, not only on what is the principal's own."""
    return _whole(principal).grants(principal, action, field, state)


@functools.lru_cache(maxsize=4096)
def fields_of(roles: tuple[Role, ...], agency: Agency, action: Action, state: State) -> frozenset[Field]:
    """Return the fields on all of which these roles of an agency may act so in a state."""
    cells = _WHOLE.cells
    return frozenset(field for field in Field for role in roles if (role, agency, action, field, state) in cells)


def actions_of(principal: Principal) -> tuple[Action, ...]:
    """Return all that the principal may do to anything, in the order of ``Action``."""
    return tuple(action for action in Action if may(principal, action) == GRANTED)
