"""Days and times as exports write them; which form a column has is told by a sample of it."""

from collections.abc import Sequence

import polars as pl

_DAYS = ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y年%m月%d日", "%Y%m%d")
_CLOCKS = ("%H:%M:%S", "%H:%M", "%H:%M:%S%.f", "%H时%M分%S秒", "%H时%M分", "%I:%M:%S %p", "%I:%M %p")

FORMS = (
    *(f"{day} {clock}" for day in _DAYS for clock in _CLOCKS),
    "%Y-%m-%dT%H:%M:%S", "%Y-%m-%dT%H:%M:%S%.f", "%Y年%m月%d日%H时%M分%S秒", "%Y年%m月%d日%H时%M分",
    "%Y年%m月%d日%H:%M:%S", "%Y年%m月%d日%H:%M", "%Y%m%d%H%M%S", "%Y%m%d%H%M",
)  # fmt: skip
"""Forms of a day with its time. Our choice, from what spreadsheets and databases write; the year has four digits."""

SERIAL = "serial"
"""A spreadsheet's own number of a day, 1 being 1 January 1900 (ECMA-376 part 1, 18.17.4)."""

_FIRST_SERIAL, _LAST_SERIAL = 36526.0, 73051.0
"""2000-01-01 and 2100-01-01 as serial numbers."""

_EPOCH_SERIAL = 25569
"""1970-01-01 as a serial number."""

_US_OF_DAY = 86_400_000_000


def read_moments(texts: pl.Series, forms: Sequence[str]) -> pl.Series:
    """Return local times (μs) of texts that are in one of the forms, tried in turn; null for all others."""
    found = _in_form(texts, forms[0]) if forms else pl.Series(texts.name, [None] * len(texts), pl.Datetime("us"))
    for form in forms[1:]:
        left = found.is_null() & texts.is_not_null()
        if not left.any():
            break
        places = left.arg_true()
        found = found.scatter(places, _in_form(texts.gather(places), form))
    return found


def forms_of(sample: Sequence[str]) -> tuple[str, ...]:
    """Return the forms that read most of a sample, best first; none where fewer than half of it are times.

    Where day and month may be either, the reading whose days lie closer together is taken: exports are of one span.
    """
    texts = series(sample).drop_nulls()
    scored: list[tuple[int, float, str]] = []
    for form in (*FORMS, SERIAL):
        found = _in_form(texts, form).drop_nulls()
        if len(found):
            span = (found.max() - found.min()).total_seconds()  # type: ignore[operator,union-attr]
            scored.append((-len(found), span, form))
    scored.sort(key=lambda one: one[:2])
    chosen: list[str] = []
    for _, _, form in scored:
        if not any(_flipped(form) == other for other in chosen):
            chosen.append(form)
    return tuple(chosen) if len(texts) and len(read_moments(texts, chosen).drop_nulls()) * 2 >= len(texts) else ()


def is_clock(sample: Sequence[str]) -> bool:
    """Return whether most of a sample are times of day without a day."""
    texts = series(sample).drop_nulls()
    return len(texts) > 0 and int(texts.str.contains(r"^\d{1,2}[:时]\d{1,2}([:分]\d{1,2}秒?|分)?$").sum()) * 2 > len(
        texts
    )


def series(texts: Sequence[str]) -> pl.Series:
    """Return texts as a column, trimmed, empty ones as null."""
    return trimmed(pl.Series(list(texts), dtype=pl.String))


def trimmed(texts: pl.Series) -> pl.Series:
    """Return texts without blanks around them and the apostrophe that marks text in a spreadsheet; empty as null."""
    found = texts.str.strip_chars().str.strip_prefix("'")
    return found.set(found == "", None)


def _in_form(texts: pl.Series, form: str) -> pl.Series:
    if form == SERIAL:
        numbers = texts.cast(pl.Float64, strict=False)
        near = numbers.is_between(_FIRST_SERIAL, _LAST_SERIAL)
        moments = ((numbers - _EPOCH_SERIAL) * _US_OF_DAY).set(~near.fill_null(value=False), None)
        return _moments(moments)
    return texts.str.to_datetime(form, strict=False, time_unit="us", exact=True)


def _moments(microseconds: pl.Series) -> pl.Series:
    """Return times rounded to the second: a serial number's fraction is no more exact."""
    seconds = (microseconds / 1_000_000).round(0).cast(pl.Int64, strict=False)
    return (seconds * 1_000_000).cast(pl.Datetime("us"))


def _flipped(form: str) -> str:
    return form.translate(str.maketrans("dm", "md"))
