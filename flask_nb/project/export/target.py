"""The folder that an export is written to: compared, written wholly or not at all, and nothing beside it.

A new tree is built in a temporary folder beside the target and takes its place by one rename; an earlier
export is exchanged for it in one step. What a person has put beside the exported files is carried over as
hard links: the record of an export (:data:`RECORD`) tells which files were its own.
"""

from __future__ import annotations

import ctypes
import errno
import hashlib
import json
import os
import re
import secrets
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path, PurePosixPath
from typing import Any, NoReturn

from flask_nb.errors import ExportError
from flask_nb.exchange.masks import mask_secrets

RECORD = ".flask-nb-export.json"
"""The file of digests by which an earlier export's own files are known."""

_LONGEST_DIFF = 40
_AT_FDCWD, _EXCHANGE = -100, 2
_ENDING = (signal.SIGINT, signal.SIGTERM)
_RESERVED = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|(?:com|lpt)[0-9¹²³])\s*(?:\..*)?", re.IGNORECASE)


@dataclass(frozen=True)
class FileChange:
    """What an export does to one file of its target.

    :param path: below the target, with slashes.
    :param kind: ``new``, ``changed`` or ``deleted``.
    :param is_edited: a person has changed the file since the last export.
    :param lines: a unified diff without its heading, at most 40 lines, in which secrets are not shown; none
        of a file that is not text, or that holds values of the environment.
    """

    path: str
    kind: str
    is_edited: bool = False
    lines: tuple[str, ...] = ()

    def __str__(self) -> str:
        edited = ", which you have edited" if self.is_edited else ""
        return "\n".join([f"{self.kind:<8} {self.path}{edited}", *(f"    {line}" for line in self.lines)])


