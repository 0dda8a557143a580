import sqlite3
import threading

import pytest

from flask_nb.exchange.stable import stable_text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("<Shop object at 0x7f60b48c7530>", "<Shop object at 0x…>"),
        ("created in thread id 1404 and this is thread id 139637976727552.", None),
        ("<Thread(waitress-3, started daemon 139637976727552)>", "<Thread(…)>"),
        ("<_MainThread(MainThread, started 4_000)>", "<_MainThread(…)>"),
        ("1700000000000 139637976727552", "1700000000000 …"),
        ("colour 0xff00, 4096, item 139", "colour 0xff00, 4096, item 139"),
    ],
)
def test_what_differs_from_run_to_run_is_masked_and_nothing_else(text: str, shown: str | None) -> None:
    shown = shown or "created in thread id … and this is thread id …."
    assert stable_text(text) == shown


def test_the_number_of_this_thread_is_masked() -> None:
    text = f"{threading.current_thread()!r} {sqlite3.ProgrammingError('thread id 12')}"
    assert stable_text(text) == "<_MainThread(…)> thread id …"
