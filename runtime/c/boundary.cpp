#include "c/boundary.h"

#include <algorithm>
#include <new>

namespace vit::c {

namespace {

// For a sentence there is no memory for.
constexpr vit_error without_memory{VIT_ERROR_MEMORY, "out of memory"};

constexpr vit_code code_of(ErrorCode code) {
    return static_cast<vit_code>(code) + 1;
}
static_assert(code_of(ErrorCode::io) == VIT_ERROR_IO && code_of(ErrorCode::format) == VIT_ERROR_FORMAT &&
              code_of(ErrorCode::config) == VIT_ERROR_CONFIG &&
              code_of(ErrorCode::tensor) == VIT_ERROR_TENSOR &&
              code_of(ErrorCode::unsupported) == VIT_ERROR_UNSUPPORTED &&
              code_of(ErrorCode::argument) == VIT_ERROR_ARGUMENT &&
              code_of(ErrorCode::backend) == VIT_ERROR_BACKEND &&
              code_of(ErrorCode::memory) == VIT_ERROR_MEMORY &&
              code_of(ErrorCode::kernel) == VIT_ERROR_KERNEL &&
              code_of(ErrorCode::not_finite) == VIT_ERROR_NOT_FINITE &&
              code_of(ErrorCode::cancelled) == VIT_ERROR_CANCELLED);

vit_error *make(const Error &error) noexcept {
    const std::size_t length = error.message.size();
    void *memory = ::operator new(sizeof(vit_error) + length + 1, std::nothrow);
    if (!memory) return const_cast<vit_error *>(&without_memory);
    char *sentence = static_cast<char *>(memory) + sizeof(vit_error);
    std::memcpy(sentence, error.message.c_str(), length + 1);
    return new (memory) vit_error{code_of(error.code), sentence};
}

// More than any struct of options will ever have: what is larger was never set.
constexpr std::size_t largest_struct = 4096;

std::size_t size_in(const void *given) {
    std::size_t size;
    std::memcpy(&size, given, sizeof(size));
    return size;
}

}  // namespace

vit_code deliver(const Result<void> &result, vit_error **error) noexcept {
    if (error) *error = result ? nullptr : make(result.error());
    return result ? VIT_OK : code_of(result.error().code);
}

Result<void> there(const void *argument, const char *name) {
    if (!argument) return fail(ErrorCode::argument, std::string(name) + " is null");
    return {};
}

Result<std::string> text_of(const char *text, const char *name) {
    VIT_TRY(there(text, name));
    return std::string(text);
}

// A struct's size is a multiple of its alignment. So are the places where versions end: none ends in the
// middle of a field of a later one.
Result<std::size_t> known_size(const void *given, std::size_t known, std::size_t alignment,
                               const char *name) {
    const std::size_t size = size_in(given);
    if (size < sizeof(size) || size % alignment != 0 || size > largest_struct) {
        return fail(ErrorCode::argument, std::string(name) + ": its size is " + std::to_string(size) +
                                             ", and should be sizeof(" + name + ")");
    }
    return std::min(size, known);
}

Result<void> check_rest(const void *given, std::size_t known, const char *name) {
    const char *bytes = static_cast<const char *>(given);
    const std::size_t size = size_in(given);
    if (size > known && std::any_of(bytes + known, bytes + size, [](char byte) { return byte != 0; })) {
        return fail(ErrorCode::argument, std::string(name) + ": this version, " + version() +
                                             ", does not know what is set at its end");
    }
    return {};
}

Result<int> number_of(int value, int first, int count, const char *name) {
    if (value < first || value >= first + count) {
        return fail(ErrorCode::argument, std::string(name) + " is " + std::to_string(value) + ", outside " +
                                             std::to_string(first) + " to " +
                                             std::to_string(first + count - 1));
    }
    return value - first;
}

ParallelFor parallel_for_of(const vit_parallel_for &given) {
    return {given.run, given.context};
}

std::int32_t copy(const std::vector<Prediction> &found, vit_prediction *best) {
    for (const Prediction &prediction : found) *best++ = {prediction.index, prediction.score};
    return static_cast<std::int32_t>(found.size());
}

}  // namespace vit::c

using namespace vit::c;

const char *vit_version(void) {
    return vit::version();
}

const char *vit_code_name(vit_code code) {
    static constexpr const char *names[] = {"ok",     "io",          "format",   "config",
                                            "tensor", "unsupported", "argument", "backend",
                                            "memory", "kernel",      "not_finite", "cancelled"};
    return code >= 0 && code < static_cast<vit_code>(std::size(names)) ? names[code] : nullptr;
}

vit_code vit_error_code(const vit_error *error) {
    return error ? error->code : VIT_OK;
}

const char *vit_error_message(const vit_error *error) {
    return error ? error->message : "";
}

void vit_error_free(vit_error *error) {
    if (error != &without_memory) ::operator delete(error);
}

vit_cancellation *vit_cancellation_new(vit_error **error) {
    return handle_of<vit_cancellation>(error, []() -> vit::Result<std::unique_ptr<vit_cancellation>> {
        return std::make_unique<vit_cancellation>();
    });
}

void vit_cancellation_set(vit_cancellation *cancellation, int32_t is_set) {
    if (cancellation) cancellation->is_set = is_set != 0;
}

int32_t vit_cancellation_is_set(const vit_cancellation *cancellation) {
    return cancellation && cancellation->is_set;
}

void vit_cancellation_free(vit_cancellation *cancellation) {
    delete cancellation;
}
