"""A person at a kernel: define, ask, change, stop."""

from __future__ import annotations

import itertools
import os
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel


numbers = itertools.count()


@pytest.fixture(autouse=True)
def app_cell(kernel: Kernel) -> str:
    """A new app for each test, none of whose cells are those of an earlier test."""
    kernel.notebook = f"{next(numbers)} "
    cell = f"number = {kernel.notebook}\nfrom flask_nb import Flask\napp = Flask(__name__)"
    kernel.run(cell, cell)
    return cell


def url_of(text: str) -> str:
    found = re.search(r"http://\S+", text)
    assert found, text
    return found[0]


def test_a_route_answers_as_soon_as_its_cell_has_run(kernel: Kernel) -> None:
    defined = kernel.run('%%route /hello/<name>\nf"Hello {name}!"', "one")
    assert defined.text == "GET /hello/<name> → hello_name (body)"
    asked = kernel.run("%get /hello/Ann", "two")
    assert asked.text.startswith("GET /hello/Ann → 200 OK · text/html · 10 B\n\nHello Ann!")
    assert kernel.value("_.text") == "'Hello Ann!'"


def test_edit_and_run_shows_the_new_answer_below_the_cell(kernel: Kernel) -> None:
    cell = "%%route /hello/<name> --try /hello/Ann --try '/hello/B?x=1'\nf'{} {{name}}'"
    kernel.run(cell.replace("{}", "Hi").replace("{{", "{").replace("}}", "}"), "one")
    ran = kernel.run(cell.replace("{}", "Bye").replace("{{", "{").replace("}}", "}"), "one")
    assert [output["text/plain"].splitlines()[0] for output in ran.outputs] == [
        "GET /hello/<name> → hello_name (body)",
        "GET /hello/Ann → 200 OK · text/html · 7 B",
        "GET /hello/B?x=1 → 200 OK · text/html · 5 B",
    ]
    assert "Bye Ann" in ran.text
    assert kernel.value("_.text") == "'Bye B'"
    assert ran.stdout == ""


def test_an_output_is_the_same_with_and_without_cell_ids(kernel: Kernel, app_cell: str) -> None:
    cells = ["%%route POST /items\nrequest.json", '%%post /items\n{"a": 1}', "%routes"]
    with_ids = [kernel.run(cell, f"id{number}").outputs for number, cell in enumerate(cells)]
    kernel.run(f"number = 'without'\n{app_cell}")
    without = [kernel.run(cell).outputs for cell in cells]
    assert with_ids == without


def test_what_a_cell_no_longer_defines_is_withdrawn_when_its_id_is_known(kernel: Kernel) -> None:
    kernel.run("%%route /old\n'old'", "one")
    ran = kernel.run("%%route /new\n'new'", "one")
    assert ran.stdout == "withdrawn: GET /old\n"
    assert kernel.value("app.test_client().get('/old').status_code") == "404"
    assert kernel.value("app.test_client().get('/new').text") == "'new'"


def test_without_cell_ids_nothing_is_withdrawn_until_asked(kernel: Kernel) -> None:
    kernel.run("%%route /old\n'old'")
    kernel.run("%%route /new\n'new'")
    assert kernel.value("app.test_client().get('/old').status_code") == "200"
    dropped = kernel.run("%routes --drop old")
    assert dropped.stdout == "withdrawn: GET /old\n"
    assert "/old" not in dropped.text
    assert kernel.value("app.test_client().get('/old').status_code") == "404"


def test_a_cell_that_fails_withdraws_nothing(kernel: Kernel) -> None:
    kernel.run("@app.get('/a')\ndef a():\n    return 'a'", "one")
    kernel.run("@app.get('/b')\ndef b():\n    return 'b'\n1/0", "one")
    assert kernel.value("app.test_client().get('/a').text") == "'a'"
    kernel.run("x =", "one")
    assert kernel.value("app.test_client().get('/a').text") == "'a'"


