"""From the bytes of a body to a request, in a time and memory that no body can stretch."""

from __future__ import annotations

import re
from itertools import islice
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from harmaug.serve.http_error import HttpError, invalid

Body = TypeVar("Body", bound=BaseModel)

_TOKENS = 20_000
_TOKENS_OF_AN_ITEM = 16
"""A turn of a conversation has some 7 tokens, 13 where its text is a part."""

# One that is not closed counts as well: looking for its end again and again would take for ever.
_TOKEN = re.compile(rb'"(?:[^"\\]++|\\.)*+"?|[\[{,]', re.DOTALL)


def parse(body: bytes, kind: type[Body], *, max_items: int) -> Body:
    """Read a request.

    Strings and structural characters are counted before anything is built of them: eight
    megabytes of `{},` are gigabytes of objects and errors, and the server stands still meanwhile.

    Raises:
        HttpError: 400 where it is not JSON, else 422.
    """
    most = _TOKENS + _TOKENS_OF_AN_ITEM * max_items
    if sum(1 for _ in islice(_TOKEN.finditer(body), most + 1)) > most:
        raise HttpError(
            422,
            f"at most {most} JSON tokens a request (strings, commas, brackets): send fewer items, "
            "turns or parts at a time",
        )
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        raise invalid(error) from None
