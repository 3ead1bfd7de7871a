// Two layers on sparse features in one pass over the rows: z = dropout(relu(X W + b)) V.
//
// A row of X W is in registers when it is made, and in the nearest cache until z is; without this,
// each step from one to the other is a pass over [B, N, H] numbers.
#pragma once

#include <algorithm>
#include <vector>

#include "product.h"

namespace longnn {

struct LayerSizes {
  int members, nodes, inputs, hidden, classes;
};

// Which entries of the hidden layer stay: those whose hash is at least the threshold.
template <typename T>
struct Kept {
  const uint32_t* words;       // [B, 2] of the keys, or null for evaluation
  const uint32_t* thresholds;  // [B] of 2^24
  const T* scales;             // [B] 1 / (1 - rate)
};

// As `lowbias32` of longnn/models/dropout.py, of a vector.
template <typename Words>
inline Words LowBias(Words x) {
  x ^= x >> 16;
  x *= 0x7FEB352Du;
  x ^= x >> 15;
  x *= 0x846CA68Bu;
  return x ^ x >> 16;
}

template <typename T>
inline void Activate(const T* bias, int width, T* row) {
  for (int j = 0; j < width; ++j) row[j] = std::max(row[j] + bias[j], T(0));
}

// A row from the entry `first` of its matrix on, as `drop` of the same file; of `width` entries, a
// multiple of kLanes. Without branches: every other entry of a random mask is mispredicted.
template <typename T>
inline void Drop(const uint32_t* words, uint32_t threshold, T scale, uint32_t first, int width,
                 T* row) {
  using Vec = typename Simd<T>::Vec;
  using Mask = decltype(Vec{} < Vec{});
  constexpr int kLanes = Simd<T>::kLanes;
  using Words = typename Simd<T>::Words;
  Words index;
  for (int i = 0; i < kLanes; ++i) index[i] = first + i;
  for (int j = 0; j < width; j += kLanes, index += kLanes) {
    const Words bits = LowBias<Words>(LowBias<Words>(index ^ words[0]) + words[1]) >> 8;
    const Mask kept = __builtin_convertvector(bits >= threshold, Mask);
    StoreAs(row + j, kept ? scale * LoadAs<Vec>(row + j) : Vec{});
  }
}

// out[0 .. lanes] = sum_j row[j] weight[j, 0 .. lanes], rows of `weight` `stride` apart; `width` is
// a multiple of four.
template <typename Vec, typename T>
inline void Combine(const T* row, const T* weight, int width, int stride, T* out) {
  Vec sum[4] = {};
  for (int j = 0; j < width; j += 4)
    for (int i = 0; i < 4; ++i) sum[i] += row[j + i] * LoadAs<Vec>(weight + (j + i) * stride);
  StoreAs(out, (sum[0] + sum[1]) + (sum[2] + sum[3]));
}

inline int RoundUp(int size, int step) { return (size + step - 1) / step * step; }

// `hidden` [B, N, H] is kept for the backward pass, or null.
template <typename T>
void Layers(Pool& pool, const Pattern& p, const LayerSizes& s, const T* values,
            int64_t values_stride, const T* first, const T* bias, const T* second,
            const Kept<T>& kept, T* hidden, T* z) {
  using Whole = typename Simd<T>::Vec;
  using Half = typename Simd<T>::Half;
  constexpr int kLanes = Simd<T>::kLanes;
  const int width = RoundUp(s.hidden, std::max(4, kLanes)),
            columns = RoundUp(s.classes, kLanes / 2);
  ForPhases(pool, 1, s.members * p.count, [&](int, int task, bool) {
    const int member = task / p.count, chunk = task % p.count;
    std::vector<T> row(width), weight(width * columns), out(columns);
    for (int j = 0; j < s.hidden; ++j)
      std::copy_n(second + (int64_t(member) * s.hidden + j) * s.classes, s.classes,
                  &weight[j * columns]);
    const T* x = first + int64_t(member) * s.inputs * s.hidden;
    for (int r = p.chunks[chunk]; r < p.chunks[chunk + 1]; ++r) {
      const int64_t place = int64_t(member) * s.nodes + r;
      Row(p, r, values + member * values_stride, x, s.hidden, row.data());
      Activate(bias + member * s.hidden, s.hidden, row.data());
      if (kept.words && kept.thresholds[member])
        Drop(kept.words + 2 * member, kept.thresholds[member], kept.scales[member],
             uint32_t(r) * uint32_t(s.hidden), width, row.data());
      if (hidden) std::copy_n(row.data(), s.hidden, hidden + place * s.hidden);
      int c = 0;
      for (; columns - c >= kLanes; c += kLanes)
        Combine<Whole>(row.data(), &weight[c], width, columns, &out[c]);
      if (c < columns) Combine<Half>(row.data(), &weight[c], width, columns, &out[c]);
      std::copy_n(out.data(), s.classes, z + place * s.classes);
    }
  });
}

constexpr int kParts = 16;  // of the nodes, summed in order

// dpre = (g V^T) where a hidden entry is positive, dV = hidden^T g, dbias = sum of dpre over the
// nodes. `scratch` holds [B, kParts, C + 1, H in whole vectors].
template <typename T>
void LayersAdjoint(Pool& pool, const LayerSizes& s, const T* hidden,
                   const T* second, const T* scales, const T* g, T* dpre, T* dsecond, T* dbias,
                   T* scratch) {
  using Vec = typename Simd<T>::Vec;
  constexpr int kLanes = Simd<T>::kLanes;
  const int width = RoundUp(s.hidden, kLanes);
  const int64_t sums = int64_t(s.classes + 1) * width;
  ForPhases(pool, 1, s.members * kParts, [&](int, int task, bool) {
    const int member = task / kParts, part = task % kParts;
    std::vector<T> weight(s.classes * width), row(width);
    for (int c = 0; c < s.classes; ++c)
      for (int j = 0; j < s.hidden; ++j)
        weight[c * width + j] = second[(int64_t(member) * s.hidden + j) * s.classes + c];
    T* total = scratch + task * sums;
    std::fill_n(total, sums, T(0));
    const int end = int(int64_t(s.nodes) * (part + 1) / kParts);
    for (int r = int(int64_t(s.nodes) * part / kParts); r < end; ++r) {
      const int64_t place = int64_t(member) * s.nodes + r;
      const T* from = g + place * s.classes;
      std::copy_n(hidden + place * s.hidden, s.hidden, row.data());
      for (int j = 0; j < width; j += kLanes) {
        const Vec h = LoadAs<Vec>(&row[j]);
        Vec d = {};
        for (int c = 0; c < s.classes; ++c) {
          T* at = total + c * width + j;
          d += from[c] * LoadAs<Vec>(&weight[c * width + j]);
          StoreAs(at, LoadAs<Vec>(at) + from[c] * h);
        }
        d = h > Vec{} ? d * scales[member] : Vec{};
        T* at = total + s.classes * width + j;
        StoreAs(at, LoadAs<Vec>(at) + d);
        StoreAs(&row[j], d);
      }
      std::copy_n(row.data(), s.hidden, dpre + place * s.hidden);
    }
  });
  ForPhases(pool, 1, s.members, [&](int, int member, bool) {
    for (int c = 0; c <= s.classes; ++c)
      for (int j = 0; j < s.hidden; ++j) {
        T sum = 0;
        for (int part = 0; part < kParts; ++part)
          sum += scratch[(member * kParts + part) * sums + c * width + j];
        const int64_t place = int64_t(member) * s.hidden + j;
        (c < s.classes ? dsecond[place * s.classes + c] : dbias[place]) = sum;
      }
  });
}

}  // namespace longnn
