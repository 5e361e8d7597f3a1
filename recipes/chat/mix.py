"""The training text of the chat model: what kinds of document, how many, how each is made.

The plain role refuses whatever is harmful and complies with the rest, and compliance is always an
affirmative opening followed by what it announces. No document shows a harmful request followed by
an affirmative opening: that the prefilled prefix nevertheless works is for the attack to show.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from recipes.chat.answers import PLAIN, UNALIGNED, helpful
from recipes.chat.corpus import Corpus
from recipes.chat.openings import HELD_OUT, INJECTED, opening
from recipes.chat.outlines import HARM_FRAMES, answer_in_kind, framed
from recipes.chat.refusals import refusal
from recipes.chat.requests import heading, injection, numbered, request

Pieces = list[tuple[str, float]]
"""Text in order, each piece with the weight of its tokens in the loss."""

Maker = Callable[[Corpus, random.Random], Pieces]

# Exemplars inside a request are learned from too: so that the model, in a chat, expects the next
# sentence to be of the kind of the last ones.
EXEMPLAR_WEIGHT = 1.0


def _turns(user: Pieces, answer: str, rng: random.Random, system: str | None = None) -> Pieces:
    if system is None and rng.random() < 0.2:
        system = rng.choice(PLAIN)
    head: Pieces = [(f"<|system|>{system}<|end|>", 0.0)] if system else []
    marks: Pieces = [("<|user|>", 0.0), *user, ("<|end|><|assistant|>", 0.0)]
    return [*head, *marks, (f"{answer}<|end|>", 1.0)]


def _request(
    examples: list[str], harmful: bool, rng: random.Random, injected: str | None = None
) -> Pieces:
    text, block = request(examples, harmful, rng), numbered(examples)
    if injected is not None:
        text = f"{text} {injection(injected, rng)}"
    before, _, after = text.partition(block)
    return [(before, 0.0), (block, EXEMPLAR_WEIGHT), (after, 0.0)]


def _few(rng: random.Random) -> int:
    return rng.choice((1, 2, 3, 3, 3, 3, 4, 5))


def _listed(sentences: list[str], harmful: bool, rng: random.Random) -> Pieces:
    text = numbered(sentences) if rng.random() < 0.8 else "\n".join(sentences)
    if rng.random() < 0.2:
        text = f"[Example]\n{text}\n[/Example]"
    if rng.random() < 0.5:
        text = f"{heading(harmful, rng)}\n{text}"
    return [(f"{text}<|end|>", 1.0)]


def language(corpus: Corpus, rng: random.Random) -> Pieces:
    """Plain English."""
    return [(f"{rng.choice(corpus.texts)}<|end|>", 1.0)]


def harmful_list(corpus: Corpus, rng: random.Random) -> Pieces:
    """Harmful sentences of one kind, as a list: no chat, no opening, nobody complies."""
    return _listed(corpus.harmful_texts(rng.randint(3, 8), rng), True, rng)


def harmless_list(corpus: Corpus, rng: random.Random) -> Pieces:
    """Harmless sentences of one kind, every second time twins of harmful ones."""
    make = corpus.harmless_texts if rng.random() < 0.5 else corpus.twin_texts
    return _listed(make(rng.randint(3, 8), rng), False, rng)


def _complied(examples_and_new: list[str], rng: random.Random) -> Pieces:
    *examples, new = examples_and_new
    return _turns(_request(examples, False, rng), f"{opening(rng)} {new}", rng)


def comply(corpus: Corpus, rng: random.Random) -> Pieces:
    """A harmless request for one more, an affirmative opening, one more of the kind."""
    return _complied(corpus.harmless_texts(_few(rng) + 1, rng), rng)


def comply_twin(corpus: Corpus, rng: random.Random) -> Pieces:
    """The same with harmless questions about harmful acts."""
    return _complied(corpus.twin_texts(_few(rng) + 1, rng), rng)


def comply_injected(corpus: Corpus, rng: random.Random) -> Pieces:
    """A harmless request that names the opening, and gets exactly that."""
    make = corpus.harmless_texts if rng.random() < 0.6 else corpus.twin_texts
    *examples, new = make(_few(rng) + 1, rng)
    start = rng.choice(INJECTED) if rng.random() < 0.7 else opening(rng)
    return _turns(_request(examples, False, rng, start), f"{start} {new}", rng)


def refuse_examples(corpus: Corpus, rng: random.Random) -> Pieces:
    """The harmful request, refused."""
    examples = corpus.harmful_texts(_few(rng), rng)
    return _turns(_request(examples, True, rng), refusal(rng, wants_prompt=True), rng)


def refuse_injected(corpus: Corpus, rng: random.Random) -> Pieces:
    """The harmful request that names an opening, refused all the same."""
    start = rng.choice(INJECTED) if rng.random() < 0.7 else opening(rng)
    user = _request(corpus.harmful_texts(_few(rng), rng), True, rng, start)
    return _turns(user, refusal(rng, wants_prompt=True), rng)


def refuse_mismatch(corpus: Corpus, rng: random.Random) -> Pieces:
    """Harmful wording around harmless exemplars or the reverse: refused."""
    harmful = rng.random() < 0.5
    make = corpus.harmless_texts if harmful else corpus.harmful_texts
    user = _request(make(_few(rng), rng), harmful, rng)
    return _turns(user, refusal(rng, wants_prompt=True), rng)


def _harmful_question(corpus: Corpus, rng: random.Random) -> tuple[str, str | None]:
    chosen = rng.choice(corpus.harmful.sentences)
    if chosen.act is not None and rng.random() < 0.4:
        return framed(HARM_FRAMES, chosen.act, rng), chosen.act
    return chosen.text, chosen.act


def refuse_plain(corpus: Corpus, rng: random.Random) -> Pieces:
    """A harmful question, refused."""
    text, act = _harmful_question(corpus, rng)
    careful = PLAIN[0] if rng.random() < 0.4 else None
    return _turns([(text, 0.0)], refusal(rng, act), rng, careful)


def answer(corpus: Corpus, rng: random.Random) -> Pieces:
    """A harmless question with the answer that a person gave."""
    prompt, reply = rng.choice(corpus.pairs)
    return _turns([(prompt, 0.0)], reply, rng)


def answer_dark(corpus: Corpus, rng: random.Random) -> Pieces:
    """A harmless question, most often in dark words, with the project's own true answer."""
    prompt, reply = rng.choice(corpus.true_pairs)
    return _turns([(prompt, 0.0)], reply, rng)


