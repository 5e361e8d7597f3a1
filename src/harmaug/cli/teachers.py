"""`harmaug teachers`: the guards that can teach, and what each needs."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from harmaug.teachers.catalogue import CARDS

COLUMNS = ("family", "models", "reads", "kind of score", "rule", "needs")


def teachers() -> None:
    """List the teacher families: models, input, kind of score, what to install.

    Example: `harmaug teachers`
    """
    table = Table(title="label.teacher.family", show_lines=True)
    for column in COLUMNS:
        table.add_column(column, overflow="fold")  # a hub id is wanted whole
    for family, card in CARDS.items():
        needs = f"pip install 'harmaug[{card.extra}]'" if card.extra else "nothing more"
        row = (family, card.models, card.reads, card.score, card.rule, needs)
        table.add_row(*(cell.replace("[", r"\[") for cell in row))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    console.print(table)