def test_a_plain_cell_replaces_and_retires_its_hooks(kernel: Kernel) -> None:
    kernel.run("seen = []\n@app.before_request\ndef note():\n    seen.append('old')", "one")
    kernel.run("seen = []\n@app.before_request\ndef note():\n    seen.append('new')", "one")
    kernel.run("%get /nothing;")
    assert kernel.value("seen") == "['new']"
    kernel.run("seen = []", "one")
    kernel.run("%get /nothing;")
    assert kernel.value("seen") == "[]"


def test_replacing_a_route_of_another_cell_is_said(kernel: Kernel) -> None:
    kernel.run("%%route /items\n'one'", "one")
    ran = kernel.run("@app.get('/items')\ndef items():\n    return 'two'", "two")
    assert ran.stdout == "replaces GET /items of the cell '%%route /items'\n"
    assert kernel.value("app.test_client().get('/items').text") == "'two'"


def test_the_apps_own_cell_can_run_again(kernel: Kernel, app_cell: str) -> None:
    kernel.run("%%route /items\n'one'", "one")
    again = kernel.run(app_cell, app_cell)
    assert again.stdout == "the new app has taken over 1 registration of other cells\n"
    assert "one" in kernel.run("%get /items").text


def test_a_cell_with_two_requests_shows_both(kernel: Kernel) -> None:
    kernel.run("%%route /n/<int:n>\nstr(n)", "one")
    ran = kernel.run("for n in 1, 2:\n    %get /n/{n}\n%get /n/3\nx = %get /n/4", "two")
    assert [output["text/plain"][-1] for output in ran.outputs] == ["1", "2", "3"]


def test_a_question_mark_at_the_end_belongs_to_the_path(kernel: Kernel) -> None:
    kernel.run("%%route /search\nrequest.query_string.decode() or 'none'", "one")
    assert kernel.run("%get /search?").text.endswith("none")
    assert kernel.run("r = %get /search?q=a?").outputs == []
    assert kernel.value("r.text") == "'q=a?'"


def test_the_cell_form_posts_its_cell_and_keeps_the_answer(kernel: Kernel) -> None:
    kernel.run("%%route POST /items\nrequest.json, 201", "one")
    ran = kernel.run('# a comment\n%%post /items --as made\n{"name": "tea"}', "two")
    assert ran.text.startswith("POST /items → 201 Created")
    assert kernel.value("made.json") == "{'name': 'tea'}"


def test_what_a_view_prints_displays_and_logs_is_in_its_exchange(kernel: Kernel) -> None:
    body = "print('printed')\nimport sys\nprint('err', file=sys.stderr)\nfrom IPython.display import HTML\n"
    kernel.run(
        f"%%route /noisy\n{body}display(HTML('<b>shown</b>'))\napp.logger.error('logged')\n'ok'", "one"
    )
    ran = kernel.run("from IPython.display import display\n%get /noisy", "two")
    assert (ran.stdout, ran.stderr, len(ran.outputs)) == ("", "", 1)
    for text in ("printed", "err", "HTML object", "logged"):
        assert text in ran.text


def test_a_failed_view_shows_the_users_lines_and_opens_its_frame(kernel: Kernel) -> None:
    kernel.run("def divide(x):\n    return 1 / x", "helper")
    kernel.run("%%route /boom\nzero = 0\ndivide(zero)", "one")
    ran = kernel.run("%get /boom", "two")
    assert ran.error is None
    assert "line 3" in ran.text
    assert "ZeroDivisionError: division by zero" in ran.text
    assert "web/app.py" not in ran.text
    opened = kernel.run("%tb", "three").traceback
    assert "divide(zero)" in opened
    assert "web/app.py" not in opened


