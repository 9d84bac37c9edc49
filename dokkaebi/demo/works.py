"""The works of a market day: the files of a folder, and what their makers say of them."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from dokkaebi.chain.assets import parse_decimal
from dokkaebi.errors import DokkaebiError
from dokkaebi.texts import language, t

MAKERS_MAX = 4
DECIMALS = 18
PRICES = (("eth", "0.02"), ("token", "120"), ("eth", "0.05"), ("token", "45"))


@dataclass(frozen=True)
class DemoWork:
    """A file and its offer. `price` in smallest units of the coin (`eth`) or the `token`."""

    path: Path
    title: str
    description: str
    maker: str
    royalty_bps: int
    parents: tuple[str, ...]
    asset: str
    price: int


def load_works(folder: Path) -> list[DemoWork]:
    """The files of a folder as works, parents before their derivatives.

    `works.toml` beside the folder may describe them; what it doesn't know is taken from the file's
    name. Raises DokkaebiError for a folder that isn't there or holds no file, or an empty one.
    """
    if not folder.exists():
        raise DokkaebiError("works_missing", path=str(folder))
    if not folder.is_dir():
        raise DokkaebiError("works_no_folder", path=str(folder))
    try:
        files = [p for p in folder.iterdir() if p.is_file() and not p.name.startswith(".")]
    except OSError as problem:
        raise DokkaebiError("works_unreadable", path=str(folder), problem=str(problem)) from None
    if not files:
        raise DokkaebiError("works_none", path=str(folder))
    for path in sorted(files):
        if path.stat().st_size == 0:
            raise DokkaebiError("file_empty", path=str(path))
    described = _described(folder.resolve().parent / "works.toml")
    known = [described[name] for name in described if (folder / name) in files]
    rest = sorted(p for p in files if p.name not in described)
    works = [_work(folder / entry["file"], entry) for entry in known]
    works += [_unknown(path, number) for number, path in enumerate(rest)]
    return _with_a_derivative(works)


def _described(path: Path) -> dict[str, dict[str, Any]]:
    if not path.is_file():
        return {}
    try:
        entries = tomllib.loads(path.read_text(encoding="utf-8"))["work"]
        return {entry["file"]: entry for entry in entries}
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise DokkaebiError("works_unreadable", path=str(path), problem=str(problem)) from None


def _work(path: Path, entry: dict[str, Any]) -> DemoWork:
    suffix = "" if language() == "ko" else "_en"
    try:
        return DemoWork(
            path=path,
            title=entry["title" + suffix],
            description=entry["description" + suffix],
            maker=entry["maker"],
            royalty_bps=entry["royalty_bps"],
            parents=tuple(entry["parents"]),
            asset=entry["asset"],
            price=parse_decimal(entry["price"], DECIMALS, "amount_too_fine", symbol=entry["asset"]),
        )
    except (KeyError, TypeError) as problem:
        raise DokkaebiError("works_unreadable", path=str(path), problem=repr(problem)) from None


def _unknown(path: Path, number: int) -> DemoWork:
    """A work of which only the file is known; makers take turns."""
    asset, price = PRICES[number % len(PRICES)]
    return DemoWork(
        path=path,
        title=path.stem,
        description="",
        maker=t("demo_maker", number=number % MAKERS_MAX + 1),
        royalty_bps=500,
        parents=(),
        asset=asset,
        price=parse_decimal(price, DECIMALS, "amount_too_fine", symbol=asset),
    )


def _with_a_derivative(works: list[DemoWork]) -> list[DemoWork]:
    """A market day shows a derivative: if there is none, the last work plays one of the first."""
    if len(works) < 2 or any(work.parents for work in works):
        return works
    return [*works[:-1], replace(works[-1], parents=(works[0].path.name,))]
