from __future__ import annotations

import pytest

from flask_nb.cells import ArtifactDefinition, parse_artifact
from flask_nb.errors import MagicArgumentError


def test_artifact_lines():
    assert parse_artifact("model") == ArtifactDefinition(("model",))
    assert parse_artifact("model words model  # both") == ArtifactDefinition(("model", "words"))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "the variable is missing. Type its name, such as %artifact model"),
        ("model.best", "'model.best' is not a variable. Give the value a name: model = …"),
        ("../model", "is not a variable"),
        ("--name model", "--name"),
    ],
)
def test_artifact_mistakes(line, message):
    with pytest.raises(MagicArgumentError) as caught:
        parse_artifact(line)
    assert message in str(caught.value)
