"""What all commands share: options, one JSON object or sentences, errors as sentences, exit codes.

A command is a function of a `Session` and its own options, made into one by `@command(app, …)`:

    @command(app, NODE, SIGN)
    def buy(session: Session, offer: Annotated[str, typer.Argument(help=t("arg_offer"))]) -> Result:
        session.say("bought", …)          # a sentence; not with --json
        return {"transaction": "0x…"}      # the object of --json
"""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeAlias

import typer

from dokkaebi.cli.help import HelpfulCommand
from dokkaebi.config import Settings, load_settings
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import LANGUAGES, chosen_language, set_language, t

if TYPE_CHECKING:
    from dokkaebi.chain.manifest import Manifest
    from dokkaebi.chain.rpc import Chain
    from dokkaebi.chain.signer import Signer
    from dokkaebi.chain.suite import Suite

EXIT_NO = 1
EXIT_ERROR = 2
EXIT_STOPPED = 130
PROGRESS_AFTER_SECONDS = 2
# JavaScript's largest exact integer: beyond it a JSON number loses digits.
_JSON_INTEGER_MAX = 2**53 - 1

Result: TypeAlias = dict[str, Any] | None
Parameter: TypeAlias = inspect.Parameter


def _option(name: str, kind: Any, default: Any, *flags: str) -> Parameter:
    option = typer.Option(*flags, help=t(f"option_{name}"), rich_help_panel=t("panel_shared"))
    annotation = Annotated[kind, option]
    return Parameter(name, Parameter.KEYWORD_ONLY, default=default, annotation=annotation)


def _check_language(value: str | None) -> str | None:
    if value is not None and value not in LANGUAGES:
        raise typer.BadParameter(t("language_unknown", seen=value))
    return value


Language = Annotated[
    str | None,
    typer.Option(
        "--lang",
        metavar="en|ko",
        help=t("option_lang"),
        rich_help_panel=t("panel_shared"),
        callback=_check_language,
    ),
]
_LANG = Parameter("lang", Parameter.KEYWORD_ONLY, default=None, annotation=Language)

# Groups of options; every command has `--json` and `--lang` as well.
ALWAYS = (_option("as_json", bool, False, "--json"), _LANG)
NODE = (
    _option("rpc", str | None, None, "--rpc"),
    _option("manifest", Path | None, None, "--manifest"),
)
SIGN = (
    _option("key", str | None, None, "--key"),
    _option("dry_run", bool, False, "--dry-run"),
)
DATABASE = (_option("database", str | None, None, "--database"),)
BOARD = (_option("board", Path | None, None, "--board"),)
DOCUMENTS = (_option("documents", Path | None, None, "--documents"),)
ZONE = (_option("zone", str | None, None, "--zone"),)

_SETTINGS = ("rpc", "manifest", "database", "board", "documents", "key", "lang", "zone")


class Session:
    """One run of a command: its settings, its chain, what it says."""

    def __init__(self, settings: Settings, as_json: bool = False, dry_run: bool = False) -> None:
        self.settings = settings
        self.as_json = as_json
        self.dry_run = dry_run
        self.exit_code = 0

    # What it works with

    @cached_property
    def chain(self) -> Chain:
        """The node of `--rpc`."""
        from dokkaebi.chain.rpc import connect

        return connect(self.settings.rpc, self.settings.rpc_requests_per_second)

    @cached_property
    def manifest_path(self) -> Path:
        """Where the manifest is: `--manifest`, or that of the node's chain."""
        return self.settings.manifest or self.settings.manifest_path(self.chain.chain_id)

    @cached_property
    def manifest(self) -> Manifest:
        """The manifest, not yet compared with the chain."""
        from dokkaebi.chain.manifest import load_manifest

        return load_manifest(self.manifest_path)

    @cached_property
    def suite(self) -> Suite:
        """The contracts, checked against the chain."""
        from dokkaebi.chain.suite import Suite

        return Suite.open(self.chain, self.manifest)

    @cached_property
    def account(self) -> Signer:
        """The key of `--key`, opened for this chain."""
        from dokkaebi.chain.keys import open_key

        if self.settings.key is None:
            raise DokkaebiError("key_missing")
        return open_key(
            self.settings.key,
            self.chain.chain_id,
            self.settings.password_file,
            _ask_password if sys.stdin.isatty() else None,
            self.note,
        )

    # What it says

    def say(self, key: str, /, **values: Any) -> None:
        """Prints a sentence on stdout, unless `--json`."""
        self.print(t(key, **values))

    def print(self, text: str = "") -> None:
        """Prints text on stdout, unless `--json`."""
        if not self.as_json:
            print(text)

    def note(self, key: str, /, **values: Any) -> None:
        """Prints a sentence on stderr: for whoever waits, also beside `--json`."""
        print(t(key, **values), file=sys.stderr)

    def table(self, headings: list[str], rows: list[list[str]]) -> None:
        """Prints a table on stdout, unless `--json`; without a head if `headings` is empty."""
        if self.as_json:
            return
        from rich.console import Console
        from rich.table import Table

        table = Table(*headings, box=None, pad_edge=False, show_header=bool(headings))
        for row in rows:
            table.add_row(*row)
        Console().print(table)

    @contextmanager
    def progress(self, key: str, total: int, /, **values: Any) -> Iterator[Callable[[int], None]]:
        """A bar on the terminal for what takes longer than two seconds; gives `advance(steps)`."""
        bar = _Bar(t(key, **values), total, shown=not self.as_json and sys.stderr.isatty())
        try:
            yield bar.advance
        finally:
            bar.close()

    @contextmanager
    def progress_to(self, key: str, first: int, last: int) -> Iterator[Callable[[int], None]]:
        """The same for what goes from `first` to `last`; gives `reach(position)`."""
        with self.progress(key, max(last - first, 1)) as advance:
            done = first

            def reach(position: int) -> None:
                nonlocal done
                advance(position - done)
                done = position

            yield reach


