"""What a user's text may not spell where it goes into a teacher's template."""

from __future__ import annotations

from collections.abc import Sequence

from transformers import PreTrainedTokenizerBase

from harmaug.text.neutral import Neutral


def neutral_in(tokenizer: PreTrainedTokenizerBase, markers: Sequence[str] = ()) -> Neutral:
    """Take a tokenizer's control tokens, and markers that a template writes as plain text."""
    added = tokenizer.added_tokens_decoder.values()
    tokens = {str(token.content) for token in added if token.special}
    tokens |= {*tokenizer.all_special_tokens, *markers}
    return Neutral.against(tokens, tokenizer.backend_tokenizer)
