import pytest

from flask_nb.panel.words import clip, duration, size, status_line


@pytest.mark.parametrize(
    ("count", "text"), [(0, "0 B"), (999, "999 B"), (1234, "1.2 kB"), (64_000_000, "64 MB")]
)
def test_sizes_read_well(count, text):
    assert size(count) == text


@pytest.mark.parametrize(
    ("status", "line"),
    [
        ("404 NOT FOUND", "404 Not Found"),
        ("200 OK", "200 OK"),
        ("299 Fine", "299 Fine"),
        ("200 Super", "200 Super"),
    ],
)
def test_a_status_reads_as_in_the_registry(status, line):
    assert status_line(status) == line


def test_a_long_text_is_cut_by_lines_or_by_characters():
    assert clip("a\n" * 100).hidden == "41 more lines"
    assert clip("a" * 9000).hidden == "1.0 kB more"
    assert clip("a\n" * 59).hidden is None


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.00041, "0.4 ms"), (0.0123, "12 ms"), (0.9999, "1.0 s"), (2.5, "2.5 s")]
)
def test_times_read_well(seconds, text):
    assert duration(seconds) == text
