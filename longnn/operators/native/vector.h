// Vectors in the compilers' portable notation, as wide as the registers of the processor that the
// library is compiled for: a wider one would be split, and compilers split it through memory. Left
// to itself the compiler vectorises these loops badly.
#pragma once

#include <cstdint>
#include <cstring>

namespace longnn {

#if defined(__AVX512F__)
constexpr int kVectorBytes = 64;
#elif defined(__AVX2__)
constexpr int kVectorBytes = 32;
#else
constexpr int kVectorBytes = 16;  // SSE and NEON
#endif

// Vectors of a row that are summed together: at least a cache line.
constexpr int kPanelVectors = kVectorBytes == 16 ? 4 : 2;

template <typename T>
struct Simd {
  typedef T Vec __attribute__((vector_size(kVectorBytes)));
  typedef T Half __attribute__((vector_size(kVectorBytes / 2)));
  typedef uint32_t Words __attribute__((vector_size(kVectorBytes / sizeof(T) * sizeof(uint32_t))));
  static constexpr int kLanes = kVectorBytes / sizeof(T);
};

template <typename Vec, typename T>
inline Vec LoadAs(const T* p) {
  Vec v;
  std::memcpy(&v, p, sizeof(v));
  return v;
}

template <typename T, typename Vec>
inline void StoreAs(T* p, const Vec& v) {
  std::memcpy(p, &v, sizeof(v));
}

}  // namespace longnn
