"""The `dokkaebi` command. Its modules import what they need only when they run."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import typer
from typer.exceptions import TyperException
from typer.main import get_command

from dokkaebi.cli.help import HelpfulGroup
from dokkaebi.texts import LANGUAGES, set_language, t

# In the order of `--help`.
MODULES = (
    "works",
    "market",
    "papers",
    "trades",
    "auctions",
    "show",
    "books",
    "reports",
    "portal",
    "rewards",
    "board",
    "sponsor",
    "serve",
    "doctor",
    "deploy",
    "operator",
    "demo",
)


def _asked_language(arguments: Sequence[str]) -> str | None:
    """The language of `--lang`, read before the texts of `--help` are made."""
    for word, following in pairwise([*arguments, ""]):
        value = following if word == "--lang" else word.removeprefix("--lang=")
        if value != word and value in LANGUAGES:
            return value
    return None


def _make_app() -> typer.Typer:
    # Their options' texts are made when they are imported, so the language comes first.
    from dokkaebi.cli.output import before_any_command

    made = typer.Typer(
        name="dokkaebi",
        cls=HelpfulGroup,
        no_args_is_help=True,
        add_completion=False,
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    made.callback(help=t("help_dokkaebi"))(before_any_command)
    for name in MODULES:
        made.add_typer(importlib.import_module(f"{__name__}.{name}").app)
    return made


set_language(_asked_language(sys.argv))
app = _make_app()


@cache
def _command() -> Any:
    """The tree of commands, which Typer would make anew for each that a process runs."""
    return get_command(app)


def main(arguments: Sequence[str] | None = None) -> None:
    """Runs the command line and ends the process: 0 done, 1 `verify` says no, 2 an error."""
    sys.exit(run(sys.argv[1:] if arguments is None else arguments))


def run(arguments: Sequence[str]) -> int:
    """Runs the command line; its exit code."""
    from dokkaebi.cli.output import EXIT_ERROR, EXIT_STOPPED, report_error

    as_json = "--json" in arguments
    set_language(_asked_language(arguments))
    try:
        code = _command().main(list(arguments), prog_name="dokkaebi", standalone_mode=False)
    except TyperException as problem:
        if type(problem).__name__ == "NoArgsIsHelpError":
            print(problem.format_message())
            return 0
        report_error("usage_wrong", _usage_text(problem), {}, as_json)
        return EXIT_ERROR
    except Exception as problem:
        if os.environ.get("DOKKAEBI_TRACEBACK"):
            raise
        seen = f"{type(problem).__name__}: {problem}"
        report_error("unexpected", t("unexpected", problem=seen), {}, as_json)
        return EXIT_ERROR
    if code == EXIT_STOPPED:  # what Typer makes of Ctrl-C
        report_error("stopped", t("stopped"), {}, as_json)
    return code if isinstance(code, int) else 0


def _usage_text(problem: TyperException) -> str:
    """What is wrong with a command line, and where its help is."""
    context = getattr(problem, "ctx", None)
    command = context.command_path if context is not None else "dokkaebi"
    kind = type(problem).__name__
    if kind == "MissingParameter":
        parameter: Any = getattr(problem, "param", None)
        name = parameter.get_error_hint()
        return t("usage_missing", name=name, command=command)
    if kind == "NoSuchOption":
        return t("usage_no_option", name=getattr(problem, "option_name", ""), command=command)
    said = problem.format_message().rstrip(".")
    return t("usage_wrong", problem=f"{said}.", command=command)
