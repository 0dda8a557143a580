"""A notebook without a kernel: cells of source that run in one namespace."""

import textwrap
from typing import Any

import pytest

from flask_nb.cells import cell_name
from flask_nb.live.workspace import Workspace


class Notebook:
    """Runs source as cells of one namespace, the way the extension does."""

    def __init__(self):
        self.names: dict[str, Any] = {"__name__": "__main__"}
        self.workspace = Workspace()

    def run(self, key, source, name=None):
        """Run a cell; return the lines that it tells. Without a key it has no cell id."""
        source = textwrap.dedent(source).strip()
        name = name or cell_name(source)
        cell = self.workspace.begin(key or ("name", name), name, is_certain=key is not None)
        succeeded = False
        try:
            exec(compile(source, f"<cell {key}>", "exec"), self.names)
            succeeded = True
        finally:
            self.told = self.workspace.finish(cell, succeeded)
        return self.told

    def get(self, path, method="GET"):
        response = self.names["app"].test_client().open(path, method=method)
        return response.text if response.status_code == 200 else response.status_code

    def rules(self):
        known = self.names["app"].url_map.iter_rules()
        return {(str(rule), rule.endpoint) for rule in known if rule.endpoint != "static"}


@pytest.fixture
def nb():
    """A notebook with an app."""
    notebook = Notebook()
    notebook.run("app", "from flask_nb.web import *\napp = Flask('nb')")
    return notebook
