// A call of what Halide compiled in process, with arguments whose types are known only now: the generator is
// their one declaration.
#pragma once

#include <vector>

#include "Halide.h"
#include "runtime/backend/kernel.h"

// Callable takes packed arguments from its friends alone. This one is a class of Halide's Python package,
// which is no part of libHalide.
class Halide::PythonBindings::PyCallable {
public:
    static int call(const Callable &callable, JITUserContext *context,
                    const vit::KernelArguments &arguments) {
        std::vector<const void *> slots(arguments.slots, arguments.slots + arguments.count);
        slots[0] = &context;
        std::vector<Callable::QuickCallCheckInfo> checks{Callable::make_ucon_qcci()};
        for (int i = 1; i < arguments.count; i++) {
            checks.push_back(arguments.types[i].code == halide_type_handle
                                 ? Callable::make_buffer_qcci()
                                 : Callable::make_scalar_qcci(arguments.types[i]));
        }
        return callable.call_argv_checked(slots.size(), slots.data(), checks.data());
    }
};

namespace vit {

// What Halide returned. Throws Halide::Error.
inline int call_in_process(const Halide::Callable &callable, Halide::JITUserContext *context,
                           const KernelArguments &arguments) {
    return Halide::PythonBindings::PyCallable::call(callable, context, arguments);
}

}  // namespace vit
