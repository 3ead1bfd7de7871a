// 64-byte vectors in the compilers' portable notation: AVX-512, two AVX2 or four SSE or NEON
// registers, as the machine has them. Left to itself the compiler vectorises these loops badly.
#pragma once

#include <cstdint>
#include <cstring>

namespace longnn {

template <typename T>
struct Simd;
template <>
struct Simd<float> {
  typedef float Vec __attribute__((vector_size(64)));
  typedef float Half __attribute__((vector_size(32)));
  static constexpr int kLanes = 16;
};
template <>
struct Simd<double> {
  typedef double Vec __attribute__((vector_size(64)));
  typedef double Half __attribute__((vector_size(32)));
  static constexpr int kLanes = 8;
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
