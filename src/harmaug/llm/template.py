"""From messages to the text a causal model reads: its chat template, or plain text without one."""

from __future__ import annotations

from collections.abc import Sequence

from jinja2 import TemplateError
from transformers import PreTrainedTokenizerBase

from harmaug.errors import ModelError
from harmaug.llm.base import Request
from harmaug.text import Message
from harmaug.text.plain import encodable


def render(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], prefill: str | None
) -> str:
    """Render messages up to where the model has to go on, the prefill included.

    A model without a chat template (a base model) gets the turns as plain paragraphs. A template
    that knows no system role (Gemma) gets the system text at the head of the first user turn.

    Raises:
        ModelError: when the template refuses the messages.
    """
    messages = [_encodable(message) for message in messages]
    if tokenizer.chat_template is None:
        paragraphs = [message["content"] for message in messages]
        return "\n\n".join([*paragraphs, prefill or ""])
    try:
        return _templated(tokenizer, messages, prefill)
    except TemplateError as error:
        if messages[0]["role"] != "system":
            raise ModelError(f"the chat template refuses these messages: {error}") from None
    except ValueError as error:  # `transformers` does not find the prefill in what was rendered
        raise ModelError(f"the chat template changes a prefill: {error}") from None
    return _templated(tokenizer, _without_system(messages), prefill)


def encoded(tokenizer: PreTrainedTokenizerBase, requests: Sequence[Request]) -> list[list[int]]:
    """Return the token ids that a model in this process goes on from, one list a request.

    Raises:
        ModelError: when the template refuses a request's messages.
    """
    texts = [render(tokenizer, row.messages, row.prefill) for row in requests]
    ids = [list(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    begin = tokenizer.bos_token_id
    # A template writes its own beginning of text; without one the tokenizer would have.
    if tokenizer.chat_template is None and tokenizer("")["input_ids"][:1] == [begin]:
        return [[begin, *row] for row in ids]
    return ids


def _encodable(message: Message) -> Message:
    return {"role": message["role"], "content": encodable(message["content"])}


def _templated(
    tokenizer: PreTrainedTokenizerBase, messages: Sequence[Message], prefill: str | None
) -> str:
    turns = [{"role": str(message["role"]), "content": message["content"]} for message in messages]
    if prefill is None:
        text = tokenizer.apply_chat_template(turns, tokenize=False, add_generation_prompt=True)
    else:
        turns.append({"role": "assistant", "content": prefill})
        text = tokenizer.apply_chat_template(turns, tokenize=False, continue_final_message=True)
    return str(text)


def _without_system(messages: Sequence[Message]) -> list[Message]:
    system, first, *rest = messages
    content = f"{system['content']}\n\n{first['content']}"
    return [{"role": first["role"], "content": content}, *rest]
