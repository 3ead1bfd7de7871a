// Work shared between the calling thread and XLA's own pool.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "xla/ffi/api/ffi.h"

namespace longnn {

// Runs work(phase, chunk) for all chunks of phase 0, then of phase 1, ... A phase begins when the
// one before has ended. Pool threads that come late, or never, are not waited for: the caller
// takes every chunk that nobody else has begun, so a busy pool cannot deadlock.
template <typename Work>
void ForPhases(xla::ffi::ThreadPool& pool, int phases, int chunks, const Work& work) {
  struct Phase {
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
  };
  auto shared = std::make_shared<std::vector<Phase>>(phases);
  // `work` lives as long as the caller waits; after that no chunk is left for a late thread.
  const Work* task = &work;
  auto run = [shared, phases, chunks, task] {
    for (int phase = 0; phase < phases; ++phase) {
      Phase& state = (*shared)[phase];
      for (int chunk; (chunk = state.begun.fetch_add(1, std::memory_order_relaxed)) < chunks;) {
        (*task)(phase, chunk);
        state.ended.fetch_add(1, std::memory_order_release);
      }
      for (int spins = 0; state.ended.load(std::memory_order_acquire) < chunks; ++spins) {
        if (spins > 1000) std::this_thread::yield();
      }
    }
  };
  int64_t helpers = std::min<int64_t>(pool.num_threads(), chunks) - 1;
  for (int64_t i = 0; i < helpers; ++i) pool.Schedule(decltype(run)(run));
  run();
}

}  // namespace longnn
