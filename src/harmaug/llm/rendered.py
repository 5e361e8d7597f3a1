"""Rendering a served model's chat template here, for servers that cannot continue a chat turn."""

from __future__ import annotations

from collections.abc import Callable

from transformers import AutoTokenizer, PreTrainedTokenizerBase

from harmaug.errors import ModelError
from harmaug.llm.base import Request
from harmaug.llm.template import render


def load_renderer(tokenizer: str, revision: str | None) -> Callable[[Request], str]:
    """Return what turns a request into the text that `/v1/completions` continues.

    Raises:
        ModelError: when the tokenizer cannot be loaded.
    """
    try:
        loaded = AutoTokenizer.from_pretrained(tokenizer, revision=revision or "main")
    except (OSError, ValueError, KeyError) as error:
        reason = str(error).splitlines()[0]
        raise ModelError(
            f"cannot load the tokenizer '{tokenizer}' ({reason}): "
            "set llm.tokenizer to the served model's folder or hub id"
        ) from None
    return lambda request: _text(loaded, request)


def _text(tokenizer: PreTrainedTokenizerBase, request: Request) -> str:
    """Render; the beginning-of-text token is left to a server whose tokenizer adds it by itself."""
    text = render(tokenizer, request.messages, request.prefill)
    start = tokenizer.bos_token
    if isinstance(start, str) and tokenizer("")["input_ids"][:1] == [tokenizer.bos_token_id]:
        text = text.removeprefix(start)
    return text
