"""A mapping that does not change: what is made of it with one entry more or less shares the rest with it.

Copying a dictionary takes time in proportion to its entries, and an app may have thousands of rules. Here
the entries are dealt out to a fixed number of small dictionaries by the hash of their keys, and a change
copies one of these. A tree of more levels would be needed from a million entries on.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, TypeVar, overload

__all__ = ["MASK", "Buckets"]

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
D = TypeVar("D")

_COUNT = 128

MASK = _COUNT - 1
"""Which bits of the hash say in which bucket a key is."""

_NONE: tuple[dict[Any, tuple[int, Any]], ...] = ({},) * _COUNT


class Buckets(Mapping[K, V]):
    """An immutable mapping. It is gone through in the order in which its keys came.

    :param items: what it holds.
    :ivar buckets: the dictionaries. A value stands with its number in the order.
    """

    __slots__ = ("_length", "_next", "buckets")

    def __init__(self, items: Iterable[tuple[K, V]] = ()) -> None:
        buckets: list[dict[K, tuple[int, V]]] = [{} for _ in range(_COUNT)]
        self._next = 0
        for key, value in items:
            buckets[hash(key) & MASK][key] = self._next, value
            self._next += 1
        self._length = sum(map(len, buckets))
        self.buckets = tuple(buckets) if self._length else _NONE

    def put(self, key: K, value: V) -> Buckets[K, V]:
        """Return the same with another entry; a key that is there keeps its place."""
        index = hash(key) & MASK
        known = self.buckets[index].get(key)
        number = self._next if known is None else known[0]
        bucket = {**self.buckets[index], key: (number, value)}
        return self._with(index, bucket, self._length + (known is None), self._next + 1)

    def without(self, key: K) -> Buckets[K, V]:
        """Return the same without a key, which is there."""
        index = hash(key) & MASK
        bucket = dict(self.buckets[index])
        del bucket[key]
        return self._with(index, bucket, self._length - 1, self._next)

    def _with(self, index: int, bucket: dict[K, tuple[int, V]], length: int, number: int) -> Buckets[K, V]:
        other: Buckets[K, V] = object.__new__(type(self))
        other.buckets = (*self.buckets[:index], bucket, *self.buckets[index + 1 :])
        other._length, other._next = length, number
        return other

    def __contains__(self, key: object) -> bool:
        return key in self.buckets[hash(key) & MASK]

    def __getitem__(self, key: K) -> V:
        return self.buckets[hash(key) & MASK][key][1]

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, /, default: D) -> V | D: ...
    def get(self, key: K, /, default: Any = None) -> Any:
        """Return the value of a key, or the default."""
        found = self.buckets[hash(key) & MASK].get(key)
        return default if found is None else found[1]

    def __len__(self) -> int:
        return self._length

    def __iter__(self) -> Iterator[K]:
        numbered = ((number, key) for bucket in self.buckets for key, (number, _) in bucket.items())
        return iter([key for _, key in sorted(numbered, key=itemgetter(0))])

    def __repr__(self) -> str:
        return f"<Buckets {dict(self)}>"
