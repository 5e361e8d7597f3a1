"""The `harmaug` command: its verbs, and what its exit status means.

0 is success (for `check`: safe), 1 is flagged (`check` alone), 2 an error that one line on
standard error explains, 3 an error that nobody foresaw, with its traceback, 130 an interrupt, 141
an output that nobody reads to its end (`| head`), as of a process that SIGPIPE ends.
"""

from __future__ import annotations

import io
import logging
import sys
import traceback

import typer

from harmaug.cli.tell import tell
from harmaug.errors import HarmaugError
from harmaug.threads import wait_briefly

UNFORESEEN = 3
INTERRUPTED = 130
NOBODY_READS = 141
RESUMABLE = frozenset({"run", "study"})

app = typer.Typer(
    name="harmaug",
    help="Distil a big safety guard into a small one, and run it where it is needed.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def main() -> None:
    """Run the command line; errors a user can mend are one line and exit status 2.

    Raises:
        SystemExit: with the exit status.
    """
    from harmaug.cli import commands

    wait_briefly()
    # Where it is installed, transformers imports it, and it names each kernel that does not load.
    logging.getLogger("torchao").setLevel(logging.ERROR)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")  # as standard error is
    commands.register(app)
    try:
        app()
    except HarmaugError as error:
        tell(f"error: {error}")
        sys.exit(2)
    except SystemExit as leaving:
        if isinstance(leaving.__context__, BrokenPipeError):
            sys.exit(NOBODY_READS)  # its own 1 would say that the text was flagged
        if leaving.code == INTERRUPTED and not RESUMABLE.isdisjoint(sys.argv[1:2]):
            tell("interrupted: run the same command again to go on where it stopped")
        raise
    except Exception:
        # Python's own exit status for these is 1, which scripts read as flagged.
        tell(traceback.format_exc().rstrip())
        sys.exit(UNFORESEEN)
