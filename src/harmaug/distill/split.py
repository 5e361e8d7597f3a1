"""The validation split: stratified, by seed, what goes back to one prompt never on both sides."""

from __future__ import annotations

import numpy as np

from harmaug.distill.examples import Examples, Rows


def split(examples: Examples, fraction: float, seed: int) -> tuple[Rows, Rows]:
    """Split rows into training and validation, about `fraction` of each stratum held out.

    All rows of one group go to one side: those of one prompt, with its variants and its twin. A
    group's stratum is what its rows are labelled: all harmful, all harmless, or both (a synthetic
    prompt with its refusal). A stratum of at least two groups gives at least one.

    Returns:
        Indices of the training and of the validation rows, each sorted.
    """
    if fraction == 0.0:
        return np.arange(len(examples)), np.arange(0)
    sizes = np.bincount(examples.group)
    harmful = np.bincount(examples.group, weights=examples.label)
    stratum = np.where(harmful == 0, 0, np.where(harmful == sizes, 1, 2))
    rng = np.random.default_rng((seed, 0x5B117))
    held = np.zeros(len(sizes), dtype=bool)
    for kind in range(3):
        groups = rng.permutation(np.flatnonzero(stratum == kind))
        if len(groups) > 1:
            rows_before = np.cumsum(sizes[groups]) - sizes[groups]
            wanted = fraction * sizes[groups].sum()
            held[groups[:-1][rows_before[:-1] < wanted]] = True
    return np.flatnonzero(~held[examples.group]), np.flatnonzero(held[examples.group])
