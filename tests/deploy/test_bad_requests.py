"""The corpus of bad requests that gunicorn's source distribution has, sent to the kernel's server."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import tarfile
from collections.abc import Iterator
from typing import Any

import pytest

from flask_nb.server import BackgroundServer

pytestmark = pytest.mark.deploy

VERSION = "27.0.1"

TAKEN = {
    **dict.fromkeys(["006", "007", "008", "010", "012", "017"], "bad by a limit that the case sets"),
    "011": "a Host that nobody has is for the gate to refuse",
    "019": "bad by what the case trusts of proxies",
    "limit_header_default_01": "gunicorn's limit of a header is 8 kB, ours is 64 kB",
    "rfc9112_leading_crlf_02": "RFC 9112 §2.2: empty lines before a request are to be ignored",
}
"""The cases that are answered, and why."""


@pytest.fixture(scope="module")
def cases(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """What each case sends, by its name."""
    folder = tmp_path_factory.mktemp("gunicorn")
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary", ":all:"]
    subprocess.run([*download, "--dest", str(folder), f"gunicorn=={VERSION}"], check=True)
    with tarfile.open(next(folder.glob("gunicorn-*.tar.gz"))) as archive:
        archive.extractall(folder, filter="data")
    files = next(folder.glob("gunicorn-*/tests/requests/invalid")).glob("*.http")
    return {path.stem: written_out(path.read_bytes()) for path in files}


def written_out(case: bytes) -> bytes:
    r"""Return what a case means: its lines are joined, ``\r\n`` and the like stand for bytes."""
    escapes = {b"r": b"\r", b"n": b"\n", b"t": b"\t", b"0": b"\0"}
    return re.sub(
        rb"\\(?:x([0-9a-fA-F]{2})|([rnt0]))",
        lambda found: bytes([int(found[1], 16)]) if found[1] else escapes[found[2]],
        case.replace(b"\n", b""),
    )


@pytest.fixture
def server() -> Iterator[BackgroundServer]:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        environ["wsgi.input"].read()
        start_response("200 OK", [("Content-Length", "2")])
        return [b"ok"]

    server = BackgroundServer(app)
    server.start()
    yield server
    server.stop()


def statuses(server: BackgroundServer, data: bytes) -> list[int]:
    """Return the status of each answer to what is sent over one connection."""
    with socket.create_connection(("127.0.0.1", server.port or 0), timeout=10) as connection:
        received = b""
        try:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except ConnectionError:  # refused before all of it was sent
            pass
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3})", received)]


def test_bad_requests_are_refused_and_none_gets_two_answers(
    server: BackgroundServer, cases: dict[str, bytes]
) -> None:
    answers = {name: statuses(server, data) for name, data in cases.items()}
    assert len(answers) > 70
    assert {name: codes for name, codes in answers.items() if len(codes) > 1} == {}
    assert {name for name, codes in answers.items() if any(code < 400 for code in codes)} == set(TAKEN)
