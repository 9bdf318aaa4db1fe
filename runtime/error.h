// Building and passing on errors inside the library.
#pragma once

#include "vit/vit.h"

namespace vit {

inline tl::unexpected<Error> fail(ErrorCode code, std::string message) {
    return tl::unexpected<Error>(Error{code, std::move(message)});
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
