"""Files, their IPFS addresses, metadata documents and creation ids. Pure: no node, no clock.

IPFS addresses are those of `ipfs add --cid-version=1`: UnixFS, chunks of 256 KiB, raw leaves,
a balanced tree of 174 links a node, sha2-256, base32.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from base64 import b32decode, b32encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from mimetypes import MimeTypes
from pathlib import Path
from typing import BinaryIO

from dokkaebi.errors import DokkaebiError

RAW, DAG_PB = 0x55, 0x70
CHUNK_BYTES = 256 * 1024
LINKS_MAX = 174
DOCUMENT_BYTES_MIN, DOCUMENT_BYTES_MAX = 128, 16_383
CREATION_PREFIX = "bafybei"
_CID_LENGTH = 59
# Ids of the registry are digests; what is below this is another collection's counter.
_DIGEST_MIN = 2**128
_FILE, _FOLDER = 2, 1

# Python's own table and these; not the system's, which differs between machines, as ids must not.
_TYPES = MimeTypes()
for _suffix, _type in {
    ".webp": "image/webp",
    ".avif": "image/avif",
    ".flac": "audio/flac",
    ".ogg": "audio/ogg",
    ".m4a": "audio/mp4",
    ".mkv": "video/x-matroska",
    ".md": "text/markdown",
    ".toml": "application/toml",
    ".epub": "application/epub+zip",
    ".dxf": "image/vnd.dxf",
    ".dwg": "image/vnd.dwg",
    ".stl": "model/stl",
    ".obj": "model/obj",
    ".3mf": "model/3mf",
    ".step": "model/step",
    ".stp": "model/step",
    ".gltf": "model/gltf+json",
    ".glb": "model/gltf-binary",
}.items():
    _TYPES.add_type(_type, _suffix)
# CAD drawings have image types, but nothing that shows images shows them.
_NO_PICTURES = {"image/vnd.dxf", "image/vnd.dwg"}


@dataclass(frozen=True)
class FileDigest:
    """What a file is: its size in bytes, its sha2-256, its IPFS address."""

    size: int
    sha256: bytes
    cid: str


@dataclass(frozen=True)
class Document:
    """A creation's metadata document under its creator; `id` is what the registry will give it."""

    creator: str
    text: bytes

    @property
    def digest(self) -> bytes:
        """sha2-256 of the document."""
        return hashlib.sha256(self.text).digest()

    @property
    def id(self) -> int:
        """The creation's id."""
        return creation_id(self.digest, len(self.text), self.creator)

    @property
    def place(self) -> Path:
        """Where it is kept below the documents folder: `<CID of the id>/0x<creator>.json`."""
        return Path(creation_cid(self.id)) / document_name(self.creator)


# Files


def hash_file(path: Path, advance: Callable[[int], None] | None = None) -> FileDigest:
    """Reads a file once, a chunk at a time. Refuses what can't be read or is empty.

    `advance` is told the number of bytes after each chunk.
    """
    try:
        if path.is_dir():
            raise DokkaebiError("file_is_folder", path=str(path))
        with path.open("rb") as file:
            digest = _hash_stream(file, advance)
    except FileNotFoundError:
        raise DokkaebiError("file_missing", path=str(path)) from None
    except (OSError, ValueError) as problem:
        raise DokkaebiError("file_unreadable", path=str(path), problem=str(problem)) from None
    if digest.size == 0:
        raise DokkaebiError("file_empty", path=str(path))
    return digest


def _hash_stream(file: BinaryIO, advance: Callable[[int], None] | None) -> FileDigest:
    hasher = FileHasher()
    while chunk := file.read(CHUNK_BYTES):
        hasher.add(chunk)
        if advance is not None:
            advance(len(chunk))
    return hasher.digest()


