"""JSON read as a stream: the items of its arrays one at a time, each with its line."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, BinaryIO

from dokkaebi.errors import DokkaebiError

CHUNK_BYTES = 1 << 16
# One item may be as large as this; a whole export is not kept.
ITEM_LENGTH_MAX = 32 << 20
DEPTH_MAX = 6
_SPACE = re.compile(r"[ \t\r\n]*")


@dataclass(frozen=True, slots=True)
class Item:
    """A value, where it is (`db.data.posts` for any item of those arrays), and its first line."""

    path: str
    line: int
    value: Any


def items(file: BinaryIO, path: str, *, arrays: frozenset[str]) -> Iterator[Item]:
    """Every item of these arrays, and every plain value outside of arrays, in the file's order.

    Other arrays are passed over item by item. Raises `portal_json_broken`, `portal_encoding_wrong`.
    """
    return _Walker(file, path, arrays).walk()


class _Walker:
    def __init__(self, file: BinaryIO, path: str, arrays: frozenset[str]) -> None:
        self._file = file
        self._path = path
        self._arrays = arrays
        self._decoder = json.JSONDecoder(parse_float=str, parse_constant=_no_number)
        self._utf8 = codecs.getincrementaldecoder("utf-8-sig")()
        self._text = ""
        self._at = 0
        self._line = 1
        self._ended = False

    def walk(self) -> Iterator[Item]:
        try:
            yield from self._value("", 0)
            if self._peek():
                raise self._broken("…")
        except RecursionError:
            raise self._broken("recursion") from None

    def _value(self, path: str, depth: int) -> Iterator[Item]:
        """A value that isn't an item: containers are entered, others given."""
        begins = self._peek()
        if depth > DEPTH_MAX or begins not in ("{", "["):
            line = self._line
            yield Item(path, line, self._decode())
        elif begins == "{":
            yield from self._object(path, depth)
        else:
            yield from self._array(path, depth)

    def _object(self, path: str, depth: int) -> Iterator[Item]:
        self._take("{")
        if self._peek() == "}":
            self._take("}")
            return
        while True:
            if self._peek() != '"':
                raise self._broken('"')
            key = self._decode()
            self._take(":")
            yield from self._value(f"{path}.{key}" if path else key, depth + 1)
            if self._peek() == "}":
                self._take("}")
                return
            self._take(",")

    def _array(self, path: str, depth: int) -> Iterator[Item]:
        self._take("[")
        if self._peek() == "]":
            self._take("]")
            return
        wanted = path in self._arrays
        # `db` of Ghost is an array around what is looked for.
        entered = not wanted and any(array.startswith(f"{path}.") for array in self._arrays)
        while True:
            self._peek()
            if entered:
                yield from self._value(path, depth + 1)
            else:
                line, value = self._line, self._decode()
                if wanted:
                    yield Item(path, line, value)
            if self._peek() == "]":
                self._take("]")
                return
            self._take(",")

    def _peek(self) -> str:
        """The next letter that isn't space; nothing at the end."""
        while True:
            end = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            if end < len(self._text):
                return self._text[end]
            if not self._more(CHUNK_BYTES):
                return ""

    def _take(self, letter: str) -> None:
        if self._peek() != letter:
            raise self._broken(letter)
        self._at += 1

    def _decode(self) -> Any:
        self._peek()
        size = CHUNK_BYTES
        while True:
            try:
                value, end = self._decoder.raw_decode(self._text, self._at)
            except (ValueError, IndexError) as problem:
                if self._more(size):
                    size *= 2
                    continue
                raise self._broken(str(problem)) from None
            # A number may go on in what wasn't read yet.
            if end == len(self._text) and self._more(CHUNK_BYTES):
                continue
            self._line += self._text.count("\n", self._at, end)
            self._at = end
            return value

    def _more(self, size: int) -> bool:
        """Reads on; False at the end of the file."""
        if self._ended:
            return False
        if len(self._text) - self._at > ITEM_LENGTH_MAX:
            raise self._broken(f"> {ITEM_LENGTH_MAX}")
        chunk = self._file.read(size)
        self._ended = not chunk
        try:
            read = self._utf8.decode(chunk, final=self._ended)
        except UnicodeDecodeError as problem:
            raise DokkaebiError(
                "portal_encoding_wrong", path=self._path, line=self._line, problem=problem.reason
            ) from None
        self._text = self._text[self._at :] + read
        self._at = 0
        return not self._ended or bool(read)

    def _broken(self, problem: str) -> DokkaebiError:
        return DokkaebiError(
            "portal_json_broken", path=self._path, line=self._line, problem=problem
        )


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number of JSON")
