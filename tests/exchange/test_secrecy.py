"""The table of secrets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from flask_nb.exchange.secrecy import TABLE, evidence, is_made, is_no_secret

SECURITY = (Path(__file__).resolve().parents[2] / "SECURITY.md").read_text(encoding="utf-8")


def in_markdown(row: Any) -> str:
    return f"| {row.what} | {row.where} | {row.why} |"


def test_the_document_shows_the_table_as_it_is() -> None:
    chapter = SECURITY.partition("## What is masked")[2].partition("\n## ")[0]
    rows = [line for line in chapter.splitlines() if line.startswith("| ")]
    assert rows == ["| what | where | why |", *map(in_markdown, TABLE)]


def test_a_column_is_no_longer_one_when_a_text_has_its_border() -> None:
    assert not any("|" in text for row in TABLE for text in (row.what, row.where, row.why))


@pytest.mark.parametrize(
    ("name", "where", "said"),
    [
        ("GITHUB_PAT", "setting", "sure"),
        ("GITHUB_PAT", "ours", "made"),
        ("GITHUB_PAT", "printed", None),
        ("KEY", "setting", "sure"),
        ("PUBLIC_KEY", "setting", None),
        ("key", "ours", "made"),
        ("key", "printed", None),
        ("Ocp-Apim-Subscription-Key", "header", "sure"),
        ("Idempotency-Key", "header", "sure"),
        ("_oauth2_proxy_0", "cookie", "sure"),
        ("_oauth2_proxy_0", "ours", None),
        ("user_session", "cookie", "sure"),
        ("session_count", "cookie", None),
        ("conn", "ours", "text"),
        ("HTTP_COOKIE", "printed", "cookies"),
        ("token_type", "printed", None),
        ("InvalidTokenError", "printed", None),
        ("password", "source", "sure"),
        ("SECRET_KEY_FALLBACKS", "printed", "sure"),
        ("recovery_code", "printed", "sure"),
        ("country_code", "ours", "made"),
    ],
)
def test_a_name_says_more_in_some_places_than_in_others(name, where, said) -> None:
    assert evidence(name, where) == said


@pytest.mark.parametrize("value", ["sk8Fq02mXw7Lp", "4/0AX4XfWhTq1", "3f2a9c1e7b5d"])
def test_a_value_looks_made_by_a_machine(value: str) -> None:
    assert is_made(value)


@pytest.mark.parametrize("value", ["name", "DE", "404", "2 spoons of salt", "user:12345678", "SUMMER2026"])
def test_a_value_looks_written_by_a_person(value: str) -> None:
    assert not is_made(value)


@pytest.mark.parametrize("value", ["None", "must", "This field is required.", "***", "%s"])
def test_words_about_a_secret_are_none(value: str) -> None:
    assert is_no_secret(value)


@pytest.mark.parametrize("value", ["hunter2", "correct horse battery staple", "Nonesuch", "1234"])
def test_passwords_are_no_words_about_one(value: str) -> None:
    assert not is_no_secret(value)
