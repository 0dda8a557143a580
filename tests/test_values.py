"""Tuples with named fields: the same as those of the standard library, made in less time."""

from __future__ import annotations

import pickle
import typing

import pytest

from flask_nb.values import NamedTuple


class Ours(NamedTuple):
    """A place."""

    name: str
    line: int = 1
    words: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        return f"{self.name}:{self.line}"

    @classmethod
    def of(cls, text: str) -> Ours:
        return cls(text.strip())


class Theirs(typing.NamedTuple):
    """A place."""

    name: str
    line: int = 1
    words: tuple[str, ...] = ()


@pytest.mark.parametrize("arguments", [("a",), ("a", 2), ("a", 2, ("x",))])
def test_a_value_is_equal_to_one_of_typing(arguments: tuple[typing.Any, ...]) -> None:
    assert tuple(Ours(*arguments)) == tuple(Theirs(*arguments))
    assert hash(Ours(*arguments)) == hash(Theirs(*arguments))
    assert repr(Ours(*arguments)).replace("Ours", "Theirs") == repr(Theirs(*arguments))


def test_the_class_says_of_its_fields_what_one_of_typing_says() -> None:
    names = ("_fields", "_field_defaults", "__match_args__", "__doc__", "__module__", "__slots__")
    assert [getattr(Ours, name) for name in names] == [getattr(Theirs, name) for name in names]


def test_methods_and_keywords_do_what_they_do_there() -> None:
    assert Ours.of(" b ").title == "b:1"
    assert Ours(name="b", line=2)._replace(line=3) == ("b", 3, ())
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'name'"):
        Ours()  # type: ignore[call-arg]


def test_a_value_can_be_pickled() -> None:
    assert pickle.loads(pickle.dumps(Ours("a"))) == Ours("a")
