"""How often what scored p(unsafe) = s is harmful: on the diagonal, the scores are calibrated."""

from __future__ import annotations

from collections.abc import Sequence

from harmaug.evaluate.agreement import Bin
from harmaug.report.figures import HEIGHT, Frame, svg, ticks

SMALLEST, LARGEST = 2.5, 8.0
"""Radii of a point: its area follows the number of rows, from none to all of them."""


def reliability_figure(title: str, bins: Sequence[Bin]) -> str:
    """Draw each bin's share of harmful rows over its mean score, with 95% Wilson intervals."""
    frame = Frame(0.0, 1.0, 0.0, 1.0)
    parts = [frame.axes("mean p(unsafe)", "share harmful", ticks(0, 1, 5), ".1f")]
    parts.append(
        f'<line class="chance" x1="{frame.x(0)}" y1="{frame.y(0)}" x2="{frame.x(1)}" '
        f'y2="{frame.y(1)}"/>'
    )
    rows = max(sum(one.n for one in bins), 1)
    for one in bins:
        if not one.n:
            continue
        share, x = one.share, frame.x(one.score)
        radius = SMALLEST + (LARGEST - SMALLEST) * (one.n / rows) ** 0.5
        parts.append(
            f'<line class="axis" x1="{x}" x2="{x}" y1="{frame.y(share.low)}" '
            f'y2="{frame.y(share.high)}"/>'
            f'<circle class="dot teacher" cx="{x}" cy="{frame.y(share.value)}" r="{radius:.1f}">'
            f"<title>{one.low:.1f} to {one.high:.1f}: {one.harmful} of {one.n} harmful</title>"
            "</circle>"
        )
    return svg(title, HEIGHT, parts, "reliability")
