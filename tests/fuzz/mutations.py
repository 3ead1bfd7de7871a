"""Random damage to the bytes of a file, and to what is packed in it."""

import gzip
import io
import random
import re
import struct
import zipfile
from collections.abc import Callable

_SIZES = (0, 1, 2, 3, 127, 128, 255, 256, 2**15, 2**16 - 1, 2**24, 2**31 - 1, 2**31, 2**32 - 1)
_WORDS = (
    *(b"-1", b"0", b"1e309", b"nan", b"", b"2.5", b"99999999999999999999", b"4294967296"),
    *("²".encode(), b"\xff", b"true", b"null", b"[]", b"{}", b'"', b"[" * 3000, b"9" * 5000),
)


def damaged(content: bytes, draw: random.Random) -> bytes:
    """One to three kinds of damage; to the content of a packed file as often as to its bytes."""
    if draw.random() < 0.6:
        if content.startswith(b"PK"):
            return _in_zip(content, draw)
        if content.startswith(b"\x1f\x8b"):
            return gzip.compress(damaged(gzip.decompress(content), draw), 1)
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        content = draw.choice(_KINDS)(bytearray(content), draw)
    return content


def _in_zip(content: bytes, draw: random.Random) -> bytes:
    """Damage to one member, packed again with the right checksum."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    name = draw.choice(list(members))
    members[name] = damaged(members[name], draw)
    if draw.random() < 0.05:
        del members[name]
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, member in members.items():
            archive.writestr(name, member)
    return made.getvalue()


def _flip(content: bytearray, draw: random.Random) -> bytes:
    for _ in range(draw.choice((1, 1, 2, 8))):
        if content:
            content[draw.randrange(len(content))] ^= 1 << draw.randrange(8)
    return bytes(content)


def _overwrite(content: bytearray, draw: random.Random) -> bytes:
    if content:
        content[draw.randrange(len(content))] = draw.randrange(256)
    return bytes(content)


def _truncate(content: bytearray, draw: random.Random) -> bytes:
    return bytes(content[: draw.randrange(len(content) + 1)])


def _insert(content: bytearray, draw: random.Random) -> bytes:
    at = draw.randrange(len(content) + 1)
    return bytes(content[:at] + draw.randbytes(draw.choice((1, 4, 8, 100))) + content[at:])


def _splice(content: bytearray, draw: random.Random) -> bytes:
    """A piece of the file in another place, in place of what was there or before it."""
    start, at = (draw.randrange(len(content) + 1) for _ in range(2))
    piece = content[start : start + draw.choice((1, 8, 64, 512))]
    return bytes(content[:at] + piece + content[at + draw.choice((0, len(piece))) :])


def _length(content: bytearray, draw: random.Random) -> bytes:
    """A number of 2, 4 or 8 bytes, where a length may stand."""
    kind = draw.choice(["<H", ">H", "<I", "<I", ">I", "<Q", ">Q"])
    size = struct.calcsize(kind)
    if len(content) >= size:
        at = draw.randrange(len(content) - size + 1)
        number = draw.choice((*_SIZES, len(content), 2**63 - 1, 2**63, 2**64 - 1))
        struct.pack_into(kind, content, at, number % 2 ** (8 * size))
    return bytes(content)


def _word(content: bytearray, draw: random.Random) -> bytes:
    """Another word in place of a number in a text."""
    found = list(re.finditer(rb"-?[0-9][0-9.e+-]*", content))
    if not found:
        return _flip(content, draw)
    place = draw.choice(found)
    return bytes(content[: place.start()] + draw.choice(_WORDS) + content[place.end() :])


_KINDS: tuple[Callable[[bytearray, random.Random], bytes], ...] = (
    *(_flip, _flip, _overwrite, _truncate, _insert, _splice, _length, _length, _word, _word),
)