class FileHasher:
    """Digests a file that comes in pieces of any length; keeps less than a chunk of it."""

    def __init__(self) -> None:
        self._whole = hashlib.sha256()
        self._tree = _Tree()
        self._rest = bytearray()
        self.size = 0

    def add(self, piece: bytes) -> None:
        """The next piece."""
        self._whole.update(piece)
        self.size += len(piece)
        self._rest += piece
        while len(self._rest) >= CHUNK_BYTES:
            self._tree.add_leaf(bytes(self._rest[:CHUNK_BYTES]))
            del self._rest[:CHUNK_BYTES]

    def digest(self) -> FileDigest:
        """What the whole file is. Nothing can be added afterwards."""
        if self._rest:
            self._tree.add_leaf(bytes(self._rest))
        return FileDigest(self.size, self._whole.digest(), cid_text(*self._tree.root()))


@dataclass(frozen=True)
class _Link:
    """A part of a file: codec and digest of its block, bytes of file in it, bytes of blocks."""

    codec: int
    digest: bytes
    content_size: int
    total_size: int


class _Tree:
    """A balanced UnixFS tree, built from its leaves; keeps at most 174 links a level."""

    def __init__(self) -> None:
        self._levels: list[list[_Link]] = [[]]

    def add_leaf(self, chunk: bytes) -> None:
        self._add(0, _leaf(chunk))

    def root(self) -> tuple[int, bytes]:
        """Codec and digest of the whole file's block."""
        if self._levels == [[]]:
            self.add_leaf(b"")
        level = 0
        while True:
            links = self._levels[level]
            if level == len(self._levels) - 1 and len(links) == 1:
                return links[0].codec, links[0].digest
            if links:
                self._close(level)
            level += 1

    def _add(self, level: int, link: _Link) -> None:
        if level == len(self._levels):
            self._levels.append([])
        self._levels[level].append(link)
        if len(self._levels[level]) == LINKS_MAX:
            self._close(level)

    def _close(self, level: int) -> None:
        links, self._levels[level] = self._levels[level], []
        self._add(level + 1, _node(links))


def _leaf(chunk: bytes) -> _Link:
    return _Link(RAW, hashlib.sha256(chunk).digest(), len(chunk), len(chunk))


def _node(links: Sequence[_Link]) -> _Link:
    content_size = sum(link.content_size for link in links)
    sizes = b"".join(b"\x20" + _varint(link.content_size) for link in links)
    data = b"\x08" + _varint(_FILE) + b"\x18" + _varint(content_size) + sizes
    block = b"".join(_link(x.codec, x.digest, b"", x.total_size) for x in links) + _field(1, data)
    total_size = len(block) + sum(link.total_size for link in links)
    return _Link(DAG_PB, hashlib.sha256(block).digest(), content_size, total_size)


def _link(codec: int, digest: bytes, name: bytes, total_size: int) -> bytes:
    """A dag-pb link."""
    fields = _field(1, _cid_bytes(codec, digest)) + _field(2, name) + b"\x18" + _varint(total_size)
    return _field(2, fields)


def _field(number: int, value: bytes) -> bytes:
    """A protobuf field of bytes."""
    return bytes([number << 3 | 2]) + _varint(len(value)) + value


def _varint(number: int) -> bytes:
    encoded = bytearray()
    while number > 0x7F:
        encoded.append(number & 0x7F | 0x80)
        number >>= 7
    encoded.append(number)
    return bytes(encoded)


# Addresses and ids


def cid_text(codec: int, digest: bytes) -> str:
    """A CIDv1 (sha2-256) as people write it, base32 with `b` in front."""
    return "b" + b32encode(_cid_bytes(codec, digest)).decode().rstrip("=").lower()


def _cid_bytes(codec: int, digest: bytes) -> bytes:
    return bytes([1, codec, 0x12, 0x20]) + digest


def document_name(creator: str) -> str:
    """A creator's document's name in its folder, `0x<40 lower-case hex digits>.json`."""
    return f"{creator.lower()}.json"


def creation_id(document_digest: bytes, document_size: int, creator: str) -> int:
    """The id a document has under its creator: digest of the folder that holds it."""
    name = document_name(creator).encode()
    link = _link(RAW, document_digest, name, document_size)
    block = link + _field(1, b"\x08" + _varint(_FOLDER))
    return int.from_bytes(hashlib.sha256(block).digest(), "big")


