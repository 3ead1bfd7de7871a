// y[b, r, :] = sum over the entries e of row r of values[b, e] x[b, column_e, :].
#pragma once

#include "parallel.h"
#include "vector.h"

namespace longnn {

// A sparse pattern by rows. Row chunks hold about the same number of entries.
struct Pattern {
  const int32_t* start;    // [R + 1]
  const int32_t* columns;  // [nnz]
  const int32_t* entries;  // [nnz] position in `values`, or null for 0, 1, 2, ...
  const int32_t* chunks;   // [count + 1] rows where chunks begin
  int count;
};

// The panel [column, column + V vectors) of one row. Zero values (dropped out) are multiplied like
// all others: to skip them costs more in mispredicted branches than it saves.
template <typename T, int V>
inline void PanelOfRow(const Pattern& p, int row, const T* values, const T* x, int64_t stride,
                       T* y) {
  using S = Simd<T>;
  typename S::Vec sum[V] = {};
  for (int32_t j = p.start[row]; j < p.start[row + 1]; ++j) {
    const T value = values[p.entries ? p.entries[j] : j];
    const T* source = x + p.columns[j] * stride;
    for (int v = 0; v < V; ++v) sum[v] += value * Load(source + v * S::kLanes);
  }
  for (int v = 0; v < V; ++v) Store(y + v * S::kLanes, sum[v]);
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

template <typename T>
void Product(xla::ffi::ThreadPool& pool, const Pattern& p, const T* values, int64_t values_stride,
             const T* x, int64_t x_stride, T* y, int64_t y_stride, int members, int width) {
  constexpr int kLanes = Simd<T>::kLanes;
  ForPhases(pool, 1, members * p.count, [&](int, int task) {
    const int member = task / p.count, chunk = task % p.count;
    const T* value = values + member * values_stride;
    for (int row = p.chunks[chunk]; row < p.chunks[chunk + 1]; ++row) {
      const T* from = x + member * x_stride;
      T* to = y + member * y_stride + int64_t(row) * width;
      int left = width;
      auto advance = [&](int columns) { from += columns, to += columns, left -= columns; };
      for (; left >= 4 * kLanes; advance(4 * kLanes))
        PanelOfRow<T, 4>(p, row, value, from, width, to);
      for (; left >= 2 * kLanes; advance(2 * kLanes))
        PanelOfRow<T, 2>(p, row, value, from, width, to);
      for (; left >= kLanes; advance(kLanes)) PanelOfRow<T, 1>(p, row, value, from, width, to);
      if (left) TailOfRow(p, row, value, from, width, left, to);
    }
  });
}

}  // namespace longnn
