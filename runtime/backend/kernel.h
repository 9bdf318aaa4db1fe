// A compiled stage, and the table of those of one target (generators/kernels.cmake).
#pragma once

#include <cstddef>
#include <string_view>
#include <type_traits>

#include "backend/halide_runtime.h"

namespace vit {

// What a kernel is called with: a context, and then buffers, and numbers by their address. The types are
// compared with those that the generator declared, once a call: a kernel has no other declaration.
struct KernelArguments {
    static constexpr int most = 16;

    const void *context;
    void *slots[most];  // of buffers and numbers, from 1 on: 0 is the context's
    halide_type_t types[most];
    int count;  // with the context

    // The same for another context.
    KernelArguments with(const void *other) const {
        KernelArguments same = *this;
        same.context = other;
        return same;
    }
};

class Kernel {
public:
    constexpr Kernel() = default;
    constexpr Kernel(const char *name, int (*function)(void **),
                     const halide_filter_metadata_t *(*its_metadata)())
        : name_(name), function_(function), metadata_(its_metadata) {}

    const char *name() const { return name_; }
    explicit operator bool() const { return function_; }
    const halide_filter_metadata_t &metadata() const { return *metadata_(); }

    // 0, or Halide's error code, with the sentence left in the KernelContext (backend/kernel_context.h).
    // Arguments are the generator's inputs in its order, then its outputs.
    template<typename... Arguments>
    int operator()(const void *context, Arguments &&...arguments) const {
        return pack(context, [this](const KernelArguments &packed) { return call(packed); },
                    value_of(arguments)...);
    }
    int call(const KernelArguments &arguments) const;

    // receive(KernelArguments), for those who call otherwise than here.
    template<typename Receive, typename... Arguments>
    static int pack(const void *context, Receive receive, Arguments... arguments) {
        static_assert(sizeof...(Arguments) < KernelArguments::most);
        return receive(KernelArguments{context,
                                       {nullptr, slot(arguments)...},
                                       {halide_type_of<void *>(), type_of<Arguments>()...},
                                       static_cast<int>(sizeof...(Arguments) + 1)});
    }

    // A view of a buffer as the buffer, a number as itself.
    template<typename Argument>
    static auto value_of(Argument &argument) {
        if constexpr (std::is_convertible_v<Argument &, halide_buffer_t *>) {
            return static_cast<halide_buffer_t *>(argument);
        } else {
            return argument;
        }
    }

private:
    static void *slot(halide_buffer_t *&buffer) { return buffer; }
    template<typename Number>
    static void *slot(Number &number) {
        return &number;
    }
    // Of a buffer: a handle.
    template<typename Argument>
    static halide_type_t type_of() {
        static_assert(std::is_same_v<Argument, halide_buffer_t *> || std::is_arithmetic_v<Argument>);
        return halide_type_of<Argument>();
    }

    const char *name_ = nullptr;
    int (*function_)(void **) = nullptr;
    const halide_filter_metadata_t *(*metadata_)() = nullptr;
};

struct KernelTable {
    const Kernel *rows;
    std::size_t count;

    // Null if it was not compiled.
    const Kernel *find(std::string_view name) const;
};

}  // namespace vit
