"""The whole method: who comes after whom."""

from harmaug.pipeline.method import run

__all__ = ["run"]
