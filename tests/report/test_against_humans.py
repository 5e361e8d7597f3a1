"""The teacher against human labels, in a run's results and on its page."""

import dataclasses
import json
import math
from pathlib import Path

from harmaug.evaluate.results import Results
from harmaug.report.html import render


def test_a_run_compares_its_teacher_with_the_labels_of_its_data(
    tiny_run: tuple[Results, Path],
) -> None:
    results, folder = tiny_run
    found = results.data.against_humans
    assert found is not None
    assert found.whole.n == results.data.n
    assert found.whole.harmful == results.data.positives
    assert found.whole.agreement.value == results.data.agreement
    for groups in (found.sources, found.categories):
        assert sum(group.n for group in groups) == results.data.n
    assert len(found.categories) > 1
    assert sum(one.n for one in found.bins) == results.data.n
    again = Results.load(folder).data.against_humans
    assert again is not None and again.whole == found.whole
    content = json.loads((folder / "results.json").read_text(encoding="utf-8"))
    bins = content["data"]["against_humans"]["bins"]
    assert {one["score"] is None for one in bins if one["n"] == 0} <= {True}


def test_the_page_shows_groups_bias_and_reliability(tiny_run: tuple[Results, Path]) -> None:
    results, folder = tiny_run
    answers = results.answers(folder)
    found = results.data.against_humans
    assert found is not None
    page = render(results, answers)
    assert 'id="teacher"' in page and 'href="#teacher"' in page
    assert 'class="figure reliability"' in page
    largest = found.categories[0]
    assert largest.name in page and f"{largest.bias:+.3f}" in page
    many = dataclasses.replace(
        found,
        categories=tuple(
            dataclasses.replace(largest, name=f"<b>{at}</b>", bias=math.nan) for at in range(30)
        ),
    )
    data = dataclasses.replace(results.data, against_humans=many)
    text = render(dataclasses.replace(results, data=data), answers)
    assert "the largest 20 of 30" in text
    assert "&lt;b&gt;19&lt;/b&gt;" in text and "<b>19</b>" not in text
    assert "&lt;b&gt;20&lt;/b&gt;" not in text


def test_results_of_before_have_no_such_section(tiny_run: tuple[Results, Path]) -> None:
    results, folder = tiny_run
    data = dataclasses.replace(results.data, against_humans=None)
    page = render(dataclasses.replace(results, data=data), results.answers(folder))
    assert "#teacher" not in page and "reliability" not in page
