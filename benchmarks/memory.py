"""What a kernel and an app keep: after 10 000 requests, and for 2000 routes, beside Flask.

Run it::

    python -m benchmarks.memory

Each figure is of a process of its own. That a kernel stays flat is shown by the growth of its resident set
over the last 8000 of 10 000 requests, when the ring of exchanges has long been full.
"""

from __future__ import annotations

import json
import subprocess
import sys

from benchmarks.kernels import kernel, run

ROUTES = """
import gc, importlib, json, sys, tracemalloc
framework = importlib.import_module(sys.argv[1])
warm = framework.Flask("warm")
warm.add_url_rule("/", "index", lambda: "")
warm.test_client().get("/")  # what it imports is not the app's
gc.collect()
tracemalloc.start()
app = framework.Flask("many")
for number in range(2000):
    rule = f"/plain/{number}" if number % 2 else f"/items/{number}/<int:item>"
    app.add_url_rule(rule, f"view_{number}", lambda **values: "")
app.test_client().get("/plain/1")
gc.collect()
print(json.dumps(tracemalloc.get_traced_memory()[0]))
"""

REQUESTS = """
import gc, resource
def resident():
    gc.collect()
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize()
def ask(number):
    for _ in range(number):
        get_ipython().run_line_magic("get", "/ {way}")
ask(2000)
before = resident()
ask(8000)
print(resident() - before)
"""


def routes_bytes(framework: str) -> int:
    """Return what an app of 2000 routes keeps, the tables for matching included."""
    return _measure(["-c", ROUTES, framework])


def kernel_growth(way: str = "") -> int:
    """Return by how many bytes a kernel grows over 8000 requests, after 2000."""
    with kernel("%load_ext flask_nb", "%%route /\n'Hello' * 100") as client:
        return int(run(client, REQUESTS.replace("{way}", way), "requests"))


def _measure(arguments: list[str]) -> int:
    ran = subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=True)
    return int(json.loads(ran.stdout))


def main() -> None:
    """Measure and print."""
    ours, theirs = routes_bytes("flask_nb.web"), routes_bytes("flask")
    print("an app of 2000 routes           kB   of Flask's")
    print(f"  {'flask_nb.web':<24} {ours / 1e3:8.0f}   {ours / theirs:.2f}")
    print(f"  {'Flask':<24} {theirs / 1e3:8.0f}   1.00")
    print("a kernel, requests 2001 to 10 000   kB")
    for way in ("", "--in-process"):
        print(f"  {'%get /' + (f' {way}' if way else ''):<24} {kernel_growth(way) / 1e3:12.0f}")


if __name__ == "__main__":
    main()
