"""The fields of requests to targeting, and of its answers."""

from typing import Annotated, Any

from pydantic import Field as Bounded

from kouan.inspection.control_orders import ControlKind
from kouan.inspection.targeting.budget import MOST
from kouan.web.fields import Instant, Line, Sha256, Shape, Why

PerMille = Annotated[int, Bounded(ge=0, le=1000)]


class BudgetRequest(Shape):
    """What may be examined in each period; the exploration share is 0 only for the reason that is given."""

    most: Annotated[int, Bounded(ge=0, le=MOST)]
    period_h: Annotated[int, Bounded(ge=1, le=24)] = 24
    exploration_pm: PerMille
    expected: Annotated[int, Bounded(ge=1, le=MOST * 10)]
    reason: Why
    effective_from: Instant | None = None


class BudgetView(BudgetRequest):
    """A budget as it stands."""

    number: str
    kind: str
    set_by: str
    set_at: Instant
    effective_from: Instant


class SpentView(Shape):
    """What was spent in this period, how many candidates were judged in it, and what is kept for draws to come."""

    period: Instant
    used: int
    seen: int
    left: int
    reserved: int
    random_ppm: int
    score_ppm: int


class ReasonView(Shape):
    """A message id with its parameters."""

    code: str
    params: dict[str, str | int]


class YieldView(Shape):
    """What one way of selecting brought."""

    source: str
    selected: int
    examined: int
    found: int


class RateView(Shape):
    """The offence rate of the whole trade in ppm with its 95 % interval, from the random share."""

    rate_ppm: int
    low_ppm: int
    high_ppm: int
    sample: int
    found: int


class NoticeView(Shape):
    """Something that is no longer as the model learned it."""

    number: str
    at: Instant
    model: str
    reason: ReasonView
    acknowledged_by: str | None


class StandingView(Shape):
    """How targeting stands; ``no_score`` says why there is no score, where there is none."""

    at: Instant
    budget: BudgetView | None
    spent: SpentView
    model: str | None
    no_score: ReasonView | None
    yields: list[YieldView]
    true_rate: RateView | None
    notices: list[NoticeView]


class SelectionView(Shape):
    """A candidate with what was decided on it and why; ``found`` once the examination's result is in.

    Where the firm is ``withheld``, ``importer`` is null, and so are the reasons' features.
    """

    number: str
    at: Instant
    judged_at: Instant
    importer: str | None
    hs_code: str
    goods: str
    gross_kg: int
    source: str | None
    drawn: bool
    why: list[ReasonView]
    propensity_ppm: int
    score_ppm: int | None
    model: str | None
    rules: str
    order: str | None
    found: bool | None
    withheld: bool


class Selections(Shape):
    """Selected candidates, newest first."""

    items: list[SelectionView]


class CandidateView(SelectionView):
    """A candidate with its features as they stood when it was judged; none where they are withheld."""

    features: dict[str, int | None]


class WatchRequest(Shape):
    """What of candidates' papers is watched for; whoever is watched for is examined whatever the budget."""

    field: Line
    value: Line
    kind: ControlKind = ControlKind.EXAMINE
    reason: Why
    until: Instant | None = None


class WatchView(WatchRequest):
    """An entry of the watch list; what is watched for, and why, are ``*`` where they are ``withheld``."""

    withheld: bool
    number: str
    authority: str
    placed_by: str
    placed_at: Instant


class WatchList(Shape):
    """The watch list as it holds now."""

    items: list[WatchView]


class ModelRequest(Shape):
    """A trained model, by the SHA-256 that ``kouan targeting train`` printed."""

    digest: Sha256


class ModelView(Shape):
    """A model with its grade; only one that ``passed`` can be put in force, by two officers."""

    version: str
    digest: str
    state: str
    passed: bool
    grade: dict[str, Any]
    trained_from: Instant
    trained_until: Instant
    handed_in_by: str
    handed_in_at: Instant
    proposed_by: str | None
    activated_by: str | None
    activated_at: Instant | None


class Models(Shape):
    """Models, newest first."""

    items: list[ModelView]
