"""Every sentence that a person reads, in English and Korean.

The catalogues are the `*.toml` files beside this one, a file for each room; a key stands once in
all of them: `[key]`, `en = "…"`, `ko = "…"`, with values as `{name}`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from dokkaebi.texts.particles import with_particles

LANGUAGES = ("en", "ko")
DEFAULT = "en"

# What `--help` needs comes first, so that it reads no other file.
_FILES = sorted(Path(__file__).parent.glob("*.toml"), key=lambda p: (p.stem != "help", p.name))
_loaded: dict[str, dict[str, str]] = {}
_unread = list(_FILES)
_chosen: str | None = None


def t(key: str, /, lang: str | None = None, **values: Any) -> str:
    """The text of `key` in `lang` (default: the chosen language), with `values` filled in.

    A key without a text gives the key and its values, so that an error is never hidden.
    """
    text = _find(key)
    if text is None:
        shown = ", ".join(f"{name}: {value}" for name, value in values.items())
        return f"{key} ({shown})" if shown else key
    spoken = lang or language()
    filled = text[spoken].format_map(_Values(values))
    return with_particles(filled) if spoken == "ko" else filled


def set_language(lang: str | None) -> None:
    """Chooses the language of this process; None goes back to the environment's."""
    if lang is not None and lang not in LANGUAGES:
        raise ValueError(f"unknown language {lang!r}")
    global _chosen
    _chosen = lang


def chosen_language() -> str | None:
    """What `set_language` chose; None if nothing did."""
    return _chosen


def language() -> str:
    """The language in use, `en` or `ko`."""
    return _chosen or language_of(os.environ)


def language_of(environment: Mapping[str, str]) -> str:
    """The language an environment asks for: DOKKAEBI_LANG, else the locale, else English."""
    wanted = environment.get("DOKKAEBI_LANG", "")
    if wanted in LANGUAGES:
        return wanted
    names = ("LC_ALL", "LC_MESSAGES", "LANG")
    locale = next((environment[name] for name in names if environment.get(name)), "")
    return "ko" if locale.startswith("ko") else DEFAULT


def catalogue() -> dict[str, dict[str, str]]:
    """All texts: key → language → text. A key that stands twice is an error."""
    while _unread:
        _read_next()
    return dict(_loaded)


class _Values(dict[str, Any]):
    """Leaves a placeholder without a value as it is, so that an error is never hidden."""

    def __missing__(self, name: str) -> str:
        return "{" + name + "}"


def _find(key: str) -> dict[str, str] | None:
    while key not in _loaded and _unread:
        _read_next()
    return _loaded.get(key)


def _read_next() -> None:
    path = _unread.pop(0)
    entries = tomllib.loads(path.read_text(encoding="utf-8"))
    if twice := entries.keys() & _loaded.keys():
        raise ValueError(f"{path.name}: {', '.join(sorted(twice))} stands in another file as well")
    _loaded.update(entries)
