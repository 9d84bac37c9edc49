"""Rows of one noun in the chain's order: all of them for a report, or a page of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, Select, tuple_

from dokkaebi.ledger.rows import Row
from dokkaebi.ledger.store import Snapshot

Kind = TypeVar("Kind")
Rows = Sequence[Mapping[str, Any]]
# A row's place in the chain: block number and log index.
Place = tuple[int, int]


@dataclass(frozen=True)
class Listing(Generic[Kind]):
    """`select` gives rows with `block_number` and `log_index`, `make` the typed rows of some of
    them; `columns` hold these two, `filters` are columns by what they are called."""

    select: Callable[[], Select[Any]]
    make: Callable[[Snapshot, Rows], list[Kind]]
    columns: Any
    filters: Mapping[str, ColumnElement[Any]]

    def all(self, snapshot: Snapshot) -> list[Kind]:
        """Every row, the oldest first."""
        return self.make(snapshot, snapshot.rows(self.in_order(self.select())))

    def page(
        self, snapshot: Snapshot, limit: int, after: Place | None, wanted: Mapping[str, Any]
    ) -> tuple[list[Kind], Place | None]:
        """The newest rows, or those before the place `after`, at most `limit`, whose columns are
        as `wanted`; and the place after which the next page begins, None for the last."""
        query = self.select().where(*(self.filters[k] == v for k, v in wanted.items()))
        query = query.order_by(None)
        place = self.columns.block_number, self.columns.log_index
        if after is not None:
            query = query.where(tuple_(*place) < after)
        query = query.order_by(*(column.desc() for column in place)).limit(limit + 1)
        rows: list[Row] = snapshot.rows(query)
        more, rows = len(rows) > limit, rows[:limit]
        end = (rows[-1]["block_number"], rows[-1]["log_index"]) if more else None
        return self.make(snapshot, rows), end

    def find(self, snapshot: Snapshot, **columns: Any) -> list[Kind]:
        """The rows with these values, the oldest first."""
        query = self.select().where(*(self.columns[name] == v for name, v in columns.items()))
        return self.make(snapshot, snapshot.rows(self.in_order(query)))

    def in_order(self, query: Select[Any]) -> Select[Any]:
        """The same rows, the oldest first."""
        return query.order_by(self.columns.block_number, self.columns.log_index)
