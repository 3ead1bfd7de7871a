// Filters in the Lanczos vectors of their own signal: y = sum_k theta_k v_k, and the derivatives.
//
// Columns do not know of each other, so that a panel of them goes through all steps while it is in
// the caches. In u = D^-1/2 t, as in filter.h, the inner product is sum_i degree_i u_i w_i. What is
// kept of v_k is its unnormalised form s_k with v_k = s_k / |s_k|: the length is known only when
// all of s_k is there, and to divide by it then would be one more pass.
#pragma once

#include <cmath>
#include <limits>

#include "filter.h"

namespace longnn {

// Memory of one panel, in signals of `rows` times its width and sums of its width.
struct KrylovRoom {
  int signals, sums;
};

// y alone: three vectors, and the sum. Sums: |s_k|^2, a_k.
inline KrylovRoom RoomOfSum(int order) { return {4, 2 * order + 1}; }

// Derivatives: all vectors, c, g and two du. Sums besides: <c_k, v_(k-i)>, i < 3, and dtheta_k.
inline KrylovRoom RoomOfAdjoint(int order) { return {order + 5, 2 * order + 1 + 4 * (order + 1)}; }

// One panel of columns between two barriers: `parts` ranges of rows, a partial sum for each.
template <typename P, typename T>
class KrylovPanel {
 public:
  using Vec = typename P::Vec;
  static constexpr int V = P::kVectors, kWidth = P::kWidth;

  // `theta` [K + 1, width] is of all columns, of which this panel has those from `column` on.
  KrylovPanel(const Graph<T>& g, int order, int width, int column, const T* theta, int parts,
              int kept, KrylovRoom room, T* memory)
      : g_(g),
        order_(order),
        width_(width),
        column_(column),
        left_(width - column),
        parts_(parts),
        kept_(kept),
        theta_(theta),
        signals_(memory),
        sums_(memory + room.signals * g.rows() * kWidth),
        work_(room.signals - kept) {}

  // Phases 0 to 2K: s_0 to s_K, and where `total` is asked for sum_{k<K} theta_k v_k.
  void Expand(int phase, int part, int begin, int end, const T* x, bool total) {
    const int k = (phase - 1) / 2;  // of the vector that the step starts from
    if (phase == 0) return Begin(part, begin, end, x);
    if (phase % 2) return Multiply(k, part, begin, end);
    Scalars scale = Scale(k), before = k ? Scale(k - 1) : Scalars{};
    Vec a[V], weight[V], square[V] = {};
    Total(ShiftAt(k), a);
    Theta(k, weight);
    T *current = Term(k), *next = Term(k + 1), *previous = Term(k - 1), *sum = Work(0);
    for (int row = begin; row < end; ++row)
      for (int v = 0; v < V; ++v) {
        const int64_t at = At(row, v);
        const Vec here = scale.inverse[v] * LoadAs<Vec>(current + at);
        Vec s = LoadAs<Vec>(next + at) - a[v] * here;
        if (k) s -= scale.length[v] * before.inverse[v] * LoadAs<Vec>(previous + at);
        StoreAs(next + at, s);
        square[v] += Degree(row) * s * s;
        if (!total) continue;
        const Vec term = weight[v] * here;
        StoreAs(sum + at, k ? LoadAs<Vec>(sum + at) + term : term);
      }
    Keep(SquareAt(k + 1), part, square);
  }

  // After Expand with `total`: y.
  void Finish(int begin, int end, T* y) {
    const Scalars scale = Scale(order_);
    Vec weight[V];
    Theta(order_, weight);
    for (int row = begin; row < end; ++row) {
      Vec out[V];
      for (int v = 0; v < V; ++v)
        out[v] =
            g_.root[row] * (LoadAs<Vec>(Work(0) + At(row, v)) +
                            weight[v] * scale.inverse[v] * LoadAs<Vec>(Term(order_) + At(row, v)));
      Write<P>(out, left_, y + g_.Packed(row, width_, column_));
    }
  }

