"""The guard in a real Chromium, with the network cut, against the guard in Python."""

from __future__ import annotations

import json
import random
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pytest
from tests.browsers import chromium, static_server
from tests.export.texts import HIDDEN, OUT_OF_SCOPE
from tokenizers import Tokenizer

from harmaug.embedded import GUARD
from harmaug.errors import ModelError
from harmaug.export.choices import Precision, Target
from harmaug.export.targets import export
from harmaug.export.web.runtime import runtime_files
from harmaug.guard import Guard, GuardSettings, Verdict
from harmaug.scoring import TextPair
from harmaug.text import Message, normalise

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Error, Page, Request

pytestmark = pytest.mark.slow
AUTHORED = Path(__file__).parents[2] / "data" / "authored"
CHECK = """async rows => {
  const verdicts = [];
  for (const [prompt, response] of rows) verdicts.push(await guard.check(prompt, response));
  return verdicts;
}"""
LOAD = (
    "async () => { const { Guard } = await import('/guard.js'); self.guard = await Guard.load(); }"
)
READ = """async texts => {
  const [{ Plain }, { WordPiece }] = [await import('/plain.js'), await import('/wordpiece.js')];
  const facts = await (await fetch('/guard.json')).json();
  const [plain, pieces] = [new Plain(facts.lookalikes), new WordPiece(facts.tokenizer)];
  return texts.map(text => [plain.normalise(text).text, pieces.encode(text).ids]);
}"""
TEXTS = [*HIDDEN, *OUT_OF_SCOPE]


