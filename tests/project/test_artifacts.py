"""Values that ``%artifact`` keeps: loaded by programs, computed where there is no file."""

from __future__ import annotations

import importlib
import json
import pickle
import sys
import threading
from pathlib import Path

import pytest
from spare import SPARE

from flask_nb.errors import ArtifactError, ProgramError
from flask_nb.project import load
from flask_nb.project.artifacts import find_artifact, load_artifact, save_artifact
from flask_nb.project.export.sources import write_package
from flask_nb.project.planning import plan_notebook

APP = "from flask_nb import Flask\napp = Flask(__name__)"
TRAIN = """from pathlib import Path
data = Path('data.txt').read_text()
model = {'words': len(data.split())}
model['ready'] = True"""
VIEW = "@app.get('/')\ndef index():\n    return model"
KEPT = {"words": 40}


class Unloadable:
    """What leaves a mark when it is unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.fixture
def kept(tmp_path):
    """A model that is kept beside the notebook."""
    return save_artifact("model", KEPT, tmp_path)


def notices(path):
    return "\n".join(plan_notebook(path).notice())


def answer(path):
    return load(path).test_client().get("/").json


def test_a_value_that_is_kept_is_loaded_and_what_makes_it_is_not_run(make_notebook, kept):
    path = make_notebook(APP, TRAIN, "%artifact model", VIEW)
    assert answer(path) == KEPT  # there is no data.txt


def test_the_plan_says_where_a_value_is_loaded_from(make_notebook, kept):
    text = str(plan_notebook(make_notebook(APP, "model = open('data.txt')", "%artifact model", VIEW)))
    assert f"left out  model = open('data.txt'): model is loaded from {kept.path}" in text
    assert f"taken     %artifact model: it loads {kept.path}" in text


def test_a_value_without_a_file_is_computed_and_that_is_said(make_notebook, tmp_path):
    (tmp_path / "data.txt").write_text("green mint")
    path = make_notebook(APP, TRAIN.replace("'data", f"'{tmp_path}/data"), "%artifact model", VIEW)
    assert answer(path) == {"words": 2, "ready": True}
    assert "model is computed at each start, as there is no file of it" in notices(path)
    assert not (tmp_path / "artifacts").exists()


def test_what_makes_several_values_is_left_out_when_the_others_are_not_needed(make_notebook, kept):
    several = "model, score = open('data.txt'), 1"
    assert answer(make_notebook(APP, several, "%artifact model", VIEW)) == KEPT


def test_what_makes_another_value_that_is_needed_is_run(make_notebook, kept):
    view = VIEW.replace("return model", "return {**model, 'score': score}")
    path = make_notebook(APP, "model, score = {}, 1", "%artifact model", view)
    assert answer(path) == {**KEPT, "score": 1}


def test_a_statement_above_the_magic_reads_the_value_that_is_loaded(make_notebook, kept):
    view = VIEW.replace("return model", "return [size, model]")
    path = make_notebook(APP, TRAIN, "size = model['words']", "%artifact model", view)
    assert answer(path) == [40, KEPT]


def test_a_cell_that_is_tagged_is_run_although_its_value_is_kept(make_notebook, tag_cell, kept):
    path = make_notebook(APP, "made = []", "model = made.append(1)", "%artifact model", VIEW)
    tag_cell(path, 2, "flask_nb:keep")
    assert "taken     model = made.append(1)" in str(plan_notebook(path))


def test_neither_the_plan_nor_an_export_unpickles(make_notebook, tmp_path):
    save_artifact("model", Unloadable(), tmp_path)
    plan = plan_notebook(make_notebook(APP, "%artifact model", VIEW))
    str(plan)
    write_package(plan, "flask")
    with pytest.raises(SystemExit):
        load(plan.path)


def test_a_file_that_is_not_what_was_written_is_refused(make_notebook, tmp_path, kept):
    (tmp_path / kept.path).write_bytes(pickle.dumps(Unloadable()))
    path = make_notebook(APP, "%artifact model", VIEW)
    with pytest.raises(ProgramError, match=r"SHA-256 is another\. Run the cell of %artifact model again"):
        load(path)
    with pytest.raises(ArtifactError, match="SHA-256 is another"):
        write_package(plan_notebook(path), "flask")


def test_a_file_of_another_major_version_is_refused(tmp_path, kept):
    place = tmp_path / "artifacts/model.json"
    record = json.loads(place.read_text())
    place.write_text(json.dumps({**record, "versions": {**record["versions"], "click": "3.1"}}))
    found = find_artifact("model", tmp_path)
    assert found is not None
    with pytest.raises(ArtifactError, match=r"was written with click 3\.1, here \d+.*Install those versions"):
        load_artifact(found, tmp_path)


def test_what_cannot_be_unpickled_is_told_with_what_to_type(tmp_path, monkeypatch):
    (tmp_path / "shapes_of_test.py").write_text("class Model: pass")
    monkeypatch.syspath_prepend(str(tmp_path))
    kept = save_artifact("model", importlib.import_module("shapes_of_test").Model(), tmp_path)
    monkeypatch.delitem(sys.modules, "shapes_of_test")
    (tmp_path / "shapes_of_test.py").unlink()
    importlib.invalidate_caches()
    with pytest.raises(ArtifactError, match=r"ModuleNotFoundError.*run the cell of %artifact model again"):
        load_artifact(kept, tmp_path)


@pytest.mark.parametrize("value", [lambda: 1, threading.Lock()])
def test_a_value_that_cannot_be_pickled_leaves_the_old_file(tmp_path, kept, value):
    with pytest.raises(ArtifactError, match="model cannot be pickled"):
        save_artifact("model", value, tmp_path)
    assert load_artifact(kept, tmp_path) == KEPT
    assert sorted(path.name for path in (tmp_path / "artifacts").iterdir()) == sorted(
        [kept.file, "model.json"]
    )


@pytest.mark.parametrize("record", ["", "[]", "{}", '{"name": "model", "file": "../../x"}'])
def test_a_record_that_is_not_ours_is_no_artifact(tmp_path, kept, record):
    (tmp_path / "artifacts/model.json").write_text(record)
    assert find_artifact("model", tmp_path) is None


def test_a_record_names_no_file_elsewhere(tmp_path, kept):
    place = tmp_path / "artifacts/model.json"
    place.write_text(json.dumps({**json.loads(place.read_text()), "file": "../data.txt"}))
    (tmp_path / "data.txt").write_text("")
    assert find_artifact("model", tmp_path) is None


class TestLongCells:
    def make(self, make_notebook, seconds: float, *more: str) -> Path:
        path = make_notebook(APP, "model = dict(words=1)", *more, VIEW)
        notebook = json.loads(path.read_text())
        begin, end = "2026-01-01T10:00:00.0+00:00", f"2026-01-01T10:00:0{seconds}+00:00"
        timing = {"iopub.execute_input": begin, "shell.execute_reply": end}
        notebook["cells"][1]["metadata"]["execution"] = timing
        path.write_text(json.dumps(notebook))
        return path

    def test_a_cell_that_took_long_is_told(self, make_notebook):
        said = "the cell 'model = dict(words=1)' took 3 s when it last ran, and runs at each start"
        assert said in notices(self.make(make_notebook, 3.2))

    def test_a_cell_that_took_no_longer_is_not(self, make_notebook):
        assert "took" not in notices(self.make(make_notebook, 1.9))

    def test_a_cell_whose_value_is_loaded_is_not(self, make_notebook, kept):
        assert "took" not in notices(self.make(make_notebook, 3.2, "%artifact model"))


class TestExport:
    @pytest.fixture(params=["flask", "flask_nb"])
    def package(self, request, make_notebook, kept):
        return write_package(plan_notebook(make_notebook(APP, TRAIN, "%artifact model", VIEW)), request.param)

    @pytest.fixture
    def module(self, package, tmp_path, monkeypatch):
        for name, data in package.files.items():
            (tmp_path / "out" / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "out" / name).write_bytes(data)
        monkeypatch.syspath_prepend(str(tmp_path / "out"))
        try:
            yield importlib.import_module("made")
        finally:
            for name in [name for name in sys.modules if name.partition(".")[0] == "made"]:
                del sys.modules[name]

    def test_the_package_loads_the_value(self, module, package):
        assert module.create_app().test_client().get("/").json == KEPT
        assert "data.txt" not in package.files["made/__init__.py"].decode()

    def test_the_package_refuses_a_file_that_was_not_exported(self, package, tmp_path, kept, request):
        package.files[f"made/artifact_files/{kept.file}"] = pickle.dumps(Unloadable())
        with pytest.raises(RuntimeError, match="is not the file that was exported"):
            request.getfixturevalue("module").create_app()


def test_a_class_of_a_module_beside_the_notebook_goes_with_the_package(make_notebook, tmp_path, monkeypatch):
    (tmp_path / "models.py").write_text("class Model:\n    def answer(self):\n        return 'of models'\n")
    path = make_notebook(
        APP,
        "from models import Model\nmodel = Model()",
        "%artifact model",
        "@app.get('/')\ndef index():\n    return model.answer()",
    )
    monkeypatch.syspath_prepend(tmp_path)
    save_artifact("model", importlib.import_module("models").Model(), tmp_path)
    monkeypatch.delitem(sys.modules, "models")
    assert load(path).test_client().get("/").text == "of models"
    package = write_package(plan_notebook(path), "flask")
    assert f"{package.import_name}/models.py" in package.files
    for name, content in package.files.items():
        place = tmp_path / "out" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content)
    code = f"from {package.import_name} import create_app; print(create_app().test_client().get('/').text)"
    ran = SPARE.run(code, cwd=tmp_path / "out")
    assert (ran.stdout, ran.stderr) == ("of models\n", "")


def test_text_that_looks_like_the_notebooks_name_is_no_hindrance(tmp_path):
    assert save_artifact("words", ["__main__"], tmp_path).modules == ()
