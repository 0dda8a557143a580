"""What cells define besides routes, in a real kernel: mistakes are one line, and output is stable."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

if TYPE_CHECKING:
    from .conftest import Kernel

SETUP = """
from pathlib import Path
Path('raises.cfg').write_text('A = 1\\nB = 1 / 0\\n')
Path('latin.cfg').write_bytes(b"A = '\\xe9'\\n")
Path('bad.toml').write_text('A = 1\\nB = \\n')
Path('bad.json').write_text('{"A": 1,\\n "B" 2}')
"""


@pytest.fixture(autouse=True, scope="module")
def defined(kernel: Kernel) -> None:
    """An app with a setting, a template, a static file and a route that have to stay."""
    kernel.run(SETUP)
    kernel.run("from flask_nb import Flask\napp = Flask(__name__)\napp.config['A'] = 0", "app")
    kernel.run("%%template page.html\nold {{ name }}", "template")
    kernel.run("%%static site.css\nold", "static")
    kernel.run("%%route /page/<name>\nrender_template('page.html', name=name)", "route")
    kernel.run("SETUP = 'text'\nfrom flask_nb.notebook.extension import get_host", "host")
    kernel.run("_flask_nb_jar = get_host(get_ipython()).cookies", "jar")


def everything(kernel: Kernel) -> str:
    """What the app is set to, renders and serves."""
    asks = "[app.test_client().get(p).text for p in ('/page/x', '/static/site.css')]"
    return kernel.value(f"(sorted(map(repr, app.config.items())), {asks}, len(list(_flask_nb_jar)))")


@pytest.mark.parametrize(
    ("cell", "error", "says"),
    [
        ("%config_from", "MagicArgumentError", "the source is missing"),
        ("%config_from none.cfg", "ConfigError", "none.cfg: there is no such file"),
        ("%config_from raises.cfg", "ConfigError", "raises.cfg, line 2: ZeroDivisionError"),
        ("%config_from latin.cfg", "ConfigError", "latin.cfg, line 1, column 6: not UTF-8"),
        (
            "%config_from A=5 bad.toml",
            "ConfigError",
            "bad.toml, line 2, column 5: not valid TOML: Invalid value",
        ),
        (
            "%config_from A=5 bad.json",
            "ConfigError",
            "bad.json, line 2, column 6: not valid JSON: Expecting ':'",
        ),
        ("%config_from env:NBT_UNSET", "ConfigError", "%env NBT_UNSET=settings.cfg"),
        ("%config_from Nobody", "ConfigError", "there is no variable 'Nobody'"),
        ("%config_from A='x", "MagicArgumentError", "not closed"),
        ("%config_from A=1 --slient", "MagicArgumentError", "Did you mean --silent?"),
        ("%%config_from --format json\n{", "CellSyntaxError", "line 2"),
        ("%%config_from --format xml\n<a>", "MagicArgumentError", "invalid choice: 'xml'"),
        ("%%template page.html\n{% if %}", "CellSyntaxError", "line 2"),
        ("%%template ../page.html\nnew", "MagicArgumentError", "Type %%template page.html"),
        ("%%template\nnew", "MagicArgumentError", "the name is missing"),
        ("%%static /site.css\nnew", "MagicArgumentError", "Type %%static site.css"),
        ("%%static site.css --type css\nnew", "MagicArgumentError", "is not a content type"),
        ("%url_for pgae_name name=x", "UrlError", "Near: page_name (/page/<name>)"),
        ("%url_for page", "UrlError", "the value of 'name' is missing for /page/<name>"),
        ("%url_for page_name name='x", "MagicArgumentError", "not closed"),
        ("%url_for page name={nobody}", "MagicArgumentError", "NameError: name 'nobody' is not defined"),
        ("%url_for page name=x _external=maybe", "MagicArgumentError", "_external is True or False"),
        ("%cookies set", "MagicArgumentError", "what to set is missing"),
        ("%cookies set 'a b'=1", "MagicArgumentError", "cannot be the name of a cookie"),
        ("%cookies clear nobody", "MagicArgumentError", "there is no cookie 'nobody'"),
        ("%%request_context /x\n1 +", "CellSyntaxError", "line 2"),
        ("%%request_context /x --method\n1", "MagicArgumentError", "--method needs a method"),
        ("%%request_context /{nobody}\n1", "MagicArgumentError", "NameError"),
        ("%app SETUP reset", "ForeignAppError", "what should be the app is of type str"),
        ("%app no_such_module:app", "ForeignAppError", "ModuleNotFoundError"),
        ("%app --secret-key ''", "MagicArgumentError", "an empty key signs nothing"),
    ],
)
def test_a_mistake_is_one_line_and_changes_nothing(kernel: Kernel, cell: str, error: str, says: str) -> None:
    before = everything(kernel)
    ran = kernel.run(cell, "mistake")
    assert ran.error is not None
    assert ran.error.startswith(f"{error}: ")
    assert says in ran.error
    assert ran.traceback == ran.error
    assert everything(kernel) == before


def test_templates_replaced_while_a_server_is_asked_are_whole(kernel: Kernel) -> None:
    url = kernel.run("%url_for page name=x --live").text
    seen: set[bytes] = set()
    stop = threading.Event()

    def ask() -> None:
        while not stop.is_set():
            with urlopen(url) as response:
                seen.add(response.read())

    thread = threading.Thread(target=ask)
    thread.start()
    for number in range(8):
        assert kernel.run(f"%%template page.html\n{str(number) * 200}", "template").error is None
    stop.set()
    thread.join()
    assert seen <= {b"old x", *(str(number).encode() * 200 for number in range(8))}


def test_an_interrupted_context_ends(kernel: Kernel) -> None:
    ran = kernel.run("%%request_context /\nimport _thread, time\n_thread.interrupt_main()\ntime.sleep(60)")
    assert str(ran.error).startswith("KeyboardInterrupt")
    assert kernel.value("__import__('flask_nb').has_request_context()") == "False"


CELLS = [
    "from flask_nb import Flask\napp = Flask(__name__)",
    "%app --secret-key dev",
    "%config_from A=1 THING=words DEBUG=True",
    "%%config_from --format toml\nB = [1, 2]\n[MAIL]\nPASSWORD = 'geheim'\n",
    "%%template a.html\n<p>{{ x }}</p>\n",
    "%%static a.css\np {}\n",
    "%%route /n\nsession['n'] = 1\nrender_template('a.html', x=1)",
    "%get /n",
    "%get /static/a.css",
    "%url_for n",
    "%url_for static filename=a.css _external=True",
    "%cookies",
    "%cookies set theme=dark",
    "%%request_context /n?x=1\nrequest.args",
    "%app",
    "%routes",
]


def test_a_fresh_run_from_top_to_bottom_shows_the_same_bytes(own_bare_kernel: Kernel) -> None:
    def run_all() -> list[tuple[object, ...]]:
        own_bare_kernel.run("%load_ext flask_nb")
        return [(ran.outputs, ran.stdout, ran.error) for ran in map(own_bare_kernel.run, CELLS)]

    first = run_all()
    own_bare_kernel.restart()
    assert all(error is None for _, _, error in first)
    assert run_all() == first
    assert "geheim" not in repr(first)
