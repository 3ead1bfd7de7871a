"""Kernels counted in a program, and in a trace."""

import jax
import pytest

from benchmarks.launches import CORA, Count, count, figures, in_one_launch, sweeps
from benchmarks.trace import on_streams

SWEEPS = [(lambda operator: operator, 20, 30)]
if jax.__version_info__ <= (0, 10, 2):  # newer ones compile a Pallas kernel only where a GPU is
    SWEEPS.append((in_one_launch, 10, 15))

PROGRAM = """HloModule jit_f, is_scheduled=true

%fused (p: f32[8]) -> f32[8] {
  %p = f32[8]{0} parameter(0)
  ROOT %add = f32[8]{0} add(%p, %p)
}

%inner (t: (s32[], f32[8])) -> (s32[], f32[8]) {
  %t = (s32[], f32[8]{0}) parameter(0)
  %x = f32[8]{0} get-tuple-element(%t), index=1
  %a = f32[8]{0} fusion(%x), kind=kLoop, calls=%fused
  %b = f32[8]{0} copy(%a), metadata={op_name="fusion(copy)"}
  ROOT %r = (s32[], f32[8]{0}) tuple(%x, %b)
}

%condition (t.1: (s32[], f32[8])) -> pred[] {
  %t.1 = (s32[], f32[8]{0}) parameter(0)
  ROOT %c = pred[] fusion(%t.1), kind=kLoop, calls=%fused
}

%command_buffer (q: f32[8]) -> f32[8] {
  %q = f32[8]{0} parameter(0)
  ROOT %s = f32[8]{0} custom-call(%q), custom_call_target="__cublas$gemm"
}

ENTRY %main (x: f32[8]) -> f32[8] {
  %x.1 = f32[8]{0} parameter(0)
  %zero = s32[] constant(0)
  %start = (s32[], /*index=1*/f32[8]{0}) tuple(%zero, %x.1)
  %loop = (s32[], /*index=1*/f32[8]{0}) while(%start), condition=%condition, body=%inner, backend_config={"known_trip_count":{"n":"10"}}
  %y = f32[8]{0} get-tuple-element(%loop), index=1
  %z = f32[8]{0} call(%y), to_apply=%command_buffer
  ROOT %w = (f32[8]{0}, f32[8]{0}) fusion(%z), kind=kInput, calls=%fused
}
"""  # noqa: E501


def test_a_loop_counts_as_often_as_it_turns():
    assert count(PROGRAM) == Count(kernels=10 + 1 + 1, copies=10)


def test_a_loop_of_unknown_length_is_refused():
    with pytest.raises(ValueError, match="a loop whose number of turns"):
        count(PROGRAM.replace("known_trip_count", "unknown"))


def test_what_a_device_ran_lies_on_its_streams():
    def label(kind, name, pid, tid=None):
        return {"ph": "M", "name": kind, "pid": pid, "tid": tid, "args": {"name": name}}

    labels = [
        label("process_name", "/device:GPU:0", 1),
        label("process_name", "/host:CPU", 2),
        label("thread_name", "Stream #14(Compute)", 1, 14),
        label("thread_name", "XLA Ops", 1, 20),
        label("thread_name", "Stream of the host", 2, 14),
        {"ph": "M", "name": "process_sort_index", "pid": 1, "args": {"sort_index": 1}},
    ]
    places = [("scatter_fusion", 1, 14), ("MemcpyD2D", 1, 14), ("loop_fusion", 1, 14)]
    places += [("loop_fusion", 1, 20), ("python", 2, 14)]
    ran = [{"ph": "X", "name": name, "pid": pid, "tid": tid} for name, pid, tid in places]
    assert on_streams(labels + ran) == {"kernels": 2, "copies": 1}


@pytest.mark.cuda
@pytest.mark.parametrize(("change", "least", "most"), SWEEPS)
def test_a_sweep_of_ten_steps_launches_at_most_thirty_kernels(change, least, most):
    """And half of them where a step is one launch."""
    for _, program, turns in sweeps(CORA, change=change):
        found = figures(program, turns)
        assert least <= found["kernels"] + found["copies"] <= most