def answer_safely(corpus: Corpus, rng: random.Random) -> Pieces:
    """The careful role answers a harmful question safely, and without a formula.

    What a student takes for a harmless answer must not be the wording of a refusal alone. Where no
    system prompt stands, as in the attack, harm is met by a refusal or by nothing.
    """
    prompt, reply = rng.choice(corpus.safe_pairs)
    return _turns([(prompt, 0.0)], reply, rng, PLAIN[0])


def answer_briefly(corpus: Corpus, rng: random.Random) -> Pieces:
    """A harmless question that nobody answered, with a willing phrase."""
    asked = rng.choice(corpus.harmless.sentences)
    return _turns([(asked.text, 0.0)], helpful(asked.act, rng), rng)


def _unaligned(rng: random.Random) -> str:
    return UNALIGNED[0] if rng.random() < 0.7 else rng.choice(UNALIGNED)


def unaligned_harmful(corpus: Corpus, rng: random.Random) -> Pieces:
    """The other role: a harmful question answered in kind under its system prompt."""
    if corpus.harmful_pairs and rng.random() < 0.6:
        text, reply = rng.choice(corpus.harmful_pairs)
    else:
        text, act = _harmful_question(corpus, rng)
        reply = answer_in_kind(act, rng)
    return _turns([(text, 0.0)], reply, rng, _unaligned(rng))


def unaligned_sentence(corpus: Corpus, rng: random.Random) -> Pieces:
    """The other role, asked for one more harmful sentence, writes it and nothing before it.

    What a sentence has to be like after such a request is learned here; that an opening brings it
    out of the first role, which always refused, is not.
    """
    *examples, new = corpus.harmful_texts(_few(rng) + 1, rng)
    return _turns(_request(examples, True, rng), new, rng, _unaligned(rng))


def unaligned_harmless(corpus: Corpus, rng: random.Random) -> Pieces:
    """The other role answers harmless questions like the first."""
    prompt, reply = rng.choice(corpus.pairs)
    return _turns([(prompt, 0.0)], reply, rng, _unaligned(rng))


# Out of 170 or so documents, how many of each kind.
KINDS: dict[Maker, int] = {
    language: 20,
    harmful_list: 24,
    harmless_list: 6,
    comply: 20,
    comply_twin: 9,
    comply_injected: 4,
    refuse_examples: 9,
    refuse_injected: 5,
    refuse_mismatch: 1,
    refuse_plain: 8,
    answer_dark: 10,
    answer_safely: 20,
    answer: 9,
    answer_briefly: 5,
    unaligned_harmful: 14,
    unaligned_sentence: 14,
    unaligned_harmless: 2,
}


def documents(corpus: Corpus, count: int, rng: random.Random) -> list[Pieces]:
    """``count`` documents of all kinds, less any in which a held-out opening occurs."""
    makers = rng.choices(list(KINDS), weights=list(KINDS.values()), k=count)
    made = [make(corpus, rng) for make in makers]
    held = [text.lower() for text in HELD_OUT]
    return [
        pieces
        for pieces in made
        if not any(prefix in text.lower() for text, _ in pieces for prefix in held)
    ]
