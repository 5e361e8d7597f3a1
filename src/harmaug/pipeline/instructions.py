"""The instructions of a run: drawn one by one or steered, with harmless twins where asked for."""

from __future__ import annotations

from collections.abc import Sequence

from harmaug.pipeline.context import Context
from harmaug.pipeline.generation import Generation, generate_instructions
from harmaug.pipeline.steering import generate_steered
from harmaug.pipeline.twinning import with_twins
from harmaug.rows import LabelledRow


def make_instructions(
    context: Context, labelled: Sequence[LabelledRow], benchmarks: Sequence[LabelledRow]
) -> Generation:
    """Make the instructions that the configuration asks for."""
    config = context.config.generate
    if config.steer is None:
        generation = generate_instructions(context, labelled, benchmarks)
    else:
        generation = generate_steered(context, config.steer, labelled, benchmarks)
    if config.twins is None:
        return generation
    return with_twins(context, config.twins, generation, benchmarks)
