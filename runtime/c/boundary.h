// Where C and C++ meet: errors, texts and sized structs that come in and go out.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstring>
#include <memory>
#include <string>
#include <type_traits>
#include <vector>

#include "error.h"
#include "vit/vit.c.h"

// Its sentence lies behind it, or is a literal.
struct vit_error {
    vit_code code;
    const char *message;
};

struct vit_cancellation {
    std::atomic<bool> is_set = false;
};

namespace vit::c {

// What a function returns: its code, with *error set, unless `error` is null.
vit_code deliver(const Result<void> &result, vit_error **error) noexcept;

// body() returns a Result<void>.
template<typename Body>
vit_code code_of(vit_error **error, Body body) noexcept {
    return deliver(guarded(std::move(body)), error);
}

// body() returns a Result<Value>; instead of an error, `otherwise`.
template<typename Value, typename Body>
Value value_of(vit_error **error, Value otherwise, Body body) noexcept {
    Result<Value> value = guarded(std::move(body));
    if (value) {
        deliver({}, error);
        return *value;
    }
    deliver(tl::unexpected<Error>(std::move(value.error())), error);
    return otherwise;
}

// body() returns a Result<std::unique_ptr<Handle>>; a caller in C gets what is in it, or null.
template<typename Handle, typename Body>
Handle *handle_of(vit_error **error, Body body) noexcept {
    Result<std::unique_ptr<Handle>> handle = guarded(std::move(body));
    if (handle) {
        deliver({}, error);
        return handle->release();
    }
    deliver(tl::unexpected<Error>(std::move(handle.error())), error);
    return nullptr;
}

// What null stands for is an empty object, which answers as it does in C++. `use` gets the handle's `its`.
template<typename Handle, typename Use>
auto with(Handle *handle, Use use) {
    if (handle) return use(handle->its);
    std::remove_const_t<decltype(handle->its)> nothing;
    return use(nothing);
}

// Errors: argument, for null.
Result<void> there(const void *argument, const char *name);
Result<std::string> text_of(const char *text, const char *name);

// How many bytes of a sized struct this version knows, and the struct has. Errors: argument, for a size that
// no version's can be.
Result<std::size_t> known_size(const void *given, std::size_t known, std::size_t alignment,
                               const char *name);
// Bytes of what an app gave that this version does not know have to be zero. Errors: argument.
Result<void> check_rest(const void *given, std::size_t known, const char *name);

// A struct that an app gave, as this version knows it: what an older one has not is zero. Null: all is.
template<typename Struct>
Result<Struct> sized(const Struct *given, const char *name) {
    Struct full{};
    if (given) {
        VIT_TRY_ASSIGN(const std::size_t size, known_size(given, sizeof(Struct), alignof(Struct), name));
        VIT_TRY(check_rest(given, sizeof(Struct), name));
        std::memcpy(&full, given, size);
    }
    full.size = sizeof(Struct);
    return full;
}

// Fills in a struct of an app's, as much of it as there is; what this version does not know becomes zero.
template<typename Struct>
Result<void> fill(Struct *given, Struct full, const char *name) {
    VIT_TRY(there(given, name));
    VIT_TRY_ASSIGN(const std::size_t size, known_size(given, sizeof(Struct), alignof(Struct), name));
    full.size = given->size;
    std::memset(static_cast<void *>(given), 0, given->size);
    std::memcpy(static_cast<void *>(given), &full, size);
    return {};
}

// The value of an enumeration that has `count` of them, numbered from `first`. Errors: argument.
Result<int> number_of(int value, int first, int count, const char *name);

// As the structs of vit.h.
Result<ImageView> view_of(const vit_image_view *view);
Result<ImageOptions> options_of(const vit_image_options *options);
ParallelFor parallel_for_of(const vit_parallel_for &given);
inline const std::atomic<bool> *flag_of(const vit_cancellation *cancellation) {
    return cancellation ? &cancellation->is_set : nullptr;
}

// Writes what a classification has found; room for it has been checked. Returns how many.
std::int32_t copy(const std::vector<Prediction> &found, vit_prediction *best);

}  // namespace vit::c
