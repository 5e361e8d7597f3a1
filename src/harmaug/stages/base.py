"""What an executor needs of a stage: set up once per worker, then rows in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

In = TypeVar("In", contravariant=True)
Out = TypeVar("Out", covariant=True)


class Worker(Protocol[In, Out]):
    """A stage that is set up: its model is loaded."""

    def process(self, rows: Sequence[In]) -> list[Out]:
        """Return one row for each row, in order. Same rows in, same rows out, always."""
        ...


class Stage(Protocol[In, Out]):
    """A stage before it is set up: plain data that can be sent to another process."""

    def setup(self) -> Worker[In, Out]:
        """Load what the stage needs; called once per worker."""
        ...
