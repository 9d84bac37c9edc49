"""Writes a commented `market.toml`, or adds to one what it lacks; what it says stays as it is."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dokkaebi.chain.manifest import write_atomically
from dokkaebi.deploy.spec import FIELDS, Field, parse_market
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import t

if TYPE_CHECKING:
    from tomlkit import TOMLDocument

# What only the operator can know; everything else has a usual value or follows from these.
ASKED = (
    *("token.name", "token.name_ko", "token.symbol", "token.symbol_ko"),
    *("market.fee_bps", "market.fee_recipient", "token.steward", "rewards.guardian"),
)
COMMENT_WIDTH = 96


def init_market(
    path: Path,
    given: Mapping[str, str],
    ask: Callable[[str, str], str] | None = None,
) -> tuple[bool, list[str]]:
    """Makes a market file complete; whether it was new, and the fields that were set.

    `given`: field path → value, which replaces what the file says. `ask(question, usual)` is asked
    for what nobody has said yet; without it the usual values are taken. Nothing is written unless
    the whole is a market. Errors as `load_market_spec`.
    """
    import tomlkit

    document, is_new = _open(path)
    known = {field.path: _value(document, field) for field in FIELDS}
    answers: dict[str, Any] = {}
    for field in FIELDS:
        if field.path in given:
            answers[field.path] = _typed(field, given[field.path], path)
        elif known[field.path] is None:
            usual = _usual(field, {**known, **answers})
            if ask is not None and field.path in ASKED:
                said = ask(t(f"market_ask_{field.section}_{field.name}"), str(usual))
                answers[field.path] = _typed(field, said, path) if said else usual
            else:
                answers[field.path] = usual
    changed = [name for name, value in answers.items() if known[name] != value]
    for field in FIELDS:
        if field.path in changed:
            _set(document, field, answers[field.path])
    parse_market(document.unwrap(), path)
    if changed:
        write_atomically(path, tomlkit.dumps(document))
    return is_new, changed


def _open(path: Path) -> tuple[TOMLDocument, bool]:
    import tomlkit
    from tomlkit.exceptions import ParseError

    try:
        return tomlkit.parse(path.read_text(encoding="utf-8")), False
    except FileNotFoundError:
        document = tomlkit.document()
        for line in _wrapped(t("market_comment_file")):
            document.add(tomlkit.comment(line))
        return document, True
    except (OSError, UnicodeDecodeError, ParseError) as problem:
        raise DokkaebiError("market_unreadable", path=str(path), problem=str(problem)) from None


def _value(document: TOMLDocument, field: Field) -> Any:
    table = document.unwrap().get(field.section)
    return table.get(field.name) if isinstance(table, dict) else None


def _usual(field: Field, known: Mapping[str, Any]) -> Any:
    """The usual value; the registry is called after the token."""
    name, name_ko = known.get("token.name"), known.get("token.name_ko")
    if field.path == "registry.name" and name and name != _field("token.name").usual:
        return f"{name} Creations"
    if field.path == "registry.name_ko" and name_ko and name_ko != _field("token.name_ko").usual:
        return f"{name_ko} 창작물"
    return field.usual


def _field(path: str) -> Field:
    return next(field for field in FIELDS if field.path == path)


def _typed(field: Field, said: str, path: Path) -> Any:
    """What was typed, in the kind of the field."""
    text = said.strip()
    if isinstance(field.usual, list):
        return [name.strip() for name in text.split(",") if name.strip()]
    if isinstance(field.usual, str):
        return text
    try:
        return int(text)
    except ValueError:
        raise DokkaebiError(
            "market_field_wrong", path=str(path), field=field.path, seen=said, needed=field.usual
        ) from None


def _set(document: TOMLDocument, field: Field, value: Any) -> None:
    """Replaces a value, or adds it with its comment to its section."""
    import tomlkit

    if field.section not in document:
        document.add(tomlkit.nl())
        document.add(field.section, tomlkit.table())
    table: Any = document[field.section]
    if field.name in table:
        table[field.name] = value
        return
    if field.comment:
        for line in _wrapped(t(f"market_comment_{field.section}_{field.name}")):
            table.add(tomlkit.comment(line))
    item = tomlkit.item(value)
    if isinstance(value, list):
        item.multiline(True)
    table.add(field.name, item)


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, COMMENT_WIDTH)
