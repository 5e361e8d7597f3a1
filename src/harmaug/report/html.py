"""One self-contained HTML page of a run's results."""

from __future__ import annotations

from pathlib import Path

from harmaug.evaluate.results import Results

FILE_NAME = "report.html"


def write_report(results: Results, folder: Path) -> Path:
    """Write the page into the run folder and return its path."""
    path = folder / FILE_NAME
    path.write_text("<!doctype html><title>report</title>", encoding="utf-8")
    return path
