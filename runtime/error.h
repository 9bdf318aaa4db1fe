// Building and passing on errors inside the library.
#pragma once

#include <cerrno>
#include <new>
#include <stdexcept>
#include <utility>

#include "vit/vit.h"

namespace vit {

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
}

// What can be said with no memory left: a std::string of up to 15 characters allocates nothing.
inline tl::unexpected<Error> out_of_memory() {
    return fail(ErrorCode::memory, "out of memory");
}

// For a call on what was default-constructed or moved from: "forward: the session is empty".
inline tl::unexpected<Error> empty_object(const char *function, const char *object) {
    return fail(ErrorCode::argument, std::string(function) + ": the " + object + " is empty");
}

// Of what the operating system refused, by errno.
inline ErrorCode code_of(int number) { return number == ENOMEM ? ErrorCode::memory : ErrorCode::io; }

// What body(), which returns a Result, returns: the boundary that no exception passes, round the whole of
// every public function, since sentences take memory, too.
template<typename Body>
auto guarded(Body body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (const std::bad_alloc &) {
        return out_of_memory();
    } catch (const std::length_error &) {  // of a container: more than there can be of memory
        return out_of_memory();
    } catch (...) {
        return fail(ErrorCode::unsupported, "internal error");
    }
}

// The same for a body that returns a container or a number: an empty one, or 0, instead of an exception.
template<typename Body>
auto guarded_value(Body body) noexcept -> decltype(body()) {
    try {
        return body();
    } catch (...) {
        return {};
    }
}

}  // namespace vit

// Evaluates a Result and returns its error, if it has one, from the function around.
#define VIT_TRY(expression)                                             \
    do {                                                                \
        if (auto vit_result = (expression); !vit_result) {              \
            return tl::unexpected<vit::Error>(std::move(vit_result.error())); \
        }                                                               \
    } while (false)

// The same, with the value kept: VIT_TRY_ASSIGN(const int n, read_size(file));
#define VIT_TRY_ASSIGN(declaration, expression) VIT_TRY_ASSIGN_(declaration, expression, __LINE__)
#define VIT_TRY_ASSIGN_(declaration, expression, line) VIT_TRY_ASSIGN__(declaration, expression, line)
#define VIT_TRY_ASSIGN__(declaration, expression, line)                      \
    auto vit_result_##line = (expression);                                   \
    if (!vit_result_##line) {                                                \
        return tl::unexpected<vit::Error>(std::move(vit_result_##line.error())); \
    }                                                                        \
    declaration = std::move(*vit_result_##line)
