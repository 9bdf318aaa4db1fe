// A halide_buffer_t over memory that somebody else owns, without any allocation.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "backend/halide_runtime.h"

namespace vit {

struct Dim {
    int extent;
    std::int64_t stride;  // in elements
};

// Where values of a type stand: in the host's memory or, for a backend with a device, in the device's. Owns
// nothing.
struct Place {
    std::byte *host = nullptr;
    halide_type_t type = halide_type_of<float>();
    std::uint64_t device = 0;  // a handle of Halide's
    const halide_device_interface_t *interface = nullptr;

    Place() = default;
    // NOLINTNEXTLINE: what a host's backend is given are pointers.
    Place(const float *its_host) : Place(its_host, halide_type_of<float>()) {}
    Place(const void *its_host, halide_type_t its_type, std::uint64_t its_device = 0,
          const halide_device_interface_t *its_interface = nullptr)
        : host(static_cast<std::byte *>(const_cast<void *>(its_host))), type(its_type), device(its_device),
          interface(its_interface) {}

    template<typename T>
    T *as() const {
        return reinterpret_cast<T *>(host);
    }

    // So many values further; of the host's memory alone, a device's handle takes no offset.
    Place operator+(std::int64_t values) const {
        return Place(host ? host + values * type.bytes() : nullptr, type, device, interface);
    }
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

protected:
    void stand_at(const Place &place) {
        buffer_.device = place.device;
        buffer_.device_interface = place.interface;
    }

private:
    halide_buffer_t buffer_{};
    halide_dimension_t dims_[rank];
};

// Of a place, whatever its type; of float32 where a pointer to floats is given.
template<int rank>
class View : public BufferView<rank> {
public:
    View(const Place &place, std::initializer_list<int> extents)
        : BufferView<rank>(place.host, place.type, extents) {
        this->stand_at(place);
    }
    View(const Place &place, std::initializer_list<Dim> dims)
        : BufferView<rank>(place.host, place.type, dims) {
        this->stand_at(place);
    }
};

template<int rank>
using FloatView = View<rank>;

}  // namespace vit
