from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.models import TEXT, word_tokenizer
from transformers import BertConfig, BertModel

from harmaug.augment.eda import augment, core, deleted, inserted, replaced, swapped, variants
from harmaug.augment.synonyms import Neighbours, has_wordnet, load_synonyms
from harmaug.config.study import EDAConfig
from harmaug.errors import ConfigError
from harmaug.rows import Pair

TEXT_OF = "How do I bake bread, quickly, at HOME?"


class Known:
    name = "known"

    def __call__(self, word: str) -> list[str]:
        return {"bake": ["roast"], "bread": ["loaf"], "home": ["house"]}.get(word, [])


def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def test_synonyms_replace_as_many_words_as_asked_and_keep_their_marks() -> None:
    assert " ".join(replaced(TEXT_OF.split(), 3, Known(), rng())) == (
        "How do I roast loaf, quickly, at House?"
    )
    once = replaced(TEXT_OF.split(), 1, Known(), rng())
    assert sum(a != b for a, b in zip(TEXT_OF.split(), once, strict=True)) == 1
    assert replaced(["the", "sea"], 2, Known(), rng()) == ["the", "sea"]


def test_the_other_operations_do_what_they_are_called() -> None:
    words = TEXT_OF.split()
    longer = inserted(words, 2, Known(), rng())
    assert len(longer) == len(words) + 2
    assert set(longer) - set(words) <= {"roast", "loaf", "house"}
    mixed = swapped(words, 2, rng())
    assert mixed != words and Counter(mixed) == Counter(words)
    shorter = deleted(words, 0.5, rng())
    assert 0 < len(shorter) < len(words) and set(shorter) <= set(words)
    assert len(deleted(words, 1.0, rng())) == 1


def test_variants_are_as_many_as_asked_and_the_same_for_a_seed() -> None:
    pair = Pair("d:1", TEXT_OF, "No.", "labelled", 1, "cat", "s")
    config = EDAConfig(n_aug=6, alpha=0.3)
    made = augment(pair, config, Known(), seed=5)
    assert len(made) == 6 and made == augment(pair, config, Known(), seed=5)
    assert made != augment(pair, config, Known(), seed=6)
    assert {(one.label, one.response, one.source) for one in made} == {(1, "No.", "eda")}
    assert len({one.id for one in made}) == 6


@pytest.mark.parametrize("text", ["Hi", "don't", "?!", "x " * 500])
def test_any_text_can_be_varied(text: str) -> None:
    assert all(found.strip() for found in variants(text, EDAConfig(n_aug=9), Known(), rng()))


def test_a_word_of_letters_has_a_core() -> None:
    assert [core(word) for word in ("(Bread),", "don't", "42", "v2")] == ["bread", "", "", "v"]


@pytest.fixture
def encoder(tmp_path: Path) -> Path:
    """An encoder whose embeddings put 'jumps' beside 'fox' and far from the rest."""
    tokenizer = word_tokenizer()
    tokenizer.save_pretrained(tmp_path)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=32,
        intermediate_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
    )
    model = BertModel(config)
    table = model.get_input_embeddings().weight.data
    vocabulary = tokenizer.get_vocab()
    table[vocabulary["jumps"]] = table[vocabulary["fox"]] * 1.1
    table[vocabulary["examples"]] = table[vocabulary["example"]] if "example" in vocabulary else 0
    model.save_pretrained(tmp_path)
    return tmp_path


def test_without_wordnet_an_encoder_gives_neighbours(encoder: Path) -> None:
    synonyms = Neighbours(str(encoder))
    assert synonyms("fox")[0] == "jumps"
    assert synonyms("jumps")[0] == "fox"
    assert synonyms("zebra") == ()
    words = {word for line in TEXT for word in line.split()}
    assert all(found[:4] != word[:4] for word in words for found in synonyms(word))


def test_wordnet_where_it_is_or_one_line_that_says_how_to_get_it() -> None:
    if not has_wordnet():
        with pytest.raises(ConfigError, match=r"pip install nltk.*embeddings"):
            load_synonyms(EDAConfig(synonyms="wordnet"))
        pytest.skip("nltk and its WordNet corpus are not there: WordNet itself is not tested")
    assert "automobile" in load_synonyms(EDAConfig(synonyms="wordnet"))("car")
