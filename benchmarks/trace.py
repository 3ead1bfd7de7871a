"""What a device ran, from the trace of jax's profiler."""

import gzip
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax


def launched(work: Callable[[], Any]) -> dict[str, int]:
    """Kernels and copies of some work, which is done once before."""
    jax.block_until_ready(work())  # compile
    with tempfile.TemporaryDirectory() as folder:
        with jax.profiler.trace(folder):
            jax.block_until_ready(work())
        (path,) = Path(folder).rglob("*.trace.json.gz")
        return on_streams(json.loads(gzip.decompress(path.read_bytes()))["traceEvents"])


def on_streams(events: list[dict[str, Any]]) -> dict[str, int]:
    """Kernels and copies (memory sets, too) among the events of a trace.

    Args:
        events: of the format of Chrome's trace viewer; what a GPU ran lies in threads that are
            named after its streams, in the process of the device.
    """
    labels = [e for e in events if e.get("ph") == "M" and "name" in e.get("args", {})]
    devices = {
        e["pid"] for e in labels
        if e["name"] == "process_name" and "/device:GPU" in e["args"]["name"]
    }  # fmt: skip
    streams = {
        (e["pid"], e["tid"]) for e in labels
        if e["name"] == "thread_name" and e["pid"] in devices and "Stream" in e["args"]["name"]
    }  # fmt: skip
    ran = [e["name"] for e in events if e.get("ph") == "X" and (e["pid"], e["tid"]) in streams]
    copies = sum(name.lower().startswith(("memcpy", "memset")) for name in ran)
    return {"kernels": len(ran) - copies, "copies": copies}
