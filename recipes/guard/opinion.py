"""What models of our own say of a text: earlier guards, and a larger labeller where there is one.

The two are of different kinds (an encoder, and a decoder that has read far more text), err in
different places, and are better together than either alone on sources that trained neither. What
the labeller said is kept in a file beside it, since it takes far longer than the guard.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from harmaug.config import TeacherConfig
from harmaug.guard import Guard
from harmaug.scoring import FloatArray, TextPair, probability
from harmaug.teachers.load import load_teacher
from recipes.guard.log import log
from recipes.guard.read_pairs import key

LARGER = 1 / 2
CHUNK = 1_024
TOKENS = 256
KEPT = "scores.jsonl"


class Opinion:
    """The mean probability of harm by the guards, and by the labeller, whose share is `LARGER`.

    Some guards read prompts and posts well and responses badly: `of_prompts` are asked of a prompt
    alone.
    """

    def __init__(
        self,
        guards: Sequence[Guard],
        labeller: Path | None = None,
        of_prompts: Sequence[Guard] = (),
    ) -> None:
        self._guards = guards
        self._labeller = labeller
        self._of_prompts = of_prompts

    def score(self, pairs: Sequence[TextPair]) -> FloatArray:
        """Return p(unsafe), shape (n,)."""
        first = _mean(self._guards, pairs)
        alone = [index for index, (_, response) in enumerate(pairs) if response is None]
        if self._of_prompts and alone:
            guards = (*self._guards, *self._of_prompts)
            first[alone] = _mean(guards, [pairs[index] for index in alone])
        if self._labeller is None:
            return first
        larger = probability(labelled(self._labeller, pairs))
        return (1 - LARGER) * first + LARGER * larger


def _mean(guards: Sequence[Guard], pairs: Sequence[TextPair]) -> FloatArray:
    said = [guard.score(pairs).astype(np.float64) for guard in guards]
    return np.asarray(np.mean(said, axis=0))


def labelled(labeller: Path, pairs: Sequence[TextPair]) -> FloatArray:
    """The labeller's log-odds of each pair, shape (n,); what it has not yet read it reads now."""
    kept = labeller / KEPT
    said = _read(kept)
    missing = list({pair: None for pair in pairs if key(*pair) not in said})
    if missing:
        said |= _ask(labeller, missing, kept)
    return np.array([said[key(*pair)] for pair in pairs], dtype=np.float64)


def _read(kept: Path) -> dict[str, float]:
    if not kept.exists():
        return {}
    with kept.open(encoding="utf-8") as lines:
        return {row["pair"]: row["log_odds"] for row in map(json.loads, lines)}


def _ask(labeller: Path, pairs: Sequence[TextPair], kept: Path) -> dict[str, float]:
    config = TeacherConfig(
        family="sequence", model=str(labeller), dtype="bfloat16", max_length=TOKENS
    )
    teacher = load_teacher(config)
    found: dict[str, float] = {}
    # Rows of one length together, so that nothing is padded.
    ordered = sorted(pairs, key=lambda pair: len(pair[0]) + len(pair[1] or ""))
    for start in range(0, len(ordered), CHUNK):
        chunk = ordered[start : start + CHUNK]
        log_odds = [round(float(value), 3) for value in teacher.log_odds(chunk)]
        scores = dict(zip((key(*pair) for pair in chunk), log_odds, strict=True))
        with kept.open("a", encoding="utf-8") as lines:
            lines.writelines(
                json.dumps({"pair": name, "log_odds": score}) + "\n"
                for name, score in scores.items()
            )
        found |= scores
        log.info("labelled %d of %d", len(found), len(ordered))
    return found
