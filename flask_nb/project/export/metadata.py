"""What stands around an exported package: its packaging, its README, and how it is deployed."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from importlib.metadata import packages_distributions, version

from .package import Package

_FRAMEWORK = {"flask": ("flask", "3.1"), "flask_nb": ("flask-nb", "0.1")}
_OWN = frozenset({"flask", "flask_nb"})

_GITIGNORE = """\
.venv/
__pycache__/
*.egg-info/
.pytest_cache/
build/
dist/
instance/*
!instance/.gitkeep
.env
"""

_GUNICORN = '''\
"""How gunicorn serves the app: gunicorn -c gunicorn.conf.py"""

import multiprocessing
import os

wsgi_app = "{package}:create_app()"
bind = os.environ.get("BIND", "127.0.0.1:8000")
workers = int(os.environ.get("WEB_CONCURRENCY", multiprocessing.cpu_count() + 1))
max_requests = 10_000
max_requests_jitter = 1_000
'''

_DOCKERFILE = """\
# Written, not built: where flask-nb exports there may be no Docker.
FROM python:3.12-slim
WORKDIR /srv
COPY pyproject.toml README.md gunicorn.conf.py ./
COPY {package} {package}
RUN pip install --no-cache-dir ".[deploy]"
RUN useradd --create-home app && mkdir -p {instance} && chown app {instance}
USER app
ENV BIND=0.0.0.0:8000
EXPOSE 8000
CMD ["gunicorn", "-c", "gunicorn.conf.py"]
"""


def write_metadata(
    package: Package, *, notebook: str, test_requirements: Iterable[str] = ()
) -> dict[str, bytes]:
    """Return the files around a package: path below the target → content.

    :param notebook: the name of the notebook's file.
    :param test_requirements: what the tests need.
    """
    files = {
        "pyproject.toml": _pyproject(package, sorted(test_requirements)),
        "README.md": _readme(package, notebook),
        "gunicorn.conf.py": _GUNICORN.format(package=package.import_name),
        "Dockerfile": _DOCKERFILE.format(
            package=package.import_name, instance=f"/usr/local/var/{package.import_name}-instance"
        ),
        ".gitignore": _GITIGNORE,
        ".dockerignore": _GITIGNORE,
        "instance/.gitkeep": "",
    }
    if package.secrets:
        names = dict.fromkeys(secret.variable for secret in package.secrets)
        files[".env.example"] = "".join(f"{name}=\n" for name in names)
    return {path: text.encode() for path, text in files.items()}


def requirements(package: Package) -> list[str]:
    """Return what a package needs: its framework, and the distributions of what it imports.

    The version that is installed here is the oldest that is asked for. What no distribution here provides
    is named as it is imported.
    """
    names = package.imports - _OWN
    known = packages_distributions() if names else {}  # which reads of all that is installed
    found = {_requirement(known.get(name, []), name) for name in names}
    pinned = {one.partition("==")[0] for one in package.requires}
    others = sorted(one for one in found if one.partition(">=")[0] not in pinned)
    return [_framework(package), *others, *package.requires]


def _framework(package: Package) -> str:
    name, least = _FRAMEWORK[package.engine]
    extra = "[async]" if any(b"async def " in text for text in package.files.values()) else ""
    return f"{name}{extra}>={least}"


def _requirement(distributions: list[str], name: str) -> str:
    if not distributions:
        return name.replace("_", "-")
    distribution = sorted(distributions)[0]
    # A version of a working copy, such as 1.2+dirty, is on no index.
    return f"{_normal(distribution)}>={version(distribution).partition('+')[0]}"


def _normal(distribution: str) -> str:
    return re.sub(r"[-_.]+", "-", distribution).lower()


def _pyproject(package: Package, tests: list[str]) -> str:
    lines = [
        "[build-system]",
        'requires = ["hatchling>=1.25"]',
        'build-backend = "hatchling.build"',
        "",
        "[project]",
        f'name = "{package.name}"',
        'version = "0.1.0"',
        'readme = "README.md"',
        'requires-python = ">=3.11"',
        *_list("dependencies", requirements(package)),
        "",
        "[project.optional-dependencies]",
        *_list("deploy", ["gunicorn>=23"]),
        *_list("test", tests),
        "",
        "[tool.hatch.build.targets.wheel]",
        f'packages = ["{package.import_name}"]',
        "",
        "[tool.pytest.ini_options]",
        'testpaths = ["tests"]',
    ]
    return "\n".join(lines) + "\n"


def _list(key: str, items: list[str]) -> Iterator[str]:
    if len(items) == 1:
        yield f'{key} = ["{items[0]}"]'
        return
    yield f"{key} = ["
    yield from (f'    "{item}",' for item in items)
    yield "]"


def _readme(package: Package, notebook: str) -> str:
    return "\n".join(_readme_lines(package, notebook)) + "\n"


def _readme_lines(package: Package, notebook: str) -> Iterator[str]:
    name = package.import_name
    yield from (f"# {package.name}", "", f"Exported from the notebook `{notebook}` by flask-nb.", "")
    if package.secrets:
        yield from ("## Environment", "")
        yield from ("It does not start without these variables:", "")
        for variable in dict.fromkeys(secret.variable for secret in package.secrets):
            yield f"- `{variable}`"
        yield ""
    sets = "".join(f"{secret}=… " for secret in dict.fromkeys(one.variable for one in package.secrets))
    yield from ("## Run", "", "```sh", "python3 -m venv .venv", ".venv/bin/pip install -e '.[test,deploy]'")
    command = "flask" if package.engine == "flask" else "flask-nb"
    yield from (f"{sets}.venv/bin/{command} --app {name} run --debug", "```", "")
    yield from ("## Test", "", "```sh", ".venv/bin/pytest", "```", "")
    yield from ("## Deploy", "", "```sh", f"{sets}.venv/bin/gunicorn -c gunicorn.conf.py", "```")
