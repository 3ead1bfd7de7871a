// Runs one call of the kernels on arrays from a file, without XLA: so they are tested for processors
// whose library cannot be loaded here, also under an emulator.
//
//   harness TARGET INPUT OUTPUT
//
// TARGET is a name such as "matvec_float32". INPUT holds the operands, then the results that are to
// be made, in the order of the custom call (handlers.h); OUTPUT gets the results. An array is its
// item's size (0 for a result), its rank, its sizes (all int64), and unless it is a result its
// numbers.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <thread>
#include <type_traits>
#include <vector>

#include "filter.h"
#include "krylov.h"
#include "layers.h"

namespace longnn {

class Threads final : public Pool {
 public:
  ~Threads() override {
    for (std::thread& thread : threads_) thread.join();
  }
  int64_t threads() const override { return 2; }
  void Schedule(std::function<void()> task) override { threads_.emplace_back(std::move(task)); }

 private:
  std::vector<std::thread> threads_;
};

constexpr size_t kGuard = 64;  // bytes after a result that must not change

struct Array {
  std::vector<int64_t> sizes;
  std::vector<char> bytes;

  int64_t count() const {
    int64_t count = 1;
    for (int64_t size : sizes) count *= size;
    return count;
  }
  template <typename T>
  T* as() {
    return count() ? reinterpret_cast<T*>(bytes.data()) : nullptr;
  }
};

struct File {
  explicit File(const char* name, const char* mode) : file(std::fopen(name, mode)) {
    if (!file) std::perror(name), std::exit(2);
  }
  ~File() { std::fclose(file); }
  bool Read(void* to, size_t size) { return std::fread(to, 1, size, file) == size; }
  std::FILE* file;
};

// `itemsize` is that of the operands in the file, 0 for a result.
bool ReadArray(File& in, int itemsize, Array* array) {
  int64_t rank;
  if (!in.Read(&rank, sizeof rank)) return false;
  array->sizes.resize(rank);
  if (!in.Read(array->sizes.data(), rank * sizeof(int64_t))) return false;
  array->bytes.resize(array->count() * itemsize);
  return in.Read(array->bytes.data(), array->bytes.size());
}

Pattern MakePattern(Array* a, int start, int columns, int entries, int chunks) {
  return {a[start].as<int32_t>(), a[columns].as<int32_t>(),
          entries < 0 ? nullptr : a[entries].as<int32_t>(), a[chunks].as<int32_t>(),
          int(a[chunks].count()) - 1};
}

template <typename T, typename S = T>
Graph<T, S> MakeGraph(Array* a) {
  return {MakePattern(a, 0, 1, -1, 2), a[5].as<T>(), a[3].as<int32_t>(), a[4].as<int32_t>(),
          a[6].as<T>(), a[7].as<T>(), int(a[6].count())};
}

template <typename T, typename S>
Steps<T> MakeSteps(const Graph<T, S>& g, Array* a) {
  const int order = int(a[12].sizes[0]) - 1, width = int(a[12].sizes[1]);
  const int columns = PaddedColumns(g, width);
  Steps<T> steps = {order,
                    width,
                    columns,
                    Padded(a[8].as<T>(), 1, width, columns, T(0)),
                    Padded(a[9].as<T>(), order, width, columns, T(0)),
                    Padded(a[10].as<T>(), order, width, columns, T(1)),
                    Padded(a[11].as<T>(), order, width, columns, T(0)),
                    Padded(a[12].as<T>(), order + 1, width, columns, T(0))};
  for (T& u : steps.inverse_upper) u = 1 / u;
  return steps;
}

// Signals of products and filters are stored as S.
template <typename T, typename S = T>
void Call(const std::string& name, Pool& pool, Array* a, Array* out) {
  if (name == "product") {
    const auto &in = a[5].sizes, &factor = a[4].sizes, &y = out[0].sizes;
    Product(pool, MakePattern(a, 0, 1, 2, 3), a[4].as<T>(), factor[0] == 1 ? 0 : factor[1],
            a[5].as<T>(), in[0] == 1 ? 0 : in[1] * in[2], out[0].as<T>(), y[1] * y[2], int(y[0]),
            int(y[2]));
  } else if (name == "matvec") {
    Matvec(pool, MakeGraph<T, S>(a), int(a[8].sizes[1]), a[8].as<T>(), out[0].as<T>(),
           out[1].as<S>());
  } else if (name == "filter_sum") {
    const auto g = MakeGraph<T, S>(a);
    const auto steps = MakeSteps(g, a);
    Sweep<false, T>(pool, g, steps, a[13].as<T>(), nullptr, nullptr, out[0].as<T>(),
                    out[1].as<T>(), out[1].count() - RingSize(g, steps.columns) >=
                                        g.rows() * steps.columns);
  } else if (name == "filter_adjoint") {
    const auto g = MakeGraph<T, S>(a);
    const auto steps = MakeSteps(g, a);
    const int64_t sums = int64_t(g.pattern.count) * (steps.order + 1) * steps.columns,
                  room = out[2].count() - sums - RingSize(g, steps.columns);
    Sweep<true, T>(pool, g, steps, a[14].as<T>(), a[13].as<T>(), out[0].as<T>(), out[1].as<T>(),
                   out[2].as<T>(), room >= 2 * g.rows() * steps.columns);
  } else if (name == "lanczos_sum") {
    LanczosSum(pool, MakeGraph<T>(a), int(a[8].sizes[0]) - 1, int(a[8].sizes[1]), a[8].as<T>(),
               a[9].as<T>(), out[0].as<T>(), out[1].as<T>());
  } else if (name == "lanczos_adjoint") {
    LanczosAdjoint(pool, MakeGraph<T>(a), int(a[8].sizes[0]) - 1, int(a[8].sizes[1]), a[8].as<T>(),
                   a[9].as<T>(), a[10].as<T>(), out[0].as<T>(), out[1].as<T>(), out[2].as<T>());
  } else if (name == "layers") {
    const LayerSizes sizes = {int(out[1].sizes[0]), int(out[1].sizes[1]), int(a[5].sizes[1]),
                              int(a[5].sizes[2]), int(out[1].sizes[2])};
    Layers<T>(pool, MakePattern(a, 0, 1, 2, 3), sizes, a[4].as<T>(),
              a[4].sizes[0] == 1 ? 0 : a[4].sizes[1], a[5].as<T>(), a[6].as<T>(), a[7].as<T>(),
              {a[8].as<uint32_t>(), a[9].as<uint32_t>(), a[10].as<T>()}, out[0].as<T>(),
              out[1].as<T>());
  } else if (name == "layers_adjoint") {
    const LayerSizes sizes = {int(a[0].sizes[0]), int(a[0].sizes[1]), 0, int(a[0].sizes[2]),
                              int(a[3].sizes[2])};
    LayersAdjoint(pool, sizes, a[0].as<T>(), a[1].as<T>(), a[2].as<T>(), a[3].as<T>(),
                  out[0].as<T>(), out[1].as<T>(), out[2].as<T>(), out[3].as<T>());
  } else {
    std::fprintf(stderr, "no kernel %s\n", name.c_str()), std::exit(2);
  }
}

}  // namespace longnn

