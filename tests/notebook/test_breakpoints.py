"""``breakpoint()`` in a view of a real kernel, whose front end can be asked."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

import pytest
import zmq

if TYPE_CHECKING:
    from .conftest import Kernel

VIEW = """
from flask_nb import Flask
app = Flask("shop")
@app.get("/double/<int:n>")
def double(n):
    total = n * 2
    breakpoint()
    print("printed")
    return str(total)
@app.get("/traced")
def traced():
    import pdb; pdb.set_trace()
    return "traced"
"""

TO_THE_NEXT_LINE = ("n",) if sys.version_info >= (3, 13) else ()
"""From where ``breakpoint()`` stops: Python 3.13 does at the call itself, before it was the line after it."""

_COLOUR = re.compile(r"\x1b\[[\d;]*m")


@pytest.fixture(scope="module")
def shop(kernel: Kernel) -> Kernel:
    assert kernel.run(VIEW, "shop").error is None
    return kernel


def ask(kernel: Kernel, code: str, *answers: str) -> tuple[list[str], str, str]:
    """Run a cell and answer what it asks; return the questions, what was written, and what was shown."""
    client, remaining, asked = kernel.client, list(answers), list[str]()
    message = client.execute(code, allow_stdin=True)
    written, shown = "", ""
    questions, replies = client.stdin_channel.socket, client.iopub_channel.socket
    poller = zmq.Poller()
    poller.register(questions, zmq.POLLIN)
    poller.register(replies, zmq.POLLIN)
    while True:
        ready = dict(poller.poll(40_000))
        assert ready, "nothing more comes"
        if questions in ready:
            asked.append(client.get_stdin_msg()["content"]["prompt"])
            client.input(remaining.pop(0))
        if replies not in ready:
            continue
        reply = client.get_iopub_msg()
        content = reply["content"]
        if reply["parent_header"].get("msg_id") != message:
            continue
        if reply["msg_type"] == "stream":
            written += content["text"]
        elif reply["msg_type"] == "execute_result":
            shown += content["data"]["text/plain"]
        elif content.get("execution_state") == "idle":
            client.get_shell_msg(timeout=10)
            return asked, _COLOUR.sub("", written), shown


def test_in_process_the_debugger_asks_in_the_cell_of_the_request(shop):
    answers = (*TO_THE_NEXT_LINE, "p total", "!total = 7", "c")
    asked, written, shown = ask(shop, "%get /double/3 --in-process", *answers)
    assert asked == ["ipdb> "] * len(answers)
    assert '----> 7     print("printed")' in written
    assert "\n6\n" in f"\n{written}"
    assert shown == "GET /double/3 → 200 OK · text/html · 1 B\n\n7\n\nprinted:\n  printed"


def test_steps_stay_in_the_code_of_the_person_and_end_with_the_request(shop):
    answers = (*TO_THE_NEXT_LINE, "s", "s", "s")
    asked, written, shown = ask(shop, "%get /double/3 --in-process", *answers)
    assert len(asked) == len(answers)
    assert "--Return--" in written
    assert "site-packages" not in written
    assert shown.startswith("GET /double/3 → 200 OK")
    assert shop.value("__import__('sys').gettrace()") == "None"


def test_where_shows_the_frames_of_the_person(shop):
    written = ask(shop, "%get /double/3 --in-process", "w", "c")[1]
    assert written.count("> /") == 2
    assert "flask_nb" not in written


def test_no_time_limit_runs_out_while_somebody_looks(shop):
    shown = ask(shop, "%get /double/3 --in-process --timeout 0.3", "!import time; time.sleep(0.5)", "c")[2]
    assert shown.startswith("GET /double/3 → 200 OK")


def test_quitting_ends_the_view_and_says_what_goes_on(shop):
    shown = ask(shop, "%get /double/3 --in-process", "q")[2]
    assert shown.startswith("GET /double/3 → 500")
    assert "the view ended where the debugger was left by q; c lets it go on" in shown


def test_what_the_server_answers_goes_on_and_says_what_to_type(shop):
    asked, _, shown = ask(shop, "%get /double/4")
    assert asked == []
    assert shown.startswith("GET /double/4 → 200 OK")
    assert "breakpoint() in double, line 6, was passed over: the server answers in another thread. " in shown
    assert "Send the request with --in-process to stop there" in shown


def test_a_request_that_nobody_waits_for_has_it_in_the_log(shop):
    shop.run("import urllib.request\n%serve")
    shop.run("urllib.request.urlopen(get_ipython().run_line_magic('serve', '').link + 'double/5').read()")
    assert "breakpoint() in double, line 6, was passed over" in shop.run("%serve log").text


def test_a_front_end_that_cannot_be_asked_gets_the_answer(shop):
    ran = shop.run("%get /double/3 --in-process")
    assert "was passed over: this front end cannot be asked anything while a cell runs" in ran.text


def test_an_async_view_in_a_thread_of_its_own_says_so(shop):
    shop.run('@app.get("/later")\nasync def later():\n    breakpoint()\n    return "later"', "later")
    shown = ask(shop, "%get /later --in-process")[2]
    assert (
        "breakpoint() in later, line 3, was passed over: what is async runs in a thread of its own" in shown
    )


def test_the_older_way_to_stop_does_the_same(shop):
    answers = (*TO_THE_NEXT_LINE, "c")
    asked, written, _ = ask(shop, "%get /traced --in-process", *answers)
    assert asked == ["ipdb> "] * len(answers)
    assert '---> 12     return "traced"' in written
    assert "set_trace() in traced, line 11, was passed over" in ask(shop, "%get /traced")[2]


def test_unloading_gives_everything_back(own_kernel):
    own_kernel.run("import pdb, sys, IPython.core.debugger as debugger\n%unload_ext flask_nb")
    stops = "(sys.breakpointhook, pdb.set_trace, debugger.set_trace)"
    assert "flask_nb" not in own_kernel.value(f"[stop.__code__.co_filename for stop in {stops}]")
