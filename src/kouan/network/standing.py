"""How well a port is connected to its hub, and how grave what is known of it is."""

import enum

from kouan.network.forwarding import HEARTBEAT_US, WINDOW
from kouan.network.views import PortStanding
from kouan.vocabulary.clock import Instant

SILENT_US = 3 * HEARTBEAT_US
"""A port from which nothing was heard for so long is silent. Our choice: three of its signs of life were missed."""

BEHIND = WINDOW
"""A port that holds more entries than these which the hub has not taken is behind: more than are ever on their way."""


class Link(enum.StrEnum):
    """How a port is connected."""

    NOT_ENROLLED = "not_enrolled"
    NEVER_HEARD = "never_heard"
    LIVE = "live"
    BEHIND = "behind"
    SILENT = "silent"
    SUSPENDED = "suspended"


LINK_PRIORITIES = {Link.SUSPENDED: 1, Link.SILENT: 3, Link.NEVER_HEARD: 4, Link.BEHIND: 4}
"""Priority of a connection that is not as it should be, 1 the gravest. Our choice: a ledger that contradicts itself is
an emergency; a silent port works on by itself, but nobody at the hub sees it."""


def link_of(standing: PortStanding, now: Instant) -> Link:
    """Return how a port is connected at an instant of the hub's time."""
    if not standing.enrolled:
        return Link.NOT_ENROLLED
    if standing.suspended is not None:
        return Link.SUSPENDED
    if standing.heard_at is None:
        return Link.NEVER_HEARD
    if now - standing.heard_at > SILENT_US:
        return Link.SILENT
    return Link.BEHIND if (standing.behind or 0) > BEHIND else Link.LIVE


def priority_of(standing: PortStanding, now: Instant) -> int | None:
    """Return how grave the gravest thing is that wants attention at a port, 1 to 4; None where all is well."""
    alarms = [alarm.priority for alarm in standing.alarms if alarm.acknowledged_by is None]
    link = LINK_PRIORITIES.get(link_of(standing, now))
    return min((*alarms, *(() if link is None else (link,))), default=None)
