"""Measure how varied a set of prompts is (`harmaug.evaluate.variety` says what is measured)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.cluster import DBSCAN, HDBSCAN
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE
from sklearn.neighbors import NearestNeighbors

from harmaug.embedding import Embeddings
from harmaug.evaluate.variety import (
    DENSE,
    EVENLY,
    NEAR,
    SMALLEST,
    Clusters,
    Coverage,
    Diversity,
    Dot,
)
from harmaug.scoring import FloatArray

DIMENSIONS = 10
MOST = 4_000
"""Points of the map: t-SNE's time grows faster than their number."""

Map = NDArray[np.float32]


def diversity(
    encoder: str,
    data: tuple[Sequence[str], Embeddings],
    synthetic: tuple[Sequence[str], Embeddings],
    harmful: Mapping[str, Embeddings],
    *,
    seed: int,
    dots: int,
) -> Diversity:
    """Measure synthetic prompts beside D's.

    Args:
        encoder: named in the result.
        data: D's prompts and their embeddings.
        synthetic: the prompts beside D and their embeddings.
        harmful: the embeddings of each benchmark's harmful prompts.
        seed: of the sample that is put on the map, and of the map.
        dots: how many of its points the result keeps to draw.
    """
    count = min(len(data[0]), len(synthetic[0]), MOST // 2)
    rng = np.random.default_rng(seed)
    first = np.sort(rng.permutation(len(data[0]))[:count])
    second = np.sort(rng.permutation(len(synthetic[0]))[:count])
    both = np.concatenate([data[1][first], synthetic[1][second]])
    plane = project(both, seed)
    dense = PCA(min(DIMENSIONS, *both.shape), random_state=seed).fit_transform(both)
    eps = float(np.sqrt(EVENLY / (np.pi * len(both))))
    texts = [*(data[0][at] for at in first), *(synthetic[0][at] for at in second)]
    kinds = ["D"] * count + ["synthetic"] * count
    drawn = np.sort(rng.permutation(2 * count)[:dots])
    return Diversity(
        encoder=encoder,
        data=len(data[0]),
        synthetic=len(synthetic[0]),
        points=count,
        clusters_data=clusters(plane[:count], dense[:count], eps),
        clusters_all=clusters(plane, dense, eps),
        distinct=len({" ".join(one.casefold().split()) for one in synthetic[0]})
        / len(synthetic[0]),
        nearest=1 - float(np.mean(_nearest_other(synthetic[1]))),
        novelty=1 - float(np.mean(nearest(synthetic[1], data[1]))),
        coverage=tuple(
            _coverage(name, rows, data[1], synthetic[1]) for name, rows in harmful.items()
        ),
        dots=tuple(
            Dot(round(float(plane[at, 0]), 4), round(float(plane[at, 1]), 4), kinds[at], texts[at])
            for at in drawn
        ),
    )


def project(rows: Embeddings, seed: int) -> Map:
    """Put rows on a map of width and height 1: t-SNE, started from their principal components."""
    perplexity = min(30.0, max(2.0, (len(rows) - 1) / 4))
    found = TSNE(2, init="pca", perplexity=perplexity, random_state=seed).fit_transform(rows)
    low, high = found.min(axis=0), found.max(axis=0)
    return np.asarray((found - low) / np.maximum(high - low, 1e-9), dtype=np.float32)


def clusters(plane: Map, dense: FloatArray, eps: float) -> Clusters:
    """Count the clusters of a set, noise left out; `eps` is a length on the map."""
    flat = DBSCAN(eps=eps, min_samples=DENSE).fit_predict(plane)
    smallest = min(SMALLEST, max(2, len(dense) // 4))
    deep = HDBSCAN(
        min_cluster_size=smallest, cluster_selection_method="leaf", copy=True
    ).fit_predict(dense)
    return Clusters(_count(flat), _count(deep))


def nearest(rows: Embeddings, others: Embeddings) -> FloatArray:
    """Return the cosine of each row with the nearest of others, shape (n,)."""
    return np.asarray((rows @ others.T).max(axis=1), dtype=np.float64)


def _nearest_other(rows: Embeddings) -> FloatArray:
    """Return the cosine of each row with the nearest other row."""
    if len(rows) < 2:
        return np.zeros(len(rows))
    found = NearestNeighbors(n_neighbors=2, algorithm="brute", metric="cosine").fit(rows)
    return np.asarray(1 - found.kneighbors(rows)[0][:, 1], dtype=np.float64)


def _coverage(name: str, rows: Embeddings, data: Embeddings, synthetic: Embeddings) -> Coverage:
    alone = nearest(rows, data)
    together = np.maximum(alone, nearest(rows, synthetic))
    return Coverage(
        benchmark=name,
        n=len(rows),
        data_cosine=float(alone.mean()),
        data_near=float(np.mean(alone >= NEAR)),
        all_cosine=float(together.mean()),
        all_near=float(np.mean(together >= NEAR)),
    )


def _count(labels: NDArray[np.int64]) -> int:
    return len(set(labels.tolist()) - {-1})