def test_debug_opens_the_frame_of_the_failed_view(kernel: Kernel) -> None:
    kernel.run("%%route /boom/<int:n>\nn / 0", "one")
    kernel.run("1 / 'an earlier error'")
    kernel.run("%get /boom/7")
    kernel.run(
        "import IPython.core.debugger as d, sys\n"
        "frames = []\n"
        "class Pdb(d.Pdb):\n"
        "    def interaction(self, frame, tb_or_exc):\n"
        "        tb = getattr(tb_or_exc, '__traceback__', tb_or_exc)\n"
        "        while tb.tb_next: tb = tb.tb_next\n"
        "        frames.append(tb.tb_frame.f_locals.get('n'))\n"
        "shell = get_ipython().InteractiveTB\n"
        "shell.pdb, kept = Pdb(), shell.pdb\n"
        "get_ipython().debugger(force=True)\n"
        "shell.pdb = kept"
    )
    assert kernel.value("frames") == "[7]"


def awaited(kernel: Kernel) -> Callable[[], None]:
    """Give cells an event and a file by which a view tells that it has begun; return what waits for it."""
    kernel.run(
        "import pathlib, threading\nbegun, notice = threading.Event(), pathlib.Path('begun').resolve()"
    )
    notice = Path(kernel.value("str(notice)").strip("'"))
    notice.unlink(missing_ok=True)

    def wait() -> None:
        deadline = time.monotonic() + 20
        while not notice.exists():
            assert time.monotonic() < deadline, "the view was not asked"
            time.sleep(0.005)

    return wait


def test_an_interrupt_ends_a_hanging_request_at_once(kernel: Kernel) -> None:
    kernel.run("%%route /hang\nimport time\nbegun.set()\nnotice.touch()\ntime.sleep(60)", "one")
    begun = awaited(kernel)
    sent = kernel.start("%get /hang")
    begun()
    kernel.interrupt()
    ran = kernel.finish(sent)
    assert ran.error is not None
    assert "KeyboardInterrupt" in ran.error
    assert kernel.value("begun.is_set()") == "True"
    assert "404" in kernel.run("%get /nothing").text


def test_an_interrupted_request_stops_its_view(kernel: Kernel) -> None:
    begun = awaited(kernel)
    kernel.run("import time\nended = threading.Event()")
    loop = "try:\n    begun.set()\n    notice.touch()\n    while True: time.sleep(0.01)\nfinally: ended.set()"
    kernel.run(f"%%route /loop\n{loop}", "one")
    sent = kernel.start("%get /loop")
    begun()
    kernel.interrupt()
    kernel.finish(sent)
    assert kernel.value("(begun.is_set(), ended.wait(30))") == "(True, True)"
    assert "/loop" not in kernel.run("%serve status").text


REST = {
    "list": "%%route /items\nstored",
    "add": "%%route POST /items\nstored.append(request.json)\nreturn request.json, 201",
    "one": "%%route /items/<int:n>\n{'item': stored[n]}",
    "change": "%%route PUT /items/<int:n>\nstored[n] = request.json\nreturn stored",
    "remove": "@app.delete('/items/<int:n>')\ndef remove(n):\n    del stored[n]\n    return stored",
}
EXERCISE = """stored = ["tea"]
a = %get /items
b = %post /items {"is": "milk"}
c = %put /items/0 {"is": "rice"}
d = %get /items/1
e = %delete /items/0
print([response.json for response in (a, b, c, d, e)])"""
MILK, RICE = {"is": "milk"}, {"is": "rice"}
ANSWERS = [["tea"], MILK, [RICE, MILK], {"item": MILK}, [MILK]]


def test_five_rest_routes_in_five_cells_answer_whichever_is_first_or_last(kernel: Kernel) -> None:
    around = [*REST, *REST]
    for number, order in enumerate(around[first : first + len(REST)] for first in range(len(REST))):
        for name in order:
            kernel.run(REST[name], name if number % 2 else None)
        assert kernel.run(EXERCISE).stdout == f"{ANSWERS}\n", order


