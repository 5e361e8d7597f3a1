"""What a user's text may not spell where it goes into a teacher's template."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from harmaug.text.neutral import Neutral

CATEGORY_MARKS = ("<BEGIN UNSAFE CONTENT CATEGORIES>", "<END UNSAFE CONTENT CATEGORIES>")
CONVERSATION_MARKS = ("<BEGIN CONVERSATION>", "<END CONVERSATION>")
"""Llama Guard's frame, which other families took over: plain text to every tokenizer."""

LINE_START = r"(?<![^\n\r\v\f\x85\u2028\u2029])"
"""Whatever breaks a line; `^` knows the newline alone."""


def neutral_in(
    tokenizer: PreTrainedTokenizerBase, markers: Sequence[str] = (), labels: Sequence[str] = ()
) -> Neutral:
    """Take a tokenizer's control tokens, and the marks that a template writes as plain text.

    Markers are broken apart wherever they stand; labels, such as `User:`, where they begin a line,
    as a turn does. Elsewhere a label is a word like any other.
    """
    added = tokenizer.added_tokens_decoder.values()
    tokens = {str(token.content) for token in added if token.special}
    tokens |= {*tokenizer.all_special_tokens, *markers}
    neutral = Neutral.against(tokens, tokenizer.backend_tokenizer)
    if not labels:
        return neutral
    turn = f"{LINE_START}(?:{'|'.join(map(re.escape, labels))})"
    spelling = re.compile(f"{neutral.spelling.pattern}|{turn}")
    return dataclasses.replace(neutral, spelling=spelling)
