"""Pairs that teach what decides: the response, whatever the prompt.

Known responses are put beside other prompts: a refusal of a harmful prompt is harmless, so is a
harmless answer to it that misses the point; a harmful answer stays harmful behind a harmless
prompt.
"""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass

from recipes.chat.refusals import refusal
from recipes.guard.example import Example

DOUBT = 0.03
REFUSING = ("sorry", "cannot", "can't", "can not", "won't", "unable", "apolog", "as an ai")
_SENTENCE = re.compile(r"(?<=[.!?])\s+")
CHAT = {"diasafety_train", "dices990"}
"""Sources whose responses are harmful as an answer to their own prompt only."""
OWN_WORDS = 0.5
"""Share of refusals by the chat recipe's grammar; the others are models' and authors' own."""


@dataclass(frozen=True)
class Pools:
    """Texts to pair: prompts and responses that are harmful, harmless or refusals.

    `harmless_responses` answer harmless prompts; `other_responses` are harmless whatever was asked,
    and many speak of crime, hate or despair.
    """

    harmful_prompts: Sequence[str]
    harmless_prompts: Sequence[str]
    harmful_responses: Sequence[str]
    harmless_responses: Sequence[str]
    other_responses: Sequence[str]
    refusals: Sequence[str]


def pools(examples: Sequence[Example]) -> Pools:
    """Sort what stands in examples into pools; tweets and the like are no prompts here."""
    requests = [e for e in examples if e.register == "request"]
    answered = [(e, e.response) for e in examples if e.response and len(e.response) > 30]
    harmless = [(e, r) for e, r in answered if not e.label]
    helpful = [(e, r) for e, r in harmless if e.source not in CHAT and not is_refusal(r)]
    return Pools(
        harmful_prompts=[e.prompt for e in requests if e.label],
        harmless_prompts=[e.prompt for e in requests if not e.label],
        harmful_responses=[
            r for e, r in answered if e.label and e.source not in CHAT and not is_refusal(r)
        ],
        harmless_responses=[r for e, r in helpful if e.source.startswith("benign_")],
        other_responses=[r for e, r in helpful if not e.source.startswith("benign_")],
        refusals=[r for e, r in harmless if is_refusal(r)],
    )


def is_refusal(response: str) -> bool:
    """Whether a response opens with a refusal."""
    opening = response[:120].lower().replace("’", "'")
    return any(words in opening for words in REFUSING)


def make_pairs(texts: Pools, count: int, rng: random.Random) -> list[Example]:
    """`count` pairs and responses by themselves: two in five harmful."""
    makers = (
        (0.24, _refused),
        (0.15, _off_topic),
        (0.05, _needlessly_refused),
        (0.05, _harmless),
        (0.33, _harmful_answer),
        (0.11, _harmless_alone),
        (0.07, _harmful_alone),
    )
    chosen = rng.choices([make for _, make in makers], [share for share, _ in makers], k=count)
    return [make(texts, rng) for make in chosen]


def _refused(texts: Pools, rng: random.Random) -> Example:
    return _pair(rng.choice(texts.harmful_prompts), _refusal(texts, rng), DOUBT)


def _off_topic(texts: Pools, rng: random.Random) -> Example:
    prompt = rng.choice(texts.harmful_prompts)
    return _pair(prompt, shortened(rng.choice(texts.harmless_responses), rng), DOUBT)


def _needlessly_refused(texts: Pools, rng: random.Random) -> Example:
    return _pair(rng.choice(texts.harmless_prompts), _refusal(texts, rng), DOUBT)


def _harmless(texts: Pools, rng: random.Random) -> Example:
    prompt = rng.choice(texts.harmless_prompts)
    return _pair(prompt, shortened(rng.choice(texts.harmless_responses), rng), DOUBT)


def _harmful_answer(texts: Pools, rng: random.Random) -> Example:
    prompts = texts.harmless_prompts if rng.random() < 0.6 else texts.harmful_prompts
    return _pair(rng.choice(prompts), rng.choice(texts.harmful_responses), 1 - DOUBT)


def _harmless_alone(texts: Pools, rng: random.Random) -> Example:
    text = rng.choice(texts.harmless_responses if rng.random() < 0.8 else texts.refusals)
    return Example(shortened(text, rng), None, DOUBT, "made_texts", "text")


def _harmful_alone(texts: Pools, rng: random.Random) -> Example:
    return Example(rng.choice(texts.harmful_responses), None, 1 - DOUBT, "made_texts", "text")


def _refusal(texts: Pools, rng: random.Random) -> str:
    return refusal(rng) if rng.random() < OWN_WORDS else rng.choice(texts.refusals)


def _pair(prompt: str, response: str, harm: float) -> Example:
    return Example(prompt, response, harm, "made_pairs", "pair")


def shortened(text: str, rng: random.Random) -> str:
    """Half of the texts whole, the others cut to 15 to 90 words."""
    return text if rng.random() < 0.5 else cut(text, rng.randint(15, 90))


def cut(text: str, words: int) -> str:
    """The first sentences of a text, at most so many words; the first one cut if need be."""
    kept: list[str] = []
    room = words
    for sentence in _SENTENCE.split(text):
        size = len(sentence.split())
        if size > room:
            break
        kept.append(sentence)
        room -= size
    return " ".join(kept) if kept else " ".join(text.split()[:words])
