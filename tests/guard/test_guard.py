from __future__ import annotations

import asyncio
import math
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from harmaug.errors import DataError, ModelError
from harmaug.guard import Guard
from harmaug.guard.load import Precision
from harmaug.scoring import Scorer, TextPair, probability

PAIRS: list[TextPair] = [
    ("how do i bake bread", None),
    ("the quick brown fox jumps", "over the lazy dog"),
    ("numbers 0123456789 pass", None),
    ("", None),
    ("the dog " * 200, None),
    ("make a single prompt", "here is one idea " * 90),
    ("how", ""),
]


def test_scores_are_probabilities_in_the_order_of_the_rows(tiny: Guard) -> None:
    scores = tiny.score(PAIRS)
    assert scores.shape == (len(PAIRS),)
    assert ((scores > 0) & (scores < 1)).all()
    assert (tiny.score(PAIRS[::-1])[::-1] == scores).all()
    assert len({round(float(score), 6) for score in scores}) > 3


def test_a_row_scores_the_same_alone_and_in_any_batch(guard_folder: Path) -> None:
    precisions: tuple[Precision, ...] = ("int8", "fp32")
    for precision in precisions:
        guard = Guard.load(guard_folder, threads=2, precision=precision)
        one = Guard.load(guard_folder, threads=1, precision=precision)
        together = guard.log_odds(PAIRS)
        assert together.tolist() == [float(guard.log_odds([pair])[0]) for pair in PAIRS]
        assert together.tolist() == one.log_odds(PAIRS).tolist()


def test_check_score_and_log_odds_agree(tiny: Guard) -> None:
    scorer: Scorer = tiny
    for pair, log_odds in zip(PAIRS, scorer.log_odds(PAIRS), strict=True):
        verdict = tiny.check(*pair)
        assert verdict.log_odds == log_odds
        assert verdict.score == pytest.approx(1 / (1 + math.exp(-log_odds)))
        assert verdict.flagged == (verdict.score >= verdict.threshold)


def test_strings_are_prompts_alone(tiny: Guard) -> None:
    assert tiny.score(["how do i bake"])[0] == tiny.score([("how do i bake", None)])[0]


def test_no_rows_no_scores(tiny: Guard) -> None:
    assert tiny.score([]).shape == (0,)
    assert tiny.verdicts([]) == []


def test_many_threads_at_once(tiny: Guard) -> None:
    expected = tiny.score(PAIRS).tolist()
    with ThreadPoolExecutor(16) as pool:
        results = list(pool.map(lambda _: tiny.score(PAIRS).tolist(), range(48)))
    assert all(result == expected for result in results)


def test_async_calls_leave_the_loop_free(tiny: Guard) -> None:
    text = "the dog " * 20_000

    async def main() -> tuple[int, float, float]:
        ticks = 0
        task = asyncio.ensure_future(tiny.acheck(text))
        while not task.done():
            await asyncio.sleep(0.001)
            ticks += 1
        return ticks, task.result().score, float((await tiny.ascore([text]))[0])

    ticks, checked, scored = asyncio.run(main())
    assert ticks > 10
    assert checked == scored


def test_messages_are_judged_as_their_pair(tiny: Guard) -> None:
    verdict = tiny.check(
        messages=[
            {"role": "system", "content": "be kind"},
            {"role": "user", "content": "how do i bake"},
            {"role": "assistant", "content": "here is one idea"},
        ]
    )
    assert verdict == tiny.check("how do i bake", "here is one idea")
    assert verdict.judged == ("how do i bake", "here is one idea")


def test_thresholds_change_the_verdict_and_not_the_score(tiny: Guard) -> None:
    score = tiny.check("how do i bake bread").score
    below, above = tiny.with_threshold(score * 0.99), tiny.with_threshold(min(1, score * 1.01))
    assert below.check("how do i bake bread").flagged
    assert not above.check("how do i bake bread").flagged
    assert above.check("how do i bake bread").score == score
    assert tiny.operating_point("strict").threshold == 0.2
    assert tiny.threshold == 0.5
    verdict = tiny.check("how do i bake bread")
    for guard in (below, above):
        assert verdict.at(guard.threshold) == guard.check("how do i bake bread")


def test_normalising_can_be_turned_off(guard_folder: Path, tmp_path: Path) -> None:
    guard, raw = Guard.load(guard_folder), Guard.load(guard_folder, normalise=False)
    assert guard.score(["ｄｏｇ"])[0] == guard.score(["dog"])[0]
    assert raw.score(["ｄｏｇ"])[0] != raw.score(["dog"])[0]
    raw.save(tmp_path)
    assert Guard.load(tmp_path).score(["ｄｏｇ"])[0] == raw.score(["ｄｏｇ"])[0]


