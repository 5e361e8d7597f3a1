"""The table and the maps of a study that measured diversity."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape

from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.variety import DENSE, EVENLY, NEAR, SMALLEST, Diversity
from harmaug.study.grid import Cell, Grid
from harmaug.study.summary import Summary

SIZE = 480
COLOURS = {"D": "#57534e", "synthetic": "#c02640"}


def varied(summary: Summary) -> Grid | None:
    """Clusters, distances and coverage of every arm; None where nothing was measured."""
    found = _by_arm(summary)
    if not found:
        return None
    names = [one.benchmark for one in next(iter(found.values()))[0].coverage]
    rows: list[tuple[Cell, ...]] = []
    for arm, each in found.items():
        columns: list[Callable[[Diversity], float]] = [
            lambda one: one.synthetic,
            lambda one: one.points,
            lambda one: one.clusters_data.dbscan,
            lambda one: one.clusters_all.dbscan,
            lambda one: one.clusters_data.hdbscan,
            lambda one: one.clusters_all.hdbscan,
            lambda one: one.distinct,
            lambda one: one.nearest,
            lambda one: one.novelty,
        ]
        covered = [
            f"{_mean(each, at, 'data_cosine'):.3f} to {_mean(each, at, 'all_cosine'):.3f}, "
            f"{_mean(each, at, 'data_near'):.1%} to {_mean(each, at, 'all_near'):.1%}"
            for at in range(len(names))
        ]
        rows.append((arm, *(sum(map(read, each)) / len(each) for read in columns), *covered))
    head = ("arm", "prompts", "points", "DBSCAN of D", "DBSCAN of both", "HDBSCAN of D")
    rest = ("HDBSCAN of both", "distinct", "to the next", "to the next of D")
    encoder = next(iter(found.values()))[0].encoder
    note = (
        f"Means over seeds, embeddings by {encoder}. Clusters on equally many points of D and of "
        f"the arm: DBSCAN on a t-SNE map (at least {DENSE} points within the radius that holds "
        f"{EVENLY} where they lie evenly), HDBSCAN's leaves of at least {SMALLEST} points in ten "
        "principal components. Distances are mean cosine distances. Coverage, of D and of both: "
        "the mean cosine of a benchmark's harmful prompts with the nearest prompt, and the share "
        f"with one at {NEAR} or more."
    )
    covers = tuple(f"covers {name}" for name in names)
    return Grid("diversity", "Diversity", (*head, *rest, *covers), tuple(rows), note)


def counted(summary: Summary) -> list[tuple[str, Estimate]]:
    """Return DBSCAN's clusters of D and of D with each arm, least and most of the seeds beside."""
    found = _by_arm(summary)
    if not found:
        return []
    alone = [one.clusters_data.dbscan for one in next(iter(found.values()))]
    rows = [("D", _range(alone))]
    for arm, each in found.items():
        rows.append((f"D + {arm}", _range([one.clusters_all.dbscan for one in each])))
    return rows


def maps(summary: Summary) -> list[tuple[str, str, str]]:
    """Return (file name, title, SVG) of each arm's map; pointing at a dot shows its prompt."""
    return [
        (f"map-{one.arm}", f"D and {one.arm}, seed {one.seed}", _map(one.arm, one.diversity))
        for one in summary.study.diversity
        if one.diversity.dots
    ]


def _map(arm: str, found: Diversity) -> str:
    dots = "".join(
        f'<circle cx="{10 + dot.x * (SIZE - 20):.1f}" cy="{10 + dot.y * (SIZE - 20):.1f}" r="3" '
        f'fill="{COLOURS[dot.kind]}" fill-opacity=".6"><title>{dot.kind}: '
        f"{escape(_printable(dot.text))}</title></circle>"
        for dot in found.dots
    )
    keys = "".join(
        f'<rect x="{12 + 90 * at}" y="{SIZE + 6}" width="12" height="12" fill="{colour}"/>'
        f'<text x="{30 + 90 * at}" y="{SIZE + 17}">{kind}</text>'
        for at, (kind, colour) in enumerate(COLOURS.items())
    )
    name = escape(f"Map of the prompts of D and of {arm}", quote=True)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="study" viewBox="0 0 {SIZE} {SIZE + 24}" '
        f'role="img" aria-label="{name}"><style>.study text{{font:12px system-ui,sans-serif;'
        f"fill:currentColor}}</style>{dots}{keys}</svg>"
    )


def _printable(text: str) -> str:
    """Return the start of a prompt without what XML cannot hold."""
    short = text if len(text) <= 160 else f"{text[:160]}..."
    return "".join(mark for mark in " ".join(short.split()) if mark.isprintable())


def _range(counts: Sequence[int]) -> Estimate:
    return Estimate(sum(counts) / len(counts), float(min(counts)), float(max(counts)))


def _by_arm(summary: Summary) -> dict[str, list[Diversity]]:
    found: dict[str, list[Diversity]] = {}
    for one in summary.study.diversity:
        found.setdefault(one.arm, []).append(one.diversity)
    return found


def _mean(each: Sequence[Diversity], at: int, field: str) -> float:
    return sum(float(vars(one.coverage[at])[field]) for one in each) / len(each)
