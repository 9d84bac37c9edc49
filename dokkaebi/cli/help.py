"""`--help` in the language of the moment: what Typer itself says there, in ours."""

from __future__ import annotations

from typing import Any

from typer.core import TyperCommand, TyperGroup

from dokkaebi.texts import t


class HelpfulCommand(TyperCommand):
    """A command whose `--help` is translated throughout."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`."""
        return _translated(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Prints the help."""
        _translate_headings()
        super().format_help(ctx, formatter)


class HelpfulGroup(TyperGroup):
    """A group of commands whose `--help` is translated throughout."""

    def get_help_option(self, ctx: Any) -> Any:
        """The option `--help`."""
        return _translated(super().get_help_option(ctx))

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Prints the help."""
        _translate_headings()
        super().format_help(ctx, formatter)


def _translated(option: Any) -> Any:
    if option is not None:
        option.help = t("option_help")
    return option


def _translate_headings() -> None:
    from typer import rich_utils

    rich_utils.ARGUMENTS_PANEL_TITLE = t("panel_arguments")
    rich_utils.OPTIONS_PANEL_TITLE = t("panel_options")
    rich_utils.COMMANDS_PANEL_TITLE = t("panel_commands")