class _Bar:
    """Starts Rich only once somebody waits."""

    def __init__(self, text: str, total: int, shown: bool) -> None:
        self._text, self._total, self._shown = text, total, shown
        self._began, self._done = time.monotonic(), 0
        self._progress: Any = None

    def advance(self, steps: int) -> None:
        self._done += steps
        if not self._shown or time.monotonic() - self._began < PROGRESS_AFTER_SECONDS:
            return
        if self._progress is None:
            from rich.console import Console
            from rich.progress import Progress

            self._progress = Progress(console=Console(stderr=True), transient=True)
            self._task = self._progress.add_task(self._text, total=self._total)
            self._progress.start()
        self._progress.update(self._task, completed=self._done)

    def close(self) -> None:
        if self._progress is not None:
            self._progress.stop()


def before_any_command(lang: Language = None) -> None:
    """Lets `--lang` stand before the command as well; `run` reads it there."""


def command(
    app: typer.Typer, *groups: tuple[Parameter, ...], name: str | None = None
) -> Callable[[Callable[..., Result]], Callable[..., None]]:
    """Makes a function of a Session a command of `app`, with its options and those of `groups`.

    Its help is the text `help_<function>`. What it returns is the object that `--json` prints.
    """

    def decorate(function: Callable[..., Result]) -> Callable[..., None]:
        own = list(inspect.signature(function, eval_str=True).parameters.values())[1:]
        shared = [option for group in (*groups, ALWAYS) for option in group]

        @functools.wraps(function)
        def run(**given: Any) -> None:
            _run(function, {p.name for p in own}, given)

        parameters = [p.replace(kind=Parameter.KEYWORD_ONLY) for p in own] + shared
        run.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        app.command(name, cls=HelpfulCommand, help=t(f"help_{function.__name__}"))(run)
        return run

    return decorate


def _run(function: Callable[..., Result], own: set[str], given: dict[str, Any]) -> None:
    """Runs a command; whatever goes wrong becomes a sentence and an exit code."""
    as_json = given["as_json"]
    # Before a command's name `--lang` is read by `run`, after it here.
    given["lang"] = given["lang"] or chosen_language()
    set_language(given["lang"])
    try:
        settings = load_settings(**{n: given[n] for n in _SETTINGS if n in given and n not in own})
        set_language(settings.lang)
        session = Session(settings, as_json, given.get("dry_run", False))
        result = function(session, **{name: given[name] for name in own})
        if as_json and result is not None:
            print(to_json(result))
    except DokkaebiError as error:
        report_error(error.key, str(error), error.details, as_json)
        raise typer.Exit(EXIT_ERROR) from None
    except BrokenPipeError:
        # Whoever read this has seen enough; Python must not complain on its way out either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(0) from None
    except OSError as error:
        report_error("system_error", t("system_error", problem=str(error)), {}, as_json)
        raise typer.Exit(EXIT_ERROR) from None
    raise typer.Exit(session.exit_code)


def report_error(key: str, message: str, details: dict[str, Any], as_json: bool) -> None:
    """Says what went wrong: a sentence on stderr, or an object on stdout."""
    if as_json:
        print(to_json({"error": key, "message": message, "details": details}))
    else:
        print(message, file=sys.stderr)


def to_json(value: object) -> str:
    """JSON that loses nothing: bytes as `0x…`, integers beyond 2^53 as decimal text."""
    return json.dumps(_plain(value), ensure_ascii=False, indent=2)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(name): _plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    if isinstance(value, bytes):
        return "0x" + value.hex()
    if isinstance(value, int) and abs(value) > _JSON_INTEGER_MAX:
        return str(value)
    return value if isinstance(value, str | int | bool | None) else str(value)


def _ask_password(path: str) -> str:
    from getpass import getpass

    return getpass(t("ask_password", path=path))
