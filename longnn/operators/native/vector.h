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

// The upper half of a float: signals that are stored so take half the memory.
struct Bfloat16 {
  uint16_t bits;
};

// The bits of a vector of floats, and those of as many halves of floats.
template <typename Vec>
struct Bits {
  typedef uint32_t Whole __attribute__((vector_size(sizeof(Vec))));
  typedef uint16_t Upper __attribute__((vector_size(sizeof(Vec) / 2)));
};

template <typename Vec>
inline Vec LoadAs(const Bfloat16* p) {
  using Whole = typename Bits<Vec>::Whole;
  const auto upper = LoadAs<typename Bits<Vec>::Upper>(&p->bits);
  return Vec(__builtin_convertvector(upper, Whole) << 16);
}

// Rounds to nearest, a tie to the even one; what is no number stays none.
template <typename Vec>
inline void StoreAs(Bfloat16* p, const Vec& v) {
  const auto bits = typename Bits<Vec>::Whole(v), none = typename Bits<Vec>::Whole(v != v);
  const auto rounded = (bits + 0x7fff + (bits >> 16 & 1)) >> 16 | none;
  StoreAs(&p->bits, __builtin_convertvector(rounded, typename Bits<Vec>::Upper));
}

}  // namespace longnn
