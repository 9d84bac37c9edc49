"""Ghost's JSON export: published posts and pages under their first author."""

from __future__ import annotations

from typing import Any, BinaryIO

from dokkaebi.portal.entries import WRITE, Entries, Found, Skipped, make_entry
from dokkaebi.portal.imports.items import items

# Old exports have no array around.
_ROOTS = ("db.data", "data")
_NOT_PUBLISHED = {"draft": "draft", "scheduled": "scheduled", "sent": "private"}


def read(file: BinaryIO, path: str, source: str | None) -> Entries:
    """Posts; who wrote them stands behind them in the file, so it is read twice."""
    slugs, writers = _authors(file, path)
    for item in items(file, path, arrays=_named("posts")):
        if item.path in _named("posts"):
            if isinstance(item.value, dict):
                yield _post(item.line, item.value, source or "", slugs, writers)
            else:
                yield Skipped(item.line, str(item.value)[:60], "shape")


def _named(table: str) -> frozenset[str]:
    return frozenset(f"{root}.{table}" for root in _ROOTS)


def _authors(file: BinaryIO, path: str) -> tuple[dict[Any, str], dict[Any, tuple[int, Any]]]:
    """Account → name; post → its first author's place in the order and account."""
    slugs: dict[Any, str] = {}
    writers: dict[Any, tuple[int, Any]] = {}
    for item in items(file, path, arrays=_named("users") | _named("posts_authors")):
        row = item.value
        if not isinstance(row, dict):
            continue
        if item.path in _named("users"):
            slugs[row.get("id")] = str(row.get("slug") or row.get("name") or "")
        else:
            order = row.get("sort_order")
            placed = (order if isinstance(order, int) else 0, row.get("author_id"))
            known = writers.get(row.get("post_id"))
            if known is None or placed[0] < known[0]:
                writers[row.get("post_id")] = placed
    file.seek(0)
    return slugs, writers


def _post(
    line: int,
    post: dict[str, Any],
    source: str,
    slugs: dict[Any, str],
    writers: dict[Any, tuple[int, Any]],
) -> Found:
    identifier = f"post-{post.get('id')}"
    status = str(post.get("status") or "")
    if status != "published":
        return Skipped(line, identifier, _NOT_PUBLISHED.get(status, "status"), status)
    if post.get("visibility", "public") != "public":
        return Skipped(line, identifier, "private", str(post.get("visibility")))
    _, account = writers.get(post.get("id"), (0, post.get("author_id")))
    return make_entry(
        line,
        source,
        WRITE,
        identifier,
        slugs.get(account, ""),
        str(post.get("published_at") or ""),
        text=str(post.get("html") or post.get("plaintext") or ""),
    )
