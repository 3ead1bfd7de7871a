// XLA custom calls of one number type, float32.cc's or float64.cc's: products, filters and layers.
// Those of mixed.cc store signals as another type, S, than the one that they sum.
#pragma once

#include "filter.h"
#include "krylov.h"
#include "layers.h"
#include "memory.h"
#include "xla/ffi/api/ffi.h"

namespace ffi = xla::ffi;

namespace longnn {

// Within a call, XLA's threads as the kernels know them.
class XlaPool final : public Pool {
 public:
  XlaPool(ffi::ThreadPool pool) : pool_(pool) {}
  int64_t threads() const override { return pool_.num_threads(); }
  void Schedule(std::function<void()> task) override { pool_.Schedule(std::move(task)); }

 private:
  ffi::ThreadPool pool_;
};

}  // namespace longnn

template <>
struct ffi::CtxBinding<longnn::XlaPool> {
  using Ctx = ffi::ThreadPool;
};

namespace longnn {

using Index = ffi::Buffer<ffi::S32>;

inline ffi::Error Wrong(const char* what) { return ffi::Error::InvalidArgument(what); }

template <ffi::DataType kType>
ffi::NativeType<kType>* Fresh(ffi::ResultBuffer<kType>& result) {
  AdviseLargePages(result->untyped_data(), result->size_bytes());
  return result->typed_data();
}

inline Pattern MakePattern(const Index& start, const Index& columns, const Index& entries,
                    const Index& chunks) {
  return {start.typed_data(), columns.typed_data(),
          entries.element_count() ? entries.typed_data() : nullptr, chunks.typed_data(),
          int(chunks.element_count()) - 1};
}

template <ffi::DataType kType>
ffi::Error ProductImpl(XlaPool pool, Index start, Index columns, Index entries,
                       Index chunks, ffi::Buffer<kType> values, ffi::Buffer<kType> x,
                       ffi::ResultBuffer<kType> y) {
  const auto in = x.dimensions(), out = y->dimensions(), factor = values.dimensions();
  if (in.size() != 3 || out.size() != 3 || factor.size() != 2 || out[2] != in[2] ||
      out[1] + 1 != int64_t(start.element_count()))
    return Wrong("product: x must be [B or 1, M, W], values [B or 1, nnz] and y [B, R, W]");
  const Pattern pattern = MakePattern(start, columns, entries, chunks);
  const int64_t values_stride = factor[0] == 1 ? 0 : factor[1],
                x_stride = in[0] == 1 ? 0 : in[1] * in[2];
  Product(pool, pattern, values.typed_data(), values_stride, x.typed_data(), x_stride,
          Fresh<kType>(y), out[1] * out[2], int(out[0]), int(out[2]));
  return ffi::Error::Success();
}

template <ffi::DataType kType, typename S = ffi::NativeType<kType>>
Graph<ffi::NativeType<kType>, S> MakeGraph(
    const Index& start, const Index& columns, const Index& chunks, const Index& node_of_row,
    const Index& row_of_node, const ffi::Buffer<kType>& weights, const ffi::Buffer<kType>& root,
    const ffi::Buffer<kType>& inverse_degree) {
  return {{start.typed_data(), columns.typed_data(), nullptr, chunks.typed_data(),
           int(chunks.element_count()) - 1},
          weights.element_count() ? weights.typed_data() : nullptr,
          node_of_row.typed_data(),
          row_of_node.typed_data(),
          root.typed_data(),
          inverse_degree.typed_data(),
          int(root.element_count())};
}

template <ffi::DataType kType, typename S = ffi::NativeType<kType>>
ffi::Error MatvecImpl(XlaPool pool, Index start, Index columns, Index chunks,
                      Index node_of_row, Index row_of_node, ffi::Buffer<kType> weights,
                      ffi::Buffer<kType> root, ffi::Buffer<kType> inverse_degree,
                      ffi::Buffer<kType> x, ffi::ResultBuffer<kType> y,
                      ffi::ResultBuffer<kType> scratch) {
  const auto graph = MakeGraph<kType, S>(start, columns, chunks, node_of_row, row_of_node, weights,
                                         root, inverse_degree);
  const int width = int(x.dimensions()[1]);
  if (2 * int64_t(scratch->element_count()) < RingSize(graph, PaddedColumns(graph, width)))
    return Wrong("matvec: scratch is too small");
  Matvec(pool, graph, width, x.typed_data(), Fresh<kType>(y),
         reinterpret_cast<S*>(Fresh<kType>(scratch)));
  return ffi::Error::Success();
}

template <ffi::DataType kType, typename S = ffi::NativeType<kType>>
struct FilterArguments {
  using T = ffi::NativeType<kType>;
  Graph<T, S> graph;
  Steps<T> steps;

