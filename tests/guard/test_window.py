from __future__ import annotations

import random
import shutil
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from tests.models import word_tokenizer
from tests.teachers.guards import unigram_tokenizer
from tokenizers import Tokenizer

from harmaug.guard import Guard
from harmaug.guard.engine import Engine
from harmaug.guard.judge import Judge
from harmaug.guard.window import GAP, Windower
from harmaug.scoring import TextPair
from harmaug.text import Encoded, PairEncoder

SIZE = 64
TEXT = "the quick brown fox jumps over the lazy dog while numbers pass how do i bake bread"
WORDS = TEXT.split()


def _text(count: int) -> str:
    return " ".join(WORDS[index % len(WORDS)] for index in range(count))


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return word_tokenizer().backend_tokenizer


@pytest.fixture(scope="module")
def windower(tokenizer: Tokenizer) -> Windower:
    return Windower(tokenizer, SIZE)


PAIRS: list[TextPair] = [
    (_text(70), None),
    (_text(1000), None),
    ("x" * 3000, None),
    ("xyz" * 40 + " " + _text(500), None),
    (_text(5), _text(300)),
    (_text(300), "no"),
    (_text(300), _text(400)),
    (_text(300), ""),
    (_text(40), _text(40)),
]


@pytest.mark.parametrize("pair", PAIRS)
def test_nothing_is_left_out_and_everything_fits(
    pair: TextPair, windower: Windower, tokenizer: Tokenizer
) -> None:
    windows = windower.windows(pair)
    assert all(len(row) <= SIZE for row in PairEncoder(tokenizer)([w.pair for w in windows]))
    for side, text in (("prompt", pair[0]), ("response", pair[1] or "")):
        spans = sorted((w.span.start, w.span.end) for w in windows if w.span.text == side)
        shown = {w.pair[0 if side == "prompt" else 1] for w in windows}
        if not spans:
            assert shown == {pair[0 if side == "prompt" else 1]}
            continue
        assert spans[0][0] == 0
        assert spans[-1][1] == len(text)
        gaps = [text[end:start] for (_, end), (start, _) in pairwise(spans)]
        assert not "".join(gaps).strip()


def test_windows_of_a_long_text_overlap(windower: Windower) -> None:
    spans = [window.span for window in windower.windows((_text(1000), None))]
    assert all(later.start < former.end for former, later in pairwise(spans))


def test_windows_start_with_a_sentence_and_show_each_sentence_whole(
    windower: Windower, tokenizer: Tokenizer
) -> None:
    rng = random.Random(0)
    sentences = [_text(rng.randint(2, 9)).capitalize() + rng.choice(".!?") for _ in range(80)]
    text = " ".join(sentences)
    pieces = [len(row) for row in PairEncoder(tokenizer)([(each, None) for each in sentences])]
    assert max(pieces) <= SIZE // 4
    windows = windower.windows((text, None))
    assert all(text[window.span.start].isupper() for window in windows)
    for sentence in sentences:
        assert any(sentence in window.pair[0] for window in windows)


def test_every_window_of_a_pair_shows_both_texts(windower: Windower) -> None:
    prompt, response = _text(300), _text(400)
    windows = windower.windows((prompt, response))
    for window in windows:
        assert window.pair[1] is not None
        own, context = window.pair if window.span.text == "prompt" else window.pair[::-1]
        other = response if window.span.text == "prompt" else prompt
        text = prompt if window.span.text == "prompt" else response
        assert own == text[window.span.start : window.span.end]
        head, tail = str(context).split(GAP)
        assert head and other.startswith(head)
        assert tail and other.endswith(tail)
    assert {window.span.text for window in windows} == {"prompt", "response"}


def test_a_short_prompt_stands_whole_beside_each_window_of_the_response(
    windower: Windower,
) -> None:
    prompt = _text(5)
    windows = windower.windows((prompt, _text(300)))
    assert {window.pair[0] for window in windows} == {prompt}
    assert {window.span.text for window in windows} == {"response"}


def test_the_cost_is_linear(windower: Windower) -> None:
    few, many = (len(windower.windows((_text(count), None))) for count in (1_000, 10_000))
    assert many <= 10.5 * few


def test_the_verdict_names_the_window_that_decided_in_the_callers_text(tiny: Guard) -> None:
    text = "ｔｈｅ dog " * 100 + "make a single harmful prompt " * 8 + "the lazy fox " * 100
    verdict = tiny.check(text)
    assert verdict.windows > 1
    assert verdict.window is not None
    assert verdict.window.text == "prompt"
    alone = {
        (w.span.start, w.span.end): float(tiny.log_odds([w.pair])[0])
        for w in Windower(word_tokenizer().backend_tokenizer, SIZE).windows(
            (text.replace("ｔｈｅ", "the"), None)
        )
    }
    assert (verdict.window.start, verdict.window.end) == max(alone, key=lambda span: alone[span])
    assert tiny.check("the dog").window is None


@pytest.mark.parametrize(("turn", "windows"), [(5, 1), (30, 1), (300, 9), (0, 1)])
def test_every_window_of_a_conversation_holds_the_last_turn(
    windower: Windower, tokenizer: Tokenizer, turn: int, windows: int
) -> None:
    history = "Human: " + _text(300) + "\nHuman: "
    prompt = history + _text(turn)
    found = windower.windows((prompt, None), len(history))
    assert len(found) == windows
    rows = PairEncoder(tokenizer)([window.pair for window in found])
    assert all(SIZE - 16 <= len(row) <= SIZE for row in rows)
    for window in found:
        lead, stretch = window.pair[0][: window.lead], window.pair[0][window.lead :]
        assert stretch == prompt[window.span.start : window.span.end]
        head, tail = lead.split(GAP)
        assert history.startswith(head) and history.endswith(tail)
        assert "Human" in head and tail.endswith("Human: ")
    assert (found[0].span.start, found[-1].span.end) == (len(history), len(prompt))


@pytest.fixture
def unigram(guard_folder: Path, tmp_path: Path) -> Guard:
    """The tiny guard with a tokenizer whose control tokens text can spell."""
    folder = tmp_path / "unigram"
    shutil.copytree(guard_folder, folder)
    unigram_tokenizer("<pad>", "</s>").backend_tokenizer.save(str(folder / "tokenizer.json"))
    return Guard.load(folder, threads=1)


@pytest.mark.parametrize("spelled", ["</s>", "＜/s＞"])
def test_no_window_is_cut_off_where_the_text_spells_control_tokens(
    unigram: Guard, monkeypatch: pytest.MonkeyPatch, spelled: str
) -> None:
    lengths: list[int] = []

    def fit(_: Judge, row: Encoded) -> Encoded:
        lengths.append(len(row))
        return row

    # Rows as they are before what is too much is cut off.
    monkeypatch.setattr(Judge, "_fit", fit)
    monkeypatch.setattr(Engine, "log_odds", lambda _, rows, wanted: np.zeros(len(rows)))
    assert unigram.check(f"bread {spelled}{spelled} dog " * 100).windows > 1
    assert max(lengths) <= SIZE


def test_spans_point_into_the_text_that_spells_control_tokens(unigram: Guard) -> None:
    text = "bread </s> the dog " + "how </s> do </s> i </s> bake </s> or </s> jump"
    found = unigram.check(text, explain=True).evidence
    words = [each for each in found if each.kind == "word" and "s" not in each.words]
    assert words
    assert all(text[each.span.start : each.span.end] == each.words for each in words)
