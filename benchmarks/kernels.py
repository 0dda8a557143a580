"""Kernels for benchmarks, cells that are run in them, and notebooks that hold cells."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_client.blocking.client import BlockingKernelClient
from jupyter_client.manager import start_new_kernel

CELL_SECONDS = 300
"""How long a cell may run."""

Message = Mapping[str, Any]


@contextmanager
def kernel(*cells: str) -> Iterator[BlockingKernelClient]:
    """Start a kernel that has run these cells, in a folder of its own: some peers leave files there."""
    with TemporaryDirectory() as folder:
        manager, client = start_new_kernel(stderr=subprocess.DEVNULL, cwd=folder)
        try:
            for number, cell in enumerate(cells):
                run(client, cell, f"prepared {number}")
            yield client
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def run(
    client: BlockingKernelClient, cell: str, cell_id: str, hook: Callable[[Message], object] | None = None
) -> str:
    """Run a cell, as a front end that sends its id, until the kernel is idle; return what it printed.

    :param hook: is given each message as it comes.
    :raises RuntimeError: the cell has failed.
    """
    metadata = {"cellId": cell_id, "deletedCells": []}
    content = {"code": cell, "silent": False, "store_history": True, "allow_stdin": False}
    request = client.session.msg("execute_request", content, metadata=metadata)
    client.shell_channel.send(request)
    printed: list[str] = []
    is_idle = False
    while not is_idle:
        message = client.get_iopub_msg(timeout=CELL_SECONDS)
        if message["parent_header"].get("msg_id") != request["header"]["msg_id"]:
            continue
        if hook is not None:
            hook(message)
        if message["msg_type"] == "stream":
            printed.append(message["content"]["text"])
        is_idle = message["content"].get("execution_state") == "idle"
    reply = client.get_shell_msg(timeout=CELL_SECONDS)["content"]
    if reply["status"] != "ok":
        raise RuntimeError(f"the cell {cell!r} failed: {reply.get('evalue')}")
    return "".join(printed)


def as_notebook(cells: Iterable[str]) -> str:
    """Return the text of a notebook that has these cells."""
    code: dict[str, Any] = {"cell_type": "code", "metadata": {}, "execution_count": None, "outputs": []}
    stored = [{**code, "id": f"c{number}", "source": source} for number, source in enumerate(cells)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    content = {"nbformat": 4, "nbformat_minor": 5, "metadata": {"kernelspec": kernel}, "cells": stored}
    return json.dumps(content, indent=1)
