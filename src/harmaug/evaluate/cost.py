"""What a guard costs: size, arithmetic, time and memory, each measured or counted, none assumed.

Definitions. An *example* is a prompt, or a prompt with its response, as guards read it: template
and special tokens counted, padding not counted, text longer than the window read in several
windows. *Content tokens* are the tokens of the example's own text. FLOPs count a multiplication
and an addition as two, forward pass alone. Latency is the median over examples, one at a time on
one thread, tokenizing included, the best of three calls each. Throughput is the best over batch
sizes on all cores, over the same examples. Energy is that of the whole device which does the work
(`harmaug.evaluate.energy`) at the batch size of the best throughput. Peak memory is that of a fresh
process that loads the guard and does this, Python included.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from harmaug.evaluate.lengths import lengths
from harmaug.evaluate.sources import GuardSource
from harmaug.scoring import Scorer, TextPair

EXAMPLES = 128
METHOD = 3
"""Changes with what is measured, so that a cost measured otherwise before is measured again."""
TIMEOUT_S = 600.0


@dataclass(frozen=True)
class Speed:
    """What `harmaug.evaluate.profile` measures in a process of its own.

    `latency_ms` (the median), `latency_mean_ms` and `latency_p95_ms` are of one example at a time
    on one thread; `examples_per_s` is the best rate, reached at `batch` examples a call on
    `threads` cores, and `joules_per_example` what the meter of `energy_of` counted at that rate,
    None where no meter can be read.
    `core_share` is the share of the latency measurement in which it had its core (1 on a quiet
    machine), None where the work is done elsewhere, on a GPU.
    """

    latency_ms: float
    latency_p95_ms: float
    examples_per_s: float
    batch: int
    threads: int
    peak_memory_bytes: int
    load_seconds: float
    core_share: float | None
    latency_mean_ms: float | None = None
    joules_per_example: float | None = None
    energy_of: str | None = None

    @property
    def disturbed(self) -> bool:
        """Whether other programs took the core for a while, so that times are rough."""
        return self.core_share is not None and self.core_share < 0.9


@dataclass(frozen=True)
class Cost:
    """The cost of a guard on `examples` examples; None is what could not be measured.

    `flops_per_token` is per content token, `tokens` the mean a forward pass reads per example,
    `content_tokens` the mean of the example's own.
    """

    guard: str
    runtime: str
    examples: int
    parameters: int | None
    file_bytes: int | None
    tokens: float | None
    content_tokens: float | None
    flops_per_example: float | None
    flops_per_token: float | None
    speed: Speed | None

    @property
    def token_latency_us(self) -> float | None:
        """Return the mean microseconds of a content token, one example at a time on one thread."""
        if self.speed is None or self.speed.latency_mean_ms is None or not self.content_tokens:
            return None
        return 1e3 * self.speed.latency_mean_ms / self.content_tokens

    @property
    def batch_token_latency_us(self) -> float | None:
        """Return the mean microseconds of a content token at the best rate, on all cores."""
        if self.speed is None or not self.content_tokens:
            return None
        return 1e6 / (self.speed.examples_per_s * self.content_tokens)


@dataclass(frozen=True)
class CostRatio:
    """One guard's figures over another's, throughput too; None where one was not measured."""

    parameters: float | None
    file_bytes: float | None
    flops_per_example: float | None
    latency: float | None
    throughput: float | None
    peak_memory: float | None
    energy: float | None


def cost_ratio(cost: Cost, base: Cost) -> CostRatio:
    """Divide the figures of `cost` by those of `base`."""
    return CostRatio(
        parameters=_ratio(cost.parameters, base.parameters),
        file_bytes=_ratio(cost.file_bytes, base.file_bytes),
        flops_per_example=_ratio(cost.flops_per_example, base.flops_per_example),
        latency=_speed_ratio(cost, base, lambda speed: speed.latency_ms),
        throughput=_speed_ratio(cost, base, lambda speed: speed.examples_per_s),
        peak_memory=_speed_ratio(cost, base, lambda speed: speed.peak_memory_bytes),
        energy=_speed_ratio(cost, base, lambda speed: speed.joules_per_example),
    )


def measure_cost(
    guard: str,
    source: GuardSource,
    load: Callable[[], Scorer],
    runtime: str,
    pairs: Sequence[TextPair],
) -> Cost:
    """Count and measure a guard on at most `EXAMPLES` pairs, evenly spread.

    `load` gives the guard, loaded, where it has to be asked how it reads. A guard behind a server
    is not measured: its cost is the server's.
    """
    from harmaug.evaluate.flops import arithmetic  # torch: reading results does without

    places = np.linspace(0, len(pairs) - 1, min(EXAMPLES, len(pairs))).round().astype(int)
    sample = [pairs[place] for place in places]
    folder = None if source.remote else local_folder(source)
    counted = None if folder is None else arithmetic(folder)
    read = lengths(source, load, sample)
    content = None if read is None else sum(row.content for row in read) / len(read)
    tokens = None if read is None else sum(sum(row.windows) for row in read) / len(read)
    flops = None
    if counted is not None and read is not None:
        flops = sum(counted.flops(width) for row in read for width in row.windows) / len(read)
    return Cost(
        guard=guard,
        runtime=runtime,
        examples=len(sample),
        parameters=None if counted is None else counted.parameters,
        file_bytes=None if folder is None else _file_bytes(source, folder),
        tokens=tokens,
        content_tokens=content,
        flops_per_example=flops,
        flops_per_token=None if flops is None or not content else flops / content,
        speed=None if source.remote else measure_speed(source, sample),
    )


def measure_speed(source: GuardSource, pairs: Sequence[TextPair]) -> Speed | None:
    """Measure a guard in a fresh process; None where that process fails."""
    payload = json.dumps({"source": source.to_json(), "pairs": pairs})
    try:
        done = subprocess.run(
            [sys.executable, "-m", "harmaug.evaluate.profile"],
            input=payload,
            capture_output=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=True,
        )
        return Speed(**json.loads(done.stdout.splitlines()[-1]))
    except (subprocess.SubprocessError, OSError, ValueError, TypeError, IndexError):
        return None


def local_folder(source: GuardSource) -> Path | None:
    """Return where a guard's files are on this machine, None where they are not."""
    if source.teacher is None:
        return source.files().folder
    if Path(source.ref).is_dir():
        return Path(source.ref)
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HFValidationError, LocalEntryNotFoundError

    try:
        return Path(snapshot_download(source.ref, revision=source.revision, local_files_only=True))
    except (LocalEntryNotFoundError, HFValidationError):
        return None


def _file_bytes(source: GuardSource, folder: Path) -> int | None:
    if source.teacher is None:
        return source.files().model.stat().st_size
    weights = [*folder.glob("*.safetensors"), *folder.glob("pytorch_model*.bin")]
    return sum(path.stat().st_size for path in weights) or None


def _ratio(value: float | None, base: float | None) -> float | None:
    return None if value is None or not base else value / base


def _speed_ratio(cost: Cost, base: Cost, read: Callable[[Speed], float | None]) -> float | None:
    if cost.speed is None or base.speed is None:
        return None
    return _ratio(read(cost.speed), read(base.speed))
