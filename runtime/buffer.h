// A halide_buffer_t over memory that somebody else owns, without any allocation.
#pragma once

#include <HalideRuntime.h>

#include <algorithm>
#include <cstdint>
#include <initializer_list>

namespace vit {

struct Dim {
    int extent;
    std::int64_t stride;  // in elements
};

template<int rank>
class BufferView {
public:
    // Dimensions innermost first.
    BufferView(const void *data, halide_type_t type, std::initializer_list<Dim> dims) {
        buffer_.host = static_cast<std::uint8_t *>(const_cast<void *>(data));
        buffer_.type = type;
        buffer_.dimensions = rank;
        buffer_.dim = dims_;
        int i = 0;
        for (const Dim &dim : dims) {
            dims_[i++] = halide_dimension_t(0, dim.extent, static_cast<std::int32_t>(dim.stride));
        }
    }
    // Dense.
    BufferView(const void *data, halide_type_t type, std::initializer_list<int> extents)
        : BufferView(data, type, std::initializer_list<Dim>{}) {
        std::int64_t stride = 1;
        int i = 0;
        for (const int extent : extents) {
            dims_[i++] = halide_dimension_t(0, extent, static_cast<std::int32_t>(stride));
            stride *= extent;
        }
    }
    BufferView(const BufferView &) = delete;
    BufferView &operator=(const BufferView &) = delete;

    operator halide_buffer_t *() { return &buffer_; }

private:
    halide_buffer_t buffer_{};
    halide_dimension_t dims_[rank];
};

template<int rank>
class FloatView : public BufferView<rank> {
public:
    FloatView(const float *data, std::initializer_list<int> extents)
        : BufferView<rank>(data, halide_type_of<float>(), extents) {}
    FloatView(const float *data, std::initializer_list<Dim> dims)
        : BufferView<rank>(data, halide_type_of<float>(), dims) {}
};

}  // namespace vit
