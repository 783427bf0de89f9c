"""The commands together, and what becomes of a mistake."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from overgan.cli._certify import certify
from overgan.cli._claims import claims
from overgan.cli._compare import compare
from overgan.cli._coordinates import coordinates
from overgan.cli._evaluate import evaluate, sample
from overgan.cli._export import export
from overgan.cli._figures import figures
from overgan.cli._merge import merge
from overgan.cli._plan import plan
from overgan.cli._presets import presets, show
from overgan.cli._results import recommend, report
from overgan.cli._run import run
from overgan.cli._status import status
from overgan.cli._terminal import fail, print_notices
from overgan.disk import cannot_write
from overgan.errors import OverganError
from overgan.memory import is_out_of_memory
from overgan.stores import shown
from overgan.study import WorkerError
from overgan.version import __version__

app = typer.Typer(no_args_is_help=True, rich_markup_mode=None, context_settings={"help_option_names": ["-h", "--help"]})
_COMMANDS = (
    presets,
    show,
    plan,
    coordinates,
    run,
    status,
    report,
    recommend,
    claims,
    figures,
    compare,
    sample,
    evaluate,
    export,
    merge,
    certify,
)
for command in _COMMANDS:
    app.command()(command)


def _print_version(asked: bool) -> bool:
    if asked:
        print(f"overgan {__version__}")
        raise typer.Exit
    return asked


@app.callback(help="How wide must a GAN be?")
def _options(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """What all commands have."""


def start() -> None:
    """Run the command; a user's mistake is one line and exit code 2, a worker's death one line and exit code 1."""
    print_notices()
    try:
        app()
    except OverganError as error:
        fail(shown(error.message.replace("{argument}", _option(error.argument))), 2)
    except WorkerError as error:
        fail(shown(error), 1)
    except OSError as error:
        fail(shown(cannot_write(Path(), error)), 1)
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        fail(f"memory ran out ({' '.join(str(error).split())[:200] or 'no more is left'}); give it less at once", 1)


def _option(argument: str) -> str:
    """What the command at hand calls a library function's argument, or a spec's key: its option, if it has one."""
    commands = typer.main.get_command(app).commands  # type: ignore[attr-defined] # a group, as there are several
    given = next((word for word in sys.argv[1:] if word in commands), None)
    names = {param.name: param.opts[0] for param in commands[given].params if param.opts[0][0] == "-"} if given else {}
    names |= {option.lstrip("-").replace("-", "_"): option for option in names.values()}
    if "." in argument and "overrides" in names:
        return f"{names['overrides']} {argument}"
    return str(names.get(argument.rpartition(".")[2], argument))
