"""A plan as a table: rich in a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path

from harmaug.cli.table import print_table
from harmaug.plan import Plan, Stage

COLUMNS = (
    "stage", "model", "rows", "tokens in", "tokens out", "FLOPs", "weights", "cache", "time", "USD",
)  # fmt: skip


def print_plan(plan: Plan) -> None:
    """Print every stage, the sum, the disk, and what was assumed."""
    rows = [_cells(stage) for stage in plan.stages]
    total = ["total", *[""] * 4, scaled(plan.flops), "", "", duration(plan.seconds)]
    rows.append([*total, _usd(plan.usd)])
    price = f"${plan.usd_per_hour:g} an hour"
    print_table(f"{plan.name} on {plan.machine}, {price}", COLUMNS, rows)
    disk = plan.disk
    sys.stdout.write(
        f"disk: rows {scaled(disk.rows)}B, students {scaled(disk.students)}B, "
        f"models {scaled(disk.models)}B\n"
    )
    for line in plan.warnings:
        sys.stdout.write(f"warning: {line}\n")
    for line in plan.assumptions:
        sys.stdout.write(f"assumed: {line}\n")


def duration(seconds: float) -> str:
    """Render a time in the unit that suits it."""
    for size, unit in ((86400.0, "d"), (3600.0, "h"), (60.0, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.1f} s"


def scaled(value: float) -> str:
    """Render a quantity with three digits and a prefix."""
    for size, prefix in ((1e18, "E"), (1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= size:
            return f"{value / size:.3g} {prefix}"
    return f"{value:.3g} "


def _cells(stage: Stage) -> list[str]:
    path = Path(stage.model)
    return [
        stage.stage,
        path.name,
        f"{stage.rows:,}",
        scaled(stage.tokens_in).strip(),
        scaled(stage.tokens_out).strip() if stage.tokens_out else "-",
        scaled(stage.flops).strip(),
        f"{scaled(stage.weight_bytes)}B",
        f"{scaled(stage.cache_bytes)}B" if stage.cache_bytes else "-",
        duration(stage.seconds),
        _usd(stage.usd),
    ]


def _usd(amount: float) -> str:
    return f"{amount:.2f}" if amount >= 0.005 else "<0.01"
