"""Figures as inline SVG, coloured by the page's style sheet: no script needed to see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

import numpy as np
from numpy.typing import NDArray

from harmaug.evaluate.curves import Curve
from harmaug.scoring import FloatArray

WIDTH, HEIGHT = 400, 300
LEFT, RIGHT, TOP, BOTTOM = 54, 12, 12, 38


@dataclass(frozen=True)
class Frame:
    """A plot area with linear axes over [x0, x1] and [y0, y1]."""

    x0: float
    x1: float
    y0: float
    y1: float
    height: int = HEIGHT

    def x(self, value: float) -> float:
        """Place a value on the horizontal axis."""
        span = self.x1 - self.x0 or 1.0
        return round(LEFT + (value - self.x0) / span * (WIDTH - LEFT - RIGHT), 2)

    def y(self, value: float) -> float:
        """Place a value on the vertical axis."""
        span = self.y1 - self.y0 or 1.0
        return round(self.height - BOTTOM - (value - self.y0) / span * self._tall, 2)

    @property
    def _tall(self) -> int:
        return self.height - BOTTOM - TOP

    def axes(self, x_label: str, y_label: str, y_ticks: Sequence[float], spec: str) -> str:
        """Draw grid lines, tick labels and axis labels."""
        parts = []
        for tick in y_ticks:
            y = self.y(tick)
            parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
            parts.append(f'<text class="tick end" x="{LEFT - 6}" y="{y + 4}">{tick:{spec}}</text>')
        base = self.height - BOTTOM
        for tick in ticks(self.x0, self.x1, 5):
            text = f"{tick:g}"
            parts.append(f'<text class="tick mid" x="{self.x(tick)}" y="{base + 16}">{text}</text>')
        centre = (LEFT + WIDTH - RIGHT) / 2
        middle = (TOP + base) / 2
        parts.append(
            f'<text class="label mid" x="{centre}" y="{self.height - 4}">{x_label}</text>'
            f'<text class="label mid" transform="translate(11 {middle}) rotate(-90)">'
            f"{y_label}</text>"
        )
        return "".join(parts)


def ticks(low: float, high: float, count: int) -> list[float]:
    """Return round values within [low, high], about `count` of them."""
    span = high - low
    if span <= 0:
        return [low]
    raw = span / count
    size = 10.0 ** np.floor(np.log10(raw))
    step = float(size * min((1, 2, 2.5, 5, 10), key=lambda m: abs(m * size - raw)))
    first = int(np.ceil(low / step - 1e-9))
    last = int(np.floor(high / step + 1e-9))
    return [round(number * step, 10) for number in range(first, last + 1)]


def precision_recall_figure(
    title: str, curves: Sequence[tuple[str, Curve, float, float]], base_rate: float
) -> str:
    """Draw curves of (guard, curve, recall and precision in force); dashed: flagging at random."""
    frame = Frame(0.0, 1.0, 0.0, 1.0)
    parts = [frame.axes("recall", "precision", ticks(0, 1, 5), ".1f")]
    y = frame.y(base_rate)
    parts.append(f'<line class="chance" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y}" y2="{y}"/>')
    for guard, curve, recall, precision in curves:
        parts.append(f'<path class="line {guard}" d="{_steps(frame, curve)}"/>')
        if not np.isnan(recall + precision):
            parts.append(
                f'<circle class="dot {guard}" cx="{frame.x(recall)}" cy="{frame.y(precision)}" '
                'r="4"/>'
            )
    parts.append('<line class="cursor" y1="12" y2="262" hidden="hidden"/>')
    return svg(f"Precision-recall curves on {title}", HEIGHT, parts, "pr")


def score_figure(title: str, counts: NDArray[np.int64]) -> str:
    """Draw shares of harmful rows upwards and of harmless rows downwards, counts (2, bins)."""
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    height, bins = 132, counts.shape[1]
    top = float(max(shares.max(), 0.05))
    frame = Frame(0.0, 1.0, -top, top, height)
    parts = []
    width = frame.x(1 / bins) - frame.x(0) - 1
    for harmful, name in ((1, "harmful"), (0, "harmless")):
        for at in range(bins):
            size = abs(frame.y(float(shares[harmful, at])) - frame.y(0))
            if size == 0:
                continue
            y = frame.y(0) - size if harmful else frame.y(0)
            parts.append(
                f'<rect class="bar {name}" x="{frame.x(at / bins)}" y="{y:.2f}" '
                f'width="{width:.2f}" height="{size:.2f}"><title>{_range(at, bins)}: '
                f"{counts[harmful, at]} {name}</title></rect>"
            )
    zero = frame.y(0)
    parts.append(f'<line class="axis" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{zero}" y2="{zero}"/>')
    for text, middle in (("harmful", top / 2), ("harmless", -top / 2)):
        y = frame.y(middle) + 4
        parts.append(f'<text class="tick end" x="{LEFT - 4}" y="{y}">{text}</text>')
    parts.append(_unit_ticks(frame, height))
    return svg(f"Scores of {title}", height, parts, "scores")


def histogram_figure(title: str, counts: Sequence[int]) -> str:
    """Draw counts over equal bins of p(unsafe)."""
    height, bins = 190, len(counts)
    top = max(*counts, 1)
    frame = Frame(0.0, 1.0, 0.0, float(top), height)
    width = frame.x(1 / bins) - frame.x(0) - 1
    parts = [frame.axes("p(unsafe) by the teacher", "instructions", ticks(0, top, 4), "g")]
    for at, count in enumerate(counts):
        y = frame.y(count)
        parts.append(
            f'<rect class="bar harmful" x="{frame.x(at / bins)}" y="{y}" width="{width:.2f}" '
            f'height="{frame.y(0) - y:.2f}"><title>{_range(at, bins)}: {count}</title></rect>'
        )
    return svg(title, height, parts, "histogram")


def training_figure(
    title: str, y_label: str, lines: Sequence[tuple[str, Sequence[tuple[int, float]]]]
) -> str:
    """Draw (guard, [(step, value), ...]) lines with their points."""
    values = [value for _, points in lines for _, value in points]
    if not values:
        return ""
    low, high = min(values), max(values)
    margin = (high - low) * 0.08 or 0.05
    last = max(step for _, points in lines for step, _ in points)
    frame = Frame(0.0, float(last), low - margin, high + margin, 240)
    parts = [frame.axes("step", y_label, ticks(low - margin, high + margin, 5), ".3g")]
    for guard, points in lines:
        places = [(frame.x(step), frame.y(value), step, value) for step, value in points]
        path = " ".join(f"{x},{y}" for x, y, _, _ in places)
        parts.append(f'<polyline class="line {guard}" points="{path}"/>')
        parts += [
            f'<circle class="dot {guard}" cx="{x}" cy="{y}" r="3.5">'
            f"<title>step {step}: {value:.4f}</title></circle>"
            for x, y, step, value in places
        ]
    return svg(title, 240, parts, "training")


def rounded(values: FloatArray, digits: int = 4) -> list[float]:
    """Return values as a short list for a page's JSON."""
    return [round(float(value), digits) for value in values]


def _steps(frame: Frame, curve: Curve) -> str:
    """Draw each point's precision back to the recall before it, as the area is computed."""
    if not len(curve.recall):
        return ""
    path = [f"M{frame.x(0)} {frame.y(float(curve.precision[0]))}"]
    for recall, precision in zip(curve.recall, curve.precision, strict=True):
        path.append(f"V{frame.y(float(precision))}H{frame.x(float(recall))}")
    return "".join(path)


def _unit_ticks(frame: Frame, height: int) -> str:
    base = height - BOTTOM + 16
    return "".join(
        f'<text class="tick mid" x="{frame.x(tick)}" y="{base}">{tick:g}</text>'
        for tick in (0, 0.25, 0.5, 0.75, 1)
    )


def _range(at: int, bins: int) -> str:
    return f"{at / bins:.2f} to {(at + 1) / bins:.2f}"


def svg(title: str, height: int, parts: Sequence[str], kind: str) -> str:
    """Wrap a figure's parts; `title` is what is read out."""
    name = escape(title, quote=True)
    return (
        f'<svg class="figure {kind}" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{name}">{"".join(parts)}</svg>'
    )
