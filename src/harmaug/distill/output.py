"""The student's folder: a checkpoint `transformers` loads, the guard's settings, ONNX, a card."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from string import Template

from harmaug.config.models import DistillConfig
from harmaug.distill.result import DistillResult
from harmaug.distill.student import Student
from harmaug.export.fused_bert import BertShape, write_fused_bert
from harmaug.export.int8 import quantise
from harmaug.export.onnx import to_onnx
from harmaug.export.quiet import quiet_transformers
from harmaug.guard.settings import GuardSettings


def write_student(
    student: Student,
    config: DistillConfig,
    result: DistillResult,
    settings: dict[str, object],
    folder: Path,
) -> None:
    """Write everything that a folder of a distilled guard holds.

    Raises:
        ModelError: when the model cannot be exported to ONNX faithfully.
    """
    student.tokenizer.model_max_length = result.window
    student.tokenizer.save_pretrained(folder)
    with quiet_transformers():
        student.model.cpu().eval().save_pretrained(folder)
    GuardSettings(window=result.window).save(folder)
    to_onnx(folder, folder / "onnx" / "model.onnx")
    if config.quantise:
        shape, quantised = BertShape.of(folder), folder / "onnx" / "model_quantized.onnx"
        if shape is None:
            quantise(folder / "onnx" / "model.onnx", quantised)
        else:
            write_fused_bert(folder, shape, quantised)
    result.save(folder, settings)
    (folder / "README.md").write_text(model_card(result, settings), encoding="utf-8")


def model_card(result: DistillResult, settings: dict[str, object]) -> str:
    """Return the model card: data, figures, settings, intended use and limits."""
    template = Template(files("harmaug.distill").joinpath("card.md").read_text(encoding="utf-8"))
    history = (
        f"| {v.step} | {v.train_loss:.4f} | {_figure(v.loss)} | {_figure(v.auprc)} |"
        for v in result.history
    )
    return template.substitute(
        student=settings["student"],
        counts="\n".join(f"| {kind} | {count} |" for kind, count in result.rows.items()),
        training_rows=result.training_rows,
        validation_rows=result.validation_rows,
        history="\n".join(history),
        settings="\n".join(f"| {name} | {value} |" for name, value in settings.items()),
        tokens=f"{result.tokens:,}",
        seconds=f"{result.seconds:.0f}",
        compute=result.compute,
        window=result.window,
    )


def _figure(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
