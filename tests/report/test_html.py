import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from tests.browsers import chromium

from harmaug.evaluate.evaluation import Answers, assess
from harmaug.evaluate.results import Results, Sample
from harmaug.report.html import render, write_report
from harmaug.report.markdown import markdown


class Page(HTMLParser):
    """The tags of a page, with whether all that were opened are closed in order."""

    VOID = ("meta", "link", "input", "br")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def page_of(tiny_run: tuple[Results, Path]) -> str:
    return (tiny_run[1] / "report.html").read_text(encoding="utf-8")


def test_the_page_is_whole_and_asks_for_nothing(tiny_run: tuple[Results, Path]) -> None:
    text = page_of(tiny_run)
    page = Page(text)
    assert page.open == []
    for _, attributes in page.tags:
        for name in ("src", "href", "action"):
            target = attributes.get(name) or "#"
            assert target.startswith(("#", "data:"))
    assert "url(" not in text and "@import" not in text and "fetch(" not in text


def test_near_twins_are_counted_among_the_drawn(tiny_run: tuple[Results, Path]) -> None:
    results, _ = tiny_run
    found = results.generation
    assert found.kept <= found.drawn and found.twins == 0
    twinned = dataclasses.replace(found, kept=found.kept + 5, drawn=found.drawn + 7, twins=7)
    told = f"instructions kept of {found.drawn + 7} drawn"
    assert f"{told}, near twins among them" in render(
        dataclasses.replace(results, generation=twinned), {}
    )
    assert "near twins" not in page_of(tiny_run)
    assert told in markdown(dataclasses.replace(results, generation=twinned))


def test_everything_can_be_reached_and_is_named(tiny_run: tuple[Results, Path]) -> None:
    page = Page(page_of(tiny_run))
    ids = {attributes["id"] for _, attributes in page.tags if "id" in attributes}
    links = [a["href"] for tag, a in page.tags if tag == "a"]
    assert links and all(link and link[1:] in ids for link in links)
    for tag, attributes in page.tags:
        if tag == "svg":
            assert attributes["role"] == "img" and attributes["aria-label"]
    labelled = {a.get("for") for tag, a in page.tags if tag == "label"}
    for tag, attributes in page.tags:
        if tag in {"input", "select"}:
            assert attributes.get("aria-label") or attributes["id"] in labelled


def test_generated_text_is_veiled_and_cannot_act(tiny_run: tuple[Results, Path]) -> None:
    results, folder = tiny_run
    evil = Sample("gen:0", "</span><script>alert(1)</script>", None, 0.5, (), ())
    generation = dataclasses.replace(results.generation, samples=(evil,))
    changed = dataclasses.replace(results, generation=generation, config="</pre><script>")
    text = render(changed, results.answers(folder))
    assert "<script>alert" not in text and "</pre><script>" not in text
    veils = [a for tag, a in Page(text).tags if tag == "button" and a.get("class") == "veil"]
    assert [veil["aria-expanded"] for veil in veils] == ["false"]


def test_the_data_of_the_page_is_json_that_cannot_end_its_script(
    tiny_run: tuple[Results, Path],
) -> None:
    found = re.search(r'id="data">(.*?)</script>', page_of(tiny_run), re.DOTALL)
    assert found is not None and "<" not in found.group(1)
    guards = json.loads(found.group(1))["quickstart-test"]
    assert set(guards) == {"plain", "harmaug", "teacher"}
    harmless, harmful = guards["teacher"]["flagged"]
    assert harmless[0] + harmful[0] == 60


@pytest.mark.slow
def test_the_slider_flags_a_score_that_is_the_threshold(
    tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    results, folder = tiny_run
    answers = results.answers(folder)
    key = "teacher", "quickstart-test"
    scores = np.where(answers[key].labels == 1, 0.5, 0.25)
    answers = {**answers, key: dataclasses.replace(answers[key], scores=scores)}
    (tmp_path / "report.html").write_text(render(results, answers), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "report.html").as_uri())
        cells = page.locator('[data-row="teacher"] td')
        page.locator("#threshold").fill("0.5")
        assert cells.all_inner_texts()[1:] == ["1.000", "1.000", "1.000", "0.000"]
        page.locator("#threshold").fill("0.505")
        assert cells.first.inner_text() == "0"


def harmless_only(results: Results, folder: Path) -> tuple[Results, Answers]:
    """Return results and answers as if no row of the benchmark were harmful."""
    answers = {
        key: dataclasses.replace(found, labels=np.zeros_like(found.labels))
        for key, found in results.answers(folder).items()
    }
    scores = assess(answers, [("harmaug", "plain")], threshold=0.5, resamples=20, seed=0)
    evaluation = dataclasses.replace(results.evaluation, scores=scores)
    return dataclasses.replace(results, evaluation=evaluation), answers


def test_what_is_not_defined_is_a_dash(tiny_run: tuple[Results, Path]) -> None:
    results, answers = harmless_only(*tiny_run)
    text = re.sub(r"<script.*?</script>", "", render(results, answers), flags=re.DOTALL)
    (difference,) = re.findall(r"<tr class=\"total\">.*?plain</th>(.*?)</tr>", text, re.DOTALL)
    assert re.findall(r"<td>(.*?)</td>", difference) == ["–", "–"] and "nan" not in difference
    row = "| harmaug - plain | quickstart-test | f1 | - | - |"
    assert row in markdown(results)


@pytest.mark.slow
def test_the_slider_shows_what_the_table_does_where_no_row_is_harmful(
    tiny_run: tuple[Results, Path], tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_text(render(*harmless_only(*tiny_run)), encoding="utf-8")
    with chromium() as browser:
        page = browser.new_page()
        page.goto((tmp_path / "report.html").as_uri())
        page.locator("#threshold").fill("0")
        cells = page.locator('[data-row="teacher"] td')
        assert cells.all_inner_texts() == ["60", "–", "–", "–", "1.000"]


def test_a_run_without_benchmarks_baseline_or_samples_has_a_page(
    tiny_run: tuple[Results, Path],
) -> None:
    results = tiny_run[0]
    scores = dataclasses.replace(
        results.evaluation.scores, measurements=(), averages=(), comparisons=()
    )
    evaluation = dataclasses.replace(results.evaluation, scores=scores, benchmarks=())
    generation = dataclasses.replace(
        results.generation, drawn=0, kept=0, asked=0, refused=0, drops={}, kinds=(), samples=()
    )
    bare = dataclasses.replace(results, evaluation=evaluation, generation=generation)
    text = render(bare, {})
    assert Page(text).open == [] and "Nothing was measured" in text
    assert markdown(bare).startswith("# tiny")


def test_the_page_can_be_built_again(tiny_run: tuple[Results, Path]) -> None:
    results, folder = tiny_run
    before = page_of(tiny_run)
    write_report(Results.load(folder), folder)
    assert page_of(tiny_run) == before
    strict = render(results.at(0.9, folder), results.answers(folder))
    assert "Flagged is a score at or above 0.9" in strict


def test_markdown_tables_are_tables(tiny_run: tuple[Results, Path]) -> None:
    text = markdown(tiny_run[0])
    for block in re.findall(r"(?:^\|.*\|$\n?)+", text, re.MULTILINE):
        assert len({line.count("|") for line in block.strip().splitlines()}) == 1
    assert "| harmaug - plain | quickstart-test | auprc |" in text