def test_serve_is_told_reused_and_stopped(kernel: Kernel) -> None:
    kernel.run("%%route /\n'home'", "one")
    kernel.run("%serve stop")
    url = url_of(kernel.run("%serve").text)
    assert urlopen(url).read() == b"home"
    again = kernel.run("%serve").text
    assert "already" in again
    assert url_of(again) == url
    assert "no request is running" in kernel.run("%serve status").text
    assert kernel.run("%serve stop").text.startswith("stopped")
    assert kernel.run("%serve stop").text.startswith("not serving")
    assert "200 OK" in kernel.run("%get /").text
    assert "serving app at http://127.0.0.1:" in kernel.run("%serve status").text


def test_app_run_serves_in_the_background_and_returns(kernel: Kernel) -> None:
    kernel.run("%%route /\n'home'", "one")
    kernel.run("%serve stop")
    ran = kernel.run("app.run()")
    assert ran.error is None
    assert urlopen(url_of(ran.stdout)).read() == b"home"


def test_the_url_is_a_link(kernel: Kernel) -> None:
    html = kernel.run("%serve").outputs[0]["text/html"]
    assert re.search(r'<a href="(http://127\.0\.0\.1:\d+/)" target="_blank">\1</a>', html)


def test_an_async_view_answers_on_both_ways(kernel: Kernel) -> None:
    kernel.run("%%route /later\nimport asyncio\nawait asyncio.sleep(0)\n'later'", "one")
    assert kernel.run("%get /later").text.endswith("later")
    assert kernel.run("%get /later --in-process").text.endswith("later")


def test_in_process_a_view_runs_on_the_main_thread(kernel: Kernel) -> None:
    kernel.run("%%route /thread\nimport threading\nthreading.current_thread().name", "one")
    assert kernel.run("%get /thread --in-process").text.endswith("MainThread")


def test_the_help_of_a_magic_is_its_parsers(kernel: Kernel) -> None:
    page = kernel.run("%%route?").reply["payload"][0]["data"]["text/plain"]
    assert "--no-strict-slashes" in page
    assert "--timeout SECONDS" in kernel.run("%get --help").stdout


def test_another_app_can_be_chosen(kernel: Kernel) -> None:
    kernel.run("admin = Flask('admin')\n@admin.get('/who')\ndef who():\n    return 'admin'", "admin")
    assert kernel.run("%app admin").text == "admin: Flask 'admin', 2 routes"
    assert kernel.run("%get /who").text.endswith("admin")
    assert kernel.run("%app app").text == "app: Flask '__main__', 1 route"
    assert "404" in kernel.run("%get /who").text


MODEL = """
class InvalidRequestError(Exception):
    pass

raise InvalidRequestError("Table 'user' is already defined for this MetaData instance.  Specify …")
"""


def test_a_model_that_is_defined_again_gets_a_hint_below_its_error(kernel: Kernel) -> None:
    ran = kernel.run(MODEL, "model")
    assert ran.traceback.splitlines()[-1].startswith("InvalidRequestError: Table 'user' is already defined")
    assert "run the cell that makes the database (db = SQLAlchemy(…)) again" in ran.stdout
    assert kernel.run("1 / 0", "other").stdout == ""


def test_a_kernels_streams_say_what_awaits_a_flush(kernel: Kernel) -> None:
    kernel.run("import sys")
    written = "print('x', end=''), sys.stdout._flush_pending, sys.stdout.flush(), sys.stdout._flush_pending"
    assert kernel.value(f"({written})[1::2]") == "x(True, False)"
    assert kernel.value("sys.stdout._subprocess_flush_pending") == "False"


FORKED = """
import os, sys
child = os.fork()
if not child:
    print("child")
    sys.stdout.flush()
    os._exit(0)
waited = os.waitpid(child, 0)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="a process cannot be forked here")
def test_what_a_forked_process_prints_is_seen(kernel: Kernel) -> None:
    printed = kernel.run(FORKED).stdout
    # A kernel may pass it on when the cell has ended, and the end of the line by itself.
    while printed != "child\n":
        printed += kernel.client.iopub_channel.get_msg(timeout=20)["content"].get("text", "")
