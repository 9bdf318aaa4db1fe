// The library's own kernels alone: for a machine that Halide does not run on.
#include <stdexcept>

#include "tests/support/stage.h"

namespace vit::test {

std::vector<Variant> in_process_defaults() {
    return {};
}

std::vector<Variant> tuning_corners(const std::string &) {
    return {};
}

std::vector<Variant> other_layouts() {
    return {};
}

template<typename... Arguments>
Kernel<Arguments...> compile(const Variant &, const std::string &generator, const Params &) {
    throw std::logic_error(generator + ": nothing compiles in process here");
}

// One for each type of function in vit::Kernels.
using B = halide_buffer_t *;
using I = std::int32_t;
template Kernel<B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B, B, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B, B, B, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B, B, B, B, B, B, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B, B, I, float, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B, B, B, B, I, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, I, I, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, I, B, B, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, I, I, B, B, B, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B, B, B, B, I, I, B, B> compile(const Variant &, const std::string &, const Params &);
template Kernel<B, B, B, B, B, I, I, float, B, B> compile(const Variant &, const std::string &,
                                                          const Params &);
template Kernel<B, B, B, float, B> compile(const Variant &, const std::string &, const Params &);

}  // namespace vit::test
