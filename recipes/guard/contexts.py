"""Long inputs: a harmful sentence inside harmless passages, conversations, harmless length.

The guard reads long inputs window by window, so a harmful sentence must count wherever it stands,
and length alone must not.
"""

from __future__ import annotations

import random

from recipes.guard.example import Example
from recipes.guard.pairs import Pools, cut

DOUBT = 0.03


def make_contexts(texts: Pools, count: int, rng: random.Random) -> list[Example]:
    """`count` long inputs, half of them harmful: passages, conversations and long responses."""
    makers = (_passage, _conversation, _response)
    return [rng.choice(makers)(texts, rng, harmful=index % 2 == 1) for index in range(count)]


def _passage(texts: Pools, rng: random.Random, *, harmful: bool) -> Example:
    own = rng.choice(texts.harmful_prompts if harmful else texts.harmless_prompts)
    return Example(_inside(texts, own, rng), None, _harm(harmful), "made_passages", "request")


def _conversation(texts: Pools, rng: random.Random, *, harmful: bool) -> Example:
    turns = []
    for _ in range(rng.randint(1, 3)):
        answer = cut(rng.choice(texts.harmless_responses), 40)
        turns += [f"Human: {cut(rng.choice(texts.harmless_prompts), 40)}", f"Assistant: {answer}"]
    own = rng.choice(texts.harmful_prompts if harmful else texts.harmless_prompts)
    prompt = "\n".join([*turns, f"Human: {cut(own, 150)}"])
    return Example(prompt, None, _harm(harmful), "made_conversations", "request")


def _response(texts: Pools, rng: random.Random, *, harmful: bool) -> Example:
    prompt = rng.choice(texts.harmful_prompts if rng.random() < 0.5 else texts.harmless_prompts)
    own = rng.choice(texts.harmful_responses if harmful else texts.refusals)
    response = _inside(texts, own, rng)
    return Example(cut(prompt, 80), response, _harm(harmful), "made_long_responses", "pair")


def _inside(texts: Pools, own: str, rng: random.Random) -> str:
    """Put a text between harmless passages of 20 to 120 words."""
    passages = [cut(rng.choice(texts.harmless_responses), rng.randint(20, 120)) for _ in "ab"]
    place = rng.randrange(3)
    parts = [*passages[:place], cut(own, 120), *passages[place:]]
    return rng.choice(("\n\n", "\n", " ")).join(parts)


def _harm(harmful: bool) -> float:
    return 1 - DOUBT if harmful else DOUBT
