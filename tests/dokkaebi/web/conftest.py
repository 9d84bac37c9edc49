"""The API over the market day of the ledger's tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi.testclient import TestClient

from dokkaebi.web.app import create_app
from dokkaebi.web.books import Books
from dokkaebi.web.limits import Limits
from tests.dokkaebi.ledger.conftest import (
    anvil_market,
    books,
    copied,
    day,
    identity,
    postgres,
    snapshot,
)
from tests.dokkaebi.ledger.market_day import Day

__all__ = ["anvil_market", "books", "copied", "day", "identity", "postgres", "snapshot"]


@pytest.fixture
def api(books: Path, day: Day) -> Iterator[TestClient]:
    """Asks the API of the whole day."""
    app = create_app(Books(books, None, day.chain), limits=Limits("100000/second"))
    with TestClient(app, raise_server_exceptions=False) as client:
        yield client
