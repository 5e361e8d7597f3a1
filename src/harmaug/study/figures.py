"""A study's figures as SVG that stands alone: for papers, and inside the page.

Each mark has a title that a browser shows when it is pointed at.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from harmaug.config.study import FigureConfig
from harmaug.evaluate.metrics import Estimate
from harmaug.report.figures import ticks
from harmaug.study.summary import Summary
from harmaug.study.varied import counted, maps

WIDTH = 640
LEFT, RIGHT, TOP, BOTTOM = 62, 16, 14, 44
ROW = 30
NAMES = 190
COLOURS = ("#1d5fd1", "#c2500a", "#2f7d5b", "#8a3ab9", "#57534e", "#b8860b")

STYLE = (
    "<style>.study text{font:12px system-ui,sans-serif;fill:currentColor}"
    ".study .grid{stroke:#a8a29e;stroke-opacity:.35}.study .zero{stroke:currentColor}"
    ".study .mid{text-anchor:middle}.study .end{text-anchor:end}"
    ".study .line{fill:none;stroke-width:2}.study .bar{stroke-width:2}</style>"
)

Point = tuple[float, Estimate]


@dataclass(frozen=True)
class Drawing:
    """A figure with the name of its file."""

    name: str
    title: str
    svg: str


def figures(summary: Summary) -> list[Drawing]:
    """Draw every figure of a study."""
    places = "mean over the benchmarks" if len(summary.benchmarks) > 1 else summary.benchmarks[0]
    arms = [
        (name, summary.figure(name, None, "auprc").estimate)
        for name in [*summary.arms, *summary.guards]
    ]
    gaps = [
        (f"{first} - {second}", summary.versus(first, second, None, "auprc").estimate)
        for first, second in summary.pairs()
    ]
    drawn = [_forest("arms", f"AUPRC, {places}, with 95% intervals", arms)]
    if gaps:
        drawn.append(_forest("gaps", f"Difference in AUPRC, {places}", gaps, zero=True))
    axis = summary.study.config.figure
    if axis is not None:
        drawn += _lines(summary, axis, None, name="curve", title=f"AUPRC, {places}")
        for one in summary.benchmarks if len(summary.benchmarks) > 1 else ():
            drawn += _lines(summary, axis, one, name=f"curve-{one}", title=f"AUPRC, {one}")
    clusters = counted(summary)
    if clusters:
        drawn.append(_forest("clusters", "DBSCAN clusters, least and most of the seeds", clusters))
    return [*drawn, *(Drawing(*one) for one in maps(summary))]


def _forest(
    name: str, title: str, rows: Sequence[tuple[str, Estimate]], *, zero: bool = False
) -> Drawing:
    """Draw one interval a row."""
    known = [row for row in rows if not math.isnan(row[1].value)]
    values = [value for _, one in known for value in (one.low, one.high, one.value)]
    low, high = _span([value for value in values if not math.isnan(value)], zero)
    height = TOP + ROW * len(known) + BOTTOM

    def x(value: float) -> float:
        return round(NAMES + (value - low) / (high - low) * (WIDTH - NAMES - RIGHT), 2)

    base = height - BOTTOM
    parts = []
    for tick in ticks(low, high, 6):
        kind = "zero" if zero and tick == 0 else "grid"
        parts.append(f'<line class="{kind}" x1="{x(tick)}" x2="{x(tick)}" y1="{TOP}" y2="{base}"/>')
        parts.append(f'<text class="mid" x="{x(tick)}" y="{base + 18}">{tick:g}</text>')
    for at, (label, one) in enumerate(known):
        y = TOP + ROW * (at + 0.5)
        hover = f"<title>{escape(label)}: {one}</title>"
        ends = "" if math.isnan(one.low) else _bar((x(one.low), y), (x(one.high), y), COLOURS[0])
        parts.append(
            f'<g>{hover}<text class="end" x="{NAMES - 10}" y="{y + 4}">{escape(label)}</text>{ends}'
            f'<circle cx="{x(one.value)}" cy="{y}" r="4.5" fill="{COLOURS[0]}"/></g>'
        )
    return Drawing(name, title, _svg(title, height, parts))


def _lines(
    summary: Summary, axis: FigureConfig, benchmark: str | None, *, name: str, title: str
) -> list[Drawing]:
    """Draw AUPRC over the arms' places on the axis, a line for each `line` of the arms.

    Where no arm has both a place and an AUPRC there is none.
    """
    lines: dict[str, list[Point]] = {}
    for arm, settings in summary.study.config.arms.items():
        found = summary.outcomes(arm)[0].parameters if axis.parameters else settings.x
        estimate = summary.figure(arm, benchmark, "auprc").estimate
        if found is not None and not math.isnan(estimate.value):
            lines.setdefault(settings.line, []).append((float(found), estimate))
    for guard in summary.study.guards if axis.parameters else ():
        estimate = summary.figure(guard.key, benchmark, "auprc").estimate
        if guard.info.parameters is not None and not math.isnan(estimate.value):
            lines.setdefault("other guards", []).append((float(guard.info.parameters), estimate))
    if not lines:
        return []
    return [Drawing(name, title, chart(title, axis.label, lines, logarithmic=axis.logarithmic))]


def chart(
    title: str, label: str, lines: dict[str, list[Point]], *, logarithmic: bool = False
) -> str:
    """Draw lines with intervals at their points, as SVG.

    On a logarithmic axis zero stands at the left end, one step before the least value above it.
    """
    height = 360
    places = sorted({value for points in lines.values() for value, _ in points})
    scale = _Scale.of(places, logarithmic)
    values = [
        value
        for points in lines.values()
        for _, one in points
        for value in (one.low, one.high, one.value)
        if not math.isnan(value)
    ]
    low, high = _span(values, False)
    base = height - BOTTOM

    def y(value: float) -> float:
        return round(base - (value - low) / (high - low) * (base - TOP), 2)

    parts = []
    for tick in ticks(low, high, 6):
        parts.append(
            f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y(tick)}" y2="{y(tick)}"/>'
            f'<text class="end" x="{LEFT - 8}" y="{y(tick) + 4}">{tick:g}</text>'
        )
    for place in places:
        parts.append(f'<text class="mid" x="{scale(place)}" y="{base + 18}">{_short(place)}</text>')
    parts.append(f'<text class="mid" x="{WIDTH / 2}" y="{height - 6}">{escape(label)}</text>')
    for at, (line, points) in enumerate(lines.items()):
        places_of = [(scale(x) + 3 * at, y(one.value), x, one) for x, one in sorted(points)]
        colour = COLOURS[at % len(COLOURS)]
        joined = " ".join(f"{across},{up}" for across, up, _, _ in places_of)
        parts.append(f'<polyline class="line" stroke="{colour}" points="{joined}"/>')
        for across, up, x, one in places_of:
            ends = ((across, y(one.low)), (across, y(one.high)))
            bar = "" if math.isnan(one.low) else _bar(*ends, colour)
            parts.append(
                f"<g><title>{escape(line)} at {_short(x)}: {one}</title>{bar}"
                f'<circle cx="{across}" cy="{up}" r="4.5" fill="{colour}"/></g>'
            )
        left = LEFT + 8 + 150 * at
        parts.append(
            f'<rect x="{left}" y="{TOP - 10}" width="12" height="12" fill="{colour}"/>'
            f'<text x="{left + 18}" y="{TOP}">{escape(line)}</text>'
        )
    return _svg(title, height, parts)


@dataclass(frozen=True)
class _Scale:
    """The horizontal axis, linear or logarithmic with a place for zero."""

    low: float
    high: float
    logarithmic: bool
    zero: float

    @classmethod
    def of(cls, places: Sequence[float], logarithmic: bool) -> _Scale:
        if not logarithmic:
            return cls(min(places), max(places), False, 0.0)
        above = [math.log10(value) for value in places if value > 0] or [0.0]
        step = (max(above) - min(above)) / max(1, len(above) - 1) or 1.0
        zero = min(above) - step
        return cls(zero if 0 in places else min(above), max(above), True, zero)

    def __call__(self, value: float) -> float:
        if self.logarithmic:
            value = math.log10(value) if value > 0 else self.zero
        span = self.high - self.low or 1.0
        return round(LEFT + 14 + (value - self.low) / span * (WIDTH - LEFT - RIGHT - 28), 2)


def _span(values: Sequence[float], zero: bool) -> tuple[float, float]:
    """Return the axis that holds all values, and zero where that is asked for, with a margin."""
    found = [*values, 0.0] if zero or not values else list(values)
    low, high = min(found), max(found)
    margin = (high - low) * 0.06 or 0.05
    return low - margin, high + margin


def _bar(start: tuple[float, float], end: tuple[float, float], colour: str) -> str:
    return (
        f'<line class="bar" stroke="{colour}" x1="{start[0]}" y1="{start[1]}" x2="{end[0]}" '
        f'y2="{end[1]}"/>'
    )


def _short(value: float) -> str:
    for scale, prefix in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= scale:
            return f"{value / scale:.3g}{prefix}"
    return f"{value:g}"


def _svg(title: str, height: float, parts: Sequence[str]) -> str:
    name = escape(title, quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="study" viewBox="0 0 {WIDTH} {height:g}" '
        f'role="img" aria-label="{name}">{STYLE}{"".join(parts)}</svg>'
    )
