"""The chat model's tokenizer: the shared vocabulary, a chat template, text that reads well.

The ids are the encoder's. What differs: the chat markers are special, a line end is a token, no
``[CLS]``/``[SEP]`` are put around a text, and the decoder rejoins punctuation and restores the
capitals at the start of sentences, which an uncased model cannot write.
"""

from __future__ import annotations

import json
import string
from pathlib import Path

from tokenizers import AddedToken, Regex, Tokenizer, decoders

from recipes.tokenizer import MAX_LENGTH
from recipes.warm_start import TOKENIZER

END = "<|end|>"
ROLES = ("system", "user", "assistant")
CHAT_TEMPLATE = (
    "{%- for message in messages -%}"
    "{{- '<|' + message['role'] + '|>' + message['content'] + '<|end|>' -}}"
    "{%- endfor -%}"
    "{%- if add_generation_prompt -%}{{- '<|assistant|>' -}}{%- endif -%}"
)
_SPACING = (
    (r" *\n *", "\n"),
    (r" (?=[.,!?;:%)\]}])", ""),
    (r"(?<=[(\[{$£€#@]) ", ""),
    (r"(?<=\w) ' (?=(?:s|t|m|re|ve|ll|d)\b)", "'"),
    (r"(?<=\w) ’ (?=(?:s|t|m|re|ve|ll|d)\b)", "'"),
    (r"(?<=\w) - (?=\w)", "-"),
    (r"(?<=\w) / (?=\w)", "/"),
    (r"(?<![\w.])i(?![\w.])", "I"),
    (r"\bai\b", "AI"),
)


def chat_tokenizer() -> Tokenizer:
    """The frozen vocabulary with the chat's special tokens and decoder."""
    tokenizer = Tokenizer.from_file(str(TOKENIZER))
    markers = [f"<|{role}|>" for role in ROLES] + [END]
    tokenizer.add_special_tokens([AddedToken(m, normalized=False) for m in markers])
    tokenizer.add_tokens([AddedToken("\n", normalized=False)])
    tokenizer.post_processor = None
    rules = [decoders.Replace(Regex(pattern), to) for pattern, to in _SPACING]
    capitals = [
        decoders.Replace(Regex(rf"(?<=\A|[.!?] |\n){letter}"), letter.upper())
        for letter in string.ascii_lowercase
    ]
    tokenizer.decoder = decoders.Sequence(
        [decoders.WordPiece(prefix="##", cleanup=False), decoders.Fuse(), *rules, *capitals]
    )
    return tokenizer


def save(folder: Path) -> None:
    """Write ``tokenizer.json``, ``tokenizer_config.json`` and ``chat_template.jinja``."""
    folder.mkdir(parents=True, exist_ok=True)
    chat_tokenizer().save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": MAX_LENGTH,
        "model_input_names": ["input_ids", "attention_mask"],
        "clean_up_tokenization_spaces": False,
        "padding_side": "left",
        "pad_token": "[PAD]",
        "unk_token": "[UNK]",
        "eos_token": END,
    }
    text = json.dumps(config, indent=2)
    (folder / "tokenizer_config.json").write_text(text + "\n", encoding="utf-8")
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE + "\n", encoding="utf-8")
