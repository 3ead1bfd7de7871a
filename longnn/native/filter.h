// The sweeps of a polynomial filter of S = D^-1/2 A D^-1/2, all K products in one call.
//
// Both run on u = D^-1/2 t, for which S becomes D^-1 A: an unweighted graph then needs no entry of
// S, only indices. Signals are kept in panels of two vectors, [panel][node][lane], with a node of
// zeros at the end that the padding of the rows points to.
#pragma once

#include <algorithm>
#include <vector>

#include "product.h"

namespace longnn {

template <typename T>
struct Graph {
  Pattern pattern;
  const T* weights;            // [nnz] or null
  const int32_t* node_of_row;  // [N] node of each row
  const int32_t* row_of_node;  // [N]
  const T* root;               // [N] sqrt(degree); 1 at isolated nodes
  const T* inverse_degree;     // [N]; 0 at isolated nodes
  int nodes;

  int64_t rows() const { return int64_t(nodes) + 1; }
  int64_t Packed(int row, int width, int column) const {
    return int64_t(node_of_row[row]) * width + column;
  }
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

// How neighbours are read: by weight; at once; or ahead of use, where a panel leaves the caches.
enum class Reading { kWeighted, kNear, kFar };

// N vectors of a panel's row.
template <typename T, typename V, int N, Reading R>
struct Shape {
  using Vec = V;
  static constexpr int kVectors = N, kLanes = sizeof(Vec) / sizeof(T), kWidth = N * kLanes;
  static constexpr Reading kReading = R;
};

// Columns of a whole panel: two vectors, or one where the caches hold one only.
template <typename T>
inline int PanelColumns(const Graph<T>& g) {
  constexpr int kLanes = Simd<T>::kLanes;
  const int64_t bytes = g.rows() * 2 * kLanes * sizeof(T);
  return bytes > kNear && bytes / 2 <= kNear ? kLanes : 2 * kLanes;
}

// The last panel is as many vectors wide as its columns need, or half of one.
template <typename T>
inline int PaddedColumns(const Graph<T>& g, int width) {
  constexpr int kLanes = Simd<T>::kLanes;
  const int last = width % PanelColumns(g);
  if (0 < last && last <= kLanes / 2) return width - last + kLanes / 2;
  return (width + kLanes - 1) / kLanes * kLanes;
}

// Calls f(shape) for a panel of `columns`.
template <typename T, Reading R, typename F>
inline void WithShape(int columns, const F& f) {
  using Whole = typename Simd<T>::Vec;
  constexpr int kLanes = Simd<T>::kLanes;
  if (columns < kLanes) return f(Shape<T, typename Simd<T>::Half, 1, R>());
  if (columns < 2 * kLanes) return f(Shape<T, Whole, 1, R>());
  f(Shape<T, Whole, 2, R>());
}

// Runs f(phase, chunk, column, shape, first) for all panels; for `phases` and `first` see
// ForPhases. Of panels that a cache holds, as many as can be shared out equally go through all
// phases on one thread each, which waits for nobody. At the others the threads work together, one
// panel after the other.
template <typename T, typename Phases, typename F>
void ForPanels(xla::ffi::ThreadPool& pool, const Graph<T>& g, const Phases& phases, int columns,
               const F& f) {
  const int chunks = g.pattern.count, threads = std::max<int>(1, pool.num_threads());
  const int whole = PanelColumns(g), panels = (columns + whole - 1) / whole;
  auto far = [&](int width) { return g.rows() * width * int64_t(sizeof(T)) > kNear; };
  const int alone = far(whole) ? 0 : columns / whole / threads * threads;
  auto width_of = [&](int panel) { return std::min(columns - panel * whole, whole); };
  auto reading = [&](int panel) {
    if (g.weights) return Reading::kWeighted;
    return far(width_of(panel)) ? Reading::kFar : Reading::kNear;
  };
  auto run = [&](int phase, int chunk, int panel, bool first) {
    auto one = [&](auto shape) { f(phase, chunk, panel * whole, shape, first); };
    switch (reading(panel)) {
      case Reading::kWeighted:
        return WithShape<T, Reading::kWeighted>(width_of(panel), one);
      case Reading::kFar:
        return WithShape<T, Reading::kFar>(width_of(panel), one);
      case Reading::kNear:
        return WithShape<T, Reading::kNear>(width_of(panel), one);
    }
  };
  if (alone)
    ForPhases(pool, 1, alone, [&](int, int panel, bool) {
      for (int phase = 0; phase < phases(reading(panel)); ++phase)
        for (int chunk = 0; chunk < chunks; ++chunk) run(phase, chunk, panel, chunk == 0);
    });
  for (int panel = alone; panel < panels; ++panel)
    ForPhases(pool, phases(reading(panel)), chunks,
              [&](int phase, int chunk, bool first) { run(phase, chunk, panel, first); });
}

// sum over the neighbours of a row times a factor; several entries at a time, so that sums do not
// wait for each other
template <typename P, typename T>
inline void Sum(const Graph<T>& g, int row, const T* u, T factor,
                typename P::Vec (&sum)[P::kVectors]) {
  using Vec = typename P::Vec;
  constexpr int kChains = P::kVectors == 1 ? 4 : 2;
  static_assert(kTogether % kChains == 0, "rows have no tails");
  Vec chains[kChains][P::kVectors] = {};
  const int32_t *columns = g.pattern.columns, *entry = columns + g.pattern.start[row],
                *end = columns + g.pattern.start[row + 1];
  for (; entry != end; entry += kChains)
    for (int c = 0; c < kChains; ++c) {
      const T* from = u + int64_t(entry[c]) * P::kWidth;
      if constexpr (P::kReading == Reading::kFar)
        __builtin_prefetch(u + int64_t(entry[c + kAhead]) * P::kWidth, 0, 2);
      for (int v = 0; v < P::kVectors; ++v) {
        const Vec x = LoadAs<Vec>(from + v * P::kLanes);
        if constexpr (P::kReading == Reading::kWeighted)
          chains[c][v] += g.weights[entry + c - columns] * x;
        else
          chains[c][v] += x;
      }
    }
  for (int v = 0; v < P::kVectors; ++v) {
    sum[v] = chains[0][v];
    for (int c = 1; c < kChains; ++c) sum[v] += chains[c][v];
    sum[v] *= factor;
  }
}

template <typename P, typename T>
inline void SetLastNodeToZero(const Graph<T>& g, T* panel) {
  std::fill_n(panel + int64_t(g.nodes) * P::kWidth, P::kWidth, T(0));
}

// One row of packed [N, width] numbers times a factor, to or from a panel; lanes beyond are 0.
template <typename P, typename T>
inline void ToPanel(const T* row, int left, T factor, T* panel) {
  using Vec = typename P::Vec;
  if (left >= P::kWidth) {
    for (int v = 0; v < P::kVectors; ++v)
      StoreAs(panel + v * P::kLanes, factor * LoadAs<Vec>(row + v * P::kLanes));
    return;
  }
  for (int i = 0; i < P::kWidth; ++i) panel[i] = i < left ? factor * row[i] : T(0);
}

template <typename P, typename T>
inline void FromPanel(const typename P::Vec (&panel)[P::kVectors], int left, T factor, T* row) {
  T lanes[P::kWidth];
  T* to = left >= P::kWidth ? row : lanes;
  for (int v = 0; v < P::kVectors; ++v) StoreAs(to + v * P::kLanes, factor * panel[v]);
  if (to != row) std::copy_n(lanes, left, row);
}

// Memory of the calling thread's own, of at most kNear bytes; the next call overwrites it.
template <typename T>
T* OwnMemory(int64_t count) {
  struct alignas(64) Line {
    char bytes[64];
  };
  thread_local std::vector<Line> memory;
  if (int64_t(memory.size() * sizeof(Line)) < count * int64_t(sizeof(T)))
    memory.resize(kNear / sizeof(Line) + 1);
  return reinterpret_cast<T*>(memory.data());
}

// y = S x. `scratch` holds one signal, or the signal is near: then each thread makes a copy of
// its own, since lines that another core has just written are slow to read.
template <typename T>
void Matvec(xla::ffi::ThreadPool& pool, const Graph<T>& g, int width, const T* x, T* y,
            T* scratch) {
  const int columns = PaddedColumns(g, width);
  const int32_t* chunks = g.pattern.chunks;
  auto phases = [](Reading reading) { return reading == Reading::kNear ? 1 : 2; };
  ForPanels<T>(
      pool, g, phases, columns, [&](int phase, int chunk, int column, auto shape, bool first) {
        using P = decltype(shape);
        constexpr bool kOwn = P::kReading == Reading::kNear;
        T* panel = kOwn ? OwnMemory<T>(g.rows() * P::kWidth) : scratch + g.rows() * column;
        if (kOwn ? first : phase == 0) {
          const int begin = kOwn ? 0 : chunks[chunk], end = kOwn ? g.nodes : chunks[chunk + 1];
          for (int node = begin; node < end; ++node) {
            const int row = g.row_of_node[node];
            ToPanel<P>(x + int64_t(node) * width + column, width - column, 1 / g.root[row],
                       panel + int64_t(row) * P::kWidth);
          }
          if (end == g.nodes) SetLastNodeToZero<P>(g, panel);
        }
        if (!kOwn && phase == 0) return;
        for (int row = chunks[chunk]; row < chunks[chunk + 1]; ++row) {
          typename P::Vec out[P::kVectors];
          Sum<P>(g, row, panel, 1 / g.root[row], out);
          FromPanel<P>(out, width - column, T(1), y + g.Packed(row, width, column));
        }
      });
}

// y = sum_k theta_k p_k(S) x by Clenshaw: y_k = theta_k x + (S - d_k)/u_k y_{k+1} - f_k y_{k+2},
// f_k = l_{k+1}/u_{k+1}. `scratch` holds 3 signals.
template <typename T>
void FilterSum(xla::ffi::ThreadPool& pool, const Graph<T>& g, const Steps<T>& s, const T* x, T* y,
               T* scratch) {
  const int64_t size = g.rows() * s.columns;
  T *scaled = scratch, *ring[2] = {scratch + size, scratch + 2 * size};
  auto phases = [&](Reading) { return s.order + 1; };
  ForPanels<T>(pool, g, phases, s.columns, [&](int phase, int chunk, int column, auto shape, bool) {
    const int k = s.order - phase;
    const T* current = ring[(phase + 1) % 2];
    T* next = ring[phase % 2];  // holds y_{k+2}, read once and overwritten
    using P = decltype(shape);
    using Vec = typename P::Vec;
    constexpr int V = P::kVectors, kLanes = P::kLanes, kWidth = P::kWidth;
    const int left = s.width - column;
    const int64_t panel = g.rows() * column;
    const T* theta = &s.theta[k * s.columns + column];
    Vec slope[V], shift[V], back[V];
    for (int v = 0; v < V && k < s.order; ++v) {
      const int at = k * s.columns + column + v * kLanes;
      slope[v] = LoadAs<Vec>(&s.inverse_upper[at]);
      shift[v] = slope[v] * LoadAs<Vec>(&s.diagonal[at]);
      back[v] = Vec{};
      if (k + 1 < s.order)
        back[v] =
            LoadAs<Vec>(&s.lower[at + s.columns]) * LoadAs<Vec>(&s.inverse_upper[at + s.columns]);
    }
    if (phase <= 1 && chunk == 0) SetLastNodeToZero<P>(g, next + panel);
    for (int row = g.pattern.chunks[chunk]; row < g.pattern.chunks[chunk + 1]; ++row) {
      const int64_t at = panel + int64_t(row) * kWidth;
      Vec out[V];
      if (phase == 0) {
        ToPanel<P>(x + g.Packed(row, s.width, column), left, 1 / g.root[row], scaled + at);
        for (int v = 0; v < V; ++v)
          out[v] = LoadAs<Vec>(theta + v * kLanes) * LoadAs<Vec>(scaled + at + v * kLanes);
      } else {
        Sum<P>(g, row, current + panel, g.inverse_degree[row], out);
        for (int v = 0; v < V; ++v) {
          const int64_t i = at + v * kLanes;
          out[v] = LoadAs<Vec>(theta + v * kLanes) * LoadAs<Vec>(scaled + i) + slope[v] * out[v] -
                   shift[v] * LoadAs<Vec>(current + i);
          if (phase > 1) out[v] -= back[v] * LoadAs<Vec>(next + i);
        }
      }
      if (k > 0) {
        for (int v = 0; v < V; ++v) StoreAs(next + at + v * kLanes, out[v]);
      } else {
        for (int v = 0; v < V; ++v) out[v] *= LoadAs<Vec>(&s.first[column + v * kLanes]);
        FromPanel<P>(out, left, g.root[row], y + g.Packed(row, s.width, column));
      }
    }
  });
}

// Q_k = p_k(S) gradient, dx = sum_k theta_k Q_k, dtheta_k = <x, Q_k> by columns.
// `scratch` holds 4 signals and (K + 1) rows for each chunk.
template <typename T>
void FilterAdjoint(xla::ffi::ThreadPool& pool, const Graph<T>& g, const Steps<T>& s, const T* x,
                   const T* gradient, T* dtheta, T* dx, T* scratch) {
  const int64_t size = g.rows() * s.columns;
  T *scaled = scratch, *total = scratch + size, *ring[2] = {scratch + 2 * size, scratch + 3 * size};
  T* partial = scratch + 4 * size;
  const int64_t rows = s.order + 1;
  auto phases = [&](Reading) { return s.order + 1; };
  ForPanels<T>(pool, g, phases, s.columns, [&](int k, int chunk, int column, auto shape, bool) {
    const T* current = ring[(k + 1) % 2];
    T* next = ring[k % 2];  // holds Q_{k-2}, read once and overwritten
    using P = decltype(shape);
    using Vec = typename P::Vec;
    constexpr int V = P::kVectors, kLanes = P::kLanes, kWidth = P::kWidth;
    const int left = s.width - column;
    const int64_t panel = g.rows() * column;
    Vec theta[V], slope[V], shift[V], back[V], product[V];
    for (int v = 0; v < V; ++v) {
      const int at = (k - 1) * s.columns + column + v * kLanes;
      theta[v] = LoadAs<Vec>(&s.theta[at + s.columns]);
      product[v] = Vec{};
      if (k == 0) continue;
      slope[v] = LoadAs<Vec>(&s.inverse_upper[at]);
      shift[v] = LoadAs<Vec>(&s.diagonal[at]);
      back[v] = LoadAs<Vec>(&s.lower[at]);
    }
    if (k <= 1 && chunk == 0) SetLastNodeToZero<P>(g, next + panel);
    for (int row = g.pattern.chunks[chunk]; row < g.pattern.chunks[chunk + 1]; ++row) {
      const int64_t at = panel + int64_t(row) * kWidth, packed = g.Packed(row, s.width, column);
      Vec out[V], sum[V];
      if (k == 0) {
        ToPanel<P>(x + packed, left, g.root[row], scaled + at);
        ToPanel<P>(gradient + packed, left, 1 / g.root[row], next + at);
        for (int v = 0; v < V; ++v) {
          out[v] = LoadAs<Vec>(&s.first[column + v * kLanes]) * LoadAs<Vec>(next + at + v * kLanes);
          sum[v] = theta[v] * out[v];
        }
      } else {
        Sum<P>(g, row, current + panel, g.inverse_degree[row], out);
        for (int v = 0; v < V; ++v) {
          const int64_t i = at + v * kLanes;
          out[v] -= shift[v] * LoadAs<Vec>(current + i);
          if (k > 1) out[v] -= back[v] * LoadAs<Vec>(next + i);
          out[v] *= slope[v];
          sum[v] = LoadAs<Vec>(total + i) + theta[v] * out[v];
        }
      }
      for (int v = 0; v < V; ++v) {
        const int64_t i = at + v * kLanes;
        product[v] += LoadAs<Vec>(scaled + i) * out[v];
        if (k < s.order) StoreAs(next + i, out[v]), StoreAs(total + i, sum[v]);
      }
      if (k == s.order) FromPanel<P>(sum, left, g.root[row], dx + packed);
    }
    T* sums = partial + (chunk * rows + k) * s.columns + column;
    for (int v = 0; v < V; ++v) StoreAs(sums + v * kLanes, product[v]);
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
