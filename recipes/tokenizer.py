"""The tokenizer that guard, encoder and chat share: MiniLM's WordPiece, trimmed to English.

``python -m recipes.tokenizer --data DIR`` writes it for the encoder and the guard. Every row of an
embedding matrix costs disk and memory, and two thirds of BERT's 30,522 pieces are names and other
scripts that this data never shows. Text in other scripts becomes ``[UNK]``, which the guard takes
as the sign that it is out of scope. Ids are frozen: models trained with them depend on the order.
"""

from __future__ import annotations

import argparse
import json
import logging
import unicodedata
from collections import Counter
from pathlib import Path

from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors

from recipes.minilm import minilm_folder
from recipes.sources import open_files, read_rows

VOCABULARY_SIZE = 10_240
MAX_LENGTH = 512
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
# Reserved for the chat model. The pre-tokenizer splits on punctuation and drops line ends, so
# text never produces these entries where they are not declared special.
CHAT_MARKERS = ("<|system|>", "<|user|>", "<|assistant|>", "<|end|>", "\n")
FOLDERS = (Path("models/encoder"), Path("src/harmaug/assets/guard"))
# The share of the ranking that is ordinary English rather than the safety data.
ENGLISH_SHARE = 0.35

log = logging.getLogger(__name__)


def is_latin(piece: str) -> bool:
    """Whether a piece is printable ASCII or a common sign of Latin-script typography."""
    body = piece.removeprefix("##")
    return all(char.isascii() or char in "£€¥§°±²³·×÷¿¡«»‘’“”–—…•™©®ßæøœłđðþı" for char in body)


def word_counts(data: Path) -> Counter[str]:
    """How often each pre-tokenised, lower-cased word occurs, every file weighing the same."""
    normalizer = normalizers.BertNormalizer(lowercase=True)
    splitter = pre_tokenizers.BertPreTokenizer()
    total: Counter[str] = Counter()
    for name in open_files(data):
        counts: Counter[str] = Counter()
        for row in read_rows(data, name):
            text = normalizer.normalize_str(f"{row.prompt} {row.response or ''}")
            counts.update(word for word, _ in splitter.pre_tokenize_str(text))
        # A square root between "every word alike" and "every file alike": long files still count.
        weight = sum(counts.values()) ** -0.5
        for word, count in counts.items():
            total[word] += count * weight
    return total


def word_piece(vocabulary: list[str]) -> Tokenizer:
    """A BERT tokenizer over an ordered list of pieces."""
    ids = {piece: index for index, piece in enumerate(vocabulary)}
    tokenizer = Tokenizer(models.WordPiece(ids, unk_token="[UNK]", max_input_chars_per_word=100))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    return tokenizer


def trim(full: list[str], words: Counter[str], size: int) -> list[str]:
    """The ``size`` most useful pieces of ``full``, in ``full``'s order after the reserved ones.

    A word that loses its own piece is spelled with smaller ones, which changes their counts, so
    the vocabulary shrinks by steps and the counts are taken again at each.
    """
    reserved = [*SPECIAL, *CHAT_MARKERS]
    usable = [p for p in full if is_latin(p) and not (p.startswith("[") and len(p) > 1)]
    single = [p for p in usable if len(p.removeprefix("##")) == 1]
    kept = [p for p in usable if p not in set(single)]
    # BERT's own order is by frequency in books and Wikipedia: Zipf's law turns rank to counts.
    zipf = {piece: 1.0 / (rank + 10) for rank, piece in enumerate(kept)}
    while True:
        model = word_piece([*reserved, *single, *kept])
        counts: Counter[str] = Counter()
        for word, count in words.items():
            for piece in model.encode(word, add_special_tokens=False).tokens:
                counts[piece] += count
        data_total, zipf_total = sum(counts.values()), sum(zipf[p] for p in kept)
        score = {
            piece: (1 - ENGLISH_SHARE) * (counts[piece] / data_total)
            + ENGLISH_SHARE * (zipf[piece] / zipf_total)
            for piece in kept
        }
        room = size - len(reserved) - len(single)
        if len(kept) <= room:
            return [*reserved, *single, *kept]
        target = max(room, int(len(kept) * 0.8))
        best = set(sorted(kept, key=score.__getitem__, reverse=True)[:target])
        kept = [piece for piece in kept if piece in best]


def finish(vocabulary: list[str]) -> Tokenizer:
    """The encoder's and guard's tokenizer: single texts and text pairs in BERT's layout."""
    tokenizer = word_piece(vocabulary)
    tokenizer.add_special_tokens(list(SPECIAL))
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, vocabulary.index(token)) for token in ("[CLS]", "[SEP]")],
    )
    return tokenizer


def save(tokenizer: Tokenizer, folder: Path) -> None:
    """Write ``tokenizer.json`` and the ``tokenizer_config.json`` that transformers reads."""
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_LENGTH,
        "model_input_names": ["input_ids", "token_type_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        **{f"{token.strip('[]').lower()}_token": token for token in SPECIAL},
    }
    text = json.dumps(config, indent=2)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")


def main() -> None:
    """Trim the vocabulary and write the tokenizer into ``FOLDERS``."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="folder with MANIFEST.md, train/")
    parser.add_argument("--cache", type=Path, default=Path("build/recipes"))
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    pieces = (minilm_folder(arguments.cache) / "vocab.txt").read_text(encoding="utf-8").split("\n")
    words = word_counts(arguments.data)
    vocabulary = trim(
        [unicodedata.normalize("NFC", p) for p in pieces if p], words, VOCABULARY_SIZE
    )
    tokenizer = finish(vocabulary)
    for folder in FOLDERS:
        save(tokenizer, folder)
    whole = sum(count for word, count in words.items() if word in set(vocabulary))
    log.info(
        "%d pieces; %.1f%% of words are one piece", len(vocabulary), 100 * whole / words.total()
    )


if __name__ == "__main__":
    main()
