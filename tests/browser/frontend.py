"""JupyterLab or Notebook 7 in headless Chromium, driven as a person would."""

from __future__ import annotations

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Literal
from urllib.request import ProxyHandler, build_opener

from playwright.sync_api import Browser, Frame, Locator, Page

FrontEnd = Literal["lab", "notebook"]

START_SECONDS = 90
RUN_SECONDS = 120
CALM_LOOKS = 5

_MODULES: dict[FrontEnd, str] = {"lab": "jupyterlab", "notebook": "notebook"}
# A workspace of its own, so that Lab does not open what was open before.
_PATHS: dict[FrontEnd, str] = {"lab": "lab/workspaces/{stem}/tree/{name}", "notebook": "notebooks/{name}"}

# Every cell stands in the page at once, so that one picture shows the notebook.
_SETTINGS = {
    "apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False},
    "notebook-extension/tracker": {"windowingMode": "none", "scrollPastEnd": False},
}

_READY = """() => {
  const panel = window.jupyterapp && window.jupyterapp.shell.currentWidget;
  if (!panel || !panel.content || !panel.content.widgets || !panel.sessionContext) return false;
  const kernel = panel.sessionContext.session && panel.sessionContext.session.kernel;
  return panel.context.isReady && panel.sessionContext.isReady && !!kernel && kernel.status === 'idle';
}"""
_BUSY = """() => {
  const panel = window.jupyterapp.shell.currentWidget;
  const prompts = [...panel.node.querySelectorAll('.jp-CodeCell .jp-InputPrompt')];
  return panel.sessionContext.session.kernel.status !== 'idle'
    || prompts.some(prompt => prompt.textContent.includes('*'));
}"""
_OUTPUTS = """() => window.jupyterapp.shell.currentWidget.content.widgets
  .filter(cell => cell.model.type === 'code').map(cell => cell.model.outputs.toJSON())"""
_HEIGHT = """() => {
  const node = window.jupyterapp.shell.currentWidget.content.node;
  const scrolled = node.querySelector('.jp-WindowedPanel-outer') || node;
  const cells = [...node.querySelectorAll('.jp-Cell')];
  const below = window.innerHeight - scrolled.getBoundingClientRect().bottom;
  return Math.ceil(cells[cells.length - 1].getBoundingClientRect().bottom + scrolled.scrollTop + below) + 60;
}"""


# From the key that runs a cell until the browser has drawn twice after an output has the text, and has loaded
# the frame if it is one that has it.
_TIME_TO_PAINT = """([text, patience]) => new Promise((resolve, reject) => {
  setTimeout(() => reject(new Error(`no output has shown ${text}`)), patience);
  let pressed = null;
  addEventListener('keydown', event => { if (event.key === 'Enter') pressed ??= performance.now(); }, true);
  const painted = () => requestAnimationFrame(() => requestAnimationFrame(
    () => resolve(performance.now() - pressed)));
  const watch = new MutationObserver(() => {
    if (pressed === null) return;
    const outputs = [...document.querySelectorAll('.jp-OutputArea-output')];
    const frames = outputs.flatMap(output => [...output.querySelectorAll('iframe')]);
    const frame = frames.find(frame => frame.srcdoc.includes(text));
    if (!frame && !outputs.some(output => output.textContent.includes(text))) return;
    watch.disconnect();
    if (frame) frame.addEventListener('load', painted);
    else painted();
  });
  watch.observe(document.body, {childList: true, subtree: true, attributes: true, characterData: true});
})"""
_SET_SOURCE = """source =>
  window.jupyterapp.shell.currentWidget.content.activeCell.model.sharedModel.setSource(source)"""


def chromium() -> str:
    """Return the system's Chromium."""
    found = (shutil.which(name) for name in ("chromium", "chromium-browser", "google-chrome"))
    return next(filter(None, found), "chromium")


