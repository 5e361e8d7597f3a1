from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from tests.models import TEXT
from tokenizers import Tokenizer

from harmaug.errors import DataError
from harmaug.guard import Guard, GuardSettings
from harmaug.guard.combine import Tail, combine, tail_scale
from harmaug.scoring import probability

SCALE = 0.7
TAIL = Tail.exponential(SCALE)


def test_one_window_is_left_as_it_is() -> None:
    assert combine(np.array([1.25]), TAIL) == 1.25


def test_one_harmful_window_is_enough_and_so_are_many_moderate_ones() -> None:
    one = np.full(300, -4.0)
    one[17] = 6.0
    assert combine(one, TAIL) == pytest.approx(6.0 - SCALE * np.log(300))
    assert combine(np.full(300, 0.5), TAIL) == pytest.approx(0.5)


def test_more_harm_never_lowers_the_verdict() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        windows = rng.normal(size=20)
        higher = windows + rng.random(20)
        assert combine(higher, TAIL) >= combine(windows, TAIL)


@pytest.mark.parametrize("count", [3, 30, 300])
def test_length_does_not_raise_the_false_positive_rate(count: int) -> None:
    rng = np.random.default_rng(1)
    documents = rng.exponential(SCALE, size=(4000, count)) - 3.0
    single = rng.exponential(SCALE, size=200_000) - 3.0
    threshold = float(np.quantile(single, 0.95))
    tail = Tail.measured(single)
    plain = (documents.max(axis=1) > threshold).mean()
    ruled = np.mean([combine(document, tail) > threshold for document in documents])
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
    guard = tiny.with_threshold(float(probability(np.quantile(windows, [0.7]))[0]))
    settings = guard.fit_windows([document() for _ in range(40)], rate)
    assert len(settings.tail) == 9
    assert settings.tail_margin > 0
    settings.save(tmp_path)
    assert GuardSettings.load(tmp_path) == settings
    for name in ("tokenizer.json", "onnx"):
        (tmp_path / name).symlink_to(Path(tiny.info.name) / name)
    fitted = Guard.load(tmp_path)
    flagged = [verdict.flagged for verdict in fitted.verdicts([document() for _ in range(60)])]
    # Two standard deviations of a rate that 40 documents set and 60 check.
    assert sum(flagged) <= 60 * rate + 8
    plain = [verdict.flagged for verdict in guard.verdicts([document() for _ in range(60)])]
    assert sum(plain) > 60 * rate + 3


def test_a_shorter_text_is_no_document(tiny: Guard, tmp_path: Path) -> None:
    words = " ".join([*TEXT[0].split(), *TEXT[2].split()] * 100)
    short, long = words[:900], words[:2_000]
    assert all(verdict.windows > 1 for verdict in tiny.verdicts([short, long]))
    tokens = len(Tokenizer.from_file(f"{tiny.info.name}/tokenizer.json").encode(long).ids)
    tiny.fit_windows([words], 0.01, from_tokens=tokens).save(tmp_path)
    for name in ("tokenizer.json", "onnx"):
        (tmp_path / name).symlink_to(Path(tiny.info.name) / name)
    before, after = tiny.log_odds([short, long]), Guard.load(tmp_path).log_odds([short, long])
    assert after[0] == before[0]
    assert after[1] < before[1]


@pytest.mark.parametrize("rate", [0.0, 1.0])
def test_a_rate_of_documents_that_is_none_says_so(tiny: Guard, rate: float) -> None:
    with pytest.raises(DataError, match="between 0 and 1"):
        tiny.fit_windows(["the dog"], rate)
