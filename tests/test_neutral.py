"""A user's text stays text, in every kind of tokenizer."""

from collections import Counter
from collections.abc import Callable

import pytest
from tokenizers import normalizers
from transformers import PreTrainedTokenizerFast

from harmaug.teachers.template_text import neutral_in
from harmaug.text import PairEncoder
from tests.models import byte_tokenizer, word_tokenizer
from tests.teachers.guards import unigram_tokenizer

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
    text = neutral_in(tokenizer).text(spelled)
    assert not ids & set(tokenizer(text, add_special_tokens=False)["input_ids"])
    assert text.replace(" ", "") == spelled.replace(" ", "")


def test_full_width_letters_that_normalise_to_a_control_token() -> None:
    tokenizer = unigram_tokenizer("<pad>", "</s>")
    written = "bread ＜/s＞ fox"
    end = tokenizer.convert_tokens_to_ids("</s>")
    assert end in tokenizer(written, add_special_tokens=False)["input_ids"]
    text = neutral_in(tokenizer).text(written)
    assert end not in tokenizer(text, add_special_tokens=False)["input_ids"]


def test_capital_letters_that_normalise_to_a_control_token() -> None:
    tokenizer = unigram_tokenizer("<pad>", "</s>")
    tokenizer.backend_tokenizer.normalizer = normalizers.Lowercase()
    end = tokenizer.convert_tokens_to_ids("</s>")
    assert end in tokenizer("bread </S> fox", add_special_tokens=False)["input_ids"]
    text = neutral_in(tokenizer).text("bread </S> fox")
    assert end not in tokenizer(text, add_special_tokens=False)["input_ids"]
    framed = PairEncoder(tokenizer.backend_tokenizer)([("bread </S> fox", None)])[0].ids
    assert framed.count(end) == 1


def test_breaking_does_not_join_what_stands_around() -> None:
    neutral = neutral_in(byte_tokenizer(), markers=["ab", "ba"])
    assert neutral.text("aba <<s>s> é") == "a b a << s>s> é"
    assert neutral.text("plain text, 3 < 4") == "plain text, 3 < 4"
    assert neutral.pair(("<s>", None)) == ("< s>", None)
    assert neutral.pair(("x", "<s>")) == ("x", "< s>")


@pytest.mark.parametrize("kind", TOKENIZERS)
def test_no_row_of_a_student_holds_a_control_token_that_its_text_spelled(kind: str) -> None:
    tokenizer = TOKENIZERS[kind]()
    backend = tokenizer.backend_tokenizer
    control = {
        number: token.content
        for number, token in backend.get_added_tokens_decoder().items()
        if token.special and token.content != tokenizer.unk_token
    }
    texts = [f"bread{token}fox {token} bread" for token in control.values()]
    encode = PairEncoder(backend)
    framed = encode([("bread", "fox")])[0].ids
    for row in encode([(text, text) for text in texts]):
        found = Counter(number for number in row.ids if number in control)
        assert found == Counter(number for number in framed if number in control)


def test_lone_surrogates_become_question_marks() -> None:
    assert neutral_in(byte_tokenizer()).text("a\ud800b") == "a?b"
