"""What guards cost, on the page and in Markdown, with a meter and without."""

from dataclasses import replace
from pathlib import Path

import pytest

from harmaug.evaluate.cost import Cost, Speed
from harmaug.evaluate.results import HARMAUG, TEACHER, Results
from harmaug.report.html import render
from harmaug.report.markdown import markdown

SPEED = Speed(2.0, 5.0, 400.0, 16, 2, 130_000_000, 0.1, 1.0, latency_mean_ms=3.0)


def costs(joules: tuple[float | None, float | None]) -> tuple[Cost, ...]:
    meter = None if joules == (None, None) else "package-0"
    speeds = [replace(SPEED, joules_per_example=each, energy_of=meter) for each in joules]
    return tuple(
        Cost(name, "onnxruntime int8", 128, 10**7, 10**7, 60.0, 50.0, 1e9, 2e7, speed)
        for name, speed in zip((TEACHER, HARMAUG), speeds, strict=True)
    )


@pytest.fixture
def results(tiny_run: tuple[Results, Path]) -> Results:
    return tiny_run[0]


def shown(results: Results, folder: Path, found: tuple[Cost, ...]) -> tuple[str, str]:
    measured = replace(results, evaluation=replace(results.evaluation, costs=found))
    return render(measured, results.answers(folder)), markdown(measured)


def test_a_meter_gives_a_column_and_a_ratio(
    results: Results, tiny_run: tuple[Results, Path]
) -> None:
    page, text = shown(results, tiny_run[1], costs((0.06, 0.02)))
    assert "0.06 J" in page and "as counted by package-0" in page and "3×" in page
    assert "60.0 µs a token" in page  # 3 ms over 50 content tokens, alone
    assert "50.0 µs a token" in page  # 400 a second
    assert "| 0.06 |" in text and "| 3x |" in text


def test_a_machine_without_a_meter_says_so(
    results: Results, tiny_run: tuple[Results, Path]
) -> None:
    page, text = shown(results, tiny_run[1], costs((None, None)))
    assert "this machine has no meter" in page and " J</td>" not in page
    assert "| - |" in text
