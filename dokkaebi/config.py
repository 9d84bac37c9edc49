"""Where things are: flag, environment (and `.env`), `dokkaebi.toml`, default; the first wins."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import LANGUAGES

DEFAULT_RPC = "http://127.0.0.1:8545"
FILE_NAME = "dokkaebi.toml"
_PREFIX = "DOKKAEBI_"
_PATHS = ("manifest", "database", "board", "documents", "password_file")
_NAMES = ("rpc", "rpc_requests_per_second", "key", "lang", "zone", "database_url", *_PATHS)


@dataclass(frozen=True)
class Settings:
    """One run's settings. Paths are absolute; None where the default depends on the chain.

    `database`: a path, or the URL of a PostgreSQL database. `zone`: a time zone of the IANA
    database.
    """

    rpc: str
    rpc_requests_per_second: int | None
    manifest: Path | None
    database: Path | str | None
    board: Path | None
    documents: Path
    key: str | None
    password_file: Path | None
    lang: str | None
    zone: str

    def manifest_path(self, chain_id: int) -> Path:
        """The deployment manifest: as set, else `deployments/<chainId>.json` of the project."""
        return self.manifest or project_root() / "deployments" / f"{chain_id}.json"

    def database_place(self, chain_id: int) -> Path | str:
        """The ledger: as set, else `var/ledger-<chainId>.sqlite3` of the project."""
        return self.database or project_root() / "var" / f"ledger-{chain_id}.sqlite3"

    def board_folder(self, chain_id: int) -> Path:
        """The notice board's files: as set, else `var/board-<chainId>` of the project."""
        return self.board or project_root() / "var" / f"board-{chain_id}"


def project_root() -> Path:
    """The folder that holds `dokkaebi/`, `frontend-abi/`, `deployments/`, `node_modules/`."""
    return Path(__file__).resolve().parents[1]


def load_settings(**flags: str | Path | None) -> Settings:
    """Settings of this run; `flags` are command-line options that were given (None: not given)."""
    if unknown := set(flags) - set(_NAMES):
        raise TypeError(f"unknown settings: {', '.join(sorted(unknown))}")
    given = _from_file()
    surroundings = environment()
    for name in _NAMES:
        if value := surroundings.get(_PREFIX + name.upper()):
            given[name] = _placed(name, value, Path.cwd())
        if (flag := flags.get(name)) is not None:
            given[name] = _placed(name, str(flag), Path.cwd())
    lang = given.get("lang")
    if lang is not None and lang not in LANGUAGES:
        raise DokkaebiError("language_unknown", seen=lang)
    return Settings(
        rpc=given.get("rpc", DEFAULT_RPC),
        rpc_requests_per_second=_count(given.get("rpc_requests_per_second")),
        manifest=_path(given.get("manifest")),
        database=_database(given, flags),
        board=_path(given.get("board")),
        documents=_path(given.get("documents")) or project_root() / "documents",
        key=given.get("key"),
        password_file=_path(given.get("password_file")),
        lang=lang,
        zone=given.get("zone", "UTC"),
    )


def environment() -> dict[str, str]:
    """The process's environment, and below it the nearest `.env` (else the project's)."""
    return {**_dotenv(Path.cwd()), **os.environ}


def _dotenv(start: Path) -> dict[str, str]:
    path = _upward(start, ".env") or project_root() / ".env"
    if not path.is_file():
        return {}
    from dotenv import dotenv_values

    return {name: value for name, value in dotenv_values(path).items() if value is not None}


def _from_file() -> dict[str, str]:
    path = _upward(Path.cwd(), FILE_NAME)
    if path is None:
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        raise DokkaebiError("config_unreadable", path=str(path), problem=str(problem)) from None
    for name, value in entries.items():
        if name not in _NAMES:
            raise DokkaebiError(
                "config_name_unknown", path=str(path), name=name, known=", ".join(sorted(_NAMES))
            )
        if not isinstance(value, str):
            raise DokkaebiError("config_not_text", path=str(path), name=name, value=str(value))
    return {name: _placed(name, value, path.parent) for name, value in entries.items()}


def _upward(start: Path, name: str) -> Path | None:
    folders = [start, *start.parents]
    return next((folder / name for folder in folders if (folder / name).is_file()), None)


def _placed(name: str, value: str, folder: Path) -> str:
    """Makes a path absolute: from the working folder, or from the file that names it."""
    is_keystore = name == "key" and ":" not in value
    is_url = "://" in value
    if (name in _PATHS and not is_url) or is_keystore:
        return str(folder / Path(value).expanduser())
    return value


def _path(value: str | None) -> Path | None:
    return Path(value) if value else None


def _database(
    given: Mapping[str, str], flags: Mapping[str, str | Path | None]
) -> Path | str | None:
    """The flag first; then a URL, which says more than a path."""
    value = given.get("database")
    if flags.get("database") is None:
        value = given.get("database_url", value)
    return value if value and "://" in value else _path(value)


def _count(value: str | None) -> int | None:
    """A number of one or more."""
    if value is None:
        return None
    if not value.isdigit() or int(value) < 1:
        raise DokkaebiError("config_no_count", name="rpc_requests_per_second", value=value)
    return int(value)
