// Where nothing is compiled in process (apps/autotune/kernel.cpp).
#include <cstdint>
#include <stdexcept>

#include "apps/autotune/problem.h"

namespace vit::autotune {

template<typename... Arguments>
int Kernel::call_in_process(Arguments...) const {
    throw std::logic_error("nothing compiles in process here");
}

using B = halide_buffer_t *;
using I = std::int32_t;
template int Kernel::call_in_process(B, B, B, B) const;
template int Kernel::call_in_process(B, B, B, B, B) const;
template int Kernel::call_in_process(B, I, I, B) const;
template int Kernel::call_in_process(B, I, B, B, B) const;
template int Kernel::call_in_process(B, I, I, B, B, B, B) const;

}  // namespace vit::autotune