def creation_cid(creation: int) -> str:
    """A creation's id as people see it, `bafybei…`."""
    return cid_text(DAG_PB, creation.to_bytes(32, "big"))


def creation_text(creation: int) -> str:
    """An id as people read it: of the registry a CID, of another collection its number."""
    return creation_cid(creation) if creation >= _DIGEST_MIN else str(creation)


def parse_creation_id(text: str) -> int:
    """A creation's id from its CID, decimal or `0x…` hex; anything else is refused."""
    seen = text.strip().removeprefix("ipfs://").split("/")[0]
    if seen.startswith("0x") and len(seen) == 66 and _is_hex(seen[2:]):
        return int(seen, 16)
    if seen.isascii() and seen.isdecimal() and len(seen) <= 78 and 0 < int(seen) < 2**256:
        return int(seen)
    if seen.startswith(CREATION_PREFIX) and len(seen) == _CID_LENGTH:
        try:
            # 59 letters without the first are 36 bytes and 2 bits.
            binary = b32decode(seen[1:].upper() + "======")
        except ValueError:
            binary = b""
        if binary[:4] == _cid_bytes(DAG_PB, b"") and cid_text(DAG_PB, binary[4:]) == seen:
            return int.from_bytes(binary[4:], "big")
    raise DokkaebiError("creation_id_wrong", seen=text)


def _is_hex(digits: str) -> bool:
    return all(digit in "0123456789abcdefABCDEF" for digit in digits)


def content_commitment(file_sha256: bytes, creator: str) -> bytes:
    """What the registry shows of a work's file: only who holds the file can check it."""
    from eth_utils.crypto import keccak

    return keccak(file_sha256 + bytes.fromhex(creator[2:]))


# Documents


def make_document(
    file: FileDigest,
    file_name: str,
    creator: str,
    title: str,
    description: str = "",
    creator_name: str = "",
    royalty_bps: int = 0,
    parents: Sequence[int] = (),
) -> Document:
    """The ERC-721 metadata document of a work, always the same for the same work.

    Raises DokkaebiError if it is longer than the registry takes.
    """
    mime = mime_type(file_name)
    fields: dict[str, object] = {
        "name": _clean(title),
        "description": _clean(description),
        "creator": creator.lower(),
        "creator_name": _clean(creator_name),
        "content": {
            "name": _clean(file_name),
            "type": mime,
            "size": file.size,
            "sha256": file.sha256.hex(),
            "cid": file.cid,
        },
        "royalty_bps": royalty_bps,
        "parents": [str(parent) for parent in sorted(parents)],
    }
    if mime.startswith("image/") and mime not in _NO_PICTURES:
        fields["image"] = f"ipfs://{file.cid}"
    elif mime.startswith(("audio/", "video/")):
        fields["animation_url"] = f"ipfs://{file.cid}"
    text = json.dumps(fields, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    if not DOCUMENT_BYTES_MIN <= len(text) <= DOCUMENT_BYTES_MAX:
        raise DokkaebiError("document_too_long", size=len(text), max=DOCUMENT_BYTES_MAX)
    return Document(creator, text)


def mime_type(file_name: str) -> str:
    """A file's type by its name, the same on all machines."""
    guessed, encoding = _TYPES.guess_type(Path(file_name).name, strict=False)
    if encoding is not None:
        return f"application/{encoding}"
    return guessed or "application/octet-stream"


def file_types() -> dict[str, dict[str, str]]:
    """What `mime_type` knows, for others who name files' types: media types by ending, endings that
    stand for two, and encodings by their last ending."""
    common, standard = _TYPES.types_map
    return {
        "types": dict(sorted({**common, **standard}.items())),
        "suffixes": dict(sorted(_TYPES.suffix_map.items())),
        "encodings": dict(sorted(_TYPES.encodings_map.items())),
    }


def _clean(text: str) -> str:
    """One spelling for what looks the same (macOS spells 한글 in parts), and valid UTF-8."""
    return unicodedata.normalize("NFC", text.encode("utf-8", "replace").decode("utf-8"))
