"""The fields of requests, with their limits. What is longer or of another form is refused before anybody sees it."""

from typing import Annotated

from fastapi import Header, Path
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from kouan.ledger.entries import MAX_INTEGER

LINE = r"^[^\x00-\x1f\x7f]*$"
"""Text of one line: no control characters, which a database or a terminal may take for something else."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9._:@-]*$"

Text = Annotated[str, StringConstraints(max_length=500, pattern=LINE)]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=LINE)]
Why = Annotated[
    str,
    StringConstraints(
        min_length=1, max_length=500, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x08\x0b-\x1f\x7f]*$"
    ),
]
"""A reason that a person gives (``gate.review.MAX_REASON``)."""

Password = Annotated[str, StringConstraints(min_length=1, max_length=1024)]
Username = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NAME)]
LaneName = Annotated[str, StringConstraints(max_length=16, pattern=r"^[A-Z][A-Z0-9-]{0,15}$")]
PassageId = Annotated[str, StringConstraints(min_length=1, max_length=128, pattern=NAME)]
Plate = Annotated[str, StringConstraints(min_length=1, max_length=32, pattern=LINE)]
Container = Annotated[str, StringConstraints(min_length=4, max_length=16, pattern=r"^[A-Za-z0-9 -]*$")]
Sha256 = Annotated[str, StringConstraints(min_length=64, max_length=64, pattern=r"^[0-9a-f]{64}$")]
Number = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NAME)]
Instant = Annotated[int, Field(ge=0, le=MAX_INTEGER, description="Microseconds since 1970-01-01T00:00:00Z.")]
Sequence = Annotated[int, Field(ge=0, le=MAX_INTEGER)]
Page = Annotated[int, Field(ge=1, le=1000)]

IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=128,
        pattern=r"^[\x21-\x7e]+$",
        description="The same request under the same key is done once, and answered the same.",
    ),
]


class Shape(BaseModel):
    """A JSON object with these fields and no others."""

    model_config = ConfigDict(extra="forbid", frozen=True)


LanePath = Annotated[LaneName, Path(description="The lane's name, as painted on the ground.")]
PassagePath = Annotated[PassageId, Path(description="The passage's id.")]