class Target:
    """The folder that an export goes to.

    :param folder: as it was typed.
    :param notebook: what is exported.
    :raises ExportError: nothing can be exported to this folder, or it cannot be read.
    """

    def __init__(self, folder: Path, notebook: Path) -> None:
        self.shown = folder
        self.folder = Path(os.path.realpath(folder))
        self._check(Path(os.path.realpath(notebook)))
        with self._explaining("read"):
            self._record = self._read_record()

    @property
    def exists(self) -> bool:
        """Whether there is anything in the folder."""
        with self._explaining("read"):
            return self.folder.is_dir() and any(self.folder.iterdir())

    def changes(self, files: Mapping[str, bytes]) -> list[FileChange]:
        """Return what writing *files* would change, in the order of their paths.

        :raises ExportError: the folder cannot be read, or what a person has put there is in the way.
        """
        with self._explaining("read"):
            self._check_ways(files)
            found = [self._compare(path, files.get(path)) for path in sorted({*files, *self._record})]
        return [change for change in found if change is not None]

    def write(self, files: Mapping[str, bytes]) -> None:
        """Write all files, in place of an earlier export's; what fails leaves the folder as it was.

        :param files: path below the folder, with slashes → content.
        :raises ExportError: a path is not below the folder, what a person has put there is in the way, or the
            folder cannot be written.
        """
        for path in files:
            check_path(path)
        with self._explaining("read"):
            self._check_ways(files)
        with self._explaining("written"), self._parents():
            self._write(files)

    # --- what may be a target ---

    def _check(self, notebook: Path) -> None:
        if self.folder == notebook.parent or self.folder in notebook.parents:
            raise ExportError(
                f"{self.shown} is the folder of the notebook, or above it. "
                f"Name a folder of its own, such as {notebook.stem}-project"
            )
        home = Path(os.path.realpath(os.path.expanduser("~")))
        if self.folder in (home, *home.parents, Path(self.folder.anchor), Path.cwd()):
            raise ExportError(
                f"{self.shown} is not a folder for one project. Name one that need not exist yet, "
                f"such as {notebook.stem}-project"
            )
        if self.folder.exists() and not self.folder.is_dir():
            raise ExportError(f"{self.shown} is a file. Name a folder, which need not exist yet")

    def _check_ways(self, files: Mapping[str, bytes]) -> None:
        """Refuse to put a file where a person has a folder or a link, or a folder where they have a file."""
        others = set(self._others(files))
        above = {folder: path for path in files for folder in _folders_of(path)}
        for other in sorted(others):
            way = above.get(other) or next((each for each in _folders_of(other) if each in files), None)
            if way is not None:
                raise self._in_the_way(other, way)
        for path in files:
            if (self.folder / path).is_symlink():
                raise self._in_the_way(path, path)

    def _in_the_way(self, other: str, path: str) -> ExportError:
        kind = "the link " if (self.folder / other).is_symlink() else ""
        return ExportError(
            f"{kind}{other} in {self.shown} is in the way of the project's {path}. Move it away, or name "
            "another folder. Nothing was changed there"
        )

    @contextmanager
    def _explaining(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as exc:
            reason = exc.strerror or str(exc)
            named = f" ({os.path.basename(exc.filename)})" if isinstance(exc.filename, str) else ""
            raise ExportError(
                f"{self.shown} cannot be {what}: {reason}{named}. Nothing was changed there"
            ) from None

    # --- what is there ---

    def _read_record(self) -> dict[str, str]:
        """Return the digests of what the last export wrote here; of none, nothing."""
        try:
            found = json.loads((self.folder / RECORD).read_bytes())
            return {str(path): str(digest) for path, digest in found["files"].items() if _is_safe(str(path))}
        except (FileNotFoundError, NotADirectoryError, ValueError, KeyError, TypeError, AttributeError):
            return {}

    def _read(self, path: str) -> bytes | None:
        place = self.folder / path
        return place.read_bytes() if place.is_file() and not place.is_symlink() else None

    def _compare(self, path: str, content: bytes | None) -> FileChange | None:
        before = self._read(path)
        is_edited = before is not None and _digest(before) != self._record.get(path)
        if before is None:
            return None if content is None else FileChange(path, "new")
        if content is None:
            # A file of the last export that this one lacks; one that a person has changed stays.
            return None if is_edited else FileChange(path, "deleted")
        if before == content:
            return None
        shown = () if _holds_environment(path) else tuple(_diff(before, content))
        return FileChange(path, "changed", is_edited, shown)

    # --- writing ---

    @contextmanager
    def _parents(self) -> Iterator[None]:
        """Make the folders above; what fails takes them away again."""
        missing = [above for above in self.folder.parents if not above.exists()]
        try:
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            yield
        except BaseException:
            with interrupts_held(), suppress(OSError):  # somebody else may use one of them by now
                for above in missing:
                    above.rmdir()
            raise

    def _write(self, files: Mapping[str, bytes]) -> None:
        fresh = self.folder.with_name(f".{self.folder.name}-{secrets.token_hex(8)}")
        try:
            fresh.mkdir()
            self._carry_over(fresh, files)
            for path, content in files.items():
                _put(fresh / path, content)
            digests = {path: _digest(content) for path, content in sorted(files.items())}
            _put(fresh / RECORD, f"{json.dumps({'files': digests}, indent=1)}\n".encode())
            with interrupts_held():
                _exchange(fresh, self.folder)
        finally:
            with interrupts_held():
                shutil.rmtree(fresh, ignore_errors=True)  # after the exchange this is what was there before

    def _carry_over(self, fresh: Path, files: Mapping[str, bytes]) -> None:
        """Link what is not the last export's own, unless a new file takes its place."""
        for path in self._others(files):
            old, place = self.folder / path, fresh / path
            place.parent.mkdir(parents=True, exist_ok=True)
            if old.is_dir() and not old.is_symlink():
                place.mkdir(exist_ok=True)
            else:
                _link(old, place)
        for folder in (
            fresh,
            *(place for place in fresh.rglob("*") if place.is_dir() and not place.is_symlink()),
        ):
            old = self.folder / folder.relative_to(fresh)
            if old.is_dir():
                folder.chmod(old.stat().st_mode & 0o7777 | 0o700)  # what follows is written into it

    def _others(self, files: Mapping[str, bytes]) -> Iterator[str]:
        """Yield the paths of a person's own files, links and empty folders, which Git has and needs."""
        if not self.folder.exists():
            return
        for folder, folders, names in os.walk(self.folder, onerror=_raise):
            below = Path(folder).relative_to(self.folder)
            links = [name for name in folders if (Path(folder) / name).is_symlink()]
            for name in (*names, *links):
                path = (below / name).as_posix()
                if path not in files and path != RECORD and not self._is_own(path):
                    yield path
            if not folders and not names and below.parts:
                yield below.as_posix()

    def _is_own(self, path: str) -> bool:
        """Whether the last export wrote the file and nobody has changed it."""
        content = self._read(path) if path in self._record else None
        return content is not None and _digest(content) == self._record[path]


@contextmanager
def ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end the program as an exception does, so that nothing is left half-done."""

    def end(number: int, frame: Any) -> None:
        sys.exit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextmanager
def interrupts_held() -> Iterator[None]:
    """Let an interrupt or SIGTERM wait until a step that must not be left half-done is over."""
    if threading.current_thread() is not threading.main_thread():
        yield  # neither comes to another thread
        return
    held: list[int] = []
    before = {number: signal.getsignal(number) for number in _ENDING}
    for number, handler in before.items():
        if handler not in (signal.SIG_IGN, None):
            signal.signal(number, lambda signum, _: held.append(signum))
    try:
        yield
    finally:
        for number, handler in before.items():
            if handler not in (signal.SIG_IGN, None):
                signal.signal(number, handler)
        for signum in held[:1]:
            signal.raise_signal(signum)


def check_path(path: str) -> None:
    """Refuse a path that leads out of a folder, or that not every system can have.

    :raises ExportError: names the path.
    """
    if not _is_safe(path):
        raise ExportError(
            f"{path!r} is no path below the project's folder, or none that every system can have. "
            "Give the file another name"
        )


def _is_safe(path: str) -> bool:
    return "\\" not in path and all(map(_is_file_name, path.split("/")))


def _is_file_name(name: str) -> bool:
    """Whether every system can have a file of the name in a folder; by itself, as pathlib's own is to go."""
    return (
        name.isprintable()  # what UTF-8 cannot say is not
        and not name.endswith((" ", "."))
        and not set(name) & set('<>:"|?*')
        and bool(name)
        and not _RESERVED.fullmatch(name)
    )


def _folders_of(path: str) -> list[str]:
    """Return the folders above a path, below the target."""
    return [str(above) for above in PurePosixPath(path).parents][:-1]


def _holds_environment(path: str) -> bool:
    return PurePosixPath(path).name.startswith(".env")


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _diff(before: bytes, after: bytes) -> Iterator[str]:
    try:
        old, new = before.decode().splitlines(), after.decode().splitlines()
    except UnicodeDecodeError:
        return
    lines = list(unified_diff(old, new, lineterm="", n=1))[2:]
    # The sign before a line is no part of a name in it.
    yield from (line[:1] + mask_secrets(line[1:]) for line in lines[:_LONGEST_DIFF])
    if len(lines) > _LONGEST_DIFF:
        yield f"… {len(lines) - _LONGEST_DIFF} more lines"


def _raise(exc: OSError) -> NoReturn:
    raise exc


def _put(place: Path, content: bytes) -> None:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)


def _link(old: Path, place: Path) -> None:
    try:
        os.link(old, place, follow_symlinks=False)
    except (OSError, NotImplementedError):  # not all systems and file systems have hard links
        shutil.copy2(old, place, follow_symlinks=False)


def _exchange(fresh: Path, folder: Path) -> None:
    """Let *fresh* stand where *folder* stands, in one step; then *fresh* is what stood there."""
    if not folder.exists():
        fresh.rename(folder)
    elif not _rename_exchange(fresh, folder):
        aside = Path(f"{fresh}-before")
        folder.rename(aside)
        try:
            fresh.rename(folder)
        except BaseException:
            aside.rename(folder)
            raise
        aside.rename(fresh)


def _rename_exchange(one: Path, other: Path) -> bool:
    """Exchange two folders as Linux can; False where the system cannot."""
    try:
        renameat2 = ctypes.CDLL(None, use_errno=True).renameat2
    except (OSError, AttributeError, TypeError):
        return False
    if renameat2(_AT_FDCWD, os.fsencode(one), _AT_FDCWD, os.fsencode(other), _EXCHANGE) == 0:
        return True
    number = ctypes.get_errno()
    if number in (errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM):
        return False
    raise OSError(number, os.strerror(number), str(other))
