// y[b, r, :] = sum over the entries e of row r of values[b, e] x[b, column_e, :].
#pragma once

#include "parallel.h"
#include "vector.h"

namespace longnn {

constexpr int kAhead = 64;          // columns read ahead of use, to prefetch
constexpr int64_t kNear = 3 << 19;  // bytes that the nearest caches hold beside everything else

// A sparse pattern by rows. Row chunks hold about the same number of entries.
struct Pattern {
  const int32_t* start;    // [R + 1]
  const int32_t* columns;  // [nnz + kAhead]
  const int32_t* entries;  // [nnz] position in `values`, or null for 0, 1, 2, ...
  const int32_t* chunks;   // [count + 1] rows where chunks begin
  int count;
};

// N vectors of one row, from `x` and `y` on; two entries at a time, so that sums do not wait for
// each other. Zero values (dropped out) are multiplied like all others: to skip them costs more in
// mispredicted branches than it saves.
template <typename Vec, int N, typename T>
inline void PanelOfRow(const Pattern& p, int row, const T* values, const T* x, int64_t stride,
                       T* y) {
  constexpr int kLanes = sizeof(Vec) / sizeof(T);
  Vec sum[N] = {}, second[N] = {};
  const int32_t* entries = p.entries;
  const int32_t end = p.start[row + 1];
  int32_t j = p.start[row];
  for (; j + 2 <= end; j += 2) {
    const T a = values[entries ? entries[j] : j], b = values[entries ? entries[j + 1] : j + 1];
    const T *from_a = x + p.columns[j] * stride, *from_b = x + p.columns[j + 1] * stride;
    __builtin_prefetch(x + p.columns[j + kAhead] * stride);
    __builtin_prefetch(x + p.columns[j + kAhead + 1] * stride);
    for (int v = 0; v < N; ++v) {
      sum[v] += a * LoadAs<Vec>(from_a + v * kLanes);
      second[v] += b * LoadAs<Vec>(from_b + v * kLanes);
    }
  }
  if (j < end) {
    const T a = values[entries ? entries[j] : j];
    const T* from = x + p.columns[j] * stride;
    for (int v = 0; v < N; ++v) sum[v] += a * LoadAs<Vec>(from + v * kLanes);
  }
  for (int v = 0; v < N; ++v) StoreAs(y + v * kLanes, sum[v] + second[v]);
}

// The last `width` < kLanes columns.
template <typename T>
inline void TailOfRow(const Pattern& p, int row, const T* values, const T* x, int64_t stride,
                      int width, T* y) {
  T sum[Simd<T>::kLanes] = {};
  for (int32_t j = p.start[row]; j < p.start[row + 1]; ++j) {
    const T value = values[p.entries ? p.entries[j] : j];
    const T* source = x + p.columns[j] * stride;
    for (int i = 0; i < width; ++i) sum[i] += value * source[i];
  }
  for (int i = 0; i < width; ++i) y[i] = sum[i];
}

// As many times N vectors of one row as there are between the columns `at` and `width`; returns the
// column that it came to.
template <typename Vec, int N, typename T>
inline int PanelsOfRow(const Pattern& p, int row, const T* values, const T* x, int at, int width,
                       T* y) {
  constexpr int kWidth = N * sizeof(Vec) / sizeof(T);
  for (; at + kWidth <= width; at += kWidth)
    PanelOfRow<Vec, N>(p, row, values, x + at, width, y + at);
  return at;
}

// y[0 .. width] of one row
template <typename T>
inline void Row(const Pattern& p, int row, const T* values, const T* x, int width, T* y) {
  using Whole = typename Simd<T>::Vec;
  using Half = typename Simd<T>::Half;
  int at = PanelsOfRow<Whole, 4>(p, row, values, x, 0, width, y);
  at = PanelsOfRow<Whole, 2>(p, row, values, x, at, width, y);
  at = PanelsOfRow<Whole, 1>(p, row, values, x, at, width, y);
  at = PanelsOfRow<Half, 1>(p, row, values, x, at, width, y);
  if (at < width) TailOfRow(p, row, values, x + at, width, width - at, y + at);
}

template <typename T>
void Product(Pool& pool, const Pattern& p, const T* values, int64_t values_stride,
             const T* x, int64_t x_stride, T* y, int64_t y_stride, int members, int width) {
  ForPhases(pool, 1, members * p.count, [&](int, int task, bool) {
    const int member = task / p.count, chunk = task % p.count;
    for (int row = p.chunks[chunk]; row < p.chunks[chunk + 1]; ++row)
      Row(p, row, values + member * values_stride, x + member * x_stride, width,
          y + member * y_stride + int64_t(row) * width);
  });
}

}  // namespace longnn
