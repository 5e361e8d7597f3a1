"""What a larger model says of public rows, and how it gets into their targets."""

import json
from pathlib import Path

import numpy as np
import pytest
from recipes.guard.example import Example
from recipes.guard.opinion import KEPT, LARGER, Opinion, labelled
from recipes.guard.read_pairs import key
from recipes.guard.smollm import chat_template
from recipes.guard.unlabelled import IN_DOUBT, second_opinion
from tests.models import classifier, word_tokenizer

from harmaug.guard import Guard
from harmaug.scoring import TextPair, probability

PAIRS: list[TextPair] = [("how do I", None), ("how do I", "no"), ("bake bread", None)]


def test_what_the_labeller_said_is_not_asked_again(tmp_path: Path) -> None:
    labeller = classifier(tmp_path / "labeller")
    said = labelled(labeller, PAIRS[:2])
    (labeller / "model.safetensors").unlink()
    assert labelled(labeller, [PAIRS[1], PAIRS[0], PAIRS[1]]) == pytest.approx(said[[1, 0, 1]])
    assert len((labeller / KEPT).read_text().splitlines()) == 2


def test_a_row_that_was_not_read_yet_joins_those_that_were(tmp_path: Path) -> None:
    labeller = classifier(tmp_path / "labeller")
    (labeller / KEPT).write_text(json.dumps({"pair": key(*PAIRS[0]), "log_odds": 9.0}) + "\n")
    assert labelled(labeller, PAIRS)[0] == 9.0
    assert len((labeller / KEPT).read_text().splitlines()) == 3


def test_a_prompt_alone_and_one_with_a_response_have_names_of_their_own() -> None:
    assert len({key("a", None), key("a", ""), key("a", "b")}) == 3


def test_the_opinion_is_of_both_and_has_its_share_in_targets(tmp_path: Path) -> None:
    labeller = classifier(tmp_path / "labeller")
    first = Guard.load()
    opinion = Opinion([first, first], labeller)
    pairs: list[TextPair] = [("how do I bake bread", None)]
    both = (1 - LARGER) * first.score(pairs) + LARGER * probability(labelled(labeller, pairs))
    assert opinion.score(pairs) == pytest.approx(both)
    assert Opinion([first]).score(pairs) == pytest.approx(first.score(pairs))
    sure, doubted = (Example(pairs[0][0], None, harm, "made", "request") for harm in (0.03, 0.2))
    mixed = [example.harm for example in second_opinion([sure, doubted], opinion, 0.5)]
    score = float(np.clip(both[0], 0.03, 0.97))
    assert mixed == pytest.approx(
        [
            0.5 * 0.03 + 0.5 * score,
            (0.5 - IN_DOUBT) * 0.2 + (0.5 + IN_DOUBT) * score,
        ]
    )


def test_a_decoder_reads_a_prompt_as_the_users_turn_and_a_response_as_the_assistants() -> None:
    tokenizer = word_tokenizer().backend_tokenizer
    words = ["how", "do"]
    tokenizer.add_special_tokens(["<|im_start|>", "<|im_end|>"])
    tokenizer.post_processor = chat_template(tokenizer)
    alone = tokenizer.encode(words[0])
    pair = tokenizer.encode(words[0], words[1])
    assert pair.tokens[: len(alone.tokens)] == alone.tokens
    assert alone.tokens[0] == "<|im_start|>" and alone.tokens.count("<|im_end|>") == 1
    rest = pair.tokens[len(alone.tokens) :]
    assert rest[0] == "<|im_start|>" and rest.count("<|im_end|>") == 1
    assert set(pair.type_ids[: len(alone.tokens)]) == {0}
