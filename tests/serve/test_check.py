"""`/v1/check`: what the guard says, said over HTTP."""

from __future__ import annotations

import json
import re

import httpx
import pytest

from harmaug.guard import Guard

PROMPT = "how do i bake bread at home? here is a story about a lazy dog."


IMAGE = {"type": "image_url", "image_url": {"url": "https://example.com/image.png"}}
PART = "messages.0.content.parts.0.type"


def check(client: httpx.Client, **body: object) -> httpx.Response:
    return client.post("/v1/check", json=body)


def only(answer: httpx.Response) -> dict[str, object]:
    assert answer.status_code == 200, answer.text
    (result,) = answer.json()["results"]
    return dict(result)


def test_a_prompt_and_a_response(client: httpx.Client, guard: Guard) -> None:
    verdict = guard.check(PROMPT, "i'm sorry")
    result = only(check(client, prompt=PROMPT, response="i'm sorry"))
    assert result == {
        "flagged": verdict.flagged,
        "score": verdict.score,
        "threshold": 0.5,
        "log_odds": verdict.log_odds,
        "in_scope": True,
        "reasons": [],
        "windows": 1,
        "window": None,
        "evidence": [],
        "judged": None,
    }


def test_many_items_of_all_kinds_in_order(client: httpx.Client, guard: Guard) -> None:
    chat = [{"role": "user", "content": "one"}, {"role": "assistant", "content": "two"}]
    items = [{"prompt": PROMPT}, {"messages": chat}, {"prompt": "fox", "response": "dog"}]
    answer = check(client, items=items).json()
    scores = [result["score"] for result in answer["results"]]
    expected = guard.score([(PROMPT, None), ("one", "two"), ("fox", "dog")])
    assert scores == pytest.approx(expected.tolist())
    assert answer["results"][1]["judged"] == {"prompt": "one", "response": "two"}


CALL = {"role": "assistant", "content": None, "tool_calls": [{"id": "1", "type": "function"}]}
RESULT = {"role": "tool", "content": "rain", "tool_call_id": "1"}
ASKED = {"role": "user", "name": "ann", "content": [{"type": "text", "text": "how"}]}
TWO = {"role": "user", "content": [{"type": "text", "text": "a"}, {"type": "text", "text": "b"}]}
ANSWER = {"role": "assistant", "content": "it rains", "refusal": None}
RULES = {"role": "developer", "content": "be brief"}


@pytest.mark.parametrize(
    ("messages", "prompt", "response"),
    [
        ([RULES, ASKED], "how", None),
        ([TWO, RULES], "a\nb", None),
        ([ASKED, ANSWER, RULES], "how", "it rains"),
        ([ASKED, CALL], "how", None),
        ([ASKED, CALL, RESULT], "how", None),
        ([ASKED, {**CALL, "content": "i look it up"}, RESULT], "how", None),
        ([RULES, ASKED, CALL, RESULT, ANSWER], "Human: how\nTool: rain", "it rains"),
    ],
)
def test_what_chat_apis_send_is_read(
    client: httpx.Client, messages: list[object], prompt: str, response: str | None
) -> None:
    result = only(check(client, messages=messages))
    assert result["judged"] == {"prompt": prompt, "response": response}


def test_a_conversation_as_chat_apis_have_it(client: httpx.Client, guard: Guard) -> None:
    parts = {"role": "user", "content": [{"type": "text", "text": "one"}], "name": "me"}
    called = {"role": "assistant", "content": None, "tool_calls": [{"id": "1"}]}
    tool = {"role": "tool", "content": "rain", "tool_call_id": "1"}
    turns = [{"role": "developer", "content": "x"}, parts, called, tool]
    result = only(check(client, messages=[*turns, {"role": "user", "content": PROMPT * 9}]))
    judged = f"Human: one\nTool: rain\nHuman: {PROMPT * 9}"
    assert result["judged"] == {"prompt": judged, "response": None}
    window = result["window"]
    assert isinstance(window, dict)
    assert window["start"] >= judged.index(PROMPT)
    assert only(check(client, messages=turns))["score"] == guard.check("one").score


def test_thresholds_are_the_guards_the_named_ones_or_the_callers(client: httpx.Client) -> None:
    score = only(check(client, prompt=PROMPT))["score"]
    assert isinstance(score, float)
    named = only(check(client, prompt=PROMPT, operating_point="lenient"))
    assert (named["threshold"], named["flagged"]) == (0.9, score >= 0.9)
    for threshold, flagged in ((score, True), (min(1.0, score + 1e-6), False)):
        result = only(check(client, prompt=PROMPT, threshold=threshold))
        assert (result["threshold"], result["flagged"]) == (threshold, flagged)


