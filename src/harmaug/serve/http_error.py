"""Errors as the one JSON shape that every answer but 2xx has: that of the OpenAI API."""

from __future__ import annotations

import json
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.responses import Response

_CODES = {
    400: "bad_request",
    401: "invalid_api_key",
    404: "not_found",
    405: "method_not_allowed",
    413: "body_too_large",
    422: "invalid_value",
    431: "headers_too_large",
    500: "internal_error",
    503: "overloaded",
    504: "deadline_exceeded",
}


class ErrorDetail(BaseModel):
    """One line for a person, a code for a program, and which field is at fault."""

    message: str
    type: str
    code: str
    param: str | None = None


class ErrorBody(BaseModel):
    """What every answer but 2xx holds."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "error": {
                        "message": "at most 128 items a request, not 300",
                        "type": "invalid_request_error",
                        "code": "invalid_value",
                        "param": "items",
                    }
                }
            ]
        }
    )

    error: ErrorDetail


class HttpError(Exception):
    """An answer other than 2xx: its status, its line, the field at fault, more headers."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.param = param
        self.headers = dict(headers or {})

    def response(self) -> Response:
        """Return the answer; any text that was quoted is escaped to ASCII."""
        detail = {
            "message": self.message,
            "type": "invalid_request_error" if self.status < 500 else "server_error",
            "code": _CODES.get(self.status, "error"),
            "param": self.param,
        }
        return Response(
            json.dumps({"error": detail}),
            status_code=self.status,
            media_type="application/json",
            headers=self.headers,
        )


def invalid(error: ValidationError) -> HttpError:
    """Say in one line what is wrong with a body: 400 where it is not JSON, else 422.

    The input itself is not quoted.
    """
    first = error.errors(include_url=False, include_input=False)[0]
    if first["type"] == "json_invalid":
        return HttpError(
            400, f"the body is not valid JSON: {first['msg'].removeprefix('Invalid JSON: ')}"
        )
    # A field that nobody knows has the name that the client gave it: on one line, and not a book.
    place = ".".join(repr(str(part)[:40])[1:-1] for part in first["loc"])
    message = first["msg"].removeprefix("Value error, ")
    if first["type"] == "union_tag_invalid":
        message = f"its type should be one of {first['ctx']['expected_tags']}"
    return HttpError(422, f"{place}: {message}" if place else message, param=place or None)