  // After Expand, phases 0 to 2K + 1. c_k is the cotangent of v_k, du_k that of s_{k+1} =
  // S v_k - a_k v_k - |s_k| v_{k-1}. Products of v_{k+1} with v_k and v_{k-1}, which would appear
  // in the derivatives, are zero up to the rounding that v_{k+1} itself has.
  void Reverse(int phase, int part, int begin, int end, const T* gradient, T* dtheta, T* dx) {
    const int k = order_ - (phase + 1) / 2;  // of the step
    if (phase == 2 * order_ + 1) return Leave(part, begin, end, dtheta, dx);
    if (phase % 2) return Unnormalise(k, begin, end);
    const Scalars scale = Scale(k), after = k < order_ ? Scale(k + 1) : Scalars{},
                  before = k ? Scale(k - 1) : Scalars{}, older = k > 1 ? Scale(k - 2) : Scalars{};
    Vec weight[V], a[V] = {}, da[V] = {}, sums[4][V] = {};
    Theta(k, weight);
    if (k < order_) {
      Total(ShiftAt(k), a);
      Total(ProductAt(k + 1, 1), da);
      for (int v = 0; v < V; ++v) da[v] *= -after.inverse[v];
    }
    const T *du = Du(k), *du_after = Du(k + 1);
    T *c = Work(0), *g = Work(1);
    for (int row = begin; row < end; ++row) {
      Vec in[V], product[V] = {};
      if (k == order_) {
        Read<P>(gradient + g_.Packed(row, width_, column_), left_, 1 / g_.root[row], in);
        Write<P>(in, kWidth, g + At(row, 0));
      } else {
        Sum<P>(g_, row, du, g_.inverse_degree[row], product);
        for (int v = 0; v < V; ++v) in[v] = LoadAs<Vec>(g + At(row, v));
      }
      for (int v = 0; v < V; ++v) {
        const int64_t at = At(row, v);
        const Vec v0 = scale.inverse[v] * LoadAs<Vec>(Term(k) + at);
        const Vec v1 = k ? before.inverse[v] * LoadAs<Vec>(Term(k - 1) + at) : Vec{};
        const Vec v2 = k > 1 ? older.inverse[v] * LoadAs<Vec>(Term(k - 2) + at) : Vec{};
        Vec cotangent = weight[v] * in[v];
        if (k < order_) {
          // S v_k, whose s_{k+1} is kept
          const Vec image =
              LoadAs<Vec>(Term(k + 1) + at) + a[v] * v0 + (k ? scale.length[v] * v1 : Vec{});
          cotangent += product[v] - a[v] * LoadAs<Vec>(du + at) + 2 * da[v] * image;
          if (k + 1 < order_) cotangent -= after.length[v] * LoadAs<Vec>(du_after + at);
        }
        StoreAs(c + at, cotangent);
        const Vec weighted = Degree(row) * cotangent;
        sums[0][v] += weighted * v0;
        sums[1][v] += weighted * v1;
        sums[2][v] += weighted * v2;
        sums[3][v] += Degree(row) * in[v] * v0;
      }
    }
    for (int i = 0; i < 4; ++i) Keep(ProductAt(k, i), part, sums[i]);
  }

 private:
  struct Scalars {
    Vec length[V] = {}, inverse[V] = {};
  };

  // s_0 = x, and zeros where the padding of rows points to.
  void Begin(int part, int begin, int end, const T* x) {
    Vec square[V] = {};
    if (part == 0)
      for (int i = 0; i < kept_ + work_; ++i) SetLastNodeToZero<P>(g_, Signal(i));
    for (int row = begin; row < end; ++row) {
      Vec in[V];
      Read<P>(x + g_.Packed(row, width_, column_), left_, 1 / g_.root[row], in);
      Write<P>(in, kWidth, Term(0) + At(row, 0));
      for (int v = 0; v < V; ++v) square[v] += Degree(row) * in[v] * in[v];
    }
    Keep(SquareAt(0), part, square);
  }

  // The next vector is S v_k for now; a_k = <S v_k, v_k>.
  void Multiply(int k, int part, int begin, int end) {
    const Scalars scale = Scale(k);
    const T* current = Term(k);
    Vec shift[V] = {};
    for (int row = begin; row < end; ++row) {
      Vec s[V];
      Sum<P>(g_, row, current, g_.inverse_degree[row], s);
      for (int v = 0; v < V; ++v) {
        s[v] *= scale.inverse[v];
        shift[v] += Degree(row) * scale.inverse[v] * LoadAs<Vec>(current + At(row, v)) * s[v];
      }
      Write<P>(s, kWidth, Term(k + 1) + At(row, 0));
    }
    Keep(ShiftAt(k), part, shift);
  }

