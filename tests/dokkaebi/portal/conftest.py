"""A portal's file in the test's own folder, and an epoch around the data."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from dokkaebi.portal.importing import Report, import_file
from dokkaebi.portal.rules import Rules, load_rules
from dokkaebi.portal.store import Store, open_store

DATA = Path(__file__).parent / "data"
# When the data are imported: later than all of them but one.
NOW = 1_796_000_000

Import = Callable[..., Report]


@pytest.fixture(scope="session")
def rules() -> Rules:
    return load_rules()


@pytest.fixture(scope="session")
def even(rules: Rules) -> Rules:
    """Without a word about new accounts, so that points are whole."""
    return replace(rules, age_start_bps=10_000)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "portal.sqlite3", make=True) as opened:
        yield opened


@pytest.fixture
def bring(store: Store, rules: Rules) -> Import:
    """Imports a file of the data, or bytes under a name."""

    def run(path: Path | str, **options: str) -> Report:
        found = DATA / path if isinstance(path, str) else path
        return import_file(store, found, rules.kinds, NOW, **options)

    return run
