"""A table of figures in the three forms people paste: Markdown, LaTeX and CSV."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from harmaug.evaluate.metrics import Estimate
from harmaug.evaluate.seeds import Figure, Versus
from harmaug.report.markdown import table

Cell = str | int | float | Estimate | Figure | Versus | None

_LATEX = str.maketrans(
    {"&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_", "{": r"\{", "}": r"\}"}
    | {"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"}
    | {"±": r"$\pm$", "–": "--", "<": "$<$", ">": "$>$"}
)


@dataclass(frozen=True)
class Grid:
    """One table; `name` is its file's, `note` says what its figures are."""

    name: str
    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    note: str

    def markdown(self) -> str:
        """Render with title and note."""
        body = table(self.head, [[text(cell) for cell in row] for row in self.rows])
        return f"**{self.title}.** {self.note}\n\n{body}\n"

    def latex(self) -> str:
        """Render as a tabular of booktabs."""
        lines = [self.head, *([text(cell) for cell in row] for row in self.rows)]
        head, *body = (" & ".join(one.translate(_LATEX) for one in line) for line in lines)
        columns = "l" + "r" * (len(self.head) - 1)
        rows = "\n".join(f"{line} \\\\" for line in body)
        caption = f"{self.title}. {self.note}".translate(_LATEX)
        return (
            f"% {caption}\n\\begin{{tabular}}{{{columns}}}\n\\toprule\n{head} \\\\\n\\midrule\n"
            f"{rows}\n\\bottomrule\n\\end{{tabular}}\n"
        )

    def csv(self) -> str:
        """Render with every number in a column of its own."""
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\n")
        widest = [_widest([row[at] for row in self.rows]) for at in range(len(self.head))]
        names = [
            " ".join(part for part in (head, field) if part)
            for head, fields in zip(self.head, widest, strict=True)
            for field in fields
        ]
        writer.writerow(names)
        for row in self.rows:
            cells = (_fields(cell, names) for cell, names in zip(row, widest, strict=True))
            writer.writerow([value for fields in cells for value in fields])
        return out.getvalue()


def text(cell: Cell) -> str:
    """Render one cell for people; "-" where it is not defined."""
    if isinstance(cell, Estimate | Figure | Versus):
        return _estimated(cell)
    if cell is None or (isinstance(cell, float) and math.isnan(cell)):
        return "-"
    if isinstance(cell, float):
        return f"{cell:,.0f}" if abs(cell) >= 1000 else f"{cell:.3g}"
    return f"{cell:,}" if isinstance(cell, int) else cell


def seed_value(value: float, sign: str = "") -> str:
    """Render what one seed gave; "-" where it is not defined."""
    return "-" if math.isnan(value) else f"{value:{sign}.3f}"


def _estimated(cell: Estimate | Figure | Versus) -> str:
    if isinstance(cell, Estimate):
        return _interval(cell, "")
    if isinstance(cell, Versus):
        gap = _interval(cell.estimate, "+")
        return gap if math.isnan(cell.p) else f"{gap} p {_p(cell.p)}"
    if math.isnan(cell.deviation):
        return _interval(cell.estimate, "")
    value, _, rest = _interval(cell.estimate, "").partition(" ")
    return f"{value} ± {cell.deviation:.3f} {rest}".rstrip()


def _interval(estimate: Estimate, sign: str) -> str:
    if math.isnan(estimate.value):
        return "-"
    low, high = f"{estimate.low:{sign}.3f}", f"{estimate.high:{sign}.3f}"
    return f"{estimate.value:{sign}.3f} [{low}, {high}]"


def _p(value: float) -> str:
    return "< .01" if value < 0.01 else f"{value:.2f}".replace("0.", ".", 1)


def _widest(cells: Sequence[Cell]) -> tuple[str, ...]:
    """Return the suffixes of the columns that a column's cells need."""
    if any(isinstance(cell, Figure) for cell in cells):
        return "", "low", "high", "sd"
    if any(isinstance(cell, Versus) for cell in cells):
        return "", "low", "high", "p"
    if any(isinstance(cell, Estimate) for cell in cells):
        return "", "low", "high"
    return ("",)


def _fields(cell: Cell, names: Sequence[str]) -> list[str]:
    found: dict[str, str | int | float | None] = {}
    if isinstance(cell, Estimate | Figure | Versus):
        estimate = cell if isinstance(cell, Estimate) else cell.estimate
        found = {"": estimate.value, "low": estimate.low, "high": estimate.high}
        if isinstance(cell, Figure):
            found["sd"] = cell.deviation
        if isinstance(cell, Versus):
            found["p"] = cell.p
    else:
        found[""] = cell
    return [_plain(found.get(name)) for name in names]


def _plain(value: str | int | float | None) -> str:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)
