"""A study's report: tables as Markdown, LaTeX and CSV, figures as SVG, all in one page."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from harmaug.config import to_yaml
from harmaug.report import html
from harmaug.runs.parts import write_text
from harmaug.study.figures import Drawing, figures
from harmaug.study.grid import Grid, text
from harmaug.study.results import Study, file_name
from harmaug.study.summary import Summary
from harmaug.study.tables import tables

PAGE, MARKDOWN = "report.html", "report.md"


def write_study(study: Study, folder: Path) -> tuple[Summary, Path]:
    """Write every table and figure of a study from its stored scores, and return the page's path.

    Raises:
        RunFolderError: when scores are missing, or something cannot be written.
    """
    summary = Summary.of(study, folder)
    grids, drawings = tables(summary), figures(summary)
    for grid in grids:
        write_text(folder / "tables" / f"{grid.name}.md", grid.markdown())
        write_text(folder / "tables" / f"{grid.name}.tex", grid.latex())
        write_text(folder / "tables" / f"{grid.name}.csv", grid.csv())
    for drawing in drawings:
        write_text(folder / "figures" / f"{file_name(drawing.name)}.svg", drawing.svg)
    write_text(folder / MARKDOWN, markdown(summary, grids))
    write_text(folder / PAGE, page(summary, grids, drawings))
    return summary, folder / PAGE


def markdown(summary: Summary, grids: list[Grid]) -> str:
    """Return every table, with what they need beside them to be compared."""
    parts = [f"# {summary.study.config.title}", *verdict(summary), provenance(summary)]
    return "\n\n".join([*parts, *(grid.markdown() for grid in grids)])


def verdict(summary: Summary) -> list[str]:
    """Say how the study's claim came out, in the words that its intervals allow."""
    claim, found = summary.study.config.claim, summary.claimed()
    if claim is None or found is None:
        return []
    each = "; ".join(f"{claim.first} - {other}: {text(gap)}" for other, gap in found.differences)
    said = "holds" if found.holds else "does not hold"
    others = " and of ".join(claim.others)
    return [
        f"Claim, written down before: {claim.first} ahead of {others} in mean "
        f"{claim.metric.upper()} over the benchmarks, paired 95% intervals above zero. It {said}: "
        f"{each}."
    ]


def provenance(summary: Summary) -> str:
    """Say where, when and with what the study was made."""
    study = summary.study
    versions = ", ".join(f"{name} {one}" for name, one in study.environment.libraries.items())
    benchmarks = "; ".join(
        f"{one.name} n = {one.n}, {one.positives} harmful, rows {one.revision}"
        for one in study.benchmarks
    )
    gpus = ", ".join(study.environment.gpus) or "no GPU"
    seeds = ", ".join(map(str, study.config.seeds))
    return (
        f"`{study.command}`, {study.created[:10]}; seeds {seeds}; "
        f"{benchmarks}; {study.config.resamples} resamples; harmaug {study.environment.package}, "
        f"{versions}; {study.environment.cpu}, {study.environment.cores} cores, {gpus}."
    )


def page(summary: Summary, grids: list[Grid], drawings: list[Drawing]) -> str:
    """Return the page as text: no asset, font or script from anywhere else."""
    templates = Environment(
        loader=PackageLoader("harmaug.study", "page"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    templates.filters["cell"] = text
    style = Path(html.__file__).parent / "page" / "style.css"
    return templates.get_template("study.html.jinja").render(
        study=summary.study,
        verdict=verdict(summary),
        provenance=provenance(summary),
        grids=grids,
        drawings=[(drawing.title, Markup(drawing.svg)) for drawing in drawings],
        settings=to_yaml(summary.study.config),
        style=Markup(style.read_text(encoding="utf-8")),
    )
