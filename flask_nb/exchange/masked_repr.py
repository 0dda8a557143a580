"""The ``repr`` of any value, short and without secrets."""

from __future__ import annotations

from collections.abc import Collection
from reprlib import Repr
from typing import Any

from .masks import HIDDEN, mask_text

_LONGEST_READ = 10_000


class MaskedRepr(Repr):
    """Writes values on one line. Secrets go before a text is cut: what is left of one has no shape any more.

    :param length: characters that a text may have.
    :param count: items that a container may have.
    :param known: texts that are secrets whatever they are called.
    """

    def __init__(self, length: int = 80, count: int = 6, known: Collection[str] = ()) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = length
        self.maxdict = self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = count
        self.known = known

    def repr(self, x: Any) -> str:
        """Return the text, whatever a ``__repr__`` does."""
        try:
            return mask_text(super().repr(x))
        except Exception:  # a `__repr__` is anybody's code
            return "(cannot be shown)"

    def repr_str(self, x: str, level: int) -> str:
        """Return a text, cut in the middle."""
        return self._cut(repr(x[:_LONGEST_READ]))

    def repr_instance(self, x: Any, level: int) -> str:
        """Return any other value, cut in the middle."""
        try:
            return self._cut(repr(x)[:_LONGEST_READ])
        except Exception:
            return f"<{type(x).__name__}, which cannot be shown>"

    def _cut(self, text: str) -> str:
        text = mask_text(hide(text, self.known))
        if len(text) <= self.maxother:
            return text
        half = (self.maxother - 3) // 2
        return f"{text[:half]}...{text[-half - 1 :]}"


def hide(text: str, known: Collection[str]) -> str:
    """Return a text without the texts that are known to be secrets."""
    for secret in known:
        text = text.replace(secret, HIDDEN)
    return text
