"""Long inputs: a harmful sentence inside harmless passages, conversations, harmless length.

The guard reads long inputs window by window, so a harmful sentence must count wherever it stands,
and length alone must not. Of a document of a hundred windows one is harmful at most: windows are
made in twins that differ in one sentence, about the stretches of harmless text that an earlier
guard finds hardest.
"""

from __future__ import annotations

import random

import numpy as np

from recipes.guard.example import Example
from recipes.guard.opinion import Opinion
from recipes.guard.pairs import Pools, cut

DOUBT = 0.03
WINDOW_DOUBT = 0.01
"""What decides between twins is certain, and one window in thousands may be taken for harmful."""
WINDOW_WORDS = (35, 70, 120, 185)
"""185 are some 250 tokens, a window of the guard; fragments of ordinary prose are as strange to it
as whole windows."""
INSERTED_WORDS = 60
LEAST_AROUND = 20
CANDIDATES = 6
"""Of so many stretches the hardest is taken: what matters is the one window in thousands."""


def make_contexts(texts: Pools, count: int, rng: random.Random) -> list[Example]:
    """`count` long inputs, half of them harmful: passages, conversations and long responses."""
    makers = (_passage, _conversation, _response)
    return [rng.choice(makers)(texts, rng, harmful=index % 2 == 1) for index in range(count)]


def make_windows(
    texts: Pools, count: int, rng: random.Random, opinion: Opinion | None
) -> list[Example]:
    """`count` windows as they are cut out of documents, in twins that differ in one sentence.

    One holds a harmful request, the other a harmless one at the same place, or nothing.
    """
    requests = [cut(rng.choice(texts.harmful_prompts), INSERTED_WORDS) for _ in range(count // 2)]
    examples: list[Example] = []
    for own, paragraphs in zip(requests, _stretches(texts, requests, rng, opinion), strict=True):
        other = cut(rng.choice(texts.harmless_prompts), INSERTED_WORDS)
        place, joint = rng.randint(0, len(paragraphs)), rng.choice(("\n\n", "\n", " "))
        for sentence, harmful in ((own, True), (other if rng.random() < 0.5 else "", False)):
            parts = [*paragraphs[:place], sentence, *paragraphs[place:]]
            text = joint.join(part for part in parts if part)
            harm = 1 - WINDOW_DOUBT if harmful else WINDOW_DOUBT
            examples.append(Example(text, None, harm, "made_windows", "request"))
    return examples


def _stretches(
    texts: Pools, requests: list[str], rng: random.Random, opinion: Opinion | None
) -> list[list[str]]:
    """What stands around each request: the most harmful of its candidates, in the opinion's eyes.

    Every other one is any of them, so that ordinary text stays ordinary.
    """
    rows = []
    for index, own in enumerate(requests):
        words = max(LEAST_AROUND, rng.choice(WINDOW_WORDS) - len(own.split()))
        count = CANDIDATES if opinion and index % 2 else 1
        rows.append([_stretch(texts, words, rng) for _ in range(count)])
    if opinion is None:
        return [row[0] for row in rows]
    flat = [stretch for row in rows for stretch in row]
    scores = iter(opinion.score([(" ".join(stretch), None) for stretch in flat]))
    return [row[int(np.argmax([next(scores) for _ in row]))] for row in rows]


def _stretch(texts: Pools, words: int, rng: random.Random) -> list[str]:
    """Paragraphs of so many words together, the first and the last one cut anywhere."""
    sources = (texts.harmless_responses, texts.other_responses, texts.refusals)
    paragraphs: list[str] = []
    while words > 0:
        paragraph = rng.choice(rng.choices(sources, (6, 3, 1))[0]).split()
        if not paragraphs:
            paragraph = paragraph[rng.randrange(len(paragraph)) :]
        paragraphs.append(" ".join(paragraph[:words]))
        words -= len(paragraph)
    return paragraphs


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
