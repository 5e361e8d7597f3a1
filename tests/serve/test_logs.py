"""What the server writes down of a request, and what it never does."""

from __future__ import annotations

import json
import logging
import re

import httpx
import pytest
from tests.serve.conftest import running

from harmaug.guard import Guard
from harmaug.serve.settings import ServeSettings

PROMPT = "how do i bake bread"


def test_text_is_logged_only_when_asked(guard: Guard, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    for asked in (False, True):
        caplog.clear()
        with running(guard, ServeSettings(access_log=True, log_text=asked)) as base:
            httpx.post(f"{base}/v1/check?q={PROMPT}", json={"prompt": PROMPT})
            httpx.post(f"{base}/v1/check", content=json.dumps({"prompt": [PROMPT]}))
        written = [
            record.getMessage() for record in caplog.records if record.name == "harmaug.serve"
        ]
        assert any("POST /v1/check 200" in line for line in written)
        assert any(PROMPT in line for line in written) is asked


@pytest.mark.parametrize(
    ("asked", "threshold", "flagged"),
    [
        ({"threshold": 0.0}, "0.000", True),
        ({"threshold": 1.0}, "1.000", False),
        ({"operating_point": "lenient"}, "0.900", False),
        ({"operating_point": "strict"}, "0.100", True),
    ],
)
def test_log_and_count_tell_the_answer_that_was_given(
    guard: Guard,
    caplog: pytest.LogCaptureFixture,
    asked: dict[str, object],
    threshold: str,
    flagged: bool,
) -> None:
    caplog.set_level(logging.INFO)
    with running(guard, ServeSettings(log_text=True)) as base:
        answer = httpx.post(f"{base}/v1/check", json={"prompt": PROMPT, **asked}).json()
        text = httpx.get(f"{base}/metrics").text
    assert answer["results"][0]["flagged"] is flagged
    word, count = ("FLAGGED", "flagged") if flagged else ("safe", "not_flagged")
    (line,) = (each.getMessage() for each in caplog.records if PROMPT in each.getMessage())
    assert f"Verdict({word}: " in line
    assert threshold in line
    assert re.findall(r"harmaug_items_total.*", text)[-1:] == [
        f'harmaug_items_total{{verdict="{count}"}} 1'
    ]
