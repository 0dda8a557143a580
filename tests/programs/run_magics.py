"""Run cells in a shell with the extension, and print what each showed. Both are lists in JSON."""

from __future__ import annotations

import io
import json
import sys
from contextlib import redirect_stdout
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def run(shell: Any, source: str, number: int) -> str:
    """Run a cell; return what it printed, displayed, or said when it failed."""
    shown: list[str] = []
    shell.displayhook.write_format_data = lambda data, *rest: shown.append(data["text/plain"])
    shell.displayhook.write_output_prompt = lambda: None
    shell.showtraceback = lambda *args, **options: None
    printed = io.StringIO()
    with redirect_stdout(printed):
        result = shell.run_cell(source, cell_id=str(number))
    error = result.error_before_exec or result.error_in_exec
    said = [f"{type(error).__name__}: {error}"] if error is not None else []
    return "\n".join([*filter(None, [printed.getvalue().strip()]), *shown, *said])


def main() -> None:
    """Run what stands in the first argument."""
    shell = InteractiveShell.instance(config=Config({"HistoryManager": {"enabled": False}}))
    with redirect_stdout(sys.stderr):
        shell.extension_manager.load_extension("flask_nb")
    print(json.dumps([run(shell, source, number) for number, source in enumerate(json.loads(sys.argv[1]))]))
    shell.extension_manager.unload_extension("flask_nb")


if __name__ == "__main__":
    main()
