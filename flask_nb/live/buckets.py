"""A mapping that does not change: what is made of it with one entry more or less shares the rest with it.

Copying a dictionary takes time in proportion to its entries, and an app may have thousands of rules. Here
the entries are dealt out to a fixed number of small dictionaries by the hash of their keys, and a change
copies one of these. A tree of more levels would be needed from a million entries on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Self, TypeVar, overload

__all__ = ["MASK", "Buckets"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_COUNT = 128

MASK = _COUNT - 1
"""Which bits of the hash say in which bucket a key is."""

_NONE: tuple[dict[Any, Any], ...] = ({},) * _COUNT


class Buckets(Mapping[K, V]):
    """An immutable mapping, gone through in the order of its keys.

    :param items: what it holds.
    :ivar buckets: the dictionaries.
    """

    __slots__ = ("_length", "buckets")

    def __init__(self, items: Iterable[tuple[K, V]] = ()) -> None:
        buckets: list[dict[K, V]] = [{} for _ in range(_COUNT)]
        for key, value in items:
            buckets[hash(key) & MASK][key] = value
        self._length = sum(map(len, buckets))
        self.buckets = tuple(buckets) if self._length else _NONE

    def put(self, key: K, value: V) -> Self:
        """Return the same with another entry."""
        index = hash(key) & MASK
        bucket = self.buckets[index]
        return self._with(index, {**bucket, key: value}, self._length + (key not in bucket))

    def without(self, key: K) -> Self:
        """Return the same without a key, which is there."""
        index = hash(key) & MASK
        bucket = dict(self.buckets[index])
        del bucket[key]
        return self._with(index, bucket, self._length - 1)

    def _with(self, index: int, bucket: dict[K, V], length: int) -> Self:
        other = object.__new__(type(self))
        other.buckets = (*self.buckets[:index], bucket, *self.buckets[index + 1 :])
        other._length = length
        return other

    def __contains__(self, key: object) -> bool:
        return key in self.buckets[hash(key) & MASK]

    def __getitem__(self, key: K) -> V:
        return self.buckets[hash(key) & MASK][key]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: D) -> V | D: ...
    def get(self, key: K, /, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        return self.buckets[hash(key) & MASK].get(key, default)

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[K]:
        return iter(sorted(chain(*self.buckets), key=self.place))

    def place(self, key: K) -> Any:
        """Return what the order goes by."""
        return key

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {dict(self)}>"
