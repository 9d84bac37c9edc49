"""Reading ahead: the next batch is read while this one is written.

By a thread, or, where there is much to read, by a forked process, since Python runs one thread at
a time. A batch crosses the pipe by `marshal`, which takes a microsecond an event; only our own
child writes into the pipe.
"""

from __future__ import annotations

import marshal
import os
import pickle
import signal
import struct
import sys
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import fields
from operator import attrgetter
from pathlib import Path
from queue import Empty, Full, Queue
from threading import Event
from typing import Any, BinaryIO

from dokkaebi.errors import DokkaebiError
from dokkaebi.ledger.rows import Record
from dokkaebi.ledger.store import Batch, Cursor

# The parent hash of a batch's first block, and the batch.
Read = tuple[str, Batch]
# Fewer blocks than this aren't worth a process.
FORK_FROM_BLOCKS = 500
# Batches that wait for the writer, if a thread reads them.
READ_AHEAD = 1
WAIT_SECONDS = 0.05
_HEAD = struct.Struct("<?Q")
_AS_VALUES = attrgetter(*(column.name for column in fields(Record)))
CAN_FORK = sys.platform == "linux"
LAST_STANDARD = 2


def by_thread(read: Callable[[], Iterator[Read]]) -> Iterator[Read]:
    """What `read` yields, and its errors; it runs one batch ahead."""
    ready: Queue[Read | None] = Queue(READ_AHEAD)
    stopped = Event()

    def put(found: Read | None) -> None:
        while not stopped.is_set():
            with suppress(Full):
                ready.put(found, timeout=WAIT_SECONDS)
                return

    def run() -> None:
        for found in read():
            put(found)
            if stopped.is_set():
                return
        put(None)

    with ThreadPoolExecutor(1, thread_name_prefix="source") as thread:
        reading = thread.submit(run)
        try:
            while True:
                try:
                    found = ready.get(timeout=WAIT_SECONDS)
                except Empty:
                    if reading.done():
                        reading.result()
                    continue
                if found is None:
                    return
                yield found
        finally:
            stopped.set()


def by_process(read: Callable[[], Iterator[Read]]) -> Iterator[Read]:
    """The same by a forked process. `read` must open connections of its own."""
    out, into = os.pipe()
    child = os.fork()
    if child == 0:
        _run_child(read, into)
    os.close(into)
    try:
        with os.fdopen(out, "rb") as pipe:
            while (found := _receive(pipe)) is not None:
                yield found
                # Not beside the next one.
                del found
    finally:
        # It may still be asking the node; it only reads, so nothing is lost.
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)


def _run_child(read: Callable[[], Iterator[Read]], into: int) -> None:
    """Never returns: what the parent has open is not this process's to tidy up."""
    try:
        # The ledger's lock must die with the parent, so its files are closed here.
        for number in [int(one.name) for one in Path("/proc/self/fd").iterdir()]:
            if number > LAST_STANDARD and number != into:
                with suppress(OSError):
                    os.close(number)
        with os.fdopen(into, "wb") as pipe:
            try:
                for found in read():
                    _send(pipe, marshal.dumps(_packed(found)))
                    del found
                _send(pipe, b"")
            except BrokenPipeError:
                raise
            except BaseException as problem:
                _send(pipe, _error(problem), failed=True)
    except BrokenPipeError:
        pass
    finally:
        os._exit(0)


def _send(pipe: BinaryIO, content: bytes, *, failed: bool = False) -> None:
    pipe.write(_HEAD.pack(failed, len(content)))
    pipe.write(content)
    pipe.flush()


def _receive(pipe: BinaryIO) -> Read | None:
    """The next batch; None at the end. Raises what the child raised, and `reader_ended`."""
    head = pipe.read(_HEAD.size)
    failed, length = _HEAD.unpack(head) if len(head) == _HEAD.size else (False, 1)
    content = pipe.read(length)
    if len(content) < length:
        raise DokkaebiError("reader_ended")
    if failed:
        raise pickle.loads(content)  # noqa: S301 - written by our own child
    # An end has to be said: a killed child says nothing.
    return _unpacked(content) if content else None


def _error(problem: BaseException) -> bytes:
    try:
        content = pickle.dumps(problem)
        pickle.loads(content)  # noqa: S301
        return content
    except Exception:
        return pickle.dumps(RuntimeError("".join(traceback.format_exception(problem))))


def _packed(found: Read) -> tuple[Any, ...]:
    parent, batch = found
    end = batch.cursor
    records = list(map(_AS_VALUES, batch.records))
    cursor = (end.block_number, end.block_hash, end.timestamp, end.final_number)
    return parent, cursor, batch.blocks, batch.events, records, batch.named


def _unpacked(frame: bytes) -> Read:
    parent, cursor, blocks, events, records, named = marshal.loads(frame)  # noqa: S302
    batch = Batch(
        Cursor(*cursor),
        blocks=blocks,
        events=events,
        records=[Record(*values) for values in records],
        named=named,
    )
    return parent, batch
