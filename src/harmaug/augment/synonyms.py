"""Synonyms for easy data augmentation: WordNet's, or neighbours in an encoder's embeddings."""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import torch
from torch.nn import functional

from harmaug.config.study import EDAConfig
from harmaug.embedded import encoder_folder
from harmaug.errors import ConfigError, ModelError
from harmaug.export.quiet import quiet_transformers

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

NEIGHBOURS = 5
LEAST_COSINE = 0.4
STEM = 4
# Words whose synonyms are remembered: EDA asks for the same ones again and again.
CACHED = 100_000


class Synonyms(Protocol):
    """Gives a lower-case word its synonyms, none where it knows none."""

    @property
    def name(self) -> str:
        """Where they come from."""
        ...

    def __call__(self, word: str) -> Sequence[str]:
        """Return other words for this one, in a fixed order."""
        ...


def load_synonyms(config: EDAConfig) -> Synonyms:
    """Return WordNet where it is asked for or found, else an encoder's neighbours.

    Raises:
        ConfigError: when WordNet is asked for and is not there.
        ModelError: when the encoder cannot be loaded.
    """
    return WordNet() if uses_wordnet(config) else Neighbours(config.encoder)


def uses_wordnet(config: EDAConfig) -> bool:
    """Say whether synonyms are WordNet's, which `auto` leaves to what is installed."""
    return config.synonyms == "wordnet" or (config.synonyms == "auto" and has_wordnet())


def has_wordnet() -> bool:
    """Say whether nltk is installed and its WordNet corpus downloaded."""
    if importlib.util.find_spec("nltk") is None:
        return False
    from nltk.data import find

    try:
        find("corpora/wordnet.zip")
    except LookupError:
        try:
            find("corpora/wordnet")
        except LookupError:
            return False
    return True


class WordNet:
    """WordNet's lemmas of every sense of a word, as Wei and Zou take them.

    Raises:
        ConfigError: when nltk or its corpus is not there.
    """

    name = "wordnet"

    def __init__(self) -> None:
        if not has_wordnet():
            raise ConfigError(
                "eda.synonyms: wordnet needs nltk and its corpus: pip install nltk, then "
                "python -m nltk.downloader wordnet; or set eda.synonyms to embeddings"
            )
        self._found = lru_cache(maxsize=CACHED)(_lemmas)

    def __call__(self, word: str) -> Sequence[str]:
        """Return the lemmas as plain lower-case words, sorted."""
        return self._found(word)


class Neighbours:
    """Whole words nearest in the centred token embeddings of an encoder, inflections left out.

    At most `NEIGHBOURS` of a cosine of at least `LEAST_COSINE`; a word that the vocabulary does
    not hold whole has none.

    Raises:
        ModelError: when the encoder cannot be loaded.
    """

    def __init__(self, encoder: str) -> None:
        from transformers import AutoModel, AutoTokenizer

        folder = encoder_folder(encoder)
        with quiet_transformers():
            try:
                tokenizer = AutoTokenizer.from_pretrained(folder)
                table = AutoModel.from_pretrained(folder).get_input_embeddings().weight
            except (OSError, ValueError, KeyError) as error:
                reason = str(error).strip().partition("\n")[0]
                raise ModelError(f"encoder '{encoder}' cannot be loaded: {reason}") from None
        self.name = f"neighbours in {Path(folder).name}"
        pieces = _whole_words(tokenizer)
        self._words = sorted(pieces)
        self._places = {word: place for place, word in enumerate(self._words)}
        rows = table.detach().float()[[pieces[word] for word in self._words]]
        self._table = functional.normalize(rows - rows.mean(dim=0), dim=1)
        self._found = lru_cache(maxsize=CACHED)(self._neighbours)

    def __call__(self, word: str) -> Sequence[str]:
        """Return the neighbours, nearest first."""
        return self._found(word)

    def _neighbours(self, word: str) -> Sequence[str]:
        place = self._places.get(word)
        if place is None:
            return ()
        cosines = self._table @ self._table[place]
        near = torch.argsort(cosines, descending=True, stable=True)[: 4 * NEIGHBOURS].tolist()
        found = [
            self._words[at]
            for at in near
            if cosines[at] >= LEAST_COSINE and self._words[at][:STEM] != word[:STEM]
        ]
        return tuple(found[:NEIGHBOURS])


def _lemmas(word: str) -> Sequence[str]:
    from nltk.corpus import wordnet

    lemmas = (lemma.name() for sense in wordnet.synsets(word) for lemma in sense.lemmas())
    plain = {re.sub(r"[^a-z ]", "", re.sub(r"[_-]", " ", name.lower())) for name in lemmas}
    return sorted(plain - {word, ""})


def _whole_words(tokenizer: PreTrainedTokenizerBase) -> dict[str, int]:
    """Return the vocabulary's whole lower-case words of at least three letters, with their ids.

    WordPiece marks pieces inside a word by ##, byte-level BPE and SentencePiece mark those that
    begin one.
    """
    vocabulary: dict[str, int] = tokenizer.get_vocab()
    begins = tuple(mark for mark in ("Ġ", "▁") if f"{mark}a" in vocabulary)
    words = {}
    for piece, number in vocabulary.items():
        if begins and not piece.startswith(begins):
            continue
        word = piece.lstrip("Ġ▁")
        if re.fullmatch(r"[a-z]{3,}", word):
            words[word] = number
    return words
