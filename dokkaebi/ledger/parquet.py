"""The ledger as Parquet, by block ranges: for DuckDB, Spark, ClickHouse and whatever reads files.

    FOLDER/ledger.json                              which chain, up to which block
    FOLDER/event/block_range=200000/rows.parquet    events of blocks 200,000 to 299,999
    FOLDER/trade/block_range=…/rows.parquet         rows that began in these blocks
    FOLDER/holder/rows.parquet                      tables whose rows have no block

Raw events of final blocks never change: a finished range is written once, and left alone after.
Amounts are decimal text, since no format of decimals that all of them read has 78 digits.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, Table, func, select

from dokkaebi.chain.manifest import write_atomically
from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger import schema
from dokkaebi.ledger.events import record_of
from dokkaebi.ledger.reports.events import plain_values
from dokkaebi.ledger.rows import Row
from dokkaebi.ledger.store import Snapshot, select_events

if TYPE_CHECKING:
    import pyarrow as pa

RANGE_BLOCKS = 100_000
ROWS_AT_ONCE = 20_000
ABOUT = "ledger.json"
FILE = "rows.parquet"
FINISHED = b"dokkaebi.finished"

Said = Callable[[int], None]


def export_parquet(
    snapshot: Snapshot,
    folder: Path,
    *,
    range_blocks: int = RANGE_BLOCKS,
    raw_only: bool = False,
    said: Said = lambda block: None,
) -> dict[str, int]:
    """Writes the ledger's tables; table → rows written. `said` hears of the last block of each
    range of events.

    Each file is there whole or not at all. Raises `parquet_foreign` for a folder that holds
    something else, `parquet_other_ledger` for another ledger's or another division.
    """
    about = _about(snapshot, range_blocks)
    _check_folder(folder, about)
    written = {"event": _events(snapshot, folder, range_blocks, said)}
    if not raw_only:
        for table in (schema.block, schema.asset, *schema.DERIVED):
            written[table.name] = _table(snapshot, folder, table, range_blocks)
    write_atomically(folder / ABOUT, json.dumps(about, indent=2) + "\n")
    return written


def _about(snapshot: Snapshot, range_blocks: int) -> dict[str, Any]:
    identity, cursor = snapshot.identity, snapshot.cursor
    return {
        "chain_id": identity.chain_id,
        "genesis_hash": identity.genesis_hash,
        "contracts": dict(identity.addresses),
        "range_blocks": range_blocks,
        "head_block": cursor.block_number,
        "head_hash": cursor.block_hash,
        "final_block": cursor.final_number,
    }


def _check_folder(folder: Path, about: dict[str, Any]) -> None:
    if not folder.exists():
        folder.mkdir(parents=True)
    if not folder.is_dir():
        raise DokkaebiError("parquet_foreign", path=str(folder))
    if not any(folder.iterdir()):
        # From now on it is this ledger's, also if this is interrupted.
        write_atomically(folder / ABOUT, json.dumps(about, indent=2) + "\n")
        return
    try:
        found = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise DokkaebiError("parquet_foreign", path=str(folder)) from None
    for key in ("chain_id", "genesis_hash", "contracts", "range_blocks"):
        if found.get(key) != about[key]:
            raise DokkaebiError("parquet_other_ledger", path=str(folder), what=key)


def _events(snapshot: Snapshot, folder: Path, range_blocks: int, said: Said) -> int:
    final, head = snapshot.cursor.final_number, snapshot.cursor.block_number
    columns = [*schema.event.columns, schema.block.c.timestamp]
    fields = _fields(columns, ("values",))
    count = 0
    first = snapshot.identity.first_block // range_blocks * range_blocks
    for low in range(first, head + 1, range_blocks):
        high = low + range_blocks - 1
        path = _place(folder, "event", low)
        if high > final or not _is_finished(path):
            query = select_events().where(schema.event.c.block_number.between(low, high))
            rows = (list(map(_event, some)) for some in snapshot.stream(query, ROWS_AT_ONCE))
            count += _write(path, fields, rows, finished=high <= final)
        said(min(high, head))
    _drop_above(folder, "event", head)
    return count


def _event(row: Row) -> Row:
    record = record_of(row)
    said = None if record is None else json.dumps(plain_values(record.values), ensure_ascii=False)
    return {**row, "values": said}


def _table(snapshot: Snapshot, folder: Path, table: Table, range_blocks: int) -> int:
    """A table whose rows can change: all of it, each time."""
    fields = _fields(table.columns)
    block = table.c.number if table is schema.block else table.c.get("block_number")
    if block is None:
        rows = _streamed(snapshot, select(table).order_by(*table.primary_key), table)
        return _write(folder / table.name / FILE, fields, rows)
    count = 0
    wanted = set()
    for low in _ranges(snapshot, block, range_blocks):
        within = block.between(low, low + range_blocks - 1)
        query = select(table).where(within).order_by(block, *table.primary_key)
        path = _place(folder, table.name, low)
        count += _write(path, fields, _streamed(snapshot, query, table))
        wanted.add(path.parent.name)
    for old in (folder / table.name).glob("block_range=*"):
        if old.name not in wanted:
            shutil.rmtree(old)
    return count


def _ranges(snapshot: Snapshot, block: ColumnElement[int], range_blocks: int) -> Iterator[int]:
    """The beginnings of ranges from the first row's to the last's."""
    query: Any = select(func.min(block).label("low"), func.max(block).label("high"))
    (ends,) = snapshot.rows(query)
    if ends["low"] is not None:
        yield from range(ends["low"] // range_blocks * range_blocks, ends["high"] + 1, range_blocks)


def _streamed(snapshot: Snapshot, query: Select[Any], table: Table) -> Iterator[list[Row]]:
    amounts = [column.name for column in table.columns if _is_amount(column)]
    for rows in snapshot.stream(query, ROWS_AT_ONCE):
        for row in rows:
            for name in amounts:
                row[name] = None if row[name] is None else str(row[name])
        yield rows


def _is_amount(column: ColumnElement[Any]) -> bool:
    return isinstance(column.type, schema.Amount)


def _fields(columns: Iterable[Any], texts: Iterable[str] = ()) -> pa.Schema:
    import pyarrow as pa
    from sqlalchemy import Integer

    kinds = [
        (column.name, pa.int64() if isinstance(column.type, Integer) else pa.string())
        for column in columns
    ]
    return pa.schema([*kinds, *((name, pa.string()) for name in texts)])


def _place(folder: Path, table: str, low: int) -> Path:
    return folder / table / f"block_range={low}" / FILE


def _write(
    path: Path, fields: pa.Schema, rows: Iterable[list[Row]], *, finished: bool = False
) -> int:
    """A file of rows, whole or not at all; how many."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    marked = fields.with_metadata({FINISHED: str(finished).lower().encode()})
    path.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=".", delete=False) as part:
        try:
            with pq.ParquetWriter(part, marked, compression="zstd") as writer:
                for some in rows:
                    writer.write_table(pa.Table.from_pylist(some, schema=marked))
                    count += len(some)
            part.close()
            Path(part.name).replace(path)
        except BaseException:
            Path(part.name).unlink(missing_ok=True)
            raise
    return count


def _is_finished(path: Path) -> bool:
    """Whether a range was written when all its blocks were final already."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return False
    return bool(metadata.get(FINISHED) == b"true")


def _drop_above(folder: Path, table: str, head: int) -> None:
    """Ranges that a reorg left without a block."""
    for old in (folder / table).glob("block_range=*"):
        if int(old.name.partition("=")[2]) > head:
            shutil.rmtree(old)
