"""What documents are made of: sentences with their neighbours, plain texts, pairs."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from recipes.chat.answers import authored_pairs, pairs, plain_texts
from recipes.chat.neighbours import nearest, overlap
from recipes.chat.openings import INJECTED
from recipes.chat.outlines import EVERYDAY_FRAMES, HARM_FRAMES, SAFE_FRAMES, framed
from recipes.chat.sentences import Sentence, harmful_sentences, harmless_sentences

# How many documents set all their acts into one frame, which the next sentence is to copy.
ONE_FRAME = 0.3
SOUND_HARMFUL = 0.5
# Sentences of one list or request may share words, but not this much of their trigrams.
APART = 0.5


@dataclass(frozen=True)
class Group:
    """Sentences of one side with their neighbours, and those that name an act."""

    sentences: list[Sentence]
    near: list[list[int]]
    with_act: list[int]
    twins: list[int]

    def similar(
        self, count: int, rng: random.Random, *, acts: bool, twins: bool = False
    ) -> list[Sentence]:
        """About ``count`` neighbouring sentences (2 at least), none nearly the same as another.

        ``acts`` keeps to sentences that name an act; ``twins`` looks around one of the twins.
        """
        seeds = self.with_act if acts else self.twins if twins else range(len(self.sentences))
        chosen: list[Sentence] = []
        while len(chosen) < min(count, 2):
            seed = rng.choice(seeds)
            pool = [seed, *self.near[seed]]
            rng.shuffle(pool)
            chosen = []
            for new in (self.sentences[index] for index in pool):
                fits = len(chosen) < count and not (acts and new.act is None)
                if fits and all(overlap(new.text, old.text) < APART for old in chosen):
                    chosen.append(new)
        return chosen


@dataclass(frozen=True)
class Corpus:
    """Everything that documents are made of."""

    harmful: Group
    harmless: Group
    texts: list[str]
    pairs: list[tuple[str, str]]
    true_pairs: list[tuple[str, str]]
    safe_pairs: list[tuple[str, str]]
    harmful_pairs: list[tuple[str, str]]

    def harmful_texts(self, count: int, rng: random.Random) -> list[str]:
        """Harmful sentences of one kind, about a third of them composed anew."""
        chosen = self.harmful.similar(count, rng, acts=rng.random() < 0.4)
        return _varied(chosen, HARM_FRAMES, rng)

    def harmless_texts(self, count: int, rng: random.Random) -> list[str]:
        """Harmless sentences of one kind, half of the time such as sound harmful."""
        twins = rng.random() < SOUND_HARMFUL
        chosen = self.harmless.similar(
            count, rng, acts=not twins and rng.random() < 0.2, twins=twins
        )
        return _varied(chosen, EVERYDAY_FRAMES, rng)

    def twin_texts(self, count: int, rng: random.Random) -> list[str]:
        """Harmless sentences that speak of harmful acts of one kind."""
        chosen = self.harmful.similar(count, rng, acts=True)
        frames = _some(SAFE_FRAMES, rng)
        return [framed(frames, s.act, rng) for s in chosen if s.act is not None]


def _some(frames: tuple[str, ...], rng: random.Random) -> tuple[str, ...]:
    return (rng.choice(frames),) if rng.random() < ONE_FRAME else frames


def _varied(sentences: list[Sentence], frames: tuple[str, ...], rng: random.Random) -> list[str]:
    frames = _some(frames, rng)
    share = 1.0 if len(frames) == 1 else 0.4
    return [
        framed(frames, s.act, rng) if s.act is not None and rng.random() < share else s.text
        for s in sentences
    ]


def _group(sentences: list[Sentence], minilm: Path) -> Group:
    near = nearest([s.text for s in sentences], minilm)
    return Group(
        sentences,
        near,
        with_act=[i for i, s in enumerate(sentences) if s.act is not None],
        twins=[i for i, s in enumerate(sentences) if s.twin],
    )


def load_corpus(data: Path, minilm: Path) -> Corpus:
    """Read and filter all sources; takes a minute, mostly for the neighbours."""
    harmless, harmful = (without_openings(authored_pairs(label)) for label in (0, 1))
    asks_harm = {prompt for prompt, _ in harmful}
    return Corpus(
        harmful=_group(harmful_sentences(data), minilm),
        harmless=_group(harmless_sentences(data), minilm),
        texts=plain_texts(data),
        pairs=pairs(data),
        true_pairs=[pair for pair in harmless if pair[0] not in asks_harm],
        safe_pairs=[pair for pair in harmless if pair[0] in asks_harm],
        harmful_pairs=harmful,
    )


def without_openings(found: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """Pairs whose reply does not begin like the answers that the attack asks for."""
    openings = tuple(text.lower().rstrip(":.!") for text in (*INJECTED, "sure", "here"))
    return [(prompt, reply) for prompt, reply in found if not reply.lower().startswith(openings)]
