// Work shared between the calling thread and a pool of others.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

namespace longnn {

// Threads that take tasks: XLA's own in the library (kernels.cc).
class Pool {
 public:
  virtual ~Pool() = default;
  virtual int64_t threads() const = 0;
  virtual void Schedule(std::function<void()> task) = 0;
};

// Runs work(phase, chunk, first) for all chunks of phase 0, then of phase 1, ...; `first` says that
// this thread has done no other chunk of the phase. A phase begins when the one before has ended.
// Each thread begins with its own share of the chunks, the same in every
// phase and call, so that what it wrote is in its own cache; then it takes from the shares of the
// others. Pool threads that come late, or never, are not waited for: the caller takes every chunk
// that nobody else has begun, so a busy pool cannot deadlock.
template <typename Work>
void ForPhases(Pool& pool, int phases, int chunks, const Work& work) {
  struct alignas(64) Counter {
    std::atomic<int> value{0};
  };
  const int threads = std::max<int>(1, std::min<int64_t>(pool.threads(), chunks));
  // per phase: chunks begun of each share, and chunks ended
  auto shared = std::make_shared<std::vector<Counter>>(phases * (threads + 1));
  // `work` lives as long as the caller waits; after that no chunk is left for a late thread.
  const Work* task = &work;
  auto run = [shared, phases, chunks, threads, task](int thread) {
    for (int phase = 0; phase < phases; ++phase) {
      Counter* counters = &(*shared)[phase * (threads + 1)];
      std::atomic<int>& ended = counters[threads].value;
      bool first_chunk = true;
      for (int i = 0; i < threads; ++i) {
        const int share = (thread + i) % threads;
        const int first = int(int64_t(chunks) * share / threads),
                  last = int(int64_t(chunks) * (share + 1) / threads);
        std::atomic<int>& begun = counters[share].value;
        for (int c; (c = first + begun.fetch_add(1, std::memory_order_relaxed)) < last;) {
          (*task)(phase, c, first_chunk);
          first_chunk = false;
          ended.fetch_add(1, std::memory_order_release);
        }
      }
      for (int spins = 0; ended.load(std::memory_order_acquire) < chunks; ++spins) {
        if (spins > 1000) std::this_thread::yield();
      }
    }
  };
  for (int thread = 1; thread < threads; ++thread) pool.Schedule([run, thread] { run(thread); });
  run(0);
}

}  // namespace longnn
