"""The tests of an exported package: what the notebook asks its app, and what it was answered."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from ..plan import Plan
from .asking import Asking, TestPart
from .expected import FIND_TEXTS, FIND_TEXTS_SOURCE
from .package import Package

_DISTRIBUTIONS = {"bs4": "beautifulsoup4"}
_TESTING = {"flask": ("flask", "flask.testing"), "flask_nb": ("flask_nb", "flask_nb.web.testing")}
_DATABASES = {
    "DATABASE": 'str(folder / "test.sqlite")',
    "SQLALCHEMY_DATABASE_URI": "f\"sqlite:///{folder / 'test.sqlite'}\"",
}


_MAKES_APP = """\
def test_the_app_is_made(app: Flask) -> None:
    assert isinstance(app, Flask)"""


def write_tests(plan: Plan, notebook: dict[str, Any], package: Package) -> dict[str, bytes]:
    """Return the tests of a package; nothing is run for them.

    A function stands for each cell that sends requests, in the notebook's order, and asserts what the
    notebook expects of the answers, and what its stored outputs show. What the exported app may answer
    otherwise, since cells below change it, is left out, and said so. Where no request is left, a test
    makes the app.

    :param notebook: the notebook's file as parsed JSON, with its outputs.
    :return: path below the target, with slashes → content.
    """
    asking = Asking(plan, notebook, _source_of(package))
    parts = list(_chained(asking.parts()))
    module = _module(plan.path.name, parts, asking.left_out, package)
    fails = re.search(r"status_code == 5\d\d|status_code // 100 == 5", module) is not None
    files = {
        "tests/conftest.py": _conftest(package, fails=fails),
        f"tests/test_{package.import_name}.py": module,
    }
    return {path: text.encode() for path, text in files.items()}


def requirements_of_tests(files: dict[str, bytes]) -> list[str]:
    """Return the distributions that tests need beside the package's own.

    :param files: as :func:`write_tests` returns them.
    """
    text = b"\n".join(files.values()).decode()
    needed = [name for module, name in _DISTRIBUTIONS.items() if f"from {module} import" in text]
    return ["pytest>=8", *needed]


def _source_of(package: Package) -> str:
    return "\n".join(
        content.decode("utf-8", "replace") for path, content in package.files.items() if path.endswith(".py")
    )


# --- the fixtures ---


def _conftest(package: Package, *, fails: bool) -> str:
    """Return the fixtures of Flask's documentation.

    :param fails: whether views fail in the tests, whose exceptions the client is not to raise.
    """
    source = _source_of(package)
    databases = {key: value for key, value in _DATABASES.items() if re.search(rf"\b{key}\b", source)}
    config = {"TESTING": "True", "SECRET_KEY": '"test"', **databases}
    config |= {"PROPAGATE_EXCEPTIONS": "False"} if fails else {}
    given = () if _hides_test_config(source) else ("SECRET_KEY",)
    variables = [secret.variable for secret in package.secrets if secret.variable not in given]
    make = f"from {package.import_name} import create_app"
    base, testing = _TESTING[package.engine]
    lines = [
        f'"""Fixtures of the tests of {package.name}."""',
        "",
        *(["import os", ""] if variables else []),
        "import pytest",
        f"from {base} import Flask",
        f"from {testing} import FlaskClient, FlaskCliRunner",
        "",
        *([] if variables else [make, ""]),
        "",
        '@pytest.fixture(scope="module")',
        f"def app({'tmp_path_factory: pytest.TempPathFactory' if databases else ''}) -> Flask:",
        '    """Return the app: one for all tests of a module, as the notebook has one."""',
        *(f'    os.environ.setdefault("{variable}", "test")' for variable in variables),
        *([f"    {make}", ""] if variables else []),
        *(['    folder = tmp_path_factory.mktemp("data")'] if databases else []),
        *_made(config, has_commands=bool(databases) and re.search(r"[\"']init-db[\"']", source) is not None),
        "",
        "",
        '@pytest.fixture(scope="module")',
        "def client(app: Flask) -> FlaskClient:",
        '    """Return the client of all tests: its cookies go on from test to test."""',
        "    return app.test_client()",
        "",
        "",
        "@pytest.fixture",
        "def runner(app: Flask) -> FlaskCliRunner:",
        '    """Return what runs the commands of the app."""',
        "    return app.test_cli_runner()",
        "",
        "",
        "@pytest.hookimpl(trylast=True)",
        "def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:",
        '    """Keep the order of the files, whatever other plugins make of it."""',
        "    items.sort(key=lambda item: (str(item.path), item.reportinfo()[1] or 0))",
        "",
    ]
    return "\n".join(lines)


def _hides_test_config(source: str) -> bool:
    """Whether a factory of the notebook has a ``test_config`` of its own, so that it asks the environment."""
    takes = re.findall(r"def (\w+)\([^)]*\btest_config\b", source)
    return not {"create_app", "read_secret"}.issuperset(takes)


def _made(config: dict[str, str], *, has_commands: bool) -> Iterator[str]:
    pairs = [f'"{key}": {value}' for key, value in config.items()]
    line = f"create_app({{{', '.join(pairs)}}})"
    opening = "app = " if has_commands else "return "
    if len(line) + len(opening) <= 84:
        yield f"    {opening}{line}"
    else:
        yield f"    {opening}create_app("
        yield "        {"
        yield from (f"            {pair}," for pair in pairs)
        yield "        }"
        yield "    )"
    if has_commands:
        yield '    app.test_cli_runner().invoke(args=["init-db"], catch_exceptions=False)'
        yield "    return app"


# --- the functions ---


def _chained(parts: Iterable[TestPart]) -> Iterator[TestPart]:
    """Join the parts between a response and the last one that uses it: they make one test."""
    left = list(parts)
    while left:
        end = 1
        while (further := _last_use(left, end)) > end:
            end = further
        yield TestPart.joined(left[:end])
        del left[:end]


def _last_use(parts: list[TestPart], count: int) -> int:
    """Return how many parts there are up to the last one that uses a name of the first ones."""
    origins: dict[str, int] = {}
    last = count
    for number, part in enumerate(parts):
        if any(origins.get(name, count) < count for name in part.uses):
            last = number + 1
        origins.update(dict.fromkeys(part.binds, number))
    return max(last, count)


def _module(name: str, parts: list[TestPart], left_out: Counter[str], package: Package) -> str:
    functions = "\n\n\n".join(_functions(parts)) or _MAKES_APP
    _, testing = _TESTING[package.engine]
    base = testing.partition(".")[0]
    uses_texts = f"{FIND_TEXTS}(" in functions
    fixtures = {"FlaskClient": "client", "FlaskCliRunner": "runner"}
    classes = [kind for kind, fixture in fixtures.items() if f"{fixture}: {kind}" in functions]
    imports = [
        "import re\n" if "re.fullmatch(" in functions else "",
        "from bs4 import BeautifulSoup" if uses_texts else "",
        f"from {base} import Flask" if "app: Flask" in functions else "",
        f"from {testing} import {', '.join(classes)}" if classes else "",
        "from werkzeug.test import TestResponse" if uses_texts else "",
    ]
    head = "\n".join([_docstring(name, left_out), "", *filter(None, imports)])
    return "\n\n\n".join([head, *([FIND_TEXTS_SOURCE.rstrip()] if uses_texts else []), functions]) + "\n"


def _docstring(name: str, left_out: Counter[str]) -> str:
    lines = [
        f'"""What {name} asks its app, and what it is answered.',
        "",
        "The tests share one app and one client, as the cells do: run them all, in order and in one process.",
    ]
    if left_out:
        lines += ["", "Requests that are left out, by reason:"]
        lines += [f"- {reason}: {count}" for reason, count in left_out.items()]
    return "\n".join([*lines, '"""'])


