"""The command line: parse, call, print. Each verb is a thin file of this folder."""

from harmaug.cli.app import main

__all__ = ["main"]
