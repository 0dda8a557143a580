import gc
import weakref
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from flask_nb.exchange import Recording, Request, Seen
from flask_nb.exchange.masked_repr import StableRepr
from flask_nb.exchange.seen import MOST_NAMES
from flask_nb.exchange.statements import parameters_text, statement_text


class Value:
    def __repr__(self):
        return "<a value>"


def test_what_others_ask_is_not_looked_at():
    assert Recording().seen is None


def test_what_was_seen_belongs_to_the_exchange_and_is_kept_in_the_ring(serve, recorder, ring):
    def view(request):
        recorder.current().seen.flash("message", "Saved")
        return "ok"

    exchange = serve(view).send(Request("GET", "/")).exchange
    assert exchange.seen.flashes == [("message", "Saved")]
    assert ring.last(1)[0].seen is exchange.seen


def test_the_context_of_a_template_is_kept_as_text_and_not_as_what_it_was():
    seen, value = Seen(), Value()
    kept = weakref.ref(value)
    seen.template("page.html", {"value": value, "password": "hunter2222", "g": 1, "helper": len})
    del value
    gc.collect()
    assert kept() is None
    assert seen.templates[0].context == (("value", "<a value>"), ("password", "<hidden>"))


def test_the_session_is_seen_before_and_after():
    seen, session = Seen(), {"n": 1}
    seen.begin(lambda: {"session": session}, "/ → home", {})
    session["n"] = 2
    seen.end()
    assert (seen.session_before, seen.session_after) == ((("n", "1"),), (("n", "2"),))


def test_a_session_that_cannot_be_read_is_none():
    seen = Seen(is_tracing=True)
    seen.begin(lambda: 1 / 0, "/ → home", {})  # type: ignore[return-value, arg-type]
    assert seen.session_before == ()


def test_a_query_that_only_the_writing_down_has_made_is_not_told():
    seen = Seen()

    class Lazy:
        def __repr__(self):
            seen.statement("SELECT 1", [()], -1, 0.0)
            return "Lazy"

    seen.template("page.html", {"user": Lazy()})
    assert (seen.templates[0].context, seen.statements) == ((("user", "Lazy"),), [])


def test_all_that_is_kept_is_bounded():
    seen = Seen(is_tracing=True)
    seen.begin(dict, "/ → home", {})
    for number in range(250):
        seen.template("x" * 10, {f"name{n}": "y" * 10_000 for n in range(100)})
        seen.statement(f"SELECT {number} " + "z" * 10_000, [("a" * 10_000,)], 1, 0.1)
        seen.flash("message", "w" * 10_000)
        seen.call("view", test_all_that_is_kept_is_bounded, Value)()
    assert len(seen.templates[0].context) == MOST_NAMES
    assert seen.size < 200_000


def test_a_function_that_raises_is_told_and_its_exception_goes_on():
    seen = Seen(is_tracing=True, cell_name=lambda name: "the cell")

    def view():
        raise KeyError("x")

    with pytest.raises(KeyError):
        seen.call("view", view, view)()
    line = view.__code__.co_firstlineno
    step = seen.steps[0]
    assert (step.name, step.place, step.effects) == (
        "view",
        f"line {line} of the cell",
        ["raised KeyError: 'x'"],
    )


@pytest.mark.parametrize(
    "make",
    [datetime.now, lambda: datetime.now(UTC), date.today, uuid4, lambda: datetime.now().timestamp()],
    ids=["local time", "time", "day", "UUID", "timestamp"],
)
def test_what_differs_in_each_run_is_left_out(make):
    assert StableRepr().repr([make()]) == "[…]"


@pytest.mark.parametrize(
    "value",
    [
        datetime(2020, 1, 2),
        date.today() - timedelta(days=30),
        1.5,
        UUID("6fa459ea-ee8a-3ca4-894e-db77e160355e"),
    ],
)
def test_other_times_and_numbers_are_shown(value):
    assert StableRepr().repr(value) == repr(value)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("UPDATE a SET name = ?, password = ? WHERE id = ?", "('x', <hidden>, 7)"),
        ("INSERT INTO a (name, api_key, id) VALUES (?, ?, ?)", "('x', <hidden>, 7)"),
        ("SELECT password FROM a WHERE n = %s AND token = %s OR id = %s", "('x', <hidden>, 7)"),
        ("SELECT '?' FROM a WHERE n = $1 AND lower(pin) = $2 AND id = $3", "('x', <hidden>, 7)"),
        ("CALL f(?, ?)", "('x', 'hunter2222', 7)"),
    ],
)
def test_parameters_are_masked_by_the_columns_that_they_are_for(text, shown):
    assert parameters_text(text, [("x", "hunter2222", 7)], StableRepr()) == shown


def test_of_many_executions_the_first_are_shown():
    shown = parameters_text("INSERT INTO a (n) VALUES (?)", [(n,) for n in range(9)], StableRepr())
    assert shown == "(0), (1), (2), … 6 more"


def test_a_literal_among_those_for_a_secret_column_is_hidden():
    assert statement_text("INSERT INTO a (name, password) VALUES ('Ann', 'it''s')") == (
        "INSERT INTO a (name, password) VALUES (<hidden>, <hidden>)"
    )
    assert (
        statement_text("UPDATE a SET password=? WHERE name='Ann'")
        == "UPDATE a SET password=? WHERE name='Ann'"
    )
