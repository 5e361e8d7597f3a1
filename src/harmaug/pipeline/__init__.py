"""The whole method: who comes after whom."""

from harmaug.pipeline.run import run

__all__ = ["run"]
