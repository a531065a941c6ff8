"""Plots as SVG, drawn for paper: black, greys and one blue, no script."""

from collections.abc import Sequence
from html import escape

WIDTH, HEIGHT = 760, 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 46, 12, 12, 26

Point = tuple[float, float]


def by_clock(lines: Sequence[tuple[str, Sequence[float], str]], unit: str) -> str:
    """Return lines over the 96 quarter hours of a day; each has a name, its values, and a class of line."""
    most = _nice(max((max(values, default=0.0) for _, values, _ in lines), default=0.0))
    body = [_frame(most, unit)]
    for place, (name, values, style) in enumerate(lines):
        points = [(_x(slot + 0.5, 96), _y(value, most)) for slot, value in enumerate(values)]
        body.append(_path(points, style))
        body.append(_legend(place, name, style))
    return _svg("".join(body), HEIGHT)


def bars(labels: Sequence[str], values: Sequence[float], unit: str) -> str:
    """Return horizontal bars, one a label."""
    most = max([*values, 1e-9])
    body = []
    for place, (label, value) in enumerate(zip(labels, values, strict=True)):
        top = 8 + place * 26
        width = (WIDTH - 380) * value / most
        body.append(f'<text x="270" y="{top + 13}" text-anchor="end">{escape(label)}</text>')
        body.append(f'<rect class="bar" x="280" y="{top}" width="{width:.1f}" height="18"/>')
        body.append(f'<text x="{286 + width:.1f}" y="{top + 13}">{value:,.1f} {escape(unit)}</text>')
    return _svg("".join(body), 16 + 26 * len(labels))


def columns(labels: Sequence[str], values: Sequence[float], unit: str) -> str:
    """Return upright bars in the order given; labels stand below some of them."""
    most = _nice(max([*values, 0.0]))
    step = (WIDTH - _LEFT - _RIGHT) / max(len(values), 1)
    every = max(len(values) // 8, 1)
    body = [_frame(most, unit, clock=False)]
    for place, value in enumerate(values):
        top = _y(value, most)
        x = _LEFT + place * step
        width = max(step * 0.8, 0.6)
        body.append(f'<rect class="bar" x="{x:.1f}" y="{top:.1f}" width="{width:.2f}" height="{_floor() - top:.1f}"/>')
        if place % every == 0:
            body.append(f'<text x="{x:.1f}" y="{HEIGHT - 8}">{escape(labels[place])}</text>')
    return _svg("".join(body), HEIGHT)


def space_time(tracks: Sequence[Sequence[int | None]], places: Sequence[str]) -> str:
    """Return each visit's way through the places over a day, in seconds of the day."""
    height = 280
    step = (height - _TOP - _BOTTOM) / max(len(places) - 1, 1)
    body = []
    for place, name in enumerate(places):
        y = height - _BOTTOM - place * step
        body.append(f'<line class="grid" x1="130" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        body.append(f'<text x="122" y="{y + 4:.1f}" text-anchor="end">{escape(name)}</text>')
    scale = (WIDTH - _RIGHT - 130) / 86_400
    for hour in range(0, 25, 3):
        x = 130 + hour * 3600 * scale
        body.append(f'<line class="grid" x1="{x:.1f}" x2="{x:.1f}" y1="{_TOP}" y2="{height - _BOTTOM}"/>')
        body.append(f'<text x="{x:.1f}" y="{height - 8}" text-anchor="middle">{hour:02d}:00</text>')
    for track in tracks:
        known = [
            (130 + at * scale, height - _BOTTOM - place * step) for place, at in enumerate(track) if at is not None
        ]
        inside = [point for point in known if 130 <= point[0] <= WIDTH - _RIGHT]
        if len(inside) > 1:
            body.append(_path(inside, "track"))
    return _svg("".join(body), height)


def _frame(most: float, unit: str, *, clock: bool = True) -> str:
    parts = []
    for share in (0.0, 0.5, 1.0):
        y = _y(most * share, most)
        parts.append(f'<line class="grid" x1="{_LEFT}" x2="{WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 4:.1f}" text-anchor="end">{most * share:g}</text>')
    parts.append(f'<text x="{_LEFT + 4}" y="{_TOP + 10}">{escape(unit)}</text>')
    hours = range(0, 25, 3) if clock else ()
    parts += [
        f'<text x="{_x(hour * 4, 96):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{hour:02d}:00</text>' for hour in hours
    ]
    return "".join(parts)


def _legend(place: int, name: str, style: str) -> str:
    x = WIDTH - 170
    y = _TOP + 12 + place * 16
    return f'<path class="{style}" d="M{x} {y - 4}h22"/><text x="{x + 28}" y="{y}">{escape(name)}</text>'


def _path(points: Sequence[Point], style: str) -> str:
    steps = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path class="{style}" d="M{steps}"/>' if points else ""


def _svg(body: str, height: int) -> str:
    return f'<svg viewBox="0 0 {WIDTH} {height}" role="img">{body}</svg>'


def _x(at: float, most: float) -> float:
    return _LEFT + (WIDTH - _LEFT - _RIGHT) * at / most


def _y(value: float, most: float) -> float:
    return _floor() - (_floor() - _TOP) * value / most


def _floor() -> float:
    return HEIGHT - _BOTTOM


def _nice(most: float) -> float:
    """Return the next of 1, 2 and 5 times a power of ten, for the top of an axis."""
    if most <= 0:
        return 1.0
    power = 1.0
    while power * 10 < most:
        power *= 10
    while power > most:
        power /= 10
    return next(power * step for step in (1, 2, 5, 10) if power * step >= most)
