"""What each role may do. Everything that does not stand here is denied."""

import enum
from collections.abc import Mapping

from kouan.access.people import Principal, Role
from kouan.vocabulary.verdict import GRANTED, Verdict, refuse


class Action(enum.StrEnum):
    """What can be asked of the port."""

    WATCH = "watch"
    REVIEW = "review"
    CONFIRM = "confirm"
    STEER_LANE = "steer_lane"
    PLACE_HOLD = "place_hold"
    READ_LEDGER = "read_ledger"
    READ_PAPERS = "read_papers"
    SUBMIT_PAPERS = "submit_papers"
    UPLOAD_IMAGE = "upload_image"
    MANAGE_ACCOUNTS = "manage_accounts"
    FORGET_PERSON = "forget_person"


_GRANTS: Mapping[Role, frozenset[Action]] = {
    Role.LANE_OPERATOR: frozenset({Action.WATCH, Action.REVIEW, Action.CONFIRM, Action.STEER_LANE, Action.READ_PAPERS}),
    Role.INSPECTOR: frozenset(
        {Action.WATCH, Action.REVIEW, Action.CONFIRM, Action.PLACE_HOLD, Action.READ_PAPERS, Action.READ_LEDGER}
    ),
    Role.DUTY_OFFICER: frozenset(
        {
            Action.WATCH,
            Action.REVIEW,
            Action.CONFIRM,
            Action.STEER_LANE,
            Action.PLACE_HOLD,
            Action.READ_PAPERS,
            Action.READ_LEDGER,
        }
    ),
    Role.AUDITOR: frozenset({Action.WATCH, Action.READ_LEDGER, Action.READ_PAPERS}),
    Role.ADMINISTRATOR: frozenset({Action.WATCH, Action.READ_LEDGER, Action.MANAGE_ACCOUNTS, Action.FORGET_PERSON}),
    Role.CARRIER: frozenset({Action.SUBMIT_PAPERS, Action.READ_PAPERS}),
    Role.CAMERA: frozenset({Action.UPLOAD_IMAGE}),
}
"""Our choice, after the separation of duties in ``domain.md``: who administers accounts decides nothing at a lane."""


def may(principal: Principal, action: Action) -> Verdict:
    """Grant an action if one of the principal's roles has it."""
    if any(action in _GRANTS[role] for role in principal.roles):
        return GRANTED
    return refuse("access.not_yours", action=action.value, username=principal.username)


def actions_of(principal: Principal) -> tuple[Action, ...]:
    """Return all that the principal may do, in the order of ``Action``."""
    return tuple(action for action in Action if any(action in _GRANTS[role] for role in principal.roles))
