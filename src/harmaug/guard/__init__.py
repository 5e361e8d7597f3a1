"""The runtime: text in, verdict out. No torch."""

from harmaug.guard.guard import Guard
from harmaug.guard.settings import GuardSettings
from harmaug.guard.verdict import Evidence, TextSpan, Verdict

__all__ = ["Evidence", "Guard", "GuardSettings", "TextSpan", "Verdict"]
