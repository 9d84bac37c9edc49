"""Searching works by their words, parts of words too, the newest first.

Words are cut into pairs of letters: Korean has no spaces where a reader sees words, and two letters
say a lot. SQLite keeps the pairs in order, so that they stand for the very word; PostgreSQL has the
words beside to look at.
"""

from __future__ import annotations

from sqlalchemy import Connection, text

from dokkaebi.spelling import words_of

QUERY_LENGTH_MAX = 200
# Beyond it, a work is found by its beginning.
WORDS_LENGTH_MAX = 4_000
_QUERY_WORDS_MAX = 16
# A work's number in what is searched.
NUMBER = {"sqlite": "search.rowid", "postgresql": "search.number"}
# So many of the newest works are looked through one by one first, where an engine needs it.
RECENT = 2_000
# Those alone, of PostgreSQL's table; a fence that no index of the whole table gets through.
RECENT_ALONE = "(SELECT * FROM search WHERE number >= :recent OFFSET 0) AS search"
# Stands between words and is no pair, so that nothing is found across two of them.
_BETWEEN = "xxx"


def pairs_of(word: str) -> list[str]:
    """A word's pairs of letters, overlapping; a single letter for itself."""
    return [word[at : at + 2] for at in range(max(len(word) - 1, 1))]


def remember(connection: Connection, works: list[tuple[int, str]]) -> None:
    """Makes works found by their words; by number."""
    rows = []
    for number, said in works:
        words = words_of(said[:WORDS_LENGTH_MAX])
        pairs = [pair for word in words for pair in pairs_of(word)]
        letters = sorted(set("".join(words)))
        if connection.dialect.name == "sqlite":
            apart = f" {_BETWEEN} ".join(" ".join(pairs_of(word)) for word in words)
            rows.append({"number": number, "pairs": apart, "letters": " ".join(letters)})
        else:
            grams = sorted({*pairs, *letters})
            rows.append({"number": number, "words": f" {' '.join(words)} ", "grams": grams})
    if rows:
        connection.execute(text(_INSERT[connection.dialect.name]), rows)


def forget(connection: Connection, number: int) -> None:
    """Makes a work found no more."""
    connection.execute(text(_DELETE[connection.dialect.name]), {"number": number})


def condition(dialect: str, asked: str) -> tuple[str, dict[str, object]] | None:
    """SQL for `search` (of SQLite the table, of PostgreSQL too) that holds for works with all words
    of a query, and its values; None if nothing is asked."""
    words = words_of(asked[:QUERY_LENGTH_MAX])[:_QUERY_WORDS_MAX]
    if not words:
        return None
    if dialect == "sqlite":
        return "search MATCH :match", {"match": " AND ".join(map(_phrase, words))}
    values: dict[str, object] = {
        "grams": sorted({gram for word in words for gram in pairs_of(word)})
    }
    parts = ["search.grams @> CAST(:grams AS TEXT[])"]
    for place, word in enumerate(words):
        if len(word) > 2:
            values[f"word{place}"] = f"%{word}%"
            parts.append(f"search.words LIKE :word{place}")
    return " AND ".join(parts), values


def _phrase(word: str) -> str:
    """A word as SQLite's full text asks for it. Words have letters and digits alone."""
    column = "letters" if len(word) == 1 else "pairs"
    return f'{column} : "{" ".join(pairs_of(word))}"'


_INSERT = {
    "sqlite": "INSERT INTO search (rowid, pairs, letters) VALUES (:number, :pairs, :letters)",
    "postgresql": "INSERT INTO search (number, words, grams) VALUES (:number, :words, :grams)",
}
_DELETE = {
    "sqlite": "DELETE FROM search WHERE rowid = :number",
    "postgresql": "DELETE FROM search WHERE number = :number",
}
