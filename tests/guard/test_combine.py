from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models import TEXT
from tokenizers import Tokenizer

from harmaug.errors import DataError
from harmaug.guard import Guard, GuardSettings
from harmaug.guard.combine import Rule
from harmaug.guard.tail import Tail, tail_scale
from harmaug.scoring import probability

SCALE = 0.7
RULE = Rule(Tail.exponential(SCALE))


def test_one_window_is_left_as_it_is() -> None:
    assert RULE.combine(np.array([1.25])) == 1.25


def test_one_harmful_window_is_enough_and_so_are_many_moderate_ones() -> None:
    one = np.full(300, -4.0)
    one[17] = 6.0
    assert RULE.combine(one) == pytest.approx(6.0 - SCALE * np.log(300))
    assert RULE.combine(np.full(300, 0.5)) == pytest.approx(0.5)


def test_more_harm_never_lowers_the_verdict() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        windows = rng.normal(size=20)
        higher = windows + rng.random(20)
        assert RULE.combine(higher) >= RULE.combine(windows)


@pytest.mark.parametrize("count", [3, 30, 300])
def test_length_does_not_raise_the_false_positive_rate(count: int) -> None:
    rng = np.random.default_rng(1)
    documents = rng.exponential(SCALE, size=(4000, count)) - 3.0
    single = rng.exponential(SCALE, size=200_000) - 3.0
    threshold = float(np.quantile(single, 0.95))
    rule = Rule(Tail.measured(single))
    plain = (documents.max(axis=1) > threshold).mean()
    ruled = np.mean([rule.combine(document) > threshold for document in documents])
    assert ruled <= 0.06
    assert plain > 2 * ruled


def test_the_scale_of_an_exponential_tail_is_found() -> None:
    rng = np.random.default_rng(2)
    assert tail_scale(rng.exponential(SCALE, size=50_000)) == pytest.approx(SCALE, rel=0.05)
    assert tail_scale(np.zeros(10)) == 1.0


def test_a_measured_tail_is_what_was_measured() -> None:
    rng = np.random.default_rng(3)
    single = rng.normal(size=100_000)
    tail = Tail.measured(single)
    assert np.exp(-tail.depth(np.array([1.2816, 2.3263]))) == pytest.approx([0.1, 0.01], rel=0.05)
    few = Tail.measured(single[:40])
    assert list(few.quantiles) == sorted(set(few.quantiles))
    for each in (tail, few, Tail.measured(np.zeros(5))):
        z = np.linspace(-8, 8, 50)
        assert each.log_odds(each.depth(z)) == pytest.approx(z)


@pytest.mark.parametrize("rate", [0.02, 0.1])
def test_documents_are_measured_so_that_few_of_them_are_flagged(
    tiny: Guard, tmp_path: Path, rate: float
) -> None:
    rng = np.random.default_rng(4)
    words = [*TEXT[0].split(), *TEXT[2].split()]

    def document() -> str:
        return " ".join(rng.choice(words, 250))

    windows = tiny.log_odds([" ".join(rng.choice(words, 50)) for _ in range(200)])
    shares = {"strict": 0.4, "balanced": 0.7, "lenient": 0.999}
    cuts = {name: float(probability(np.quantile(windows, [at]))[0]) for name, at in shares.items()}
    guard = tiny
    for name, threshold in cuts.items():
        guard = guard.with_threshold(threshold, name)
    settings = guard.fit_windows([document() for _ in range(40)], rate)
    assert len(settings.tail) == 9
    assert settings.document_rate == rate
    fitted = _with_settings(tiny, settings, tmp_path)
    assert fitted.settings == settings
    documents = [document() for _ in range(60)]
    scores = fitted.score(documents)
    flagged = {}
    for name, threshold in cuts.items():
        point = fitted.with_threshold(threshold, name)
        found = np.array([verdict.flagged for verdict in point.verdicts(documents)])
        flagged[name] = int(found.sum())
        # Two standard deviations of a rate that 40 documents set and 60 check.
        assert flagged[name] <= 60 * rate + 8
        assert (found == (scores >= threshold)).all()
    assert flagged["strict"] == flagged["balanced"] >= flagged["lenient"]
    plain = guard.operating_point("strict").verdicts(documents)
    assert sum(verdict.flagged for verdict in plain) > 60 * rate + 20


def _with_settings(guard: Guard, settings: GuardSettings, folder: Path) -> Guard:
    """The same model and tokenizer with other settings, from a folder of its own."""
    settings.save(folder)
    for name in ("tokenizer.json", "onnx"):
        (folder / name).symlink_to(Path(guard.info.name) / name)
    return Guard.load(folder)


@pytest.mark.parametrize("name", ["mine", "strict"])
def test_documents_score_the_same_with_their_calibration_in_force(
    tiny: Guard, tmp_path: Path, name: str
) -> None:
    rng = np.random.default_rng(6)
    words = [*TEXT[0].split(), *TEXT[2].split()]
    documents = [" ".join(rng.choice(words, 250)) for _ in range(12)]
    windows = tiny.log_odds([" ".join(rng.choice(words, 50)) for _ in range(100)])
    low, high = probability(np.quantile(windows, [0.4, 0.7])).tolist()
    guard = tiny.with_threshold(low, "strict").with_threshold(high, "balanced")
    settings = guard.fit_windows([" ".join(rng.choice(words, 10_000))], 0.05)
    fitted = _with_settings(tiny, settings, tmp_path)
    scores = fitted.score(documents)
    rows = [(text, None, index % 2) for index, text in enumerate(documents)]
    found = fitted.calibrate(rows, max_false_positive_rate=0.7)
    assert found.threshold < low
    mine = fitted.with_calibration(name, found)
    mine.save(tmp_path)
    for each in (mine, Guard.load(tmp_path), mine.with_threshold(0.0), mine.with_threshold(0.99)):
        assert each.score(documents).tolist() == scores.tolist()
    flagged = np.array([verdict.flagged for verdict in mine.verdicts(documents)])
    assert (flagged[1::2].mean(), flagged[::2].mean()) == (found.recall, found.false_positive_rate)


def test_a_guard_without_a_stored_lowest_threshold_takes_it_from_those_it_has() -> None:
    settings = GuardSettings(thresholds={"balanced": 0.5, "strict": 0.2}, document_rate=0.05)
    assert settings.least_threshold == 0.2
    assert settings.with_threshold(0.1, "strict").least_threshold == 0.2
    same = Rule.for_documents(settings.with_threshold(0.1, "mine"))
    assert same == Rule.for_documents(settings)


def test_a_shorter_text_is_no_document(tiny: Guard, tmp_path: Path) -> None:
    words = " ".join([*TEXT[0].split(), *TEXT[2].split()] * 100)
    short, long = words[:900], words[:2_000]
    assert all(verdict.windows > 1 for verdict in tiny.verdicts([short, long]))
    tokens = len(Tokenizer.from_file(f"{tiny.info.name}/tokenizer.json").encode(long).ids)
    fitted = _with_settings(tiny, tiny.fit_windows([words], 0.01, from_tokens=tokens), tmp_path)
    before, after = tiny.log_odds([short, long]), fitted.log_odds([short, long])
    assert after[0] == before[0]
    assert after[1] < before[1]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_rate_of_documents_that_is_none_says_so(tiny: Guard, rate: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        tiny.fit_windows(["the dog"], rate)
