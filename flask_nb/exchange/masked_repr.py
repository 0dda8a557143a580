"""The ``repr`` of any value, short and without secrets."""

from __future__ import annotations

import time
from collections.abc import Collection
from datetime import date, datetime, timedelta
from reprlib import Repr
from typing import Any
from uuid import UUID

from .masks import HIDDEN, VOLATILE, mask_text

_LONGEST_READ = 10_000
_LATELY = timedelta(days=1)


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
        except (Exception, SystemExit):  # a `__repr__` is anybody's code
            return "(cannot be shown)"

    def repr_str(self, x: str, level: int) -> str:
        """Return a text, cut in the middle."""
        return self._cut(repr(x[:_LONGEST_READ]))

    def repr_instance(self, x: Any, level: int) -> str:
        """Return any other value, cut in the middle."""
        try:
            return self._cut(repr(x)[:_LONGEST_READ])
        except (Exception, SystemExit):
            return f"<{type(x).__name__}, which cannot be shown>"

    def _cut(self, text: str) -> str:
        text = mask_text(hide(text, self.known))
        if len(text) <= self.maxother:
            return text
        half = (self.maxother - 3) // 2
        return f"{text[:half]}...{text[-half - 1 :]}"


class StableRepr(MaskedRepr):
    """Writes what differs from run to run, the times of today and identifiers drawn at random, as ``…``."""

    def repr_datetime(self, x: datetime, level: int) -> str:
        """Return a time."""
        is_now = abs(x.replace(tzinfo=None) - datetime.now()) < _LATELY
        return VOLATILE if is_now else repr(x)

    def repr_date(self, x: date, level: int) -> str:
        """Return a day."""
        return VOLATILE if abs(x - date.today()) <= _LATELY else repr(x)

    def repr_float(self, x: float, level: int) -> str:
        """Return a number; one that counts seconds up to now is a time."""
        return VOLATILE if abs(x - time.time()) < _LATELY.total_seconds() else repr(x)

    def repr_UUID(self, x: UUID, level: int) -> str:
        """Return an identifier; those of version 3 and 5 are made of a name."""
        return repr(x) if x.version in (3, 5) else VOLATILE


def hide(text: str, known: Collection[str]) -> str:
    """Return a text without the texts that are known to be secrets."""
    for secret in known:
        text = text.replace(secret, HIDDEN)
    return text
