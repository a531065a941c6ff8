"""Does what a passage asks for, after the commit: orders, case files, signs at the lane."""

from collections.abc import Callable

from kouan.adapters.driver.courier import Courier
from kouan.gate.commands import SendCase, SendOrder, Show
from kouan.protocols.agency.codec import encode_case
from kouan.protocols.agency.messages import CaseFile
from kouan.protocols.jws import Signer
from kouan.protocols.lane_order.codec import sign_hold, sign_poll_answer, sign_reset
from kouan.protocols.lane_order.messages import HoldNotice, LaneReset, PollAnswer
from kouan.protocols.signs.messages import DisplayCommand, DisplayLines, LightColour, LightCommand
from kouan.protocols.topics import AgencyTopic, DeviceTopic, encode
from kouan.vocabulary.clock import Clock, seconds
from kouan.vocabulary.verdict import Reason

CASE_US = seconds(30)
"""How long a case file is sent again without an answer. Our choice: longer than any wait for a verdict."""

CASE_AGAIN_S = 3.0
"""Seconds between two sendings of a case file. Our choice: longer than an agency's usual thinking."""

HOLD_US = seconds(10)
"""How long a notice of a hold is sent again; after that the polls carry it."""

Render = Callable[[str, Reason], str]
"""Renders a reason in a language (``zh``, ``en``)."""


class Messenger:
    """Speaks to one port's lanes and agencies."""

    def __init__(self, port: str, courier: Courier, clock: Clock, signer: Signer, render: Render) -> None:
        self._port = port
        self._courier = courier
        self._clock = clock
        self._signer = signer
        self._render = render

    def close(self) -> None:
        """Send nothing more."""
        self._courier.close()

    def order(self, command: SendOrder) -> None:
        """Send a signed order until it is answered or expires."""
        topic = self._topic(command.lane, "order", "open")
        self._courier.repeat(command.order_id, topic, command.jws.encode("ascii"), command.expires_at)

    def order_answered(self, order_id: str) -> None:
        """Send this order no more."""
        self._courier.stop(order_id)

    def case(self, command: SendCase) -> None:
        """Send an authority its part of a case until it answers."""
        file = CaseFile(
            case=command.passage,
            revision=command.revision,
            port=command.port,
            lane=command.lane,
            direction=command.direction,  # type: ignore[arg-type]
            authority=command.authority,
            opened_at=command.opened_at,
            plate=_shown(command.plate),
            trailer=_shown(command.trailer),
            containers=command.containers[:8],
            facts=command.facts,
            final=command.final,
        )
        topic = str(AgencyTopic(self._port, command.authority.value, "case"))
        name = _case_name(command.passage, command.authority)
        self._courier.repeat(name, topic, encode_case(file), self._clock.now() + CASE_US, CASE_AGAIN_S)

    def case_answered(self, passage: str, authority: str) -> None:
        """Send this case file no more."""
        self._courier.stop(_case_name(passage, authority))

    def show(self, command: Show) -> None:
        """Set the lane's light, if it is to change, and its text display."""
        lines = DisplayLines(
            zh=tuple(self._render("zh", line) for line in command.lines),
            en=tuple(self._render("en", line) for line in command.lines),
        )
        if command.colour is not None:
            self._set(command.lane, "light", LightCommand(colour=LightColour(command.colour)))
        text = DisplayCommand(lines=lines, plate=_shown(command.plate), route=command.route)
        self._set(command.lane, "display", text)

    def hold(self, lane: str, epoch: int, reason: str) -> None:
        """Tell a lane that orders of lower epochs are void."""
        notice = HoldNotice(port=self._port, lane=lane, epoch=epoch, reason=reason)
        topic = self._topic(lane, "order", "hold")
        signed = sign_hold(self._signer, notice)
        self._courier.repeat(f"hold:{lane}", topic, signed, self._clock.now() + HOLD_US)

    def reset(self, reset: LaneReset) -> None:
        """Send a lane a person's leave to end its latch."""
        topic = self._topic(reset.lane, "order", "reset")
        self._courier.repeat(reset.reset_id, topic, sign_reset(self._signer, reset), reset.expires_at)

    def poll_answer(self, lane: str, answer: PollAnswer) -> None:
        """Answer a lane controller's poll, on the topic of the lane on which it asked."""
        self._courier.send(
            self._topic(lane, "order", "poll_answer"), sign_poll_answer(self._signer, self._port, answer)
        )

    def _set(self, lane: str, device: str, command: LightCommand | DisplayCommand) -> None:
        topic = self._topic(lane, device, "command")
        self._courier.send(topic, encode(topic, command))

    def _topic(self, lane: str, device: str, channel: str) -> str:
        return str(DeviceTopic(self._port, lane, device, channel))


def _case_name(passage: str, authority: str) -> str:
    return f"case:{passage}:{authority}"


def _shown(text: str | None) -> str | None:
    return text[:32] if text else None
