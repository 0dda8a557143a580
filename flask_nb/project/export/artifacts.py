"""The artifacts of a notebook in its package: files, copied unread, and the module that loads them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from pathlib import Path

from ..artifacts import Artifact, read_artifact

FOLDER = "artifact_files"
"""The folder of the files in the package."""

_MODULE = '''"""Values that were computed in the notebook, and are loaded here.

A pickle is a program: only the very files that were exported are loaded.
"""

{imports}
{aliases}
SHA256 = {{
{digests}
}}


def load_artifact(name: str) -> Any:
    """Return a value; its file has to be the one that was exported."""
    file, digest = SHA256[name]
    path = Path(__file__).parent / "{folder}" / file
    content = path.read_bytes()
    if hashlib.sha256(content).hexdigest() != digest:
        raise RuntimeError(f"{{path}} is not the file that was exported. Export it again")
    return {load}
'''

_ALIASES = """
# Pickles name a module as it was called beside the notebook.
for own in [{names}]:
    sys.modules.setdefault(own, import_module(f".{{own}}", __package__))
"""

_LOADS = {"joblib": "joblib.load(io.BytesIO(content))", "pickle": "pickle.loads(content)"}


def write_artifacts(
    artifacts: Iterable[Artifact], folder: Path, own: Collection[str] = ()
) -> dict[str, bytes]:
    """Return the module and the files: path below the package → content.

    :param folder: that of the notebook.
    :param own: the modules beside the notebook that become the package's.
    :raises ArtifactError: a file is not what its record says.
    """
    kept = list(artifacts)
    formats = {artifact.format for artifact in kept}
    needed = {"joblib": "import io", "pickle": "import pickle"}
    standard = ["import hashlib", *sorted(needed[one] for one in formats)]
    mine = sorted({one for artifact in kept for one in artifact.modules} & set(own))
    aliases = _ALIASES.format(names=", ".join(f'"{one}"' for one in mine)) if mine else ""
    standard += ["import sys"] if mine else []
    above = ["from importlib import import_module"] if mine else []
    other = ["", "import joblib  # type: ignore[import-untyped]"] if "joblib" in formats else []
    load = _LOADS[min(formats)]
    if len(formats) == 2:
        load = f'{_LOADS["joblib"]} if path.suffix == ".joblib" else {_LOADS["pickle"]}'
    source = _MODULE.format(
        imports="\n".join([*standard, *above, "from pathlib import Path", "from typing import Any", *other]),
        digests="\n".join(
            f'    "{one.name}": (\n        "{one.file}",\n        "{one.sha256}",\n    ),' for one in kept
        ),
        aliases=aliases,
        folder=FOLDER,
        load=load,
    )
    return {
        "artifacts.py": source.encode(),
        **{f"{FOLDER}/{one.file}": read_artifact(one, folder) for one in kept},
    }


def requirements_of(artifacts: Iterable[Artifact]) -> tuple[str, ...]:
    """Return the distributions that loading needs, in the versions that the values were written with."""
    versions = {name: one for artifact in artifacts for name, one in artifact.versions.items()}
    return tuple(f"{name}=={one}" for name, one in sorted(versions.items()) if name != "python")
