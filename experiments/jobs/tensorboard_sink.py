"""Reports jobs that have ended to TensorBoard; the only file that knows it."""

import struct
import time
from collections.abc import Iterator
from pathlib import Path

from omegaconf import OmegaConf

from .sinks import Ended, mean_curves, summary_of

FOLDER = "tensorboard"
"""Where the events of a run lie in its directory: ``tensorboard --logdir runs`` finds them."""


def to_tensorboard(job: Ended) -> None:
    """Events with the mean curves by epoch, the scores, the settings as text, and the figures.

    They are written by TensorBoard's own writer, without TensorFlow or torch. The events of an
    earlier attempt at the same run are replaced, so that no epoch appears twice.

    Args:
        job: the job that has ended.

    Raises:
        ModuleNotFoundError: if tensorboard is not installed.
    """
    from tensorboard.compat.proto.event_pb2 import Event
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.summary.writer.event_file_writer import EventFileWriter

    folder = job.directory / FOLDER
    for old in folder.glob("events.out.tfevents.*"):
        old.unlink()
    now, writer = time.time(), EventFileWriter(str(folder))
    try:
        for step, tag, value in _scalars(job):
            found = Summary.Value(tag=tag, simple_value=value)
            writer.add_event(Event(wall_time=now, step=step, summary=Summary(value=[found])))
        for found in (*_texts(job), *_images(job)):
            writer.add_event(Event(wall_time=now, step=0, summary=Summary(value=[found])))
    finally:
        writer.close()


def _scalars(job: Ended) -> Iterator[tuple[int, str, float]]:
    """(epoch, name, value) of the curves; the scores stand at step 0."""
    for name, values in mean_curves(job.curves or {}).items():
        for epoch, value in enumerate(values, start=1):
            yield epoch, name, float(value)
    for name, value in summary_of(job).items():
        if isinstance(value, int | float):
            yield 0, f"scores/{name}", float(value)


def _texts(job: Ended) -> Iterator[object]:
    """Status, error and settings."""
    import numpy as np
    from tensorboard.compat.proto.summary_pb2 import Summary
    from tensorboard.plugins.text.metadata import create_summary_metadata
    from tensorboard.util.tensor_util import make_tensor_proto

    said = summary_of(job)
    texts = {
        "status": " ".join(
            str(said[name]) for name in ("status", "error", "message") if said[name]
        ),
        "config": "```yaml\n" + OmegaConf.to_yaml(job.config) + "```",
    }
    for tag, text in texts.items():
        metadata = create_summary_metadata(display_name=tag, description="")
        tensor = make_tensor_proto(text, dtype=np.object_)
        yield Summary.Value(tag=tag, metadata=metadata, tensor=tensor)


def _images(job: Ended) -> Iterator[object]:
    """The figures of a run that is done."""
    from tensorboard.compat.proto.summary_pb2 import Summary

    figures: list[Path] = [] if job.result is None else sorted(job.directory.glob("*.png"))
    for figure in figures:
        content = figure.read_bytes()
        width, height = struct.unpack(">II", content[16:24])  # of the header of a PNG file
        image = Summary.Image(
            encoded_image_string=content, width=width, height=height, colorspace=4
        )
        yield Summary.Value(tag=figure.stem, image=image)
