// The sweeps of a polynomial filter of S = D^-1/2 A D^-1/2, all K products in one call.
//
// Both run on u = D^-1/2 t, for which S becomes D^-1 A: an unweighted graph then needs no entry of
// S, only indices. Signals are kept in panels of a few vectors, [panel][node][lane], with a node of
// zeros at the end that the padding of the rows points to. What neighbours read may be stored as
// another type, S, than the T of all sums.
#pragma once

#include <algorithm>
#include <vector>

#include "product.h"

namespace longnn {

template <typename T, typename S = T>
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

// Whether the nearest caches hold a panel of `columns`. Rows are padded for the sums of near panels
// where a panel of 32 bytes a node is near (operator.py), so that narrower ones are far with it.
template <typename T, typename S>
inline bool HoldsPanel(const Graph<T, S>& g, int columns) {
  return g.rows() * std::max<int64_t>(columns * sizeof(S), 32) <= kNear;
}

// Columns of a whole panel: kPanelVectors vectors, or a half or a quarter of them where the caches
// hold no more.
template <typename T, typename S>
inline int PanelColumns(const Graph<T, S>& g) {
  constexpr int kLanes = Simd<T>::kLanes;
  for (int vectors = kPanelVectors; vectors; vectors /= 2)
    if (HoldsPanel(g, vectors * kLanes)) return vectors * kLanes;
  return kPanelVectors * kLanes;
}

// The last panel is as many vectors wide as its columns need, or half of one.
template <typename T, typename S>
inline int PaddedColumns(const Graph<T, S>& g, int width) {
  constexpr int kLanes = Simd<T>::kLanes;
  const int last = width % PanelColumns(g);
  if (0 < last && last <= kLanes / 2) return width - last + kLanes / 2;
  return (width + kLanes - 1) / kLanes * kLanes;
}

// Calls f(shape) for a panel of `columns`.
template <typename T, Reading R, int kVectors = kPanelVectors, typename F>
inline void WithShape(int columns, const F& f) {
  if (columns >= kVectors * Simd<T>::kLanes)
    return f(Shape<T, typename Simd<T>::Vec, kVectors, R>());
  if constexpr (kVectors > 1)
    WithShape<T, R, kVectors - 1>(columns, f);
  else
    f(Shape<T, typename Simd<T>::Half, 1, R>());
}

// Runs f(phase, chunk, column, shape, first) for all panels; for `phases` and `first` see
// ForPhases. Of panels that a cache holds, as many as can be shared out equally go through all
// phases on one thread each, which waits for nobody. At the others the threads work together, one
// panel after the other.
template <typename T, typename S, typename Phases, typename F>
void ForPanels(Pool& pool, const Graph<T, S>& g, const Phases& phases, int columns,
               const F& f) {
  const int chunks = g.pattern.count, threads = std::max<int>(1, pool.threads());
  const int whole = PanelColumns(g), panels = (columns + whole - 1) / whole;
  auto far = [&](int width) { return !HoldsPanel(g, width); };
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
template <typename P, typename T, typename S>
inline void Sum(const Graph<T, S>& g, int row, const S* u, T factor,
                typename P::Vec (&sum)[P::kVectors]) {
  using Vec = typename P::Vec;
  // divides what rows are padded to: 4 where a panel may be near, 2 elsewhere (native_operator)
  constexpr int kChains = P::kVectors == 1 && P::kReading == Reading::kNear ? 4 : 2;
  Vec chains[kChains][P::kVectors] = {};
  const int32_t *columns = g.pattern.columns, *entry = columns + g.pattern.start[row],
                *end = columns + g.pattern.start[row + 1];
  for (; entry != end; entry += kChains)
    for (int c = 0; c < kChains; ++c) {
      const S* from = u + int64_t(entry[c]) * P::kWidth;
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

template <typename P, typename T, typename S>
inline void SetLastNodeToZero(const Graph<T, S>& g, S* panel) {
  std::fill_n(panel + int64_t(g.nodes) * P::kWidth, P::kWidth, S());
}

// The first `left` numbers at `row` times a factor, zeros beyond.
template <typename P, typename T>
inline void Read(const T* row, int left, T factor, typename P::Vec (&out)[P::kVectors]) {
  T lanes[P::kWidth] = {};
  if (left < P::kWidth) {
    std::copy_n(row, left, lanes);
    row = lanes;
  }
  for (int v = 0; v < P::kVectors; ++v)
    out[v] = factor * LoadAs<typename P::Vec>(row + v * P::kLanes);
}

template <typename P, typename To>
inline void Write(const typename P::Vec (&from)[P::kVectors], int left, To* row) {
  To lanes[P::kWidth];
  To* to = left >= P::kWidth ? row : lanes;
  for (int v = 0; v < P::kVectors; ++v) StoreAs(to + v * P::kLanes, from[v]);
  if (to != row) std::copy_n(lanes, left, row);
}

// Memory of the calling thread's own; the next call overwrites it. It grows to what was ever asked
// for, at least kNear bytes.
template <typename T>
T* OwnMemory(int64_t count) {
  struct alignas(64) Line {
    char bytes[64];
  };
  thread_local std::vector<Line> memory;
  const int64_t bytes = std::max<int64_t>(count * sizeof(T), kNear);
  if (int64_t(memory.size() * sizeof(Line)) < bytes) memory.resize(bytes / sizeof(Line) + 1);
  return reinterpret_cast<T*>(memory.data());
}

// y = S x. `scratch` holds one signal, or the signal is near: then each thread makes a copy of
// its own, since lines that another core has just written are slow to read.
template <typename T, typename S>
void Matvec(Pool& pool, const Graph<T, S>& g, int width, const T* x, T* y, S* scratch) {
  const int columns = PaddedColumns(g, width);
  const int32_t* chunks = g.pattern.chunks;
  auto phases = [](Reading reading) { return reading == Reading::kNear ? 1 : 2; };
  ForPanels(
      pool, g, phases, columns, [&](int phase, int chunk, int column, auto shape, bool first) {
        using P = decltype(shape);
        constexpr bool kOwn = P::kReading == Reading::kNear;
        S* panel = kOwn ? OwnMemory<S>(g.rows() * P::kWidth) : scratch + g.rows() * column;
        if (kOwn ? first : phase == 0) {
          const int begin = kOwn ? 0 : chunks[chunk], end = kOwn ? g.nodes : chunks[chunk + 1];
          for (int node = begin; node < end; ++node) {
            const int row = g.row_of_node[node];
            typename P::Vec in[P::kVectors];
            Read<P>(x + int64_t(node) * width + column, width - column, 1 / g.root[row], in);
            Write<P>(in, P::kWidth, panel + int64_t(row) * P::kWidth);
          }
          if (end == g.nodes) SetLastNodeToZero<P>(g, panel);
        }
        if (!kOwn && phase == 0) return;
        for (int row = chunks[chunk]; row < chunks[chunk + 1]; ++row) {
          typename P::Vec out[P::kVectors];
          Sum<P>(g, row, panel, 1 / g.root[row], out);
          Write<P>(out, width - column, y + g.Packed(row, width, column));
        }
      });
}

// Numbers that 2 stored signals take.
template <typename T, typename S>
inline int64_t RingSize(const Graph<T, S>& g, int columns) {
  return 2 * g.rows() * columns * int64_t(sizeof(S)) / int64_t(sizeof(T));
}

// y = sum_k theta_k Q_k with Q_k = p_k(S) x, and products_k = <other, Q_k> by columns. `scratch`
// holds 2 signals as they are stored; `in_panels` one more, and one for `other`: then sums and
// `other` are kept in panels, too, so that columns need not fill vectors and rows are in order.
// Products need (K + 1) rows for each chunk behind.
//
// When a row of Q_k is made, those of Q_{k-1} and Q_{k-2} are at hand: every third phase adds three
// terms, so that the sums and `other` pass through the caches a third as often.
template <bool kProducts, typename T, typename S>
void Sweep(Pool& pool, const Graph<T, S>& g, const Steps<T>& s, const T* x,
           const T* other, T* products, T* y, T* scratch, bool in_panels) {
  constexpr int kTerms = 3;
  const int64_t size = g.rows() * s.columns, rows = s.order + 1;
  S* ring[2] = {reinterpret_cast<S*>(scratch), reinterpret_cast<S*>(scratch) + size};
  T *sums = scratch + RingSize(g, s.columns), *copy = sums + size;
  T* partial = sums + (in_panels ? 2 : 0) * size;
  auto phases = [&](Reading) { return s.order + 1; };
  ForPanels(pool, g, phases, s.columns, [&](int k, int chunk, int column, auto shape, bool) {
    const S* current = ring[(k + 1) % 2];
    S* next = ring[k % 2];  // holds Q_{k-2}, read once and overwritten
    using P = decltype(shape);
    using Vec = typename P::Vec;
    constexpr int V = P::kVectors, kLanes = P::kLanes, kWidth = P::kWidth;
    const int left = s.width - column;
    const int64_t panel = g.rows() * column;
    // terms k, k - 1, ... that this phase adds
    const int terms = k % kTerms == kTerms - 1 || k == s.order ? k % kTerms + 1 : 0;
    Vec theta[kTerms][V] = {}, product[kTerms][V] = {}, slope[V], shift[V], back[V];
    for (int v = 0; v < V; ++v) {
      const int at = (k - 1) * s.columns + column + v * kLanes;
      for (int i = 0; i < terms; ++i) theta[i][v] = LoadAs<Vec>(&s.theta[at + (1 - i) * s.columns]);
      if (k == 0) continue;
      slope[v] = LoadAs<Vec>(&s.inverse_upper[at]);
      shift[v] = LoadAs<Vec>(&s.diagonal[at]);
      back[v] = LoadAs<Vec>(&s.lower[at]);
    }
    if (k <= 1 && chunk == 0) SetLastNodeToZero<P>(g, next + panel);
    for (int row = g.pattern.chunks[chunk]; row < g.pattern.chunks[chunk + 1]; ++row) {
      const int64_t at = panel + int64_t(row) * kWidth, packed = g.Packed(row, s.width, column);
      Vec q[kTerms][V] = {};  // Q_k, Q_{k-1}, Q_{k-2}
      if (k == 0) {
        if (kProducts && in_panels) {
          Read<P>(other + packed, left, T(1), q[0]);
          Write<P>(q[0], kWidth, copy + at);
        }
        Read<P>(x + packed, left, 1 / g.root[row], q[0]);
        for (int v = 0; v < V; ++v) q[0][v] *= LoadAs<Vec>(&s.first[column + v * kLanes]);
      } else {
        Sum<P>(g, row, current + panel, g.inverse_degree[row], q[0]);
        for (int v = 0; v < V; ++v) {
          q[1][v] = LoadAs<Vec>(current + at + v * kLanes);
          q[0][v] -= shift[v] * q[1][v];
          if (k > 1) q[2][v] = LoadAs<Vec>(next + at + v * kLanes);
          if (k > 1) q[0][v] -= back[v] * q[2][v];
          q[0][v] *= slope[v];
        }
      }
      if (k < s.order) Write<P>(q[0], kWidth, next + at);
      if (!terms) continue;
      Vec sum[V] = {}, with[V] = {};
      T* here = in_panels ? sums + at : y + packed;
      if (k >= kTerms) Read<P>(here, kWidth, T(1), sum);
      if constexpr (kProducts)
        Read<P>(in_panels ? copy + at : other + packed, kWidth, g.root[row], with);
      for (int i = 0; i < kTerms; ++i)
        for (int v = 0; v < V; ++v) {
          sum[v] += theta[i][v] * q[i][v];
          if constexpr (kProducts) product[i][v] += with[v] * q[i][v];
        }
      if (k < s.order) {
        Write<P>(sum, kWidth, here);
      } else {
        for (int v = 0; v < V; ++v) sum[v] *= g.root[row];
        Write<P>(sum, left, y + packed);
      }
    }
    if (!kProducts) return;
    for (int i = 0; i < terms; ++i)
      Write<P>(product[i], kWidth, partial + (chunk * rows + k - i) * s.columns + column);
  });
  if (!kProducts) return;
  for (int64_t k = 0; k < rows; ++k)
    for (int c = 0; c < s.width; ++c) {
      T sum = 0;
      for (int chunk = 0; chunk < g.pattern.count; ++chunk)
        sum += partial[(chunk * rows + k) * s.columns + c];
      products[k * s.width + c] = sum;
    }
}

}  // namespace longnn
