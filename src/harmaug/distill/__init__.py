"""The student: Equation 1, the data it sees, how it is trained and kept."""

from harmaug.distill.distillation import distill, leading
from harmaug.distill.result import DistillResult
from harmaug.distill.task import Validation

__all__ = ["DistillResult", "Validation", "distill", "leading"]
