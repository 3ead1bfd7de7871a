// The sweeps of a polynomial filter of S = D^-1/2 A D^-1/2, all K products in one call.
//
// Both run on u = D^-1/2 t, for which S becomes D^-1 A: an unweighted graph then needs no entry of
// S, only indices. Signals are kept in panels of up to four vectors, [panel][node][lane], so that a
// neighbour is at most four cache lines, and all threads work on one panel at a time.
#pragma once

#include <algorithm>
#include <vector>

#include "product.h"

namespace longnn {

template <typename T>
struct Graph {
  Pattern pattern;
  const T* weights;         // [nnz] or null
  const T* root;            // [N] sqrt(degree); 1 at isolated nodes
  const T* inverse_degree;  // [N]; 0 at isolated nodes
  int nodes;
};

// Coefficients of every column, padded to whole vectors: row k at k * columns.
template <typename T>
struct Steps {
  int order, width, columns;
  std::vector<T> first, diagonal, inverse_upper, lower, theta;
};

template <typename T>
std::vector<T> Padded(const T* rows, int count, int width, int columns, T fill) {
  std::vector<T> out(size_t(count) * columns, fill);
  for (int k = 0; k < count; ++k)
    std::copy_n(rows + int64_t(k) * width, width, &out[size_t(k) * columns]);
  return out;
}

inline int PaddedColumns(int width, int lanes) { return (width + lanes - 1) / lanes * lanes; }

// Runs f(phase, chunk, first column, vectors) for all panels: of four vectors, the last of fewer
// where the columns end. Panels come one after the other, so that each stays in the caches.
template <typename T, typename F>
void ForPanels(xla::ffi::ThreadPool& pool, int phases, int chunks, int columns, const F& f) {
  constexpr int kLanes = Simd<T>::kLanes;
  const int panels = (columns + 4 * kLanes - 1) / (4 * kLanes);
  ForPhases(pool, phases, panels * chunks, [&](int phase, int task) {
    const int chunk = task % chunks, column = task / chunks * 4 * kLanes;
    switch (std::min(4, (columns - column) / kLanes)) {
      case 1:
        return f(phase, chunk, column, std::integral_constant<int, 1>());
      case 2:
        return f(phase, chunk, column, std::integral_constant<int, 2>());
      case 3:
        return f(phase, chunk, column, std::integral_constant<int, 3>());
      default:
        return f(phase, chunk, column, std::integral_constant<int, 4>());
    }
  });
}

// sum over the neighbours of a row, divided by its degree
template <typename T, int V>
inline void Average(const Graph<T>& g, int row, const T* u, typename Simd<T>::Vec (&sum)[V]) {
  using S = Simd<T>;
  constexpr int kWidth = V * S::kLanes;
  typename S::Vec second[V] = {};
  for (int v = 0; v < V; ++v) sum[v] = second[v];
  const int32_t end = g.pattern.start[row + 1];
  const int32_t* columns = g.pattern.columns;  // padded by kAhead
  int32_t j = g.pattern.start[row];
  if (g.weights) {
    for (; j < end; ++j)
      for (int v = 0; v < V; ++v)
        sum[v] += g.weights[j] * Load(u + int64_t(columns[j]) * kWidth + v * S::kLanes);
  } else {
    for (; j + 2 <= end; j += 2) {
      __builtin_prefetch(u + int64_t(columns[j + kAhead]) * kWidth);
      __builtin_prefetch(u + int64_t(columns[j + kAhead + 1]) * kWidth);
      const T *a = u + int64_t(columns[j]) * kWidth, *b = u + int64_t(columns[j + 1]) * kWidth;
      for (int v = 0; v < V; ++v) {
        sum[v] += Load(a + v * S::kLanes);
        second[v] += Load(b + v * S::kLanes);
      }
    }
    if (j < end)
      for (int v = 0; v < V; ++v) sum[v] += Load(u + int64_t(columns[j]) * kWidth + v * S::kLanes);
  }
  for (int v = 0; v < V; ++v) sum[v] = (sum[v] + second[v]) * g.inverse_degree[row];
}

// One row of packed [N, width] numbers times a factor, to or from a panel; lanes beyond are 0.
template <typename T, int V>
inline void ToPanel(const T* row, int left, T factor, T* panel) {
  constexpr int kWidth = V * Simd<T>::kLanes;
  for (int i = 0; i < kWidth; ++i) panel[i] = i < left ? factor * row[i] : T(0);
}

template <typename T, int V>
inline void FromPanel(const typename Simd<T>::Vec (&panel)[V], int left, T factor, T* row) {
  constexpr int kLanes = Simd<T>::kLanes;
  T lanes[V * kLanes];
  for (int v = 0; v < V; ++v) Store(lanes + v * kLanes, panel[v]);
  for (int i = 0; i < std::min(left, V * kLanes); ++i) row[i] = factor * lanes[i];
}

// y = sum_k theta_k p_k(S) x by Clenshaw: y_k = theta_k x + (S - d_k)/u_k y_{k+1} - f_k y_{k+2},
// f_k = l_{k+1}/u_{k+1}. `scratch` holds 3 signals.
template <typename T>
void FilterSum(xla::ffi::ThreadPool& pool, const Graph<T>& g, const Steps<T>& s, const T* x, T* y,
               T* scratch) {
  using S = Simd<T>;
  constexpr int kLanes = S::kLanes;
  const int64_t size = int64_t(g.nodes) * s.columns;
  T *scaled = scratch, *ring[2] = {scratch + size, scratch + 2 * size};
  ForPanels<T>(
      pool, s.order + 1, g.pattern.count, s.columns,
      [&](int phase, int chunk, int column, auto vectors) {
        const int k = s.order - phase;
        const T* current = ring[(phase + 1) % 2];
        T* next = ring[phase % 2];  // holds y_{k+2}, read once and overwritten
        constexpr int V = vectors, kWidth = V * kLanes;
        const int left = s.width - column;
        const int64_t panel = int64_t(g.nodes) * column;
        const T* theta = &s.theta[k * s.columns + column];
        typename S::Vec slope[V], shift[V], back[V];
        for (int v = 0; v < V && k < s.order; ++v) {
          const int at = k * s.columns + column + v * kLanes;
          slope[v] = Load(&s.inverse_upper[at]);
          shift[v] = slope[v] * Load(&s.diagonal[at]);
          back[v] = typename S::Vec{};
          if (k + 1 < s.order)
            back[v] = Load(&s.lower[at + s.columns]) * Load(&s.inverse_upper[at + s.columns]);
        }
        for (int row = g.pattern.chunks[chunk]; row < g.pattern.chunks[chunk + 1]; ++row) {
          const int64_t at = panel + int64_t(row) * kWidth;
          typename S::Vec out[V];
          if (phase == 0) {
            ToPanel<T, V>(x + int64_t(row) * s.width + column, left, 1 / g.root[row], scaled + at);
            for (int v = 0; v < V; ++v)
              out[v] = Load(theta + v * kLanes) * Load(scaled + at + v * kLanes);
          } else {
            Average<T, V>(g, row, current + panel, out);
            for (int v = 0; v < V; ++v) {
              const int64_t i = at + v * kLanes;
              out[v] = Load(theta + v * kLanes) * Load(scaled + i) + slope[v] * out[v] -
                       shift[v] * Load(current + i);
              if (phase > 1) out[v] -= back[v] * Load(next + i);
            }
          }
          if (k > 0) {
            for (int v = 0; v < V; ++v) Store(next + at + v * kLanes, out[v]);
          } else {
            for (int v = 0; v < V; ++v) out[v] *= Load(&s.first[column + v * kLanes]);
            FromPanel<T, V>(out, left, g.root[row], y + int64_t(row) * s.width + column);
          }
        }
      });
}

// Q_k = p_k(S) gradient, dx = sum_k theta_k Q_k, dtheta_k = <x, Q_k> by columns.
// `scratch` holds 4 signals and (K + 1) rows for each chunk.
template <typename T>
void FilterAdjoint(xla::ffi::ThreadPool& pool, const Graph<T>& g, const Steps<T>& s, const T* x,
                   const T* gradient, T* dtheta, T* dx, T* scratch) {
  using S = Simd<T>;
  constexpr int kLanes = S::kLanes;
  const int64_t size = int64_t(g.nodes) * s.columns;
  T *scaled = scratch, *total = scratch + size, *ring[2] = {scratch + 2 * size, scratch + 3 * size};
  T* partial = scratch + 4 * size;
  const int64_t rows = s.order + 1;
  ForPanels<T>(pool, s.order + 1, g.pattern.count, s.columns,
               [&](int k, int chunk, int column, auto vectors) {
                 const T* current = ring[(k + 1) % 2];
                 T* next = ring[k % 2];  // holds Q_{k-2}, read once and overwritten
                 constexpr int V = vectors, kWidth = V * kLanes;
                 const int left = s.width - column;
                 const int64_t panel = int64_t(g.nodes) * column;
                 typename S::Vec theta[V], slope[V], shift[V], back[V], product[V];
                 for (int v = 0; v < V; ++v) {
                   const int at = (k - 1) * s.columns + column + v * kLanes;
                   theta[v] = Load(&s.theta[at + s.columns]);
                   product[v] = typename S::Vec{};
                   if (k == 0) continue;
                   slope[v] = Load(&s.inverse_upper[at]);
                   shift[v] = Load(&s.diagonal[at]);
                   back[v] = Load(&s.lower[at]);
                 }
                 for (int row = g.pattern.chunks[chunk]; row < g.pattern.chunks[chunk + 1]; ++row) {
                   const int64_t at = panel + int64_t(row) * kWidth,
                                 packed = int64_t(row) * s.width + column;
                   typename S::Vec out[V], sum[V];
                   if (k == 0) {
                     ToPanel<T, V>(x + packed, left, g.root[row], scaled + at);
                     ToPanel<T, V>(gradient + packed, left, 1 / g.root[row], next + at);
                     for (int v = 0; v < V; ++v) {
                       out[v] = Load(&s.first[column + v * kLanes]) * Load(next + at + v * kLanes);
                       sum[v] = theta[v] * out[v];
                     }
                   } else {
                     Average<T, V>(g, row, current + panel, out);
                     for (int v = 0; v < V; ++v) {
                       const int64_t i = at + v * kLanes;
                       out[v] -= shift[v] * Load(current + i);
                       if (k > 1) out[v] -= back[v] * Load(next + i);
                       out[v] *= slope[v];
                       sum[v] = Load(total + i) + theta[v] * out[v];
                     }
                   }
                   for (int v = 0; v < V; ++v) {
                     const int64_t i = at + v * kLanes;
                     product[v] += Load(scaled + i) * out[v];
                     if (k < s.order) Store(next + i, out[v]), Store(total + i, sum[v]);
                   }
                   if (k == s.order) FromPanel<T, V>(sum, left, g.root[row], dx + packed);
                 }
                 T* sums = partial + (chunk * rows + k) * s.columns + column;
                 for (int v = 0; v < V; ++v) Store(sums + v * kLanes, product[v]);
               });
  for (int64_t k = 0; k < rows; ++k)
    for (int c = 0; c < s.width; ++c) {
      T sum = 0;
      for (int chunk = 0; chunk < g.pattern.count; ++chunk)
        sum += partial[(chunk * rows + k) * s.columns + c];
      dtheta[k * s.width + c] = sum;
    }
}

}  // namespace longnn
