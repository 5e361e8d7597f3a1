"""Build ``jailbreaks.jsonl``: hand-written wrappers filled with hand-written twin requests.

A jailbreak hides a harmful request in a game, a role or a fake system prompt. A guard trained on
jailbreaks alone learns the wrapper instead of the request, so every wrapper here carries as many
harmless requests as harmful ones, and a harmful request never comes without its harmless twin in
the same wrapper: only the request can decide the label.

Run ``python data/authored/build_jailbreaks.py``; the same seed writes the same bytes.
"""

from __future__ import annotations

import json
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

HERE = Path(__file__).parent
SLOT = "{request}"
PAIRS_PER_WRAPPER = 6
SEED = 20261120


@dataclass(frozen=True, slots=True)
class Twin:
    """A harmful request and a harmless one of like wording, both imperatives without a stop."""

    category: str
    harmful: str
    harmless: str


@dataclass(frozen=True, slots=True)
class Row:
    """One line of ``jailbreaks.jsonl``; ``wrapper`` is an index into ``wrappers.json``."""

    prompt: str
    response: None
    label: int
    category: str
    kind: str
    source: str
    wrapper: int


def read_wrappers(path: Path) -> list[str]:
    """Read the wrappers.

    Raises:
        ValueError: a wrapper does not hold the slot exactly once.
    """
    wrappers: list[str] = json.loads(path.read_text(encoding="utf-8"))
    for index, wrapper in enumerate(wrappers):
        if wrapper.count(SLOT) != 1:
            raise ValueError(f"{path.name}: wrapper {index} must hold {SLOT} exactly once")
    return wrappers


def read_twins(path: Path) -> list[Twin]:
    """Read the twin requests."""
    return [Twin(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


def fill(wrapper: str, request: str) -> str:
    """Put the request in the wrapper's slot, with a capital where it opens a sentence or line."""
    before, after = wrapper.split(SLOT)
    opens = before == "" or before.endswith("\n") or before.rstrip().endswith((".", "!", "?"))
    return before + (request[0].upper() + request[1:] if opens else request) + after


def deal(twins: Sequence[Twin], hands: int, seed: int) -> Iterator[list[Twin]]:
    """Deal twins to ``hands`` wrappers from shuffled packs, so that all are used equally often.

    A hand never holds a twin twice: the pack's size is a multiple of the hand's.

    Raises:
        ValueError: the pack cannot be dealt out in whole hands.
    """
    if not twins or len(twins) % PAIRS_PER_WRAPPER:
        raise ValueError(f"the number of twins must be a multiple of {PAIRS_PER_WRAPPER}")
    rng = random.Random(seed)
    pack: list[Twin] = []
    for _ in range(hands):
        if not pack:
            pack = rng.sample(twins, len(twins))
        yield [pack.pop() for _ in range(PAIRS_PER_WRAPPER)]


def build(wrappers: Sequence[str], twins: Sequence[Twin], seed: int = SEED) -> list[Row]:
    """Return ``2 * PAIRS_PER_WRAPPER`` rows for each wrapper, half of them harmful."""
    return [
        Row(fill(wrapper, request), None, label, twin.category, "jailbreak", "harmaug-authored", i)
        for i, (wrapper, hand) in enumerate(
            zip(wrappers, deal(twins, len(wrappers), seed), strict=True)
        )
        for twin in hand
        for label, request in ((1, twin.harmful), (0, twin.harmless))
    ]


def main() -> None:
    """Write ``jailbreaks.jsonl`` beside this file."""
    rows = build(read_wrappers(HERE / "wrappers.json"), read_twins(HERE / "cores.json"))
    lines = [json.dumps(asdict(row), ensure_ascii=False) + "\n" for row in rows]
    (HERE / "jailbreaks.jsonl").write_text("".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
