"""The runtime: text in, verdict out. No torch."""

from harmaug.guard.guard import Guard
from harmaug.guard.settings import Calibration, GuardSettings
from harmaug.guard.verdict import Evidence, TextSpan, Verdict

__all__ = ["Calibration", "Evidence", "Guard", "GuardSettings", "TextSpan", "Verdict"]
