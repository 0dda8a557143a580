"""Commands that cells give an app of either kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .conftest import Kernel


def test_an_app_that_is_made_again_has_the_commands_of_other_cells(kernel: Kernel) -> None:
    make = "from flask_nb import Flask\napp = Flask('shop')"
    kernel.run(make, "made again")
    kernel.run("@app.cli.command('greet')\ndef greet(): pass", "greets")
    kernel.run(make, "made again")
    assert kernel.value("list(app.cli.commands)") == "['greet']"
