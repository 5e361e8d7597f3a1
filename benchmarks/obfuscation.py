"""Harmful prompts spelt to hide their words: recall with and without normalising.

``python -m benchmarks.obfuscation [--model REF] [--json FILE]`` takes the authored requests that
are held out of training (`data/authored`), harmful and harmless, spells each in every manner, and
prints what the guard flags of them at its threshold; `unmarked` is the share of the harmful ones
that is neither flagged nor marked as out of scope.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from recipes.guard.authored import read_authored

from harmaug.guard import Guard, Verdict
from harmaug.guard.load import find

Manner = Callable[[str], str]

CYRILLIC = str.maketrans("aceopxyijsABCEHIKMOPTX", "асеорхуіјѕАВСЕНІКМОРТХ")
SMALL = str.maketrans("abcdefghijklmnoprtuvwyz", "ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘʀᴛᴜᴠᴡʏᴢ")
FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
BOLD = {
    **{ord("A") + place: 0x1D400 + place for place in range(26)},
    **{ord("a") + place: 0x1D41A + place for place in range(26)},
}
LEET = str.maketrans("aeiost", "431057")


def between(mark: str) -> Manner:
    """Put a mark between all letters of each word."""
    return lambda text: " ".join(mark.join(word) for word in text.split(" "))


def zalgo(text: str) -> str:
    """Stack combining marks on every letter."""
    rng = random.Random(0)
    marks = [chr(code) for code in range(0x300, 0x330)]
    return "".join(
        char + "".join(rng.sample(marks, 3)) if char.isalpha() else char for char in text
    )


MANNERS: dict[str, Manner] = {
    "plain": lambda text: text,
    "zero-width characters between letters": between("\u200b"),
    "soft hyphens between letters": between("\u00ad"),
    "bidirectional controls around words": lambda text: " ".join(
        f"\u202d{word}\u202c" for word in text.split(" ")
    ),
    "Cyrillic look-alikes": lambda text: text.translate(CYRILLIC),
    "full-width forms": lambda text: text.translate(FULL_WIDTH),
    "mathematical bold": lambda text: text.translate(BOLD),
    "small capitals": lambda text: text.lower().translate(SMALL),
    "spaced-out letters": lambda text: "  ".join(" ".join(word) for word in text.split()),
    "dotted letters": lambda text: " ".join(".".join(word) for word in text.split()),
    "stacked combining marks": zalgo,
    "digits for letters": lambda text: text.translate(LEET),
}


def without_normalising(ref: str, folder: Path) -> Guard:
    """The same guard with normalising turned off."""
    files = find(ref)
    shutil.copytree(files.folder, folder / "raw")
    replace(files.settings(), normalise=False).save(folder / "raw")
    return Guard.load(folder / "raw")


def flagged(verdicts: Sequence[Verdict]) -> float:
    """The share that is flagged."""
    return sum(verdict.flagged for verdict in verdicts) / len(verdicts)


def unmarked(verdicts: Sequence[Verdict]) -> float:
    """The share that passes for safe."""
    silent = [not verdict.flagged and verdict.in_scope for verdict in verdicts]
    return sum(silent) / len(verdicts)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="embedded")
    parser.add_argument("--rows", type=int, default=200, help="at most, of each label")
    parser.add_argument("--json", type=Path)
    given = parser.parse_args()
    held = [row.example for row in read_authored() if row.held and row.example.register != "pair"]
    random.Random(0).shuffle(held)
    harmful, harmless = (
        [each.prompt for each in held if each.label == side][: given.rows] for side in (1, 0)
    )
    print(f"{len(harmful)} harmful and {len(harmless)} harmless prompts")
    print(f"{'':38} recall            unmarked          false positives")
    print(f"{'':38} {'without     with  ' * 3}")
    figures = {}
    with tempfile.TemporaryDirectory() as folder:
        guards = without_normalising(given.model, Path(folder)), Guard.load(given.model)
        for name, manner in MANNERS.items():
            row: list[float] = []
            bad = [guard.verdicts([manner(text) for text in harmful]) for guard in guards]
            good = [guard.verdicts([manner(text) for text in harmless]) for guard in guards]
            row += [flagged(each) for each in bad]
            row += [unmarked(each) for each in bad]
            row += [flagged(each) for each in good]
            figures[name] = row
            print(f"{name:38} " + "".join(f"{value:7.3f}  " for value in row), flush=True)
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
