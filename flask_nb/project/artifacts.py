"""Values of a notebook that are kept in files: written by its cells, loaded by programs.

Beside each file stands a record of its SHA-256 and of the versions that it was written with. Whether a value
is kept, and which file it is in, is told by the record alone: only :func:`load_artifact` unpickles.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import pickle
import pickletools
import platform
import tempfile
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, packages_distributions, version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from flask_nb.errors import ArtifactError

FOLDER = "artifacts"
"""The folder beside the notebook."""

_SUFFIXES = {"joblib": ".joblib", "pickle": ".pickle"}


@dataclass(frozen=True)
class Artifact:
    """A value that is kept.

    :param name: the variable.
    :param file: the name of the file in the folder.
    :param format: ``joblib`` or ``pickle``.
    :param sha256: of the file, in hexadecimal digits.
    :param versions: of Python and of the distributions that have to do with the value, as it was written.
    :param modules: the top-level modules of the classes and functions that it is made of.
    """

    name: str
    file: str
    format: str
    sha256: str
    versions: dict[str, str]
    modules: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Where it is, seen from the notebook."""
        return f"{FOLDER}/{self.file}"


def save_artifact(name: str, value: Any, folder: Path) -> Artifact:
    """Keep a value; a value that cannot be written leaves the file that there was.

    :param folder: that of the notebook.
    :raises ArtifactError: it cannot be pickled, or the file cannot be written.
    """
    format = "joblib" if find_spec("joblib") else "pickle"
    place = folder / FOLDER
    file = name + _SUFFIXES[format]
    modules = _modules_of(name, value)
    try:
        place.mkdir(exist_ok=True)
        digest = _write(place / file, lambda path: _dump(name, value, format, path))
    except OSError as exc:
        raise ArtifactError(f"{FOLDER}/{file} cannot be written: {exc.strerror or exc}") from None
    artifact = Artifact(name, file, format, digest, _versions(modules, format), modules)
    text = json.dumps(asdict(artifact), indent=1, sort_keys=True) + "\n"
    _write(place / f"{name}.json", lambda path: path.write_text(text, encoding="utf-8"))
    return artifact


def find_artifact(name: str, folder: Path) -> Artifact | None:
    """Return the artifact that is kept under a name, None if there is none; nothing is unpickled.

    :param folder: that of the notebook.
    """
    place = folder / FOLDER
    try:
        record = json.loads((place / f"{name}.json").read_text(encoding="utf-8"))
        artifact = Artifact(**{**record, "modules": tuple(record.get("modules", ()))})
    except (OSError, ValueError, TypeError):
        return None
    is_known = artifact.name == name and artifact.file == name + _SUFFIXES.get(artifact.format, "\0")
    return artifact if is_known and (place / artifact.file).is_file() else None


def read_artifact(artifact: Artifact, folder: Path) -> bytes:
    """Return what the file of an artifact holds, when it is what was written.

    :raises ArtifactError: it is not.
    """
    content = (folder / FOLDER / artifact.file).read_bytes()
    if hashlib.sha256(content).hexdigest() != artifact.sha256:
        raise ArtifactError(
            f"{artifact.path} is not the file that %artifact {artifact.name} wrote: its SHA-256 is another. "
            f"Run the cell of %artifact {artifact.name} again"
        )
    return content


def load_artifact(artifact: Artifact, folder: Path) -> Any:
    """Return the value of an artifact.

    :raises ArtifactError: the file is not what was written, or cannot be loaded here.
    """
    content = read_artifact(artifact, folder)
    others = _differences(artifact)
    if older := [one for one in others if _major(one[1]) != _major(one[2])]:
        raise ArtifactError(
            f"{artifact.path} was written with {_in_words(older)}. "
            f"Install those versions, or run the cell of %artifact {artifact.name} again"
        )
    try:
        return _load(artifact, content)
    except Exception as exc:
        written = f"; it was written with {_in_words(others)}" if others else ""
        raise ArtifactError(
            f"{artifact.path} cannot be loaded: {type(exc).__name__}: {exc}{written}. "
            f"Install those versions, or run the cell of %artifact {artifact.name} again"
        ) from exc


def _dump(name: str, value: Any, format: str, path: Path) -> None:
    try:
        if format == "joblib":
            import joblib

            joblib.dump(value, path)
        else:
            path.write_bytes(pickle.dumps(value, protocol=5))
    except OSError:
        raise
    except Exception as exc:  # whatever the value's own code raises
        raise ArtifactError(f"{name} cannot be pickled: {type(exc).__name__}: {exc}") from None


def _modules_of(name: str, value: Any) -> tuple[str, ...]:
    """Return the modules that a pickle of the value names; protocol 2 names each in one word."""
    try:
        written = pickle.dumps(value, protocol=2, fix_imports=False)
    except Exception as exc:  # whatever the value's own code raises
        raise ArtifactError(f"{name} cannot be pickled: {type(exc).__name__}: {exc}") from None
    named = {argument for code, argument, _ in pickletools.genops(written) if code.name == "GLOBAL"}
    modules = {str(argument).partition(" ")[0].partition(".")[0] for argument in named}
    if "__main__" in modules:
        raise ArtifactError(
            f"{name} is made of a class or a function of this notebook, which no other program has. "
            f"Put it into a module beside the notebook, and import it from there"
        )
    return tuple(sorted(modules))


def _load(artifact: Artifact, content: bytes) -> Any:
    """Return a value of the very bytes that were checked: the file may be another by now."""
    if artifact.format == "joblib":
        import joblib

        return joblib.load(io.BytesIO(content))
    return pickle.loads(content)


def _write(path: Path, write: Callable[[Path], object]) -> str:
    """Write a file that then takes the place of the old one, and return its SHA-256."""
    descriptor, fresh = tempfile.mkstemp(prefix=f".{path.name}-", dir=path.parent)
    os.close(descriptor)
    try:
        write(Path(fresh))
        os.chmod(fresh, 0o644)  # a server may run as another user than the notebook
        digest = hashlib.sha256(Path(fresh).read_bytes()).hexdigest()
        os.replace(fresh, path)
    except BaseException:
        os.unlink(fresh)
        raise
    return digest


def _versions(modules: Iterable[str], format: str) -> dict[str, str]:
    """Return the versions of Python, of what writes and of what the value is made of."""
    tops = {*modules, *({"joblib"} if format == "joblib" else ())}
    known = packages_distributions() if tops else {}  # which reads of all that is installed
    names = sorted({name for top in tops for name in known.get(top, [])})
    return {"python": platform.python_version(), **{name: version(name) for name in names}}


def _differences(artifact: Artifact) -> list[tuple[str, str, str]]:
    now = {name: _version_of(name) for name in artifact.versions}
    return [(name, old, now[name]) for name, old in artifact.versions.items() if now[name] != old]


def _in_words(differences: list[tuple[str, str, str]]) -> str:
    return ", ".join(f"{name} {old}, here {new}" for name, old, new in differences)


def _major(version: str) -> str:
    return version.partition(".")[0]


def _version_of(name: str) -> str:
    try:
        return platform.python_version() if name == "python" else version(name)
    except PackageNotFoundError:
        return "none"
