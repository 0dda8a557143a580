"""A request line and what it sends, in the words of ``httpie_requests.json``."""

from __future__ import annotations

import json
import re
from urllib.parse import parse_qsl, unquote

from flask_nb.cells import parse_request, quote_word


def write_files(folder):
    """Write the files that the lines name."""
    (folder / "text.txt").write_bytes("text é\n".encode())
    (folder / "data.json").write_bytes(b'{"a": [1, 2]}\n')
    (folder / "bytes.bin").write_bytes(b"\x00\xff")


def our_request(method, words):
    resolved = parse_request(method, " ".join(map(quote_word, words))).expand(eval)
    path, _question, query = resolved.path.partition("?")
    headers = [[name, value.encode("latin-1").decode()] for name, value in resolved.headers]
    body = resolved.body.decode("latin-1")
    for header in headers:
        if found := re.search("boundary=(.*)", header[1]):
            header[1] = header[1].replace(found[1], "BOUNDARY")
            body = body.replace(found[1], "BOUNDARY")
    return {
        "path": unquote(path),
        "query": [list(pair) for pair in parse_qsl(query, keep_blank_values=True)],
        "headers": sorted(headers),
        "body": body,
    }


def comparable(request):
    """Return the request as what it means: HTTPie escapes more, and groups fields of queries and forms."""
    kind = dict(map(tuple, request["headers"])).get("Content-Type", "")
    body = request["body"]
    if kind == "application/x-www-form-urlencoded":
        body = sorted(parse_qsl(body, keep_blank_values=True), key=lambda pair: pair[0])
    elif body.startswith(("{", "[")):
        body = json.loads(body.encode("latin-1"))
    query = sorted(request["query"], key=lambda pair: pair[0])
    return {**request, "query": query, "body": body}
