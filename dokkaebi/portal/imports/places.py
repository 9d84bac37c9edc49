"""Sources by their addresses on the web."""

from __future__ import annotations

from urllib.parse import urlsplit


def host_of(url: str) -> str:
    """The host of a URL, lower-case; nothing of anything else."""
    try:
        return urlsplit(url.strip()).hostname or ""
    except ValueError:
        return ""


def site_of(url: str) -> str:
    """A site's name, its host and folder without a slash at the end; nothing of no URL."""
    host = host_of(url)
    return host + urlsplit(url.strip()).path.rstrip("/") if host else ""
