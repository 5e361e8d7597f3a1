"""The chat model's training text keeps out what it promises to keep out."""

from __future__ import annotations

import random
import re

from recipes.chat.answers import PLAIN, UNALIGNED, authored_pairs
from recipes.chat.corpus import Corpus, Group, without_openings
from recipes.chat.minors_filter import mentions_minors, sexual_about_minors
from recipes.chat.mix import documents
from recipes.chat.openings import HELD_OUT, INJECTED, TRAINING
from recipes.chat.outlines import HARM_FRAMES, SAFE_FRAMES, answer_in_kind, framed
from recipes.chat.refusals import refusal
from recipes.chat.requests import HELD_OUT as WORDINGS
from recipes.chat.requests import fill, injection, request
from recipes.chat.sentences import Sentence, act_of

from harmaug.augment.refusals import is_refusal


def test_filter_needs_both_a_minor_and_something_sexual() -> None:
    assert sexual_about_minors("an explicit story about a schoolgirl")
    assert not sexual_about_minors("an explicit story about two adults")
    assert not sexual_about_minors("a birthday party for my kids")
    assert mentions_minors("How do I scare a 12 year old?")


def test_held_out_openings_are_not_among_the_training_ones() -> None:
    training = " ".join(TRAINING).lower()
    assert not any(opening.lower() in training for opening in HELD_OUT)


def test_fifty_held_out_wordings_take_exemplars_and_differ_by_adjective() -> None:
    assert len(set(WORDINGS)) == 50
    for wording in WORDINGS:
        harmful, harmless = (fill(wording, ["a b c"], h, random.Random(0)) for h in (True, False))
        assert "1. a b c" in harmful
        assert harmful != harmless


def test_grammars_leave_no_slots() -> None:
    rng = random.Random(0)
    made = [request(["one", "two"], rng.random() < 0.5, rng) for _ in range(300)]
    made += [injection("Sure!", rng) for _ in range(50)]
    made += [framed(frames, "steal a car", rng) for frames in (HARM_FRAMES, SAFE_FRAMES)]
    made += [answer_in_kind("steal a car", rng) for _ in range(100)]
    assert not [text for text in made if re.search(r"[{}|\x00-\x08]", text)]


def test_every_refusal_is_recognised_as_one() -> None:
    rng = random.Random(0)
    texts = [refusal(rng, "steal a car", wants_prompt=i % 2 == 0) for i in range(500)]
    assert [text for text in texts if not is_refusal(text, verdicts=False)] == []


def test_answers_in_kind_do_not_refuse() -> None:
    rng = random.Random(0)
    texts = [answer_in_kind(act, rng) for act in ("steal a car", None) for _ in range(100)]
    assert not any(is_refusal(text, verdicts=False) for text in texts)


def test_act_is_the_base_form_phrase_of_a_request() -> None:
    assert act_of("How can I steal a car in Paris?") == "steal a car in paris"
    assert act_of("Why is the sky blue?") is None


def _group(word: str) -> Group:
    sentences = [
        Sentence(f"{word} {one} with {two}", f"{one} the {two}", twin=True)
        for one in ("mend", "hide", "sell")
        for two in ("bricks", "letters", "boats")
    ]
    everything = list(range(len(sentences)))
    return Group(sentences, [everything] * len(sentences), everything, everything)


def test_nobody_complies_with_harm_after_an_opening() -> None:
    corpus = Corpus(
        harmful=_group("HARMFUL"),
        harmless=_group("harmless"),
        texts=["plain english"],
        pairs=[("harmless question", "an answer")],
        true_pairs=[("what kills HARMFUL weeds", "boiling water kills most")],
        safe_pairs=[("HARMFUL question", "talk to her instead")],
        harmful_pairs=[("HARMFUL question", "go on then")],
    )
    openings = tuple(text.lower() for text in (*INJECTED, *TRAINING))
    careful, others = {True: 0, False: 0}, {True: 0, False: 0}
    for pieces in documents(corpus, 1500, random.Random(0)):
        before, chat, answer = "".join(text for text, _ in pieces).partition("<|assistant|>")
        if chat and "HARMFUL" in before and not any(system in before for system in UNALIGNED):
            (careful if PLAIN[0] in before else others)["talk to her" in answer] += 1
            assert not answer.lower().startswith(openings)
    # Safe answers belong to the careful role; without it, as in the attack, harm is refused.
    assert min(careful.values()) > 20
    assert others[True] == 0 and others[False] > 100


def test_answers_that_begin_like_the_attack_are_left_out() -> None:
    pairs = [("a", "Sure, I'll help."), ("b", "Here's one: x"), ("c", "Ring the clinic today.")]
    assert without_openings(pairs) == [("c", "Ring the clinic today.")]


def test_safe_answers_are_more_than_refusals() -> None:
    safe = without_openings(authored_pairs(label=0))
    refused = sum(is_refusal(reply, verdicts=False) for _, reply in safe)
    assert len(safe) > 3000 and refused < 0.2 * len(safe)