  FilterArguments(const Index& start, const Index& columns, const Index& chunks,
                  const Index& node_of_row, const Index& row_of_node,
                  const ffi::Buffer<kType>& weights, const ffi::Buffer<kType>& root,
                  const ffi::Buffer<kType>& inverse_degree, const ffi::Buffer<kType>& first,
                  const ffi::Buffer<kType>& diagonal, const ffi::Buffer<kType>& upper,
                  const ffi::Buffer<kType>& lower, const ffi::Buffer<kType>& theta) {
    graph = MakeGraph<kType, S>(start, columns, chunks, node_of_row, row_of_node, weights, root,
                                inverse_degree);
    const int width = int(theta.dimensions()[1]), order = int(theta.dimensions()[0]) - 1;
    const int padded = PaddedColumns(graph, width);
    steps = {order,
             width,
             padded,
             Padded(first.typed_data(), 1, width, padded, T(0)),
             Padded(diagonal.typed_data(), order, width, padded, T(0)),
             Padded(upper.typed_data(), order, width, padded, T(1)),
             Padded(lower.typed_data(), order, width, padded, T(0)),
             Padded(theta.typed_data(), order + 1, width, padded, T(0))};
    for (T& u : steps.inverse_upper) u = 1 / u;
  }
};

template <ffi::DataType kType, typename S = ffi::NativeType<kType>>
ffi::Error FilterSumImpl(XlaPool pool, Index start, Index columns, Index chunks,
                         Index node_of_row, Index row_of_node, ffi::Buffer<kType> weights,
                         ffi::Buffer<kType> root, ffi::Buffer<kType> inverse_degree,
                         ffi::Buffer<kType> first, ffi::Buffer<kType> diagonal,
                         ffi::Buffer<kType> upper, ffi::Buffer<kType> lower,
                         ffi::Buffer<kType> theta, ffi::Buffer<kType> x, ffi::ResultBuffer<kType> y,
                         ffi::ResultBuffer<kType> scratch) {
  FilterArguments<kType, S> a(start, columns, chunks, node_of_row, row_of_node, weights, root,
                              inverse_degree, first, diagonal, upper, lower, theta);
  const int64_t signal = a.graph.rows() * a.steps.columns,
                room = scratch->element_count() - RingSize(a.graph, a.steps.columns);
  if (room < 0) return Wrong("filter: scratch is too small");
  Sweep<false, ffi::NativeType<kType>>(pool, a.graph, a.steps, x.typed_data(), nullptr, nullptr,
                                       Fresh<kType>(y), Fresh<kType>(scratch), room >= signal);
  return ffi::Error::Success();
}

template <ffi::DataType kType, typename S = ffi::NativeType<kType>>
ffi::Error FilterAdjointImpl(XlaPool pool, Index start, Index columns, Index chunks,
                             Index node_of_row, Index row_of_node, ffi::Buffer<kType> weights,
                             ffi::Buffer<kType> root, ffi::Buffer<kType> inverse_degree,
                             ffi::Buffer<kType> first, ffi::Buffer<kType> diagonal,
                             ffi::Buffer<kType> upper, ffi::Buffer<kType> lower,
                             ffi::Buffer<kType> theta, ffi::Buffer<kType> x,
                             ffi::Buffer<kType> gradient, ffi::ResultBuffer<kType> dtheta,
                             ffi::ResultBuffer<kType> dx, ffi::ResultBuffer<kType> scratch) {
  FilterArguments<kType, S> a(start, columns, chunks, node_of_row, row_of_node, weights, root,
                              inverse_degree, first, diagonal, upper, lower, theta);
  const int64_t signal = a.graph.rows() * a.steps.columns,
                sums = int64_t(a.graph.pattern.count) * (a.steps.order + 1) * a.steps.columns,
                room = int64_t(scratch->element_count()) - sums -
                       RingSize(a.graph, a.steps.columns);
  if (room < 0) return Wrong("filter: scratch is too small");
  Sweep<true>(pool, a.graph, a.steps, gradient.typed_data(), x.typed_data(), dtheta->typed_data(),
              Fresh<kType>(dx), Fresh<kType>(scratch), room >= 2 * signal);
  return ffi::Error::Success();
}

template <ffi::DataType kType>
ffi::Error LanczosSumImpl(XlaPool pool, Index start, Index columns, Index chunks,
                          Index node_of_row, Index row_of_node, ffi::Buffer<kType> weights,
                          ffi::Buffer<kType> root, ffi::Buffer<kType> inverse_degree,
                          ffi::Buffer<kType> theta, ffi::Buffer<kType> x,
                          ffi::ResultBuffer<kType> y, ffi::ResultBuffer<kType> scratch) {
  const auto graph = MakeGraph<kType>(start, columns, chunks, node_of_row, row_of_node, weights,
                                      root, inverse_degree);
  const int order = int(theta.dimensions()[0]) - 1, width = int(theta.dimensions()[1]);
  if (int64_t(scratch->element_count()) < KrylovScratch(graph, RoomOfSum(order)))
    return Wrong("lanczos: scratch is too small");
  LanczosSum(pool, graph, order, width, theta.typed_data(), x.typed_data(), Fresh<kType>(y),
             Fresh<kType>(scratch));
  return ffi::Error::Success();
}

template <ffi::DataType kType>
ffi::Error LanczosAdjointImpl(XlaPool pool, Index start, Index columns, Index chunks,
                              Index node_of_row, Index row_of_node, ffi::Buffer<kType> weights,
                              ffi::Buffer<kType> root, ffi::Buffer<kType> inverse_degree,
                              ffi::Buffer<kType> theta, ffi::Buffer<kType> x,
                              ffi::Buffer<kType> gradient, ffi::ResultBuffer<kType> dtheta,
                              ffi::ResultBuffer<kType> dx, ffi::ResultBuffer<kType> scratch) {
  const auto graph = MakeGraph<kType>(start, columns, chunks, node_of_row, row_of_node, weights,
                                      root, inverse_degree);
  const int order = int(theta.dimensions()[0]) - 1, width = int(theta.dimensions()[1]);
  if (int64_t(scratch->element_count()) < KrylovScratch(graph, RoomOfAdjoint(order)))
    return Wrong("lanczos: scratch is too small");
  LanczosAdjoint(pool, graph, order, width, theta.typed_data(), x.typed_data(),
                 gradient.typed_data(), dtheta->typed_data(), Fresh<kType>(dx),
                 Fresh<kType>(scratch));
  return ffi::Error::Success();
}

template <ffi::DataType kType>
ffi::Error LayersImpl(XlaPool pool, Index start, Index columns, Index entries, Index chunks,
                      ffi::Buffer<kType> values, ffi::Buffer<kType> first, ffi::Buffer<kType> bias,
                      ffi::Buffer<kType> second, ffi::Buffer<ffi::U32> words,
                      ffi::Buffer<ffi::U32> thresholds, ffi::Buffer<kType> scales,
                      ffi::ResultBuffer<kType> hidden, ffi::ResultBuffer<kType> z) {
  const auto w = first.dimensions(), out = z->dimensions(), factor = values.dimensions();
  if (w.size() != 3 || out.size() != 3 || factor.size() != 2 ||
      out[1] + 1 != int64_t(start.element_count()))
    return Wrong("layers: first must be [B, F, H], values [B or 1, nnz] and z [B, N, C]");
  const LayerSizes sizes = {int(out[0]), int(out[1]), int(w[1]), int(w[2]), int(out[2])};
  Layers<ffi::NativeType<kType>>(
      pool, MakePattern(start, columns, entries, chunks), sizes, values.typed_data(),
      factor[0] == 1 ? 0 : factor[1], first.typed_data(), bias.typed_data(), second.typed_data(),
      {words.element_count() ? words.typed_data() : nullptr, thresholds.typed_data(),
       scales.typed_data()},
      hidden->element_count() ? Fresh<kType>(hidden) : nullptr, Fresh<kType>(z));
  return ffi::Error::Success();
}

template <ffi::DataType kType>
ffi::Error LayersAdjointImpl(XlaPool pool, ffi::Buffer<kType> hidden,
                             ffi::Buffer<kType> second, ffi::Buffer<kType> scales,
                             ffi::Buffer<kType> g, ffi::ResultBuffer<kType> dpre,
                             ffi::ResultBuffer<kType> dsecond, ffi::ResultBuffer<kType> dbias,
                             ffi::ResultBuffer<kType> scratch) {
  const auto h = hidden.dimensions(), out = g.dimensions();
  if (h.size() != 3 || out.size() != 3)
    return Wrong("layers: hidden must be [B, N, H] and g [B, N, C]");
  const LayerSizes sizes = {int(h[0]), int(h[1]), 0, int(h[2]), int(out[2])};
  const int width = RoundUp(sizes.hidden, Simd<ffi::NativeType<kType>>::kLanes);
  if (int64_t(scratch->element_count()) <
      int64_t(sizes.members) * kParts * (sizes.classes + 1) * width)
    return Wrong("layers: scratch is too small");
  LayersAdjoint(pool, sizes, hidden.typed_data(), second.typed_data(), scales.typed_data(),
                g.typed_data(), Fresh<kType>(dpre), dsecond->typed_data(), dbias->typed_data(),
                scratch->typed_data());
  return ffi::Error::Success();
}

}  // namespace longnn

// Operands and results are those of the function's signature.
#define LONGNN_HANDLER(Name, ...)                                           \
  extern "C" XLA_FFI_Error* Name(XLA_FFI_CallFrame* frame) {                \
    static auto* handler = ffi::Ffi::BindTo(longnn::__VA_ARGS__).release(); \
    return handler->Call(frame);                                            \
  }

#define LONGNN_HANDLERS(Suffix, kType)                                \
  LONGNN_HANDLER(product_##Suffix, ProductImpl<kType>)                \
  LONGNN_HANDLER(matvec_##Suffix, MatvecImpl<kType>)                  \
  LONGNN_HANDLER(filter_sum_##Suffix, FilterSumImpl<kType>)           \
  LONGNN_HANDLER(filter_adjoint_##Suffix, FilterAdjointImpl<kType>)   \
  LONGNN_HANDLER(lanczos_sum_##Suffix, LanczosSumImpl<kType>)         \
  LONGNN_HANDLER(lanczos_adjoint_##Suffix, LanczosAdjointImpl<kType>) \
  LONGNN_HANDLER(layers_##Suffix, LayersImpl<kType>)                  \
  LONGNN_HANDLER(layers_adjoint_##Suffix, LayersAdjointImpl<kType>)