int main(int count, char** words) {
  using namespace longnn;
  if (count != 4) return 2;
  const std::string target = words[1];
  const size_t at = target.rfind('_');
  const bool wide = target.substr(at) == "_float64";
  std::vector<Array> operands, results;
  {
    File in(words[2], "rb");
    int64_t itemsize;  // of each operand; 0 before each result
    while (in.Read(&itemsize, sizeof itemsize)) {
      auto& list = itemsize ? operands : results;
      list.emplace_back();
      if (!ReadArray(in, int(itemsize), &list.back())) return 2;
    }
  }
  for (Array& result : results) result.bytes.assign(result.count() * (wide ? 8 : 4) + kGuard, 0x7f);
  {
    Threads pool;
    const std::string name = target.substr(0, at);
    auto call = wide ? &Call<double> : target.substr(at) == "_mixed" ? &Call<float, Bfloat16> : &Call<float>;
    call(name, pool, operands.data(), results.data());
  }
  File out(words[3], "wb");
  for (const Array& result : results) {
    const size_t size = result.bytes.size() - kGuard;
    for (size_t i = size; i < result.bytes.size(); ++i)
      if (result.bytes[i] != 0x7f) return std::fprintf(stderr, "written beyond a result\n"), 3;
    std::fwrite(result.bytes.data(), 1, size, out.file);
  }
  return 0;
}
