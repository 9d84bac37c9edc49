"""RSS 2.0 and Atom feeds: each entry is something that somebody wrote."""

from __future__ import annotations

from typing import BinaryIO

from dokkaebi.portal.entries import WRITE, Entries, Found, make_entry
from dokkaebi.portal.imports.elements import Element, records
from dokkaebi.portal.imports.places import site_of

_RECORDS = frozenset({"item", "atom:entry"})


def read(file: BinaryIO, path: str, source: str | None) -> Entries:
    """A feed's entries. The source is the site that the feed links to."""
    for record in records(file, path, _RECORDS):
        feed = record.parent
        if feed is None:
            continue
        if record.name == "item":
            yield _item(record, source or site_of(feed.get("link")))
        else:
            yield _entry(record, feed, source or _site(feed))


def _item(item: Element, source: str) -> Found:
    return make_entry(
        item.line,
        source,
        WRITE,
        item.get("guid") or item.get("link"),
        item.get("dc:creator") or item.get("author"),
        item.get("pubDate"),
        text=item.get("content:encoded") or item.get("description"),
    )


def _entry(entry: Element, feed: Element, source: str) -> Found:
    author = entry.first("atom:author") or feed.first("atom:author")
    return make_entry(
        entry.line,
        source,
        WRITE,
        entry.get("atom:id"),
        author.get("atom:name") if author else "",
        entry.get("atom:published") or entry.get("atom:updated"),
        text=entry.get("atom:content") or entry.get("atom:summary"),
    )


def _site(feed: Element) -> str:
    """Where an Atom feed's pages are; else its id."""
    for link in feed.children.get("atom:link", []):
        if link.attributes.get("rel", "alternate") == "alternate":
            return site_of(link.attributes.get("href", ""))
    return site_of(feed.get("atom:id")) or feed.get("atom:id")
