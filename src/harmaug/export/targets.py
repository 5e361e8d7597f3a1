"""A guard as each kind of device takes it: what `harmaug export` does."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from harmaug.errors import ConfigError, DataError
from harmaug.export.choices import Precision, Target, Validation
from harmaug.export.drop import Drop, check_drop
from harmaug.export.models import check_runs, write_float32, write_int8
from harmaug.export.source import FLOAT32, INT8, Source
from harmaug.export.staging import staged


@dataclass(frozen=True)
class Exported:
    """What an export wrote: files by path within the folder, and what int8 cost, if measured."""

    files: tuple[Path, ...]
    drop: Drop | None


def export(
    ref: str,
    out: Path,
    target: Target = Target.ONNX,
    precision: Precision = Precision.INT8,
    validation: Validation | None = None,
) -> Exported:
    """Export a guard into a folder, which gets all of its files or none.

    Args:
        ref: `embedded`, a folder or a hub id.
        out: the folder; files of an earlier export are replaced, a guard's other weights among
            them removed, others stay.
        target: what runs it.
        precision: the weights of a `web` export; the other targets name theirs.
        validation: what int8 weights are measured on before they are kept.

    Raises:
        ModelError: when the guard cannot be had or exported, or int8 loses more than allowed.
        ConfigError: for a validation of what has no int8 weights.
        DataError: when the folder cannot be written, or the rows cannot be used.
    """
    int8 = target is Target.INT8 or (target is Target.WEB and precision is Precision.INT8)
    if validation is not None and not int8:
        raise ConfigError(f"--validation measures int8 weights, which '{target}' does not write")
    source = Source.find(ref)
    try:
        with staged(out) as folder:
            drop = _write(source, folder, target, int8, validation)
            files = tuple(sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file()))
        _remove_other_weights(source, out, files)
    except OSError as error:
        raise DataError(f"cannot export into {out}: {error.strerror or error}") from None
    return Exported(files, drop)


def _remove_other_weights(source: Source, out: Path, written: tuple[Path, ...]) -> None:
    """Remove what an earlier export left of another guard: `Guard.load` would prefer its int8."""
    own = not source.is_checkpoint and source.folder.resolve() == out.resolve()
    # A guard that is nothing but ONNX and is exported into its own folder would lose its source.
    if own or {FLOAT32, INT8}.isdisjoint(written):
        return
    for model in (out / FLOAT32, out / INT8):
        for path in model.parent.glob(f"{model.name}*"):  # a large one has files beside it
            if path.is_file() and path.relative_to(out) not in written:
                path.unlink()


def _write(
    source: Source, folder: Path, target: Target, int8: bool, validation: Validation | None
) -> Drop | None:
    if target is Target.EXECUTORCH:
        from harmaug.export.pte import write_pte

        write_pte(source, folder)
        return None
    with tempfile.TemporaryDirectory() as temporary:
        guard = Path(temporary) if target is Target.WEB else folder
        source.copy_texts(guard)
        if int8:
            write_int8(source, guard / INT8, guard / "tokenizer.json")
        else:
            write_float32(source, guard / FLOAT32)
        check_runs(source, guard, "int8" if int8 else "fp32")
        drop = None
        if validation is not None:
            drop = check_drop(source, guard, validation.rows, validation.max_drop)
        if target is Target.WEB:
            from harmaug.export.web.build import write_site

            write_site(guard, guard / (INT8 if int8 else FLOAT32), folder, source.name)
    return drop
