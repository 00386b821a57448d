"""The command ``earmark``: its verbs, and how its errors are told."""

import os
import sys
from collections.abc import Sequence
from typing import Annotated

import typer

import earmark
from earmark._util.allocator import keep_freed_memory
from earmark.cli.augment import augment
from earmark.cli.compare import compare
from earmark.cli.config import config_app
from earmark.cli.console import INTERRUPTED
from earmark.cli.crossval import crossval
from earmark.cli.datasets import datasets
from earmark.cli.demo import demo
from earmark.cli.evaluate import evaluate
from earmark.cli.explain import explain
from earmark.cli.features import features
from earmark.cli.fetch import fetch
from earmark.cli.inspect import inspect
from earmark.cli.learn import learn
from earmark.cli.plot import plot
from earmark.cli.predict import predict
from earmark.cli.report import report
from earmark.cli.review import review
from earmark.cli.scores import scores
from earmark.cli.train import train
from earmark.cli.tune import tune
from earmark.errors import EarmarkError

USERS_MISTAKE = 2

# Typer carries its own copy of click from 0.20 on, and takes the installed one before: this is the one in use.
_ClickError: type[Exception] = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")

app = typer.Typer(
    name="earmark",
    help="Put labels on sounds, and say how far to trust them.",
    epilog="Example: earmark train sounds/ -o runs/first",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command(epilog="Example: earmark inspect sounds/ -o page.html")(inspect)
app.command(epilog="Example: earmark train sounds/ -o runs/first")(train)
app.command(epilog="Example: earmark crossval sounds/ -o runs/folds")(crossval)
app.command(epilog="Example: earmark compare sounds/ -o runs/which --network svm,cnn,lstm")(compare)
app.command(epilog="Example: earmark tune sounds/ -o runs/search --trials 20")(tune)
app.command(epilog="Example: earmark evaluate runs/first other_sounds/")(evaluate)
app.command(epilog="Example: earmark predict runs/first bark.ogg rain.wav --json")(predict)
app.command(epilog="Example: earmark explain runs/first bark.ogg -o why/")(explain)
app.command(epilog="Example: earmark features sounds/ -o data.json --segments 10")(features)
app.command(epilog="Example: earmark augment sounds/ -o more/ --copies 2")(augment)
app.command(epilog="Example: earmark plot bark.ogg -o bark.png --kind all")(plot)
app.command(epilog="Example: earmark scores runs/first runs/second")(scores)
app.command(epilog="Example: earmark report runs/first")(report)
app.command(epilog="Example: earmark review sounds/")(review)
app.command(epilog="Example: earmark datasets gtzan")(datasets)
app.command(epilog="Example: earmark fetch esc10 sounds/esc10")(fetch)
app.command(epilog="Example: earmark demo -o runs/demo")(demo)
app.command(epilog="Example: earmark learn convolution-by-hand -o lessons")(learn)
app.add_typer(config_app)


def _show_version(wanted: bool) -> None:
    if wanted:
        sys.stdout.write(f"earmark {earmark.__version__}\n")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and stop.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    del version  # its callback has acted on it


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line.

    Args:
        arguments: What was typed after ``earmark``; None for the arguments of this process.

    Returns:
        The exit status: 0, 1 where the machine failed, 2 for a user's mistake, 130 after Ctrl-C.
    """
    keep_freed_memory()
    try:
        status = app(args=arguments, standalone_mode=False)
    except EarmarkError as error:
        return _tell(str(error), USERS_MISTAKE)
    except _ClickError as error:
        message = _usage(error)
        return _tell(message, USERS_MISTAKE) if message else USERS_MISTAKE
    except (KeyboardInterrupt, typer.Abort):
        status = INTERRUPTED
    except BrokenPipeError:  # the reader of a pipe went away: no fault, but Python would complain when it flushes
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except OSError as error:
        return _tell(f"{error.filename or 'cannot go on'}: {(error.strerror or str(error)).lower()}", 1)
    if status == INTERRUPTED:  # typer turns Ctrl-C into a status of its own
        return _tell("interrupted", INTERRUPTED)
    return status if isinstance(status, int) else 0


def _tell(message: str, status: int) -> int:
    sys.stderr.write(f"earmark: {' '.join(message.split())}\n")
    return status


def _usage(error: BaseException) -> str:
    """Return what was wrong with what was typed; nothing where the help was shown in its place."""
    message = (error.format_message() if hasattr(error, "format_message") else str(error)).rstrip(".")
    context = getattr(error, "ctx", None)
    return f"{message} (see {context.command_path} --help)" if context and message else message