  // du_k from c_{k+1}.
  void Unnormalise(int k, int begin, int end) {
    const Scalars scale = Scale(k + 1);
    Vec along[V], dlength[V] = {};
    Total(ProductAt(k + 1, 0), along);
    if (k + 2 <= order_) {
      const Scalars after = Scale(k + 2);
      Total(ProductAt(k + 2, 2), dlength);
      for (int v = 0; v < V; ++v) dlength[v] *= -after.inverse[v];
    }
    T *du = Du(k), *c = Work(0), *term = Term(k + 1);
    for (int row = begin; row < end; ++row)
      for (int v = 0; v < V; ++v) {
        const int64_t at = At(row, v);
        const Vec unit = scale.inverse[v] * LoadAs<Vec>(term + at);
        StoreAs(du + at,
                scale.inverse[v] * (LoadAs<Vec>(c + at) - along[v] * unit) + dlength[v] * unit);
      }
  }

  // dx from c_0; dtheta.
  void Leave(int part, int begin, int end, T* dtheta, T* dx) {
    const Scalars scale = Scale(0);
    Vec along[V];
    Total(ProductAt(0, 0), along);
    for (int row = begin; row < end; ++row) {
      Vec out[V];
      for (int v = 0; v < V; ++v) {
        const int64_t at = At(row, v);
        const Vec unit = scale.inverse[v] * LoadAs<Vec>(Term(0) + at);
        out[v] = g_.root[row] * scale.inverse[v] * (LoadAs<Vec>(Work(0) + at) - along[v] * unit);
      }
      Write<P>(out, left_, dx + g_.Packed(row, width_, column_));
    }
    if (part) return;
    for (int k = 0; k <= order_; ++k) {
      Vec total[V];
      Total(ProductAt(k, 3), total);
      T lanes[kWidth];
      for (int v = 0; v < V; ++v) StoreAs(lanes + v * P::kLanes, total[v]);
      std::copy_n(lanes, std::min(left_, kWidth), dtheta + int64_t(k) * width_ + column_);
    }
  }

  int SquareAt(int k) const { return k; }
  int ShiftAt(int k) const { return order_ + 1 + k; }
  int ProductAt(int k, int i) const { return 2 * order_ + 1 + 4 * k + i; }

  int64_t At(int row, int v) const { return int64_t(row) * kWidth + v * P::kLanes; }
  T Degree(int row) const { return g_.root[row] * g_.root[row]; }
  T* Signal(int i) const { return signals_ + i * g_.rows() * kWidth; }
  T* Term(int k) const { return Signal((k + kept_) % kept_); }
  T* Work(int i) const { return Signal(kept_ + i); }
  T* Du(int k) const { return Work(2 + k % 2); }

  void Theta(int k, Vec (&out)[V]) const {
    Read<P>(theta_ + int64_t(k) * width_ + column_, left_, T(1), out);
  }

  void Keep(int sum, int part, const Vec (&values)[V]) {
    Write<P>(values, kWidth, sums_ + (int64_t(sum) * parts_ + part) * kWidth);
  }

  void Total(int sum, Vec (&out)[V]) const {
    for (int v = 0; v < V; ++v) out[v] = Vec{};
    for (int part = 0; part < parts_; ++part)
      for (int v = 0; v < V; ++v)
        out[v] += LoadAs<Vec>(sums_ + (int64_t(sum) * parts_ + part) * kWidth + v * P::kLanes);
  }

  // |s_k| and its inverse, both 0 where s_k is rounding error: of S v_{k-1}, whose length is at
  // most 1, or where x is 0.
  Scalars Scale(int k) const {
    const T noise = k ? 16 * std::numeric_limits<T>::epsilon() : T(0);
    const T least = noise * noise + std::numeric_limits<T>::min();
    Scalars out;
    Vec square[V];
    Total(SquareAt(k), square);
    for (int v = 0; v < V; ++v)
      for (int i = 0; i < P::kLanes; ++i)
        if (square[v][i] > least) {
          out.length[v][i] = std::sqrt(square[v][i]);
          out.inverse[v][i] = 1 / out.length[v][i];
        }
    return out;
  }

