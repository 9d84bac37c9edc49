"""The table of what was tried, as `docs/invariants.md` shows it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
RESULTS = Path(__file__).parent / "results.json"
PAGE = ROOT / "docs" / "invariants.md"
BEGIN, END = "<!-- begin of tests/mutation/figures.py -->", "<!-- its end -->"


def results() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(RESULTS.read_text("utf-8")) if RESULTS.is_file() else {}
    return found


def table(known: dict[str, Any]) -> str:
    """In Markdown, the columns as wide as a formatter makes them."""
    rows = [("file", "mutants", "killed", "explained", "survived", "not tried", "places reached")]
    for file, one in sorted(known.items()):
        reached = f"{one['reached'][0]} of {one['reached'][1]}" if "reached" in one else ""
        left = ("explained", "survived", "not_tried_for_want_of_time")
        counts = (one["mutants"], one["killed"], *(len(one[name]) for name in left))
        rows.append((f"`{file}`", *map(str, counts), reached))
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]))]
    lines = [
        "| " + " | ".join(c.ljust(w) for c, w in zip(r, widths, strict=True)) + " |" for r in rows
    ]
    lines.insert(1, "| " + " | ".join("-" * width for width in widths) + " |")
    return "\n".join(lines)


def in_page(page: str, known: dict[str, Any]) -> str:
    """The page with the table of these results."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{table(known)}\n\n{END}{after}"