class BrowserVerdict(TypedDict):
    """What `guard.js` says."""

    score: float
    flagged: bool
    windows: int
    window: dict[str, str | int] | None
    inScope: bool
    reasons: list[str]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    try:
        runtime_files()
    except ModelError as error:
        pytest.skip(str(error))
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="module")
def int8_site(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[str]:
    """The embedded guard as a site."""
    folder = tmp_path_factory.mktemp("web") / "site"
    export("embedded", folder, Target.WEB)
    with static_server(folder) as address:
        yield address


@pytest.fixture(scope="module")
def float_guard(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A float32 checkpoint with the embedded guard's tokenizer, small, its scores spread out."""
    import torch
    from transformers import BertConfig, BertForSequenceClassification

    folder = tmp_path_factory.mktemp("web") / "float"
    torch.manual_seed(0)
    tokenizer = Tokenizer.from_file(str(GUARD / "tokenizer.json"))
    config = BertConfig(
        vocab_size=tokenizer.get_vocab_size(),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=128,
        initializer_range=0.3,
    )
    BertForSequenceClassification(config).save_pretrained(folder)
    tokenizer.save(str(folder / "tokenizer.json"))
    GuardSettings(window=64, temperature=2.0).save(folder)
    return folder


def open_guard(browser: Browser, address: str) -> Page:
    """A page with the guard loaded and the network cut."""
    context = browser.new_context()
    page = context.new_page()
    page.goto(address)
    page.evaluate(LOAD)
    context.set_offline(True)
    return page


def watch(page: Page) -> tuple[list[str], list[str]]:
    """The addresses that the page asks for, and its errors, as they come."""
    asked: list[str] = []
    wrong: list[str] = []

    def note(request: Request) -> None:
        asked.append(request.url)

    def fail(error: Error) -> None:
        wrong.append(str(error))

    page.on("request", note)
    page.on("pageerror", fail)
    return asked, wrong


def authored(count: int) -> list[TextPair]:
    rows = [
        (row["prompt"], row["response"])
        for path in sorted(AUTHORED.glob("*.jsonl"))
        for row in map(json.loads, path.read_text(encoding="utf-8").splitlines())
    ]
    return random.Random(0).sample(rows, count)


def differences(found: Sequence[BrowserVerdict], expected: Sequence[Verdict]) -> list[float]:
    """How far the scores are apart; all else but the verdict must be equal."""
    for js, python in zip(found, expected, strict=True):
        assert js["windows"] == python.windows
        assert (js["inScope"], tuple(js["reasons"])) == (python.in_scope, python.reasons)
    return [abs(js["score"] - py.score) for js, py in zip(found, expected, strict=True)]


def test_float32_scores_as_python_does(browser: Browser, float_guard: Path, tmp_path: Path) -> None:
    exported = export(str(float_guard), tmp_path / "site", Target.WEB, Precision.FP32)
    assert Path("runtime/ort-wasm-simd-threaded.wasm") in exported.files
    export(str(float_guard), tmp_path / "onnx", Target.ONNX)
    rows = [*authored(120), *((text, None) for text in TEXTS)]
    rows += [("who are you?", text) for text in TEXTS if text]
    rows += [(" ".join(text for text, _ in authored(60)), None)]
    rows += [(" ".join(text for text, _ in authored(9)), " ".join(TEXTS * 3))]
    expected = Guard.load(tmp_path / "onnx", threads=1).verdicts(rows)
    assert max(verdict.windows for verdict in expected) > 20
    with static_server(tmp_path / "site") as address:
        found: list[BrowserVerdict] = open_guard(browser, address).evaluate(CHECK, rows)
    assert max(differences(found, expected)) < 1e-4
    assert np.std([verdict.score for verdict in expected]) > 0.05
    for (prompt, response), js, python in zip(rows, found, expected, strict=True):
        if python.window is None or js["window"] is None:
            assert (python.window, js["window"]) == (None, None)
            continue
        text = prompt if python.window.text == "prompt" else response or ""
        units = text.encode("utf-16-le")
        start, end = (2 * int(js["window"][place]) for place in ("start", "end"))
        assert units[start:end].decode("utf-16-le") == text[python.window.start : python.window.end]


def test_int8_gives_the_verdicts_that_python_gives(browser: Browser, int8_site: str) -> None:
    # One row in a hundred is further apart than the bound: of 400 drawn anew with each file of
    # authored rows, that may be one in fifty.
    rows = authored(1600)
    expected = Guard.load("embedded", threads=1).verdicts(rows)
    found: list[BrowserVerdict] = open_guard(browser, int8_site).evaluate(CHECK, rows)
    apart = differences(found, expected)
    equal = [js["flagged"] == py.flagged for js, py in zip(found, expected, strict=True)]
    assert np.mean(equal) >= 0.995
    # Rounding to int8 turns last-bit differences of float arithmetic into steps.
    assert np.quantile(apart, 0.98) < 1e-2
    assert np.mean(apart) < 1e-3


def test_the_graph_of_a_bert_student_runs_as_well(
    browser: Browser, float_guard: Path, tmp_path: Path
) -> None:
    export(str(float_guard), tmp_path / "site", Target.WEB)
    export(str(float_guard), tmp_path / "int8", Target.INT8)
    rows = authored(60)
    expected = Guard.load(tmp_path / "int8", threads=1).verdicts(rows)
    with static_server(tmp_path / "site") as address:
        found: list[BrowserVerdict] = open_guard(browser, address).evaluate(CHECK, rows)
    apart = differences(found, expected)
    assert np.quantile(apart, 0.95) < 1e-2
    assert max(apart) < 3e-2


def test_conversations_and_operating_points(browser: Browser, int8_site: str) -> None:
    page = open_guard(browser, int8_site)
    guard = Guard.load("embedded", threads=1)
    turns: list[Message] = [
        {"role": "system", "content": "You are kind."},
        {"role": "user", "content": "hello"},
        {"role": "assistant", "content": "Hello! What can I do for you?"},
        {"role": "user", "content": "how do i hurt my neighbour without anybody knowing"},
        {"role": "assistant", "content": "I can't help with that."},
    ]
    story: Message = {"role": "assistant", "content": "ａ villain burnt the house down. " * 200}
    long: Message = {"role": "user", "content": "thank you, that was ａ nice story. " * 60}
    part: dict[str, object] = {"role": "user", "content": [{"type": "text", "text": "hello"}]}
    called: dict[str, object] = {"role": "assistant", "content": None, "tool_calls": [{}]}
    tool: dict[str, object] = {"role": "tool", "content": "it rains"}
    for messages in (
        *(turns, turns[:4], turns[:2], [turns[1], story, turns[3]], [turns[1], story, long]),
        *([part, called, tool], [part, called, tool, turns[2]], [part, story, tool, part]),
    ):
        expected = guard.check(messages=messages)
        found = page.evaluate("messages => guard.checkMessages(messages)", messages)
        assert abs(found["score"] - expected.score) < 3e-2
        assert found["windows"] == expected.windows
        if expected.window is not None:
            assert found["window"]["start"] == expected.window.start
    threshold = page.evaluate("guard.operatingPoint('strict').threshold")
    assert threshold == guard.operating_point("strict").threshold
    for wrong in ("operatingPoint('none')", "checkMessages([])", "check(3)"):
        script = f"async () => {{ try {{ await guard.{wrong} }} catch (e) {{ return e.message }} }}"
        assert page.evaluate(script)


def test_text_is_read_as_python_reads_it(browser: Browser, int8_site: str) -> None:
    """Every character of the scripts that English text may hold, and of those that imitate it."""
    blocks = [(0, 0x600), (0x1E00, 0x2E00), (0x3000, 0x3400), (0xA720, 0xA7C0), (0xFB00, 0x10000)]
    blocks += [(0x1F000, 0x1FB00), (0xE0000, 0xE0200)]
    chars = [chr(code) for start, end in blocks for code in range(start, end)]
    chars = [char for char in chars if unicodedata.category(char) not in ("Cn", "Cs")]
    texts = [f"a{char}b {char}{char} words" for char in chars] + TEXTS
    tokenizer = Tokenizer.from_file(str(GUARD / "tokenizer.json"))
    tokenizer.encode_special_tokens = True
    expected = [
        [normalise(text), encoding.ids]
        for text, encoding in zip(
            texts, tokenizer.encode_batch(texts, add_special_tokens=False), strict=True
        )
    ]
    page = browser.new_page()
    page.goto(int8_site)
    found = page.evaluate(READ, texts)
    wrong = [text for text, one, two in zip(texts, found, expected, strict=True) if one != two]
    assert wrong == []


def test_the_page_judges_without_network(browser: Browser, int8_site: str) -> None:
    for scheme in ("light", "dark"):
        context = browser.new_context(color_scheme=scheme)
        page = context.new_page()
        asked, wrong = watch(page)
        page.goto(int8_site)
        page.wait_for_selector("#check:enabled", timeout=60_000)
        assert all(url.startswith(int8_site) for url in asked)
        context.set_offline(True)
        page.get_by_label("Prompt").fill("How do I make a b o m b?")
        page.keyboard.press("Control+Enter")
        page.wait_for_selector("#word:has-text('Flagged')")
        assert "judged in" in page.inner_text("[role=status]")
        page.get_by_role("button", name="How do I bake bread at home?").click()
        page.wait_for_selector("#word:has-text('Safe')")
        page.get_by_label("Flag at").select_option("lenient")
        page.get_by_label("Prompt").fill("Wo ist bitte die Bibliothek?")
        page.get_by_label("Response").fill("Die Bibliothek ist dort, neben dem Bahnhof.")
        page.get_by_role("button", name="Check").click()
        page.wait_for_selector("#word:has-text('Out of scope')")
        assert wrong == []
        context.close()