class Server:
    """A Jupyter server of this interpreter on loopback, with settings and trust of its own."""

    def __init__(self, front_end: FrontEnd, home: Path) -> None:
        self.front_end = front_end
        self.root = home / "root"
        self.root.mkdir()
        self.log = home / "server.log"
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        _write_settings(home / "settings")
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command(),
                cwd=self.root,
                env=_environment(home),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def _command(self) -> list[str]:
        options = {
            "ServerApp.ip": "127.0.0.1",
            "ServerApp.port": self.port,
            "ServerApp.port_retries": 0,
            "ServerApp.root_dir": self.root,
            "IdentityProvider.token": "",
        }
        flags = ["--no-browser", "--allow-root", "--expose-app-in-browser"]
        set_options = [f"--{name}={value}" for name, value in options.items()]
        return [sys.executable, "-m", _MODULES[self.front_end], *flags, *set_options]

    def wait(self) -> None:
        """Wait until it answers."""
        opener = build_opener(ProxyHandler({}))
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with opener.open(f"http://127.0.0.1:{self.port}/api", timeout=5):
                    return
            except OSError:
                time.sleep(0.2)
        raise RuntimeError(
            f"the Jupyter server did not start:\n{self.log.read_text(errors='replace')[-3000:]}"
        )

    def put(self, notebook: Path, name: str | None = None) -> str:
        """Copy a notebook to where the server sees it; return its address."""
        name = name or notebook.name
        shutil.copy(notebook, self.root / name)
        path = _PATHS[self.front_end].format(stem=Path(name).stem, name=name)
        return f"http://127.0.0.1:{self.port}/{path}"

    def stop(self) -> None:
        """End it; it shuts its kernels down."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _environment(home: Path) -> dict[str, str]:
    folders = {
        "JUPYTER_CONFIG_DIR": "config",
        "JUPYTER_DATA_DIR": "data",
        "JUPYTER_RUNTIME_DIR": "runtime",
        "IPYTHONDIR": "ipython",
        "JUPYTERLAB_SETTINGS_DIR": "settings",
        "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
    }
    inherited = {
        name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "JPY_"))
    }
    own = {name: str(home / folder) for name, folder in folders.items()}
    return {**inherited, **own, "PYDEVD_DISABLE_FILE_VALIDATION": "1"}


def _write_settings(folder: Path) -> None:
    for name, values in _SETTINGS.items():
        path = folder / "@jupyterlab" / f"{name}.jupyterlab-settings"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(values))


@contextmanager
def serving(front_end: FrontEnd, home: Path) -> Iterator[Server]:
    """Run a Jupyter server for as long as the block lasts."""
    server = Server(front_end, home)
    try:
        server.wait()
        yield server
    finally:
        server.stop()


class OpenNotebook:
    """A notebook that is open in a page.

    :ivar errors: what went wrong in the page: exceptions of scripts, and errors on its console.
    """

    def __init__(self, browser: Browser, url: str) -> None:
        self.context = browser.new_context(viewport={"width": 1200, "height": 900})
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(30_000)
        self.errors: list[str] = []
        self.page.on("console", lambda message: self._note(message.type, message.text))
        self.page.goto(url, wait_until="domcontentloaded")
        self.page.wait_for_function(_READY, timeout=START_SECONDS * 1000)
        self.page.evaluate("() => window.jupyterapp.shell.collapseLeft?.()")

    def _note(self, kind: str, text: str) -> None:
        # Files that the front end itself asks the internet for, or does not find, are none of our affair.
        if kind == "error" and not text.startswith("Failed to load resource"):
            self.errors.append(text)

    def close(self) -> None:
        """Close the page."""
        self.context.close()

    def run_all(self) -> None:
        """Choose Run All Cells in the menu and wait until the last one has ended."""
        self.page.locator(".lm-MenuBar-item").filter(has_text=re.compile("^Run$")).first.click()
        self.page.locator('.lm-Menu-item[data-command="runmenu:run-all"]').first.click()
        self.wait_until_idle()

    def wait_until_idle(self) -> None:
        """Wait until no cell runs or waits; between two cells the kernel is idle for moments only."""
        deadline = time.monotonic() + RUN_SECONDS
        calm = 0
        while calm < CALM_LOOKS:
            assert time.monotonic() < deadline, "the cells did not end"
            self.page.wait_for_timeout(200)
            calm = 0 if self.page.evaluate(_BUSY) else calm + 1

    def append_cell(self, source: str) -> None:
        """Put a code cell at the end, and the cursor into it."""
        self.page.evaluate(
            """source => {
              const panel = window.jupyterapp.shell.currentWidget, cells = panel.content.widgets;
              panel.model.sharedModel.addCell({cell_type: 'code', source});
              panel.content.activeCellIndex = cells.length - 1;
              panel.content.mode = 'edit';
              panel.content.activeCell.editor.focus();
            }""",
            source,
        )

    def select(self, text: str) -> None:
        """Make the cell whose source holds the text the active one."""
        self.page.evaluate(
            """text => {
              const content = window.jupyterapp.shell.currentWidget.content;
              content.deselectAll();
              content.activeCellIndex = content.widgets.findIndex(
                cell => cell.model.sharedModel.getSource().includes(text));
              content.mode = 'command';
            }""",
            text,
        )

    def command(self, name: str) -> None:
        """Run a command of the front end, such as ``notebook:delete-cell``."""
        self.page.evaluate("name => window.jupyterapp.commands.execute(name)", name)
        self.page.wait_for_timeout(300)

    def edit_and_run(self, source: str, text: str, key: str = "Control+Enter") -> float:
        """Give the active cell another source, press the key, and wait for an output that has the text.

        :return: milliseconds from the key to the painted output.
        """
        self.page.evaluate(_SET_SOURCE, source)
        self.page.evaluate(f"values => {{ window.seen = ({_TIME_TO_PAINT})(values); }}", [text, 20_000])
        self.page.keyboard.press(key)
        milliseconds: float = self.page.evaluate("() => window.seen")
        return milliseconds

    def stored_outputs(self) -> list[list[dict[str, Any]]]:
        """Return the outputs of each code cell, as they would be saved."""
        outputs: list[list[dict[str, Any]]] = self.page.evaluate(_OUTPUTS)
        return outputs

    def cell(self, text: str) -> Locator:
        """Return the first cell whose source holds the text."""
        editor = self.page.locator(".cm-content").filter(has_text=text)
        return self.page.locator(".jp-CodeCell").filter(has=editor).first

    def shown(self, text: str) -> str:
        """Return what a person reads below the cell whose source holds the text, frames left out."""
        return self.cell(text).locator(".jp-OutputArea").inner_text()

    def frame(self, text: str) -> Frame:
        """Return the first frame below that cell."""
        handle = self.cell(text).locator("iframe").first.element_handle()
        frame = handle.content_frame()
        assert frame is not None
        return frame

    def use_theme(self, name: str) -> None:
        """Change the theme and wait for it."""
        dark = "Dark" in name
        self.page.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
        )
        self.page.wait_for_selector(f'body[data-jp-theme-light="{str(not dark).lower()}"]', state="attached")
        self.page.wait_for_timeout(500)

    def picture(self, path: Path) -> None:
        """Save a picture of the whole notebook."""
        path.parent.mkdir(exist_ok=True)
        self.page.set_viewport_size({"width": 1200, "height": min(self.page.evaluate(_HEIGHT), 12_000)})
        self.page.wait_for_timeout(700)
        self.page.screenshot(path=path, animations="disabled")
