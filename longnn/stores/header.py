"""The header of a store: one JSON file, written last, that describes its arrays."""

import hashlib
import json
from pathlib import Path
from typing import Any

from longnn.stores.blocks import Layout, StoreError

HEADER = "store.json"

LARGEST = 1 << 28
"""Most bytes of a header: the checksums of about 16 TB."""

VERSION = 1

KINDS = ("graph", "dataset", "terms")
"""What may be stored."""


def write_header(folder: Path, kind: str, facts: dict[str, Any], arrays: dict[str, Layout]) -> None:
    """Writes what `read_header` reads.

    Args:
        folder: of the store.
        kind: what is stored, such as "graph".
        facts: numbers and words about it.
        arrays: name -> layout.
    """
    content = {
        "kind": kind,
        "version": VERSION,
        "facts": facts,
        "arrays": {name: layout.as_json() for name, layout in arrays.items()},
    }
    (folder / HEADER).write_text(json.dumps(content))


def read_header(folder: Path, kind: str) -> tuple[dict[str, Any], dict[str, Layout], str]:
    """Reads the header of a store.

    Args:
        folder: of the store.
        kind: what must be stored there.

    Returns:
        (facts, name -> layout of each array, checksum of the header and so of all arrays).

    Raises:
        StoreError: if there is none, or it is damaged or of another kind or version.
    """
    path, header, content = folder / HEADER, *_content(folder)
    if (header["kind"], header["version"]) != (kind, VERSION):
        raise StoreError(
            f"{path} describes a {header['kind']!r} of version {header['version']!r}, expected a "
            f"{kind!r} of version {VERSION}"
        )
    if not isinstance(header["facts"], dict) or not isinstance(header["arrays"], dict):
        raise StoreError(f"{path} is no header of a store")
    arrays = {n: Layout.parsed(v, f"{path}: {n}") for n, v in header["arrays"].items()}
    return header["facts"], arrays, hashlib.sha256(content).hexdigest()


def kind_of(folder: Path) -> str:
    """What is stored in a folder: "graph", "dataset" or "terms".

    Raises:
        StoreError: if there is no store of one of these kinds.
    """
    kind = _content(folder)[0]["kind"]
    if kind not in KINDS:
        raise StoreError(f"{folder / HEADER} describes a {kind!r}, expected {', '.join(KINDS)}")
    return str(kind)


def _content(folder: Path) -> tuple[dict[str, Any], bytes]:
    """The header and its bytes."""
    path = folder / HEADER
    if not path.is_file():
        raise StoreError(
            f"{folder} holds no finished store (there is no {HEADER}); name the folder that one "
            "was built in"
        )
    if path.stat().st_size > LARGEST:
        raise StoreError(f"{path} has more than {LARGEST:,} bytes, which no header needs")
    content = path.read_bytes()
    try:
        header = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{path} is damaged ({error}); build the store again") from error
    if not isinstance(header, dict) or header.keys() != {"kind", "version", "facts", "arrays"}:
        raise StoreError(f"{path} is no header of a store")
    return header, content


def count_of(facts: dict[str, Any], name: str) -> int:
    """A whole number of the header, or a StoreError."""
    value = facts.get(name)
    if type(value) is not int or not 0 <= value < 1 << 40:
        raise StoreError(f"the header has {name} = {value!r}, expected a whole number")
    return value