def _functions(parts: list[TestPart]) -> Iterator[str]:
    seen: Counter[str] = Counter()
    for part in parts:
        seen[part.name] += 1
        again = f"_{seen[part.name]}" if seen[part.name] > 1 else ""
        body = "\n\n".join("\n".join(_without_unused(part, number)) for number in range(len(part.blocks)))
        fixtures = ["app: Flask"] if re.search(r"\bapp\.test_client\(", body) else []
        fixtures += ["client: FlaskClient"] if re.search(r"(?<!_)\bclient\.", body) else []
        fixtures += ["runner: FlaskCliRunner"] if re.search(r"(?<!_)\brunner\.", body) else []
        yield f"def test_{part.name}{again}({', '.join(fixtures)}) -> None:\n{body}"


def _without_unused(part: TestPart, number: int) -> Iterator[str]:
    """Yield the lines of a block, without the names of responses that nothing looks at."""
    lines = part.blocks[number]
    below = [line for block in part.blocks[number + 1 :] for line in block]
    for place, line in enumerate(lines):
        found = re.match(r"( +)(\w+) = (?=(?:client|app)\.)", line)
        if found and not _is_used(found[2], [*lines[place + 1 :], *below]):
            line = found[1] + line[found.end() :]
        yield line


def _is_used(name: str, lines: list[str]) -> bool:
    for line in lines:
        if re.match(rf" +{name} = ", line):
            return re.search(rf"\b{name}\b", line.partition("=")[2]) is not None
        if re.search(rf"\b{name}\b", line):
            return True
    return False
