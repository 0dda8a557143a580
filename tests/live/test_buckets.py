"""A mapping that shares all but a small part with the one it was made from."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from flask_nb.live.buckets import Buckets

KEYS = st.text("abc", max_size=4)
CHANGES = st.lists(st.tuples(st.sampled_from(["put", "without"]), KEYS, st.integers()), max_size=300)


@given(CHANGES)
def test_it_holds_what_a_dictionary_would_in_the_order_of_keys(
    changes: list[tuple[str, str, int]],
) -> None:
    buckets: Buckets[str, int] = Buckets()
    plain: dict[str, int] = {}
    for change, key, value in changes:
        if change == "put":
            buckets = buckets.put(key, value)
            plain[key] = value
        elif key in plain:
            buckets = buckets.without(key)
            del plain[key]
    assert list(buckets.items()) == sorted(plain.items())
    assert (len(buckets), dict(buckets)) == (len(plain), plain)
    assert [buckets.get(key) for key in plain] == [buckets[key] for key in plain]


@given(st.dictionaries(KEYS, st.integers()))
def test_it_is_made_of_what_a_dictionary_holds(plain: dict[str, int]) -> None:
    assert list(Buckets(plain.items()).items()) == sorted(plain.items())


def test_what_a_change_was_made_of_stays_as_it_is() -> None:
    before: Buckets[object, str] = Buckets([(number, "old") for number in range(1000)])
    after = before.put(1, "new").put("more", "new").without(2)
    assert (before[1], "more" in before, before[2], len(before)) == ("old", False, "old", 1000)
    assert (after[1], after["more"], 2 in after, len(after)) == ("new", "new", False, 1000)


def test_a_change_copies_one_bucket() -> None:
    before = Buckets([(number, "old") for number in range(10_000)])
    after = before.put(1, "new")
    assert sum(one is not other for one, other in zip(before.buckets, after.buckets, strict=True)) == 1


def test_what_is_not_there_is_answered_as_by_a_dictionary() -> None:
    buckets = Buckets([("a", 1)])
    assert (buckets.get("b"), buckets.get("b", 2), "b" in buckets) == (None, 2, False)
