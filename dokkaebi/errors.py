"""The one error that people see: a sentence that says what was seen and what to do."""

from __future__ import annotations

from typing import Any

from dokkaebi.texts import t


class DokkaebiError(Exception):
    """Something that a person can mend. The command line prints it and exits with 2.

    `key` names the text in `dokkaebi/texts/`, `details` are its values; both go into `--json`.
    """

    def __init__(self, key: str, /, **details: Any) -> None:
        super().__init__(key)
        self.key = key
        self.details = details

    def __str__(self) -> str:
        """The sentence, in the language of the moment."""
        return t(self.key, **self.details)
