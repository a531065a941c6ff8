"""The pace of the field against the wall clock."""

from kouan.simulator.roles import Sleep
from kouan.vocabulary.errors import InvalidValue


def paced(sleep: Sleep, speed: float) -> Sleep:
    """Return a sleep in the field's seconds, of which ``speed`` pass in one of ``sleep``'s; speed must be above 0."""
    if not speed > 0:
        raise InvalidValue("speed", "field.speed", "must be above zero, as in 1 or 10")

    async def pause(span_s: float) -> None:
        await sleep(span_s / speed)

    return pause
