"""The stream that stands in for a standard one: what reaches the stream beneath."""

import io

import pytest

from flask_nb.exchange.streams import RequestStream


class Flushed(io.StringIO):
    """A stream that counts how often it is flushed."""

    count = 0

    def flush(self) -> None:
        self.count += 1


class OfKernel(Flushed):
    """A stream that says what awaits a flush, as those of a kernel do."""

    _flush_pending = False
    _subprocess_flush_pending = False


def test_a_stream_is_flushed() -> None:
    stream = Flushed()
    RequestStream(stream, "stdout").flush()
    assert stream.count == 1


def test_a_stream_that_says_that_nothing_waits_is_not_flushed() -> None:
    stream = OfKernel()
    RequestStream(stream, "stdout").flush()
    assert stream.count == 0


@pytest.mark.parametrize("name", ["_flush_pending", "_subprocess_flush_pending"])
def test_a_stream_that_says_that_something_waits_is_flushed(name: str) -> None:
    stream = OfKernel()
    setattr(stream, name, True)
    RequestStream(stream, "stdout").flush()
    assert stream.count == 1
