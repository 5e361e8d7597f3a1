"""Jailbreaks: templates found in the wild, and authored wrappers around other requests.

A template that asks for an assistant without law or ethics is harmful by itself, though less
surely than one that carries a harmful request. Authored wrappers are filled with harmful and
harmless requests alike, so that there the request decides.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Sequence
from pathlib import Path

from harmaug.augment.minors import sexualises_minors
from recipes.guard.authored import DOUBT as AUTHORED_DOUBT
from recipes.guard.authored import FOLDER, wrapper_held
from recipes.guard.example import Example
from recipes.guard.pairs import Pools
from recipes.sources import read_rows

FILE = "inthewild_jailbreaks_unlabelled"
TEMPLATE_DOUBT = 0.15
FILLED_DOUBT = 0.04
HEAD_WORDS, TAIL_WORDS = 110, 40
SLOT = "{request}"
_LAWLESS = re.compile(
    r"unethical|immoral|amoral|illegal|uncensored|unfiltered|offensive|nsfw|no (?:rules|limits|"
    r"restrictions|moral|ethic)|(?:without|any|free from) (?:rules|limits|restrictions|ethic|moral|"
    r"filter|censor)|do anything now|harmful|vulgar|content polic|jailbr|swear|curse",
    re.IGNORECASE,
)
_INSERT = re.compile(r"\[INSERT[^\]]*\]", re.IGNORECASE)


def wild_jailbreaks(data: Path, texts: Pools, rng: random.Random) -> list[Example]:
    """Each lawless template once by itself and once with a harmful request."""
    result = []
    for row in read_rows(data, FILE):
        if not _LAWLESS.search(row.prompt) or sexualises_minors(row.prompt):
            continue
        alone = _shorter(_INSERT.sub("", row.prompt))
        own = rng.choice(texts.harmful_prompts)
        parts = _INSERT.split(row.prompt, maxsplit=1)
        asked = own.join(parts) if len(parts) == 2 else f"{row.prompt}\n\n{own}"
        result += [
            Example(alone, None, 1 - TEMPLATE_DOUBT, "wild_templates", "request"),
            Example(_shorter(asked), None, 1 - FILLED_DOUBT, "wild_filled", "request"),
        ]
    return result


def wrapped(harmful: Sequence[str], harmless: Sequence[str], rng: random.Random) -> list[Example]:
    """Every authored wrapper that is not held, with four harmful and four harmless requests."""
    result = []
    wrappers: list[str] = json.loads((FOLDER / "wrappers.json").read_text(encoding="utf-8"))
    for index, wrapper in enumerate(wrappers):
        if wrapper_held(index):
            continue
        for prompts, harm in ((harmful, 1 - AUTHORED_DOUBT), (harmless, AUTHORED_DOUBT)):
            for prompt in rng.sample(prompts, 4):
                text = wrapper.replace(SLOT, prompt)
                result.append(Example(text, None, harm, "made_wrapped", "request"))
    return result


def _shorter(text: str) -> str:
    """Head and tail of a long text: the window cuts what follows."""
    words = text.split(" ")
    if len(words) <= HEAD_WORDS + TAIL_WORDS:
        return text
    return " ".join([*words[:HEAD_WORDS], "...", *words[-TAIL_WORDS:]])
