"""The folder that an export is written to."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_nb.errors import ExportError
from flask_nb.project.export import target as target_module
from flask_nb.project.export.target import RECORD, Target, check_path

FILES = {"shop/__init__.py": b"one\n", "shop/templates/a.html": b"<p>\n", "README.md": b"# shop\n"}


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    (tmp_path / "shop.ipynb").write_text("{}")
    return tmp_path / "shop.ipynb"


def tree(folder: Path) -> dict[str, bytes]:
    """All files below a folder but the record."""
    found = (path for path in folder.rglob("*") if path.is_file() and path.name != RECORD)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in found}


def litter(notebook: Path) -> set[str]:
    return {path.name for path in notebook.parent.iterdir()} - {"shop.ipynb", "out"}


def exported(notebook: Path, files: dict[str, bytes] = FILES) -> Path:
    Target(notebook.parent / "out", notebook).write(files)
    return notebook.parent / "out"


def test_all_files_are_written(notebook: Path) -> None:
    out = exported(notebook)
    assert tree(out) == FILES
    assert litter(notebook) == set()


def test_folders_above_are_made(notebook: Path) -> None:
    Target(notebook.parent / "a" / "b" / "out", notebook).write(FILES)
    assert tree(notebook.parent / "a" / "b" / "out") == FILES


def test_it_can_be_listed_as_other_folders_can(notebook: Path) -> None:
    (notebook.parent / "out-of-mkdir").mkdir()
    usual = (notebook.parent / "out-of-mkdir").stat().st_mode
    out = exported(notebook)
    assert (out.stat().st_mode, (out / "shop").stat().st_mode) == (usual, usual)


def test_the_permissions_of_folders_stay(notebook: Path) -> None:
    out = exported(notebook)
    (out / "instance").mkdir()
    (out / "instance" / "shop.sqlite").write_bytes(b"mine")
    for folder in (out, out / "instance"):
        folder.chmod(0o700)
    Target(out, notebook).write(FILES)
    assert [folder.stat().st_mode & 0o777 for folder in (out, out / "instance")] == [0o700, 0o700]


def test_a_repository_stays_one(notebook: Path) -> None:
    out = exported(notebook)
    (out / ".git" / "refs" / "tags").mkdir(parents=True)
    (out / ".git" / "HEAD").write_text("ref: refs/heads/main")
    Target(out, notebook).write(FILES)
    assert (out / ".git" / "refs" / "tags").is_dir()


def test_a_folder_of_the_last_export_that_is_empty_now_goes(notebook: Path) -> None:
    out = exported(notebook)
    Target(out, notebook).write({"README.md": b"# shop\n"})
    assert not (out / "shop").exists()


def test_what_would_change_is_told_by_file_and_line(notebook: Path) -> None:
    out = exported(notebook)
    (out / "README.md").write_text("# my shop\n")
    files = {"shop/__init__.py": b"two\n", "README.md": b"# the shop\n", "new.py": b""}
    changes = [str(change) for change in Target(out, notebook).changes(files)]
    assert changes == [
        "changed  README.md, which you have edited\n    @@ -1 +1 @@\n    -# my shop\n    +# the shop",
        "new      new.py",
        "changed  shop/__init__.py\n    @@ -1 +1 @@\n    -one\n    +two",
        "deleted  shop/templates/a.html",
    ]


def test_a_second_export_changes_what_was_told(notebook: Path) -> None:
    out = exported(notebook)
    Target(out, notebook).write({"shop/__init__.py": b"two\n"})
    assert tree(out) == {"shop/__init__.py": b"two\n"}
    assert Target(out, notebook).changes({"shop/__init__.py": b"two\n"}) == []
    assert litter(notebook) == set()


def test_what_a_person_has_put_there_stays(notebook: Path) -> None:
    out = exported(notebook)
    (out / "notes.txt").write_text("mine")
    (out / "shop" / "extra.py").write_text("mine")
    (out / "shop" / "templates" / "a.html").write_text("edited")
    (out / "link").symlink_to("notes.txt")
    Target(out, notebook).write({"shop/__init__.py": b"two\n"})
    assert tree(out) == {
        "notes.txt": b"mine",
        "link": b"mine",
        "shop/extra.py": b"mine",
        "shop/templates/a.html": b"edited",
        "shop/__init__.py": b"two\n",
    }
    assert (out / "link").is_symlink()


@pytest.mark.parametrize("at", ["shop", "README.md", "shop/templates"])
def test_a_link_in_the_way_is_named_and_not_followed(
    notebook: Path, tmp_path_factory: pytest.TempPathFactory, at: str
) -> None:
    outside = tmp_path_factory.mktemp("outside")
    link = notebook.parent / "out" / at
    link.parent.mkdir(parents=True)
    link.symlink_to(outside)
    for use in (Target.changes, Target.write):
        with pytest.raises(ExportError, match=f"the link {at} in .* is in the way of .* Move it away"):
            use(Target(notebook.parent / "out", notebook), FILES)
    assert list(outside.iterdir()) == []
    assert link.is_symlink()


@pytest.mark.parametrize("at", ["shop", "README.md/mine.txt"])
def test_what_a_person_has_put_in_the_way_is_named_and_stays(notebook: Path, at: str) -> None:
    mine = notebook.parent / "out" / at
    mine.parent.mkdir(parents=True)
    mine.write_text("mine")
    with pytest.raises(ExportError, match=f"{at} in .* is in the way of"):
        Target(notebook.parent / "out", notebook).write(FILES)
    assert tree(notebook.parent / "out") == {at: b"mine"}


def test_what_is_compared_shows_no_secret(notebook: Path) -> None:
    out = exported(notebook, {"shop.py": b"", ".env.example": b"SECRET_KEY=\n"})
    (out / "shop.py").write_text("SECRET_KEY = 'tell nobody'\nurl = 'postgresql://ann:tell-nobody@db/x'\n")
    (out / ".env.example").write_text("SHOP=tell nobody\n")
    files = {"shop.py": b"1\n", ".env.example": b"SECRET_KEY=\nSHOP=\n"}
    changes = Target(out, notebook).changes(files)
    assert [change.path for change in changes] == [".env.example", "shop.py"]
    assert "tell" not in "".join(map(str, changes))


@pytest.mark.parametrize("fails", ["rename", "put", "link"])
@pytest.mark.parametrize("error", [OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), KeyboardInterrupt()])
def test_what_fails_leaves_the_old_folder_whole(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, fails: str, error: BaseException
) -> None:
    out = exported(notebook)

    def fail(*args: object, **kwargs: object) -> None:
        raise error

    (out / "notes.txt").write_text("mine")
    at = {"rename": "_rename_exchange", "put": "_put", "link": "_link"}[fails]
    monkeypatch.setattr(target_module, at, fail)
    with pytest.raises(ExportError if isinstance(error, OSError) else KeyboardInterrupt) as caught:
        Target(out, notebook).write({"shop/__init__.py": b"two\n"})
    assert tree(out) == {**FILES, "notes.txt": b"mine"}
    assert litter(notebook) == set()
    if isinstance(error, OSError):
        assert "cannot be written: No space left on device" in str(caught.value)


def test_without_an_exchange_of_the_system_two_renames_do(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = exported(notebook)
    monkeypatch.setattr(target_module, "_rename_exchange", lambda one, other: False)
    Target(out, notebook).write({"shop/__init__.py": b"two\n"})
    assert tree(out) == {"shop/__init__.py": b"two\n"}
    assert litter(notebook) == set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("is_exchange", [True, False])
def test_an_interrupt_between_two_renames_waits_for_the_second(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, number: signal.Signals, is_exchange: bool
) -> None:
    out = exported(notebook)
    rename = target_module._rename_exchange if is_exchange else lambda one, other: False

    def interrupted(one: Path, other: Path) -> bool:
        signal.raise_signal(number)
        return rename(one, other)

    monkeypatch.setattr(target_module, "_rename_exchange", interrupted)
    with pytest.raises((KeyboardInterrupt, SystemExit)), target_module.ended_by_sigterm():
        Target(out, notebook).write({"shop/__init__.py": b"two\n"})
    assert tree(out) == {"shop/__init__.py": b"two\n"}
    assert litter(notebook) == set()


def test_folders_that_were_made_for_nothing_are_taken_away(
    notebook: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(target_module, "_put", lambda place, content: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        Target(notebook.parent / "a" / "out", notebook).write(FILES)
    assert litter(notebook) == set()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_nobody_may_write_is_named(notebook: Path) -> None:
    notebook.parent.chmod(0o500)
    with pytest.raises(ExportError, match="cannot be written: Permission denied"):
        exported(notebook)


@pytest.mark.parametrize("where", [".", "..", "shop.ipynb"])
def test_a_folder_that_is_no_target_is_refused(notebook: Path, where: str) -> None:
    with pytest.raises(ExportError, match=r"[Nn]ame a folder"):
        Target(notebook.parent / where, notebook)


@pytest.mark.parametrize(
    "path",
    [
        "../x",
        "/x",
        "a/../../x",
        "",
        "a//b",
        "C:/x",
        "C:x",
        "\\x",
        "a\\..\\x",
        "a/nul",
        "a/Nul.txt",
        "x:y",
        "a.",
        "a\n",
        "\ud800",
        ".",
    ],
)
def test_a_path_that_leads_out_is_refused(notebook: Path, path: str) -> None:
    with pytest.raises(ExportError, match="is no path below"):
        Target(notebook.parent / "out", notebook).write({path: b""})
    assert not (notebook.parent / "out").exists()


@given(
    st.lists(st.sampled_from(["a", "..", ".", "", "\\", "C:", "x.py", "~", " "]), min_size=1).map("/".join)
)
def test_a_path_that_is_let_through_stays_below(path: str) -> None:
    try:
        check_path(path)
    except ExportError:
        return
    assert os.path.normpath(os.path.join("/target", path)).startswith("/target/")


def test_a_record_cannot_name_what_is_outside(notebook: Path) -> None:
    out = exported(notebook)
    (out / RECORD).write_text('{"files": {"../shop.ipynb": "0"}}')
    assert [change.path for change in Target(out, notebook).changes({})] == []


def test_ended_by_sigterm_it_leaves_nothing(notebook: Path) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\nfrom flask_nb.project.export import target\n"
        "def put(place, content):\n    print('writing', flush=True)\n    time.sleep(60)\n"
        "target._put = put\n"
        "with target.ended_by_sigterm():\n"
        "    target.Target(Path('out'), Path('shop.ipynb')).write({'a': b''})"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=notebook.parent
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 128 + signal.SIGTERM
    assert litter(notebook) == set()
