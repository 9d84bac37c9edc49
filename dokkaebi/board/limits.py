"""How much a board takes. Bytes, numbers, seconds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class BoardLimits:
    """What one key may have here, and everybody together. A document is a signed one with its
    metadata document; each key may post so many a minute."""

    document_bytes: int = 65_536
    file_bytes: int = 32 << 20
    key_bytes: int = 256 << 20
    all_bytes: int = 16 << 30
    key_documents: int = 2_000
    key_files: int = 1_000
    all_documents: int = 2_000_000
    documents_per_minute: int = 120
