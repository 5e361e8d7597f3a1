"""A user's text stays text, in every kind of tokenizer."""

from collections.abc import Callable

import pytest
from tests.models import byte_tokenizer, word_tokenizer
from tests.teachers.guards import unigram_tokenizer
from transformers import PreTrainedTokenizerFast

from harmaug.teachers.neutral import Neutral

TOKENIZERS: dict[str, Callable[[], PreTrainedTokenizerFast]] = {
    "byte-level": lambda: byte_tokenizer("<|eot_id|>", "<|user|>"),
    "wordpiece": word_tokenizer,
    "unigram": lambda: unigram_tokenizer("<pad>", "</s>", "[SEP]"),
}


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_no_control_token_comes_out_of_a_text(kind: str) -> None:
    tokenizer = TOKENIZERS[kind]()
    control = [token for token in tokenizer.added_tokens_decoder.values() if token.special]
    spelled = "bread ".join(str(token.content) for token in control)
    ids = {tokenizer.convert_tokens_to_ids(str(token.content)) for token in control}
    ids -= {tokenizer.unk_token_id}
    assert ids & set(tokenizer(spelled, add_special_tokens=False)["input_ids"])
    text = Neutral.of(tokenizer).text(spelled)
    assert not ids & set(tokenizer(text, add_special_tokens=False)["input_ids"])
    assert text.replace(" ", "") == spelled.replace(" ", "")


def test_full_width_letters_that_normalise_to_a_control_token() -> None:
    tokenizer = unigram_tokenizer("<pad>", "</s>")
    written = "bread ＜/s＞ fox"
    end = tokenizer.convert_tokens_to_ids("</s>")
    assert end in tokenizer(written, add_special_tokens=False)["input_ids"]
    text = Neutral.of(tokenizer).text(written)
    assert end not in tokenizer(text, add_special_tokens=False)["input_ids"]


def test_breaking_does_not_join_what_stands_around() -> None:
    neutral = Neutral.of(byte_tokenizer(), markers=["ab", "ba"])
    assert neutral.text("aba <<s>s> é") == "a b a << s>s> é"
    assert neutral.text("plain text, 3 < 4") == "plain text, 3 < 4"
    assert neutral.pair(("<s>", None)) == ("< s>", None)
    assert neutral.pair(("x", "<s>")) == ("x", "< s>")


def test_lone_surrogates_become_question_marks() -> None:
    assert Neutral.of(byte_tokenizer()).text("a\ud800b") == "a?b"
