// Large pages for large buffers.
#pragma once

#include <sys/mman.h>

#include <cstdint>

namespace longnn {

// To be called before the first write. Random reads of gigabytes in small pages wait for address
// translation as long as for the memory; systems that grant large pages do so on request. Refusal
// costs nothing but time.
inline void AdviseLargePages(void* buffer, int64_t bytes) {
#ifdef MADV_HUGEPAGE
  constexpr int64_t kPage = 1 << 21;
  if (bytes < 4 * kPage) return;
  const auto begin = reinterpret_cast<uintptr_t>(buffer), end = begin + bytes;
  const uintptr_t first = (begin + kPage - 1) / kPage * kPage;
  madvise(reinterpret_cast<void*>(first), end / kPage * kPage - first, MADV_HUGEPAGE);
#endif
}

}  // namespace longnn
