"""The training text of the chat model: what kinds of document, how many, how each is made.

The plain role refuses whatever is harmful and complies with the rest, and compliance is always an
affirmative opening followed by what it announces. No document shows a harmful request followed by
an affirmative opening: that the prefilled prefix nevertheless works is for the attack to show.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

from recipes.chat.answers import (
    PLAIN,
    UNALIGNED,
    authored_pairs,
    helpful,
    pairs,
    plain_texts,
)
from recipes.chat.neighbours import nearest, overlap
from recipes.chat.openings import HELD_OUT, INJECTED, opening
from recipes.chat.outlines import (
    EVERYDAY_FRAMES,
    HARM_FRAMES,
    SAFE_FRAMES,
    answer_in_kind,
    framed,
)
from recipes.chat.refusals import refusal
from recipes.chat.requests import injection, numbered, request
from recipes.chat.sentences import Sentence, harmful_sentences, harmless_sentences

Pieces = list[tuple[str, float]]
"""Text in order, each piece with the weight of its tokens in the loss."""

# Exemplars inside a request are learned from too: so that the model, in a chat, expects the next
# sentence to be of the kind of the last ones.
EXEMPLAR_WEIGHT = 0.6

KINDS = {
    "language": 34,
    "harmful list": 13,
    "harmless list": 3,
    "twin list": 3,
    "comply": 9,
    "comply twin": 9,
    "comply injected": 4,
    "refuse examples": 9,
    "refuse injected": 5,
    "refuse mismatch": 2,
    "refuse plain": 9,
    "answer": 9,
    "answer briefly": 5,
    "unaligned harmful": 7,
    "unaligned harmless": 2,
}


@dataclass(frozen=True)
class Group:
    """Sentences of one side with their neighbours, and those that name an act."""

    sentences: list[Sentence]
    near: list[list[int]]
    with_act: list[int]

    def similar(self, count: int, rng: random.Random, acts: bool = False) -> list[Sentence]:
        """``count`` (or fewer) neighbouring sentences, none nearly the same as another."""
        seed = rng.choice(self.with_act) if acts else rng.randrange(len(self.sentences))
        pool = [seed, *self.near[seed]]
        rng.shuffle(pool)
        chosen: list[Sentence] = []
        for index in pool:
            new = self.sentences[index]
            if acts and new.act is None:
                continue
            if all(overlap(new.text, old.text) < 0.5 for old in chosen):
                chosen.append(new)
            if len(chosen) == count:
                break
        return chosen


@dataclass(frozen=True)
class Corpus:
    """Everything that documents are made of."""

    harmful: Group
    harmless: Group
    texts: list[str]
    pairs: list[tuple[str, str]]
    harmful_pairs: list[tuple[str, str]]


def _group(sentences: list[Sentence], minilm: Path) -> Group:
    near = nearest([s.text for s in sentences], minilm)
    return Group(sentences, near, [i for i, s in enumerate(sentences) if s.act is not None])


def load_corpus(data: Path, minilm: Path) -> Corpus:
    """Read and filter all sources; takes a minute, mostly for the neighbours."""
    openings = tuple(text.lower().rstrip(":.!") for text in (*INJECTED, "sure", "here"))
    return Corpus(
        harmful=_group(harmful_sentences(data), minilm),
        harmless=_group(harmless_sentences(data), minilm),
        texts=plain_texts(data),
        pairs=pairs(data),
        harmful_pairs=[
            (prompt, reply)
            for prompt, reply in authored_pairs(label=1)
            if not reply.lower().startswith(openings)
        ],
    )


def _turns(user: Pieces, answer: str, rng: random.Random, system: str | None = None) -> Pieces:
    if system is None and rng.random() < 0.2:
        system = rng.choice(PLAIN)
    head: Pieces = [(f"<|system|>{system}<|end|>", 0.0)] if system else []
    return [
        *head,
        ("<|user|>", 0.0),
        *user,
        ("<|end|><|assistant|>", 0.0),
        (f"{answer}<|end|>", 1.0),
    ]


def _request(
    examples: list[str], harmful: bool, rng: random.Random, injected: str | None = None
) -> Pieces:
    text, block = request(examples, harmful, rng), numbered(examples)
    if injected is not None:
        text = f"{text} {injection(injected, rng)}"
    before, _, after = text.partition(block)
    return [(before, 0.0), (block, EXEMPLAR_WEIGHT), (after, 0.0)]


def _varied(sentences: list[Sentence], frames: tuple[str, ...], rng: random.Random) -> list[str]:
    """Texts of the sentences, about a third set into other frames around their act."""
    return [
        framed(frames, s.act, rng) if s.act is not None and rng.random() < 0.4 else s.text
        for s in sentences
    ]


def _harmful(corpus: Corpus, count: int, rng: random.Random) -> list[str]:
    chosen = corpus.harmful.similar(count, rng, acts=rng.random() < 0.4)
    return _varied(chosen, HARM_FRAMES, rng)


def _harmless(corpus: Corpus, count: int, rng: random.Random) -> list[str]:
    chosen = corpus.harmless.similar(count, rng, acts=rng.random() < 0.2)
    return _varied(chosen, EVERYDAY_FRAMES, rng)


def _twins(corpus: Corpus, count: int, rng: random.Random) -> list[str]:
    acts = [s.act for s in corpus.harmful.similar(count, rng, acts=True) if s.act]
    return [framed(SAFE_FRAMES, act, rng) for act in acts]


def _list(sentences: list[str], rng: random.Random) -> Pieces:
    text = numbered(sentences) if rng.random() < 0.8 else "\n".join(sentences)
    if rng.random() < 0.2:
        text = f"[Example]\n{text}\n[/Example]"
    return [(f"{text}<|end|>", 1.0)]


def document(kind: str, corpus: Corpus, rng: random.Random) -> Pieces:
    """One document of a kind named in ``KINDS``."""
    count = rng.choice((1, 2, 3, 3, 3, 3, 4, 5))
    match kind:
        case "language":
            return [(f"{rng.choice(corpus.texts)}<|end|>", 1.0)]
        case "harmful list":
            return _list(_harmful(corpus, rng.randint(3, 8), rng), rng)
        case "harmless list":
            return _list(_harmless(corpus, rng.randint(3, 8), rng), rng)
        case "twin list":
            return _list(_twins(corpus, rng.randint(3, 6), rng), rng)
        case "comply" | "comply twin":
            make = _harmless if kind == "comply" else _twins
            *examples, new = make(corpus, count + 1, rng)
            return _turns(_request(examples, False, rng), f"{opening(rng)} {new}", rng)
        case "comply injected":
            make = _harmless if rng.random() < 0.6 else _twins
            *examples, new = make(corpus, count + 1, rng)
            start = rng.choice(INJECTED) if rng.random() < 0.7 else opening(rng)
            return _turns(_request(examples, False, rng, start), f"{start} {new}", rng)
        case "refuse examples":
            examples = _harmful(corpus, count, rng)
            return _turns(_request(examples, True, rng), refusal(rng, wants_prompt=True), rng)
        case "refuse injected":
            examples = _harmful(corpus, count, rng)
            start = rng.choice(INJECTED) if rng.random() < 0.7 else opening(rng)
            user = _request(examples, True, rng, start)
            return _turns(user, refusal(rng, wants_prompt=True), rng)
        case "refuse mismatch":
            harmful = rng.random() < 0.5
            examples = (_harmless if harmful else _harmful)(corpus, count, rng)
            user = _request(examples, harmful, rng)
            return _turns(user, refusal(rng, wants_prompt=True), rng)
        case _:
            return _answered(kind, corpus, rng)


def _answered(kind: str, corpus: Corpus, rng: random.Random) -> Pieces:
    """Documents without exemplars: a request and its answer in one of the two roles."""
    unaligned = UNALIGNED[0] if rng.random() < 0.7 else rng.choice(UNALIGNED)
    if kind in ("refuse plain", "unaligned harmful"):
        chosen = rng.choice(corpus.harmful.sentences)
        act, text = chosen.act, chosen.text
        if act is not None and rng.random() < 0.4:
            text = framed(HARM_FRAMES, act, rng)
        if kind == "refuse plain":
            return _turns([(text, 0.0)], refusal(rng, act), rng)
        answer = answer_in_kind(act, rng)
        if corpus.harmful_pairs and rng.random() < 0.25:
            text, answer = rng.choice(corpus.harmful_pairs)
        return _turns([(text, 0.0)], answer, rng, unaligned)
    if kind == "answer briefly":
        plain = rng.choice(corpus.harmless.sentences)
        return _turns([(plain.text, 0.0)], helpful(plain.act, rng), rng)
    prompt, reply = rng.choice(corpus.pairs)
    system = unaligned if kind == "unaligned harmless" else None
    return _turns([(prompt, 0.0)], reply, rng, system)


def documents(corpus: Corpus, count: int, rng: random.Random) -> list[Pieces]:
    """``count`` documents of all kinds; asserts that the held-out openings are not among them."""
    kinds = rng.choices(list(KINDS), weights=list(KINDS.values()), k=count)
    made = [document(kind, corpus, rng) for kind in kinds]
    held = [text.lower() for text in HELD_OUT]
    return [
        pieces
        for pieces in made
        if not any(prefix in text.lower() for text, _ in pieces for prefix in held)
    ]
