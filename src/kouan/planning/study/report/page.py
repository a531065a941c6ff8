"""A study as one page of HTML: no script but what prints it, no request to anywhere, two languages, made for paper."""

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from kouan.planning.study.findings import Rejection, Study
from kouan.planning.study.report import plots
from kouan.planning.study.report.answered import answered
from kouan.planning.study.report.markup import listed, table, titled
from kouan.planning.study.report.sentences import not_told, summary
from kouan.planning.study.report.style import STYLE
from kouan.planning.study.report.words import COUNTS, HOW, LANGUAGES, LEGS, RULES, TRACKED, said, word

if TYPE_CHECKING:
    from kouan.planning.model.asked import Told

_NAMES = {"zh": "中文", "en": "English"}

_MOST_ROWS = 12
"""Rows of a table of carriers or scales on paper; the workbook has all. Our choice: a page."""


def page(study: Study, language: str = "zh", told: Sequence["Told"] = ()) -> str:
    """Return the report, opened in a language; the other one is a click away, and what is shown is printed.

    ``told`` are the flow model's answers, the first one first.
    """
    choices = "".join(
        f'<input type="radio" name="language" id="{each}"{" checked" if each == language else ""}>'
        f'<label for="{each}">{_NAMES[each]}</label>'
        for each in LANGUAGES
    )
    sections = "".join(
        f'<section class="{each}" lang="{"zh-CN" if each == "zh" else "en"}">{_section(study, each, told)}</section>'
        for each in LANGUAGES
    )
    title = escape(word("title", language))
    return (
        f'<!doctype html><html lang="{language}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head>'
        f"<body>{choices}{sections}</body></html>"
    )


def _section(study: Study, language: str, told: Sequence["Told"]) -> str:
    period = word("period", language, first=study.first_day, last=study.last_day, days=study.days)
    parts = [
        f"<h1>{escape(word('title', language))}</h1><p class=muted>{escape(period)}</p>",
        listed(word("summary", language), summary(study, language), "lead"),
        *(answered(each, language) for each in told),
        _bottlenecks(study, language),
        _clock(study, language),
        _space_time(study, language),
        _traffic(study, language),
        _carriers(study, language),
        _scales(study, language),
        _fits(study, language),
        _files(study, language),
        listed(word("missing", language), not_told(study, language)),
        listed(word("how", language), [said(each, language) for each in HOW]),
    ]
    return "".join(parts)


def _bottlenecks(study: Study, language: str) -> str:
    legs = [leg for leg in study.legs if leg.leg != "turn_round"]
    if not legs:
        return ""
    names = [said(LEGS[leg.leg], language) for leg in legs]
    heads = ("leg", "visits", "median", "p90", "free", "lost", "share", "worst")
    rows = [
        (
            name, f"{leg.spread.n:,}", _span(leg.spread.p50_s, language), _span(leg.spread.p90_s, language),
            _span(leg.free_s, language), f"{leg.lost_h_a_day:,.1f}", f"{leg.share:.1%}", f"{leg.worst_hour:02d}:00",
        )
        for name, leg in zip(names, legs, strict=True)
    ]  # fmt: skip
    worst = legs[0]
    hours = plots.columns([f"{hour:02d}" for hour in range(24)], worst.lost_h_by_hour, word("hours", language))
    return (
        f"<h2>{escape(word('bottlenecks', language))}</h2>"
        + plots.bars(names, [leg.lost_h_a_day for leg in legs], word("hours", language))
        + table([word(head, language) for head in heads], rows)
        + f"<h3>{escape(word('by_hour', language))} · {escape(names[0])}</h3>{hours}"
    )


def _clock(study: Study, language: str) -> str:
    found = ""
    for profile in study.profiles:
        way = escape(word(profile.direction.value, language))
        if profile.most_waiting:
            lines = [
                (word("mean", language), profile.waiting, "mean"),
                (word("p90", language), profile.waiting_p90, "high"),
            ]
            found += f"<h2>{escape(word('queue', language))} · {way}</h2>{plots.by_clock(lines, '')}"
        lines = [(word("passed", language), profile.passed, "mean")]
        if profile.most_waiting:
            lines.append((word("arrived", language), profile.arrived, "high"))
        found += f"<h3>{escape(word('arrivals', language))} · {way}</h3>{plots.by_clock(lines, '/ 15 min')}"
    return found


def _space_time(study: Study, language: str) -> str:
    if not study.tracks:
        return ""
    places = [word(f"place.{place}", language) for place in TRACKED]
    plot = plots.space_time([track.points for track in study.tracks], places)
    return f"<h2>{escape(word('space_time', language, day=study.busiest_day))}</h2>{plot}"


def _traffic(study: Study, language: str) -> str:
    days = [day.day.strftime("%m-%d") for day in study.traffic]
    plot = plots.columns(days, [day.entered for day in study.traffic], word("visits", language))
    return f"<h2>{escape(word('traffic', language))}</h2>{plot}"


def _carriers(study: Study, language: str) -> str:
    rows = [
        (
            one.carrier, f"{one.tickets:,}", f"{one.median_kg:+,.0f}", f"{one.low_kg:+,.0f} … {one.high_kg:+,.0f}",
            f"{one.beyond / one.tickets:.0%}",
        )
        for one in study.carriers[:_MOST_ROWS]
    ]  # fmt: skip
    heads = ("carrier", "tickets", "difference", "interval", "beyond")
    return titled("carriers", language, heads, rows)


def _scales(study: Study, language: str) -> str:
    rows = [
        (
            one.scale, f"{one.tickets:,}", str(one.days), f"{one.offset_kg:+,.0f}",
            "–" if one.drift_kg_a_day is None else f"{one.drift_kg_a_day:+.1f}",
            "–" if one.low is None else f"{one.low:+.1f} … {one.high:+.1f}",
        )
        for one in study.scales[:_MOST_ROWS]
    ]  # fmt: skip
    return titled("scales", language, ("scale", "tickets", "days", "offset", "drift", "interval"), rows)


def _fits(study: Study, language: str) -> str:
    rows = [(said(words, language), f"{getattr(study.counts, name):,}") for name, words in COUNTS.items()]
    return f"<h2>{escape(word('fits', language))}</h2>{table(['', ''], rows)}"


def _files(study: Study, language: str) -> str:
    rows = [
        (
            source.name, f"{source.rows:,}", f"{source.used:,}",
            word("refused", language, why=source.mend) if source.refused
            else "; ".join(f"{header} → {field}" for field, header in source.columns.items()),
        )
        for source in study.sources
    ]  # fmt: skip
    found = titled("files", language, ("file", "rows", "used", "columns"), rows)
    refused = [
        (
            said(RULES[each.rule], language) if each.rule in RULES else each.rule,
            f"{each.rows:,}",
            _examples(each, language),
        )
        for each in study.rejections
    ]
    return found + titled("rejected", language, ("reason", "rows", "example"), refused)


def _examples(rejection: Rejection, language: str) -> str:
    return "; ".join(
        f"{one.source} {word('row', language, row=one.row)}" + (f" “{one.value}”" if one.value else "")
        for one in rejection.examples[:2]
    )


def _span(seconds: float, language: str) -> str:
    """Return a span as people say it: seconds, minutes or hours."""
    if seconds < 120:
        return f"{seconds:.0f} {word('seconds', language)}"
    if seconds < 7200:
        return f"{seconds / 60:.0f} {word('minutes', language)}"
    return f"{seconds / 3600:.1f} {word('hours', language)}"
