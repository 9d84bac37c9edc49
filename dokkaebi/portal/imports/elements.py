"""XML read as a stream: records one at a time, each with its line. No entities, no way outside."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO
from xml.parsers import expat

from dokkaebi.errors import DokkaebiError
from dokkaebi.portal.entries import TEXT_LENGTH_MAX

CHUNK_BYTES = 1 << 16
DEPTH_MAX = 64
# A site may have very many tags, which nobody asks for.
SIBLINGS_MAX = 16
# Where WordPress's namespaces begin; what follows is the version of the export.
_WORDPRESS = "wordpress.org/export/1."
_PREFIXES = {
    "http://purl.org/dc/elements/1.1/": "dc",
    "http://purl.org/rss/1.0/modules/content/": "content",
    "http://www.w3.org/2005/Atom": "atom",
}


@dataclass(slots=True)
class Element:
    """An element, its children by name. Text beyond the longest that counts is dropped."""

    name: str
    line: int
    attributes: dict[str, str]
    parent: Element | None = None
    text: str = ""
    children: dict[str, list[Element]] = field(default_factory=dict)
    pieces: list[str] = field(default_factory=list)
    length: int = 0

    def first(self, name: str) -> Element | None:
        """The first child with a name."""
        found = self.children.get(name)
        return found[0] if found else None

    def get(self, name: str) -> str:
        """The text of the first child with a name, stripped; else nothing."""
        found = self.first(name)
        return found.text.strip() if found else ""


def records(file: BinaryIO, path: str, names: frozenset[str]) -> Iterator[Element]:
    """The elements with these names as they end, also those within others. A record isn't a child
    of its parent, which is there as far as it was read.

    Raises `portal_xml_broken`, `portal_xml_entities`, `portal_encoding_unknown`.
    """
    parser = _Parser(path, names)
    while chunk := file.read(CHUNK_BYTES):
        parser.feed(chunk, last=False)
        yield from parser.taken()
    parser.feed(b"", last=True)
    yield from parser.taken()


class _Parser:
    def __init__(self, path: str, names: frozenset[str]) -> None:
        self._path = path
        self._names = names
        self._ready: list[Element] = []
        self._open: list[Element] = []
        self._expat = expat.ParserCreate(namespace_separator=" ")
        self._expat.buffer_text = True
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.CharacterDataHandler = self._text
        self._expat.EntityDeclHandler = self._entity
        self._expat.ExternalEntityRefHandler = self._entity

    def feed(self, chunk: bytes, *, last: bool) -> None:
        try:
            self._expat.Parse(chunk, last)
        except expat.ExpatError as problem:
            said = expat.ErrorString(problem.code)
            raise DokkaebiError(
                "portal_xml_broken", path=self._path, line=problem.lineno, problem=said
            ) from None
        except (LookupError, ValueError) as problem:
            # Python's codec for an encoding that expat doesn't know by itself.
            raise DokkaebiError(
                "portal_encoding_unknown", path=self._path, problem=str(problem)
            ) from None

    def taken(self) -> list[Element]:
        ready, self._ready = self._ready, []
        return ready

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else None
        if len(self._open) >= DEPTH_MAX:
            raise DokkaebiError(
                "portal_xml_broken", path=self._path, line=self._line, problem=f"> {DEPTH_MAX}"
            )
        element = Element(_short(name), self._line, attributes, parent)
        self._open.append(element)

    def _end(self, name: str) -> None:
        element = self._open.pop()
        element.text, element.pieces = "".join(element.pieces), []
        if element.name in self._names:
            self._ready.append(element)
        elif element.parent is not None:
            siblings = element.parent.children.setdefault(element.name, [])
            if len(siblings) < SIBLINGS_MAX:
                siblings.append(element)

    def _text(self, text: str) -> None:
        if not self._open:
            return
        element = self._open[-1]
        # One letter more than the longest shows that it is too long.
        room = TEXT_LENGTH_MAX + 1 - element.length
        if room > 0:
            element.pieces.append(text[:room])
            element.length += min(len(text), room)

    def _entity(self, *found: object) -> int:
        raise DokkaebiError("portal_xml_entities", path=self._path, line=self._line)

    @property
    def _line(self) -> int:
        return self._expat.CurrentLineNumber


def _short(name: str) -> str:
    """A name with its usual prefix; of an unknown namespace with `?`."""
    space, _, local = name.rpartition(" ")
    if not space:
        return local
    if _WORDPRESS in space:
        return f"excerpt:{local}" if "/excerpt" in space else f"wp:{local}"
    return f"{_PREFIXES.get(space, '?')}:{local}"