  const Graph<T>& g_;
  const int order_, width_, column_, left_, parts_, kept_;
  const T* theta_;
  T *signals_, *sums_;
  const int work_;
};

// Whether a panel stays with one thread, in memory of its own.
template <typename T>
inline bool IsNear(const Graph<T>& g) {
  return HoldsPanel(g, PanelColumns(g));
}

// Numbers of memory that a panel needs, in `parts` ranges of rows.
template <typename T>
inline int64_t KrylovMemory(const Graph<T>& g, KrylovRoom room, int parts) {
  return (room.signals * g.rows() + int64_t(room.sums) * parts) * PanelColumns(g);
}

// Numbers of scratch that ForKrylovPanels needs: none where threads have memory of their own.
template <typename T>
inline int64_t KrylovScratch(const Graph<T>& g, KrylovRoom room) {
  return IsNear(g) ? 0 : KrylovMemory(g, room, g.pattern.count);
}

// Runs f(panel, phase, part, begin, end) for all phases of all panels: near ones on one thread
// each, others one after the other on all threads, in `scratch`.
template <typename T, typename F>
void ForKrylovPanels(Pool& pool, const Graph<T>& g, int order, int width,
                     const T* theta, int kept, KrylovRoom room, int phases, T* scratch,
                     const F& f) {
  const int whole = PanelColumns(g), columns = PaddedColumns(g, width),
            panels = (columns + whole - 1) / whole, chunks = g.pattern.count;
  const bool near = IsNear(g);
  auto with_panel = [&](int number, int parts, T* memory, auto&& use) {
    const int column = number * whole, here = std::min(columns - column, whole);
    auto make = [&](auto shape) {
      KrylovPanel<decltype(shape), T> panel(g, order, width, column, theta, parts, kept, room,
                                            memory);
      use(panel);
    };
    if (g.weights) return WithShape<T, Reading::kWeighted>(here, make);
    near ? WithShape<T, Reading::kNear>(here, make) : WithShape<T, Reading::kFar>(here, make);
  };
  if (near)
    return ForPhases(pool, 1, panels, [&](int, int number, bool) {
      with_panel(number, 1, OwnMemory<T>(KrylovMemory(g, room, 1)), [&](auto& panel) {
        for (int phase = 0; phase < phases; ++phase) f(panel, phase, 0, 0, g.nodes);
      });
    });
  const int32_t* rows = g.pattern.chunks;
  for (int number = 0; number < panels; ++number)
    ForPhases(pool, phases, chunks, [&](int phase, int chunk, bool) {
      with_panel(number, chunks, scratch,
                 [&](auto& panel) { f(panel, phase, chunk, rows[chunk], rows[chunk + 1]); });
    });
}

template <typename T>
void LanczosSum(Pool& pool, const Graph<T>& g, int order, int width, const T* theta,
                const T* x, T* y, T* scratch) {
  ForKrylovPanels<T>(pool, g, order, width, theta, 3, RoomOfSum(order), 2 * order + 2, scratch,
                     [&](auto& panel, int phase, int part, int begin, int end) {
                       if (phase <= 2 * order)
                         return panel.Expand(phase, part, begin, end, x, true);
                       panel.Finish(begin, end, y);
                     });
}

template <typename T>
void LanczosAdjoint(Pool& pool, const Graph<T>& g, int order, int width,
                    const T* theta, const T* x, const T* gradient, T* dtheta, T* dx, T* scratch) {
  ForKrylovPanels<T>(pool, g, order, width, theta, order + 1, RoomOfAdjoint(order), 4 * order + 3,
                     scratch, [&](auto& panel, int phase, int part, int begin, int end) {
                       const int back = phase - 2 * order - 1;
                       if (back < 0) return panel.Expand(phase, part, begin, end, x, false);
                       panel.Reverse(back, part, begin, end, gradient, dtheta, dx);
                     });
}

}  // namespace longnn
