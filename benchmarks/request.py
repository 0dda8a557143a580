"""A request from a cell: what it costs beyond an empty cell, and that many leave nothing behind.

Run it::

    python -m benchmarks.request

In a kernel, cells are sent in turn: `pass`, `%get` of a hello world on either transport, and of 50 kB of
JSON beside a cell that makes the same data readable with `json.dumps` and prints it. The time is that from
sending a cell until its kernel is idle, less that of `pass`. Growth is that of the objects and of the
memory of a kernel in which cells send 200 requests in a loop, again and again, once the ring of exchanges
is full.
"""

from __future__ import annotations

import argparse
import json
import statistics
import time

from benchmarks.kernels import kernel, run

PREPARED = (
    "%load_ext flask_nb",
    "%%route /\n'Hello, World!'",
    "import json\nITEM = {'name': 'tea', 'price': 4.5, 'tags': ['green', 'garden']}\n"
    "ITEMS = [{'id': number, **ITEM} for number in range(810)]",
    "%%route /items\nITEMS",
)
CELLS = {
    "pass": "pass",
    "%get of a hello world": "%get /",
    "… --in-process": "%get / --in-process",
    "%get of 50 kB of JSON": "%get /items",
    "json.dumps of it, printed": "print(json.dumps(ITEMS, indent=2)[:8000])",
}
"""The first is what the others are compared with."""

PANEL = """
import statistics, time
response = %get /items
def milliseconds(work):
    begun = time.thread_time()
    work()
    return (time.thread_time() - begun) * 1e3
works = response._repr_mimebundle_, lambda: json.dumps(ITEMS, indent=2)
times = [[milliseconds(work) for work in works] for _ in range(31)]
print([statistics.median(column) for column in zip(*times)])
"""

LOOP = """
import gc, resource
from IPython.utils.capture import capture_output
def ask(number):
    with capture_output():
        for _ in range(number):
            %get / {way}
def kept():
    gc.collect()
    with open("/proc/self/statm") as file:
        return len(gc.get_objects()), int(file.read().split()[1]) * resource.getpagesize()
for _ in range(10):
    ask(200)
before = kept()
for _ in range(8):
    ask(200)
print([after - earlier for after, earlier in zip(kept(), before)])
"""
REQUESTS_OF_LOOP = 1600
"""A multiple of the 64 exchanges that the ring takes in at once, so that it stands where it stood."""


def milliseconds(rounds: int) -> dict[str, float]:
    """Return the median time of each cell."""
    times: dict[str, list[float]] = {name: [] for name in CELLS}
    with kernel(*PREPARED) as client:
        for number in range(rounds + 3):
            for name, cell in CELLS.items():
                begun = time.perf_counter()
                run(client, cell, name)
                if number >= 3:  # what is made at the first use is made by then
                    times[name].append((time.perf_counter() - begun) * 1e3)
    return {name: statistics.median(found) for name, found in times.items()}


def panel_milliseconds() -> tuple[float, float]:
    """Return the time of a panel by itself, as text and HTML, and of `json.dumps`, on the thread's core."""
    with kernel(*PREPARED) as client:
        panel, dumps = json.loads(run(client, PANEL, "panel"))
    return panel, dumps


def growth(way: str) -> tuple[int, int]:
    """Return by how many objects and bytes a kernel grows over the last requests of a loop."""
    with kernel(*PREPARED) as client:
        objects, size = json.loads(run(client, LOOP.replace("{way}", way), "loop"))
    return objects, size


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rounds", type=int, default=41, help="how often each cell is sent (41)")
    arguments = parser.parse_args()
    times = milliseconds(arguments.rounds)
    idle, *_ = times.values()
    print("a cell                          ms   over pass")
    for name, value in times.items():
        print(f"  {name:<26} {value:7.2f}   {value - idle:9.2f}")
    panel, dumps = panel_milliseconds()
    print(f"\na panel of 50 kB of JSON    {panel:7.1f} ms   {panel / dumps:.1f} × json.dumps with an indent")
    print(f"\n{REQUESTS_OF_LOOP} more in a loop         objects          kB")
    for way in ("", "--in-process"):
        objects, size = growth(way)
        print(f"  {f'%get / {way}'.strip():<22} {objects:9}   {size / 1e3:9.0f}")


if __name__ == "__main__":
    main()
