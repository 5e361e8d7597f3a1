"""How varied a set of prompts is, and how much of the benchmarks' harm it comes near.

The paper (Fig. 3) counts the DBSCAN clusters of embedded prompts in two dimensions, in D and in D
with the synthetic set, without printing its settings. Its count depends on eps; HDBSCAN's, which
looks at all scales of density, does not, and stands beside it. Neither says whether the variety
is of the right kind: coverage does.
"""

from __future__ import annotations

from dataclasses import dataclass

from harmaug.evaluate.metrics import Figure

EVENLY = 5
"""DBSCAN's eps is the radius that holds this many points of the map where they lie evenly.

The paper's library takes .08 on maps some ten units wide, whatever the number of points.
"""

DENSE = 10
"""Points within eps that make a place dense: twice what lies there evenly."""

SMALLEST = 5
"""Points of the smallest cluster of HDBSCAN."""
NEAR = 0.5
"""The cosine from which a synthetic prompt counts as near a benchmark's."""


@dataclass(frozen=True)
class Clusters:
    """Clusters of a set: DBSCAN's on the map, HDBSCAN's leaves in ten dimensions."""

    dbscan: int
    hdbscan: int


@dataclass(frozen=True)
class Coverage:
    """How near a benchmark's harmful prompts the nearest prompt of a set is.

    `cosine` is the mean over them, `near` the share with a cosine of at least `NEAR`.
    """

    benchmark: str
    n: int
    data_cosine: Figure
    data_near: Figure
    all_cosine: Figure
    all_near: Figure


@dataclass(frozen=True)
class Dot:
    """A prompt on the map; `kind` is "D" or "synthetic"."""

    x: float
    y: float
    kind: str
    text: str


@dataclass(frozen=True)
class Diversity:
    """The variety of D's prompts and of those beside it.

    Clusters are counted on equally many points of each (`points`). `nearest` is the mean cosine
    distance of a synthetic prompt to the next one, `novelty` to the next prompt of D, `distinct`
    the share that is no word-for-word repetition.
    """

    encoder: str
    data: int
    synthetic: int
    points: int
    clusters_data: Clusters
    clusters_all: Clusters
    distinct: float
    nearest: float
    novelty: float
    coverage: tuple[Coverage, ...]
    dots: tuple[Dot, ...]
