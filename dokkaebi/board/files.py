"""Files on disk by their CID: they come in pieces and are there whole or not at all."""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from mmap import ACCESS_READ, mmap
from pathlib import Path

from dokkaebi.board.pictures import OTHER, picture_type
from dokkaebi.chain.documents import FileHasher
from dokkaebi.errors import DokkaebiError

# Left on the disk for everybody else, bytes.
DISK_RESERVE = 256 << 20
# What was never finished is removed after it, seconds.
FORGOTTEN_SECONDS = 86_400


@dataclass(frozen=True)
class KeptFile:
    """A file that is there: its CID, size in bytes, sha2-256, and media type."""

    cid: str
    size: int
    sha256: bytes
    type: str


class Incoming:
    """A file on its way."""

    def __init__(self, file: int, cid: str, size: int) -> None:
        self._file = file
        self._cid = cid
        self._size = size
        self._hasher = FileHasher()

    def add(self, piece: bytes) -> None:
        """The next bytes. Raises `board_file_longer` before more than was said is on disk."""
        if self._hasher.size + len(piece) > self._size:
            raise DokkaebiError("board_file_longer", size=self._size)
        self._hasher.add(piece)
        view = memoryview(piece)
        while view:
            view = view[os.write(self._file, view) :]

    def check(self) -> bytes:
        """The sha2-256, if the file is what it was said to be. Errors: `board_file_shorter`,
        `board_file_other`."""
        if self._hasher.size != self._size:
            raise DokkaebiError("board_file_shorter", seen=self._hasher.size, size=self._size)
        found = self._hasher.digest()
        if found.cid != self._cid:
            raise DokkaebiError("board_file_other", seen=found.cid, cid=self._cid)
        return found.sha256


class Files:
    """A folder of files named by their CIDs, which are checked before they get here."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"

    def path(self, cid: str) -> Path:
        """Where a file is, if it is there."""
        return self._folder / cid[-2:] / cid

    @contextmanager
    def receive(self, cid: str, size: int) -> Iterator[Incoming]:
        """Takes a file of so many bytes. Once the block ends it is there, unless something was
        wrong; `board_disk_full` where the disk has no room."""
        self._incoming.mkdir(parents=True, exist_ok=True)
        if shutil.disk_usage(self._incoming).free < size + DISK_RESERVE:
            raise DokkaebiError("board_disk_full")
        file, name = tempfile.mkstemp(dir=self._incoming)
        try:
            try:
                yield Incoming(file, cid, size)
                os.fsync(file)
            finally:
                os.close(file)
            place = self.path(cid)
            place.parent.mkdir(exist_ok=True)
            Path(name).replace(place)
        finally:
            Path(name).unlink(missing_ok=True)

    def kept(self, cid: str, sha256: bytes) -> KeptFile:
        """What a file is that is there already."""
        with (
            self.path(cid).open("rb") as file,
            mmap(file.fileno(), 0, access=ACCESS_READ) as content,
        ):
            return KeptFile(cid, len(content), sha256, picture_type(content) or OTHER)

    def drop(self, cid: str) -> None:
        """Removes a file."""
        self.path(cid).unlink(missing_ok=True)

    def forget_unfinished(self) -> None:
        """Removes what a process that was killed left behind."""
        before = time.time() - FORGOTTEN_SECONDS
        for path in self._incoming.glob("*"):
            if path.stat().st_mtime < before:
                path.unlink(missing_ok=True)
