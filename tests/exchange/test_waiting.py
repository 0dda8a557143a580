"""Time limits, and what stops them."""

from __future__ import annotations

import time

import pytest

from flask_nb.exchange.waiting import Deadline, Watchdog, resting


def test_a_deadline_moves_on_while_somebody_is_asked():
    deadline = Deadline(0.05)
    with resting():
        time.sleep(0.1)
        assert deadline.left > 0
    assert deadline.left > 0
    time.sleep(0.1)
    assert deadline.left == 0


def test_an_earlier_rest_does_not_count_for_a_later_deadline():
    with resting():
        time.sleep(0.1)
    deadline = Deadline(0.05)
    time.sleep(0.1)
    assert deadline.left == 0


def test_resting_within_resting_is_one_rest():
    deadline = Deadline(0.05)
    with resting():
        with resting():
            pass
        time.sleep(0.1)
    assert deadline.left > 0


def test_a_watchdog_waits_while_somebody_is_asked_and_no_longer():
    def look() -> str:
        with resting():
            time.sleep(0.3)
        return "seen"

    def look_and_hang() -> None:
        look()
        time.sleep(20)

    assert Watchdog(0.1).run(look) == "seen"
    with pytest.raises(TimeoutError):
        Watchdog(0.1).run(look_and_hang)
