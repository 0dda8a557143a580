"""Settings from the configuration, the environment and ``%config``."""

from __future__ import annotations

import pytest
from IPython.core.interactiveshell import InteractiveShell
from traitlets import TraitError
from traitlets.config import Config

from flask_nb.errors import FlaskNbError
from flask_nb.notebook.settings import FlaskNB


def test_the_environment_gives_first_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_NB_PORT", "8123")
    monkeypatch.setenv("FLASK_NB_TIMEOUT", "2.5")
    monkeypatch.setenv("FLASK_NB_IN_PROCESS", "true")
    monkeypatch.setenv("FLASK_NB_TRUSTED_HOSTS", "app.example, .test.example")
    settings = FlaskNB()
    assert (settings.port, settings.timeout, settings.in_process) == (8123, 2.5, True)
    assert settings.trusted_hosts == ["app.example", ".test.example"]


def test_the_configuration_wins_over_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FLASK_NB_PORT", "8123")
    assert FlaskNB(config=Config(FlaskNB=Config(port=8124))).port == 8124


@pytest.mark.parametrize("value", ["many", "70000"])
def test_a_wrong_value_names_its_variable(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("FLASK_NB_PORT", value)
    with pytest.raises(FlaskNbError, match=f"FLASK_NB_PORT is '{value}'"):
        FlaskNB()


def test_a_wrong_value_of_the_configuration_is_one_error_that_says_what_to_type(
    shell: InteractiveShell,
) -> None:
    shell.config.FlaskNB.port = 99999
    with pytest.raises(FlaskNbError, match=r"wrong: .* 99999 .*del get_ipython\(\)\.config\.FlaskNB"):
        shell.extension_manager.load_extension("flask_nb")
    del shell.config.FlaskNB
    shell.extension_manager.load_extension("flask_nb")
    shell.extension_manager.unload_extension("flask_nb")


def test_a_mask_that_is_no_path_is_refused_when_it_is_set() -> None:
    settings = FlaskNB()
    with pytest.raises(TraitError, match="the mask 'id' is not a JSON path"):
        settings.mask = ["$..id", "id"]
    assert settings.mask == []


def test_a_setting_can_be_changed_in_the_notebook(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    # In short sleeps, so that the view is gone when its request is given up.
    loaded.run_cell("%%route /hang\nimport time\nwhile True:\n    time.sleep(0.01)").raise_error()
    loaded.run_cell("%config FlaskNB.timeout = 0.1").raise_error()
    result = loaded.run_cell("%get /hang")
    assert "did not answer within 0.1 s" in str(result.error_in_exec)


def test_in_process_can_be_the_rule(loaded: InteractiveShell) -> None:
    loaded.run_cell("%config FlaskNB.in_process = True").raise_error()
    loaded.run_cell("%%route /\nimport threading\nthreading.current_thread().name").raise_error()
    loaded.run_cell("r = %get /").raise_error()
    assert loaded.user_ns["r"].text == "MainThread"
    assert "not serving" in loaded.run_cell("%serve status").result.text


def test_trusted_hosts_may_ask(loaded: InteractiveShell) -> None:
    loaded.run_cell("%%route /\n'home'").raise_error()
    loaded.run_cell("%serve;").raise_error()
    ask = (
        "from urllib.request import urlopen, Request\nfrom urllib.error import HTTPError\n"
        "url = get_ipython().run_line_magic('serve', 'status').link\n"
        "try:\n    status = urlopen(Request(url, headers={'Host': 'app.example'})).status\n"
        "except HTTPError as exc:\n    status = exc.code\n    exc.close()\n"
    )
    loaded.run_cell(ask).raise_error()
    assert loaded.user_ns["status"] == 400
    loaded.run_cell("%config FlaskNB.trusted_hosts = ['app.example']").raise_error()
    loaded.run_cell(ask).raise_error()
    assert loaded.user_ns["status"] == 200
