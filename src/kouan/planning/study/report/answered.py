"""What the flow model answered, for paper: its error first, then what changes for certain, then every figure."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from kouan.planning.study.report import plots
from kouan.planning.study.report.markup import listed, table
from kouan.planning.study.report.model_words import CHANGES, MEASURES, PLACES, STAGES
from kouan.planning.study.report.words import said, word

if TYPE_CHECKING:
    from kouan.planning.model.asked import MeasureTold, Told
    from kouan.planning.model.intervals import Interval
    from kouan.planning.model.what_if import LineCompared

SLOTS_AN_HOUR = 4
"""Quarter hours of which an hour is made: a sum of vehicles in line over them is so many times the vehicle-hours."""

TOLD_FROM = 0.01
"""Change as a share of the measure from which a sentence tells of it. Our choice: less moves nobody to act."""


def answered(told: "Told", language: str) -> str:
    """Return the section of one question; it begins with how wrong the model is on days that it had not seen."""
    title = word("what_if", language, changes=" ".join(told.changes))
    parts = [listed(title, _sentences(told, language)), _measures(told.measures, language)]
    if told.lines:
        parts.append(f"<h3>{escape(word('lines', language))}</h3>{_places(told.lines, language)}")
        parts.append(_by_clock(told.lines[0], language))
    return "".join(parts)


def line_h(slots: Sequence[float]) -> float:
    """Return vehicle-hours in line of a day from the vehicles in line in each quarter hour."""
    return sum(slots) / SLOTS_AN_HOUR


def _sentences(told: "Told", language: str) -> list[str]:
    tested = told.back_test
    comma = "、" if language == "zh" else ", "
    found = [word("error", language, days=len(tested.days), error=tested.absolute)]
    if told.changed:
        named = (f"{said(CHANGES[each.name], language)} {each.before} → {each.after}" for each in told.changed)
        found.append(word("changed", language, changes=comma.join(named)))
    sure = [each for each in told.measures if each.certain and _tells(each)]
    found += [_certain(each, language) for each in sure] or [word("nothing_certain", language)]
    if told.elsewhere_min > 0:
        found.append(word("elsewhere", language, min=told.elsewhere_min))
    assumed = [said(STAGES[name], language) for name in told.assumed if name in STAGES]
    if assumed:
        found.append(word("assumed", language, names=comma.join(assumed)))
    return [*found, word("paired", language, n=told.replications)]


def _tells(measure: "MeasureTold") -> bool:
    found = measure.compared
    return abs(found.difference.mean) >= TOLD_FROM * max(abs(found.before.mean), abs(found.after.mean))


def _certain(measure: "MeasureTold", language: str) -> str:
    found = measure.compared
    return word(
        "certain", language, measure=said(MEASURES[found.measure], language), before=found.before.mean,
        after=found.after.mean, low=found.difference.low, high=found.difference.high,
    )  # fmt: skip


def _measures(measures: "Sequence[MeasureTold]", language: str) -> str:
    rows = [
        (
            said(MEASURES[each.compared.measure], language), _interval(each.compared.before),
            _interval(each.compared.after), _interval(each.compared.difference, "+"),
            word("yes" if each.certain else "no", language),
        )
        for each in measures
    ]  # fmt: skip
    return table([word(name, language) for name in ("measure", "before", "after", "by", "sure")], rows)


def _places(lines: "Sequence[LineCompared]", language: str) -> str:
    heads = [word(name, language) for name in ("place", "before", "after")]
    rows = [
        (said(PLACES[each.place], language), f"{line_h(each.before):,.1f}", f"{line_h(each.after):,.1f}")
        for each in lines
    ]
    return table(heads, rows)


def _by_clock(line: "LineCompared", language: str) -> str:
    plot = plots.by_clock(
        [(word("before", language), line.before, "high"), (word("after", language), line.after, "mean")], ""
    )
    place = said(PLACES[line.place], language)
    return f"<h3>{escape(word('line_by_clock', language, place=place))}</h3>{plot}"


def _interval(found: "Interval", sign: str = "") -> str:
    digits = 1 if abs(found.mean) >= 10 else 2
    return f"{found.mean:{sign},.{digits}f} ({found.low:{sign},.{digits}f} … {found.high:{sign},.{digits}f})"
