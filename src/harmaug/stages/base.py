"""What an executor needs of a stage: set up once per worker, then rows in, rows out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, TypeVar

In_contra = TypeVar("In_contra", contravariant=True)
Out_co = TypeVar("Out_co", covariant=True)


class Worker(Protocol[In_contra, Out_co]):
    """A stage that is set up: its model is loaded."""

    def process(self, rows: Sequence[In_contra]) -> Sequence[Out_co]:
        """Return one row for each row, in order. Same rows in, same rows out, always."""
        ...


class Stage(Protocol[In_contra, Out_co]):
    """A stage before it is set up: plain data that can be sent to another process."""

    def setup(self) -> Worker[In_contra, Out_co]:
        """Load what the stage needs; called once per worker."""
        ...
