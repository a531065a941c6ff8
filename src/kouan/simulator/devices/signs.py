"""The light and the display that drivers see."""

import asyncio
from collections.abc import Callable

from kouan.protocols.signs import codec
from kouan.protocols.signs.messages import DisplayCommand, LightColour
from kouan.simulator.wire import Voice
from kouan.vocabulary.errors import InvalidValue
from kouan.vocabulary.places import Direction

_TURN_BACK = ("turn back", "turn round", "turn around", "go back", "掉头", "返回", "退回", "退出")
"""Words of a display at which a driver backs out of the lane."""

CLOSED = "closed"
"""The route that a display shows over a lane into which nobody may drive."""


class Signs:
    """What the lane shows.

    The light tells the driver at the stop line to wait or to go. The display's ``route`` also rules the entry: after
    ``closed`` nobody drives in, after ``in`` or ``out`` traffic of that direction does.
    """

    def __init__(self, light: Voice, display: Voice, told_back: Callable[[], None]) -> None:
        self.light = light
        self.display = display
        self.colour = LightColour.OFF
        self.shown: DisplayCommand | None = None
        self.direction: Direction | None = None
        self.refused_commands = 0
        self._told_back = told_back
        self._open = asyncio.Event()
        self._open.set()

    def light_command(self, payload: bytes) -> None:
        """Show what the platform asks for; anything that is no command is counted and changes nothing."""
        try:
            self.colour = codec.decode_light(payload).colour
        except InvalidValue:
            self.refused_commands += 1

    def display_command(self, payload: bytes) -> None:
        """Show these lines; anything that is no command is counted and changes nothing."""
        try:
            self.shown = codec.decode_display(payload)
        except InvalidValue:
            self.refused_commands += 1
            return
        if self.shown.route == CLOSED:
            self._open.clear()
        elif self.shown.route in {"in", "out"}:
            self.direction = Direction(self.shown.route)
            self._open.set()
        if tells_back(self.shown):
            self._told_back()

    async def wait_for_leave_to_enter(self) -> None:
        """Return once the lane is open to traffic."""
        await self._open.wait()


def tells_back(shown: DisplayCommand) -> bool:
    """Return whether a driver who reads this turns back."""
    text = " ".join((*shown.lines.en, *shown.lines.zh)).lower()
    return any(words in text for words in _TURN_BACK)
