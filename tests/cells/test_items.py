from __future__ import annotations

import pytest

from flask_nb.cells.expressions import Expression
from flask_nb.cells.items import parse_header, parse_item, split_item, split_upload
from flask_nb.errors import MagicArgumentError


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("a=b", ("a", "=", "b")),
        ("a==b=c", ("a", "==", "b=c")),
        ("a:=@b", ("a", ":=@", "b")),
        ("a:b=c", ("a", ":", "b=c")),
        ("a=b:c", ("a", "=", "b:c")),
        ("a\\=b=\\@c", ("a=b", "=", "@c")),
        ("a\\b=\\n", ("a\\b", "=", "\\n")),
        ("a;", ("a", ";", "")),
        ("x[{d['=']}]=1", ("x[{d['=']}]", "=", "1")),
        ("word", None),
        ("word\\", None),
    ],
)
def test_the_first_operator_counts(word, pieces):
    assert split_item(word) == pieces


def test_names_and_values_may_hold_expressions():
    item = parse_item("x{n}={m}!")
    assert (item.name, item.value) == (("x", Expression("n")), (Expression("m"), "!"))


def test_a_header_is_sent_as_utf8_with_its_padding_stripped():
    assert parse_item("X-Name: é ").header(eval) == ("X-Name", "Ã©")


def test_the_value_of_a_header_may_come_from_the_notebook():
    item = parse_item("Authorization:Bearer {token}")
    assert item.header(lambda _source: "abc") == ("Authorization", "Bearer abc")
    with pytest.raises(MagicArgumentError, match="has to be one line of text"):
        item.header(lambda _source: "a\r\nX-Evil: 1")


@pytest.mark.parametrize(
    ("word", "message"),
    [
        ("name", "'name' is not understood. After the path come name=value"),
        ("=3", "'=3' is not understood"),
        ("a b:c", "'a b' is not a header name"),
        ("é:c", "'é' is not a header name"),
        ("X:a\nb", "the value of the header X has to be one line of text"),
        ("Content-Length:3", "the header Content-Length follows from the body"),
        ("X;y", "'X;y' is not understood. X; sends an empty header"),
        ("f@a.png;type=a\nb", "'a\\nb' is not a file type. Type one, such as ;type=image/png"),
        ("n:=3x", "the value of n:= is not valid JSON: Extra data at column 2"),
    ],
)
def test_a_wrong_item_is_one_clear_error(word, message):
    with pytest.raises(MagicArgumentError) as caught:
        parse_item(word)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("word", ["a=@gone.txt", "a:=@gone.json", "a==@gone", "a:@gone", "a@gone.png"])
def test_a_missing_file_is_named_with_its_item(word):
    item = parse_item(word)
    with pytest.raises(MagicArgumentError) as caught:
        item.read(eval)
    assert f"of {word!r} cannot be read: No such file or directory" in str(caught.value)


def test_a_file_that_is_no_text_or_no_json_is_said(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.bin").write_bytes(b"\xff")
    (tmp_path / "a.json").write_text("{'a'}")
    for word, message in [
        ("a=@a.bin", "is not UTF-8 text"),
        ("a:=@a.json", "the file of 'a:=@a.json' is not valid JSON"),
    ]:
        with pytest.raises(MagicArgumentError, match=message):
            parse_item(word).expand_value(eval)


def test_a_directory_is_no_file(tmp_path):
    with pytest.raises(MagicArgumentError, match="cannot be read: Is a directory"):
        parse_item(f"a@{tmp_path}").read(eval)


def test_an_upload_may_say_its_type_and_name():
    assert split_upload("a;b.png;type=image/png;filename=c.png") == ("a;b.png", "image/png", "c.png")
    assert split_upload("a.png") == ("a.png", None, None)


def test_headers_are_read_as_curl_has_them():
    assert parse_header("X-A: b").header(eval) == ("X-A", "b")
    assert parse_header("X-A;").header(eval) == ("X-A", "")
    assert parse_header("X-A:").drops
    with pytest.raises(MagicArgumentError, match=r"'X-A' is not a header\. Type it as 'Name: value'"):
        parse_header("X-A")
