"""The commands together, and what becomes of a mistake."""

import sys

import typer

from overgan.cli._certify import certify
from overgan.cli._evaluate import evaluate, sample
from overgan.cli._presets import presets, show
from overgan.cli._results import recommend, report
from overgan.cli._run import run, status
from overgan.cli._terminal import fail
from overgan.errors import OverganError
from overgan.signals import when_ended
from overgan.study import WorkerError

app = typer.Typer(help="How wide must a GAN be?", no_args_is_help=True, add_completion=False, rich_markup_mode=None)
for command in (presets, show, run, status, report, recommend, sample, evaluate, certify):
    app.command()(command)


def main() -> None:
    """Run the command; a user's mistake is one line and exit code 2, a worker's death one line and exit code 1."""
    when_ended(lambda number: sys.exit(128 + number))
    try:
        app()
    except OverganError as error:
        fail(error.message.replace("{argument}", _option(error.argument)), 2)
    except WorkerError as error:
        fail(str(error), 1)


def _option(argument: str) -> str:
    """What the command at hand calls a library function's argument: its option, if it has one of that name."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined] # a group, as there are several
    given = next((word for word in sys.argv[1:] if word in commands), None)
    options = {param.name: param.opts[0] for param in commands[given].params} if given else {}
    return str(options.get(argument, argument))
