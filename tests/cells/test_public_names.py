from __future__ import annotations

import flask_nb.cells as cells


def test_every_public_name_is_there_and_sorted():
    assert (
        sorted(cells.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name)) == cells.__all__
    )
    assert all(hasattr(cells, name) for name in cells.__all__)