def test_the_cache_gives_the_same_and_stays_small(guard_folder: Path) -> None:
    from harmaug.guard.cache import Cache
    from harmaug.guard.judge import Judgement

    guard = Guard.load(guard_folder, cache_size=2)
    twice = guard.score([*PAIRS, *PAIRS])
    assert twice.tolist() == [*guard.score(PAIRS).tolist()] * 2
    seen: list[TextPair] = []

    def judge(pairs: list[TextPair]) -> list[Judgement]:
        seen.extend(pairs)
        return [Judgement((float(len(prompt)),)) for prompt, _ in pairs]

    cache = Cache(2)
    a, bb, ccc = ("a", None), ("bb", None), ("ccc", None)
    for pairs in ([a, bb, a], [a], [ccc], [a], [bb]):
        result = cache.judge(pairs, judge)  # type: ignore[arg-type]
        assert [judged.log_odds for judged in result] == [(len(prompt),) for prompt, _ in pairs]
    assert seen == [a, bb, ccc, bb]


@pytest.mark.parametrize(
    "call",
    [
        lambda guard: guard.check(3),
        lambda guard: guard.check(),
        lambda guard: guard.check("a", messages=[]),
        lambda guard: guard.check("a", 3),
        lambda guard: guard.check(None, "b", messages=[{"role": "user", "content": "a"}]),
        lambda guard: guard.score([("a",)]),
        lambda guard: guard.score([b"a"]),
        lambda guard: guard.score([None]),
        lambda guard: guard.score("a b"),
        lambda guard: guard.score(None),
        lambda guard: guard.score({"a": "b"}),
        lambda guard: guard.score(("a prompt", "a response")),
        lambda guard: guard.verdicts(("a prompt", None)),
        lambda guard: guard.check(messages="abc"),
        lambda guard: guard.check(messages=[None]),
        lambda guard: guard.with_threshold(1.5),
        lambda guard: guard.with_threshold("0.5"),
        lambda guard: guard.with_threshold(math.nan),
        lambda guard: guard.fit_windows([]),
        lambda guard: guard.fit_windows("a text"),
        lambda guard: guard.calibrate([{"prompt": "a", "label": 1}]),
        lambda guard: guard.calibrate([("a", 1)]),
        lambda guard: guard.calibrate([("a", None, "1")]),
        lambda guard: guard.calibrate([(3, None, 1)]),
        lambda guard: guard.calibrate(["abc"]),
        lambda guard: guard.calibrate({"a": 1}),
        lambda guard: guard.calibrate(None),
        lambda guard: guard.calibrate([]),
        lambda guard: guard.check(messages=[]),
    ],
)
def test_what_is_no_text_says_so_in_one_line(tiny: Guard, call: object) -> None:
    assert callable(call)
    with pytest.raises(DataError) as raised:
        call(tiny)
    assert "\n" not in str(raised.value)


def test_lone_surrogates_are_read_as_question_marks_at_any_length(tiny: Guard) -> None:
    for rest in ("", " the lazy dog" * 100):
        found = tiny.check(f"how \ud83d bake{rest}", f"one \udfff idea{rest}", explain=not rest)
        asked = tiny.check(f"how ? bake{rest}", f"one ? idea{rest}")
        assert (found.score, found.window) == (asked.score, asked.window)
        assert (found.reasons, found.windows) == (asked.reasons, asked.windows)


def test_an_unknown_operating_point_names_the_nearest(tiny: Guard) -> None:
    with pytest.raises(ModelError, match="did you mean 'strict'"):
        tiny.operating_point("strikt")
    started = time.perf_counter()
    with pytest.raises(ModelError, match=r"no operating point '[ab]{40}'; known") as raised:
        tiny.operating_point("ab" * 4_000_000)
    assert len(str(raised.value)) < 200
    assert time.perf_counter() - started < 0.5
    for name in (None, ["strict"]):
        with pytest.raises(ModelError, match="no operating point"):
            tiny.operating_point(name)  # type: ignore[arg-type]


def test_the_guard_that_ships_has_its_operating_points_in_order(embedded: Guard) -> None:
    names = ("strict", "balanced", "lenient")
    assert set(embedded.settings.thresholds) == set(names)
    strict, balanced, lenient = (embedded.operating_point(name).threshold for name in names)
    assert 0 < strict < balanced < lenient < 1
    assert embedded.threshold == balanced


def test_info_names_the_weights(guard_folder: Path) -> None:
    int8, fp32 = Guard.load(guard_folder), Guard.load(guard_folder, precision="fp32")
    assert int8.info.runtime == "onnxruntime int8"
    assert fp32.info.runtime == "onnxruntime fp32"
    assert int8.info.revision != fp32.info.revision
    assert int8.info.revision == Guard.load(guard_folder).info.revision


def test_the_repr_says_what_matters(tiny: Guard) -> None:
    assert "flagged" in repr(tiny.with_threshold(0.0).check("dog")).lower()
    assert "windows" in repr(tiny.check("the dog " * 200))


def test_nan_is_no_probability() -> None:
    assert math.isnan(float(probability(np.array([math.nan]))[0]))


def test_importing_harmaug_imports_nothing_heavy_and_the_guard_no_torch(guard_folder: Path) -> None:
    code = (
        "import sys, harmaug\n"
        "heavy = {'numpy', 'onnxruntime', 'tokenizers', 'torch', 'transformers'}\n"
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)\n"
        f"harmaug.Guard.load({str(guard_folder)!r}).check('the dog')\n"
        "slow = {'torch', 'transformers', 'asyncio', 'pyarrow', 'logging', 'hashlib', 'difflib'}\n"
        "assert not slow & set(sys.modules), slow & set(sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
