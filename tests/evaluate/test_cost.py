import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import cast

import numpy as np
import pytest
from huggingface_hub import constants

from harmaug.config import TeacherConfig
from harmaug.evaluate.cost import Cost, Speed, cost_ratio, local_folder, measure_cost
from harmaug.evaluate.lengths import lengths
from harmaug.evaluate.profile import throughput
from harmaug.evaluate.results import Results
from harmaug.evaluate.sources import GuardSource
from harmaug.guard import Guard
from harmaug.scoring import FloatArray, Scorer, ScorerInfo, TextPair

PAIRS: list[TextPair] = [("how do i bake bread at home?", None), ("make a story", "a fox jumps")]


def unused() -> Scorer:
    raise AssertionError("a guard in a folder needs no loading to be counted")


@pytest.fixture(scope="module")
def measured(tiny_run: tuple[Results, Path]) -> Cost:
    source = GuardSource(str(tiny_run[1] / "student"), "int8")
    return measure_cost("harmaug", source, unused, "onnxruntime int8", PAIRS * 8)


def test_a_student_is_counted_and_measured(measured: Cost) -> None:
    assert measured.parameters and measured.file_bytes and measured.flops_per_example
    assert measured.tokens and measured.content_tokens
    assert measured.tokens - measured.content_tokens == pytest.approx(2.5)  # 2 or 3 markers
    assert measured.flops_per_token == pytest.approx(
        measured.flops_per_example / measured.content_tokens
    )
    assert measured.speed is not None
    assert 0 < measured.speed.latency_ms <= measured.speed.latency_p95_ms
    assert measured.speed.examples_per_s > 10
    assert measured.speed.core_share is not None and 0 < measured.speed.core_share < 1.1
    assert measured.token_latency_us and measured.speed.latency_mean_ms
    assert measured.token_latency_us * measured.content_tokens == pytest.approx(
        1e3 * measured.speed.latency_mean_ms
    )
    assert measured.batch_token_latency_us and measured.batch_token_latency_us > 0


def test_a_pinned_teacher_is_counted_at_its_revision(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(tmp_path))
    place = tmp_path / "models--some--guard"
    for commit in ("a" * 40, "b" * 40):
        (place / "snapshots" / commit).mkdir(parents=True)
    (place / "refs").mkdir()
    (place / "refs" / "main").write_text("b" * 40, encoding="utf-8")
    for revision, commit in ((None, "b" * 40), ("a" * 40, "a" * 40)):
        teacher = TeacherConfig(family="llama-guard", model="some/guard", revision=revision)
        found = local_folder(GuardSource.of_teacher(teacher))
        assert found is not None and found.name == commit


def test_memory_is_that_of_a_process_without_torch(measured: Cost) -> None:
    assert measured.speed is not None
    assert 20e6 < measured.speed.peak_memory_bytes < 300e6


def test_text_beyond_the_window_is_read_in_windows(tiny_run: tuple[Results, Path]) -> None:
    folder = tiny_run[1] / "student"
    window = Guard.load(folder).settings.window
    long: TextPair = ("the quick brown fox jumps over the lazy dog " * 30, None)
    (read,) = lengths(GuardSource(str(folder)), unused, [long]) or []
    assert len(read.windows) > 1 and max(read.windows) <= window
    assert sum(read.windows) > read.content


def test_a_classifier_says_how_much_it_reads(tiny_classifier: Path) -> None:
    source = GuardSource.of_teacher(TeacherConfig(model=str(tiny_classifier)))
    first, second = lengths(source, source.load, PAIRS) or []
    assert sum(first.windows) == first.content + 2
    assert sum(second.windows) == second.content + 3


def test_ratios_are_of_what_both_have() -> None:
    fast = Speed(2.0, 3.0, 100.0, 16, 2, 1000, 0.1, 1.0)
    slow = Speed(8.0, 9.0, 20.0, 4, 2, 3000, 1.0, 0.4, joules_per_example=3.0, energy_of="gpu")
    big = Cost("teacher", "", 10, 800, 4000, 5.0, 4.0, 80.0, 20.0, slow)
    small = Cost("harmaug", "", 10, 200, None, 5.0, 4.0, 10.0, 2.5, fast)
    ratio = cost_ratio(big, small)
    assert (ratio.parameters, ratio.file_bytes, ratio.flops_per_example) == (4.0, None, 8.0)
    assert slow.disturbed and not fast.disturbed
    assert (ratio.latency, ratio.throughput, ratio.peak_memory) == (4.0, 0.2, 3.0)
    assert ratio.energy is None
    metered = replace(small, speed=replace(fast, joules_per_example=0.5))
    assert cost_ratio(big, metered).energy == 6.0


class ByCharacter:
    """A scorer that takes 10 microseconds a character."""

    info = ScorerInfo("by character", "", "recorded", "", "sleep")

    def log_odds(self, pairs: Sequence[TextPair]) -> FloatArray:
        time.sleep(sum(len(prompt) for prompt, _ in pairs) * 1e-5)
        return np.zeros(len(pairs))


def test_a_rate_is_of_all_examples_at_every_batch_size() -> None:
    """The median of single calls would be that of the short ones: 20,000 a second."""
    pairs: list[TextPair] = [("x" * (400 if number % 8 == 0 else 5), None) for number in range(64)]
    rate, _ = throughput(ByCharacter(), pairs)
    assert rate < 64 / (8 * 400e-5 + 56 * 5e-5)


def test_a_guard_that_cannot_run_has_no_speed(tmp_path: Path) -> None:
    from harmaug.evaluate.cost import measure_speed

    assert measure_speed(GuardSource(str(tmp_path)), PAIRS) is None


def test_the_sample_is_spread_over_all_pairs() -> None:
    read: list[TextPair] = []

    class Remote:
        def token_counts(self, pairs: list[TextPair]) -> list[tuple[tuple[int, ...], int]]:
            read.extend(pairs)
            return [((1,), 1) for _ in pairs]

    pairs: list[TextPair] = [(str(number), None) for number in range(383)]
    source = GuardSource("m", teacher="{}", remote=True)
    measure_cost("m", source, lambda: cast(Scorer, Remote()), "server", pairs)
    assert (len(read), read[0], read[-1]) == (128, ("0", None), ("382", None))
    assert len(set(read)) == 128