def test_a_long_text_names_the_window_that_decided(client: httpx.Client) -> None:
    text = PROMPT * 20
    result = only(check(client, prompt=text))
    assert isinstance(result["windows"], int)
    assert result["windows"] > 1
    window = result["window"]
    assert isinstance(window, dict)
    assert 0 <= window["start"] < window["end"] <= len(text)


def test_an_explanation_points_into_the_text(client: httpx.Client) -> None:
    text = "🥖 " + PROMPT
    evidence = only(check(client, prompt=text, explain=True))["evidence"]
    assert isinstance(evidence, list)
    assert evidence
    for each in evidence:
        assert text[each["span"]["start"] : each["span"]["end"]] == each["words"]
        assert each["drop"] > 0


@pytest.mark.parametrize(
    ("body", "param", "words"),
    [
        ({}, "prompt", "give either a prompt"),
        ({"prompt": "a", "respons": "b"}, "respons", "Extra inputs"),
        ({"prompt": 3}, "prompt", "valid string"),
        ({"prompt": "a", "messages": []}, "messages", "give either a prompt"),
        ({"messages": []}, "messages", "at least one user turn"),
        ({"messages": [{"role": "tool", "content": "a"}]}, "messages", "at least one user turn"),
        ({"messages": [{"role": "bot", "content": "a"}]}, "messages.0.role", "'system', 'dev"),
        (
            {"messages": [{"role": "user", "content": 3}]},
            "messages.0.content",
            "list of text parts",
        ),
        ({"messages": [{"role": "user"}]}, "messages.0", "assistant turn with tool_calls"),
        ({"messages": [{"role": "user", "content": [IMAGE]}]}, PART, "only text is judged"),
        ({"messages": [{"role": "user", "content": "x" * 5_001}]}, "messages", "at most 5000 char"),
        ({"items": []}, "items", "at least 1 item"),
        ({"items": [{"prompt": "a"}, {}]}, "items.1", "give either a prompt"),
        ({"items": [{"prompt": "a"}], "prompt": "a"}, None, "give either items or one prompt"),
        ({"items": [{"messages": []}]}, "items.0.messages", "at least one user turn"),
        ({"prompt": "a", "threshold": 2}, "threshold", "less than or equal to 1"),
        ({"prompt": "a", "threshold": 0.5, "operating_point": "strict"}, None, "give either a thr"),
        ({"prompt": "a", "operating_point": "strickt"}, "operating_point", "did you mean 'strict'"),
        ({"prompt": "a", "operating_point": "a\nb"}, "operating_point", r"point 'a\nb'; known"),
        ({"prompt": "a", "operating_point": "a" * 201}, "operating_point", "at most 200 char"),
        ({"prompt": "a", "re\nsponse": "b"}, r"re\nsponse", "Extra inputs"),
        ({"prompt": "a", "x" * 4_000: "b"}, "x" * 40, "Extra inputs"),
        ({"prompt": "x" * 5_001}, "prompt", "at most 5000 characters a request, not 5001"),
        ({"items": [{"prompt": "a"}] * 9}, "items", "at most 8 items a request, not 9"),
    ],
)
def test_what_cannot_be_judged_is_said_in_one_line(
    client: httpx.Client, body: dict[str, object], param: str | None, words: str
) -> None:
    answer = client.post("/v1/check", json=body)
    assert answer.status_code == 422
    error = answer.json()["error"]
    assert words in error["message"]
    assert "\n" not in error["message"]
    assert error["param"] == param


def test_the_guard_describes_itself_without_its_place(client: httpx.Client) -> None:
    described = client.get("/v1/guard").json()
    assert described["model"] == "tiny-guard"
    assert described["default"] == "balanced"
    assert described["thresholds"] == {"lenient": 0.9, "balanced": 0.5, "strict": 0.1}
    assert described["limits"]["items"] == 8


def test_the_openapi_document_resolves_and_its_examples_are_accepted(client: httpx.Client) -> None:
    document = client.get("/openapi.json").json()
    schemas = document["components"]["schemas"]
    for path in ("/v1/check", "/v1/moderations"):
        body = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        examples = schemas[body["schema"]["$ref"].rsplit("/", 1)[1]]["examples"]
        assert len(examples) >= 3
        for example in examples:
            assert client.post(path, json=example).status_code == 200
    references = set(re.findall(r"#/components/schemas/(\w+)", json.dumps(document)))
    assert references <= set(schemas)
