#include "backend/kernel.h"

#include "backend/kernel_context.h"

namespace vit {

int Kernel::call(const KernelArguments &arguments) const {
    const halide_filter_metadata_t &metadata = *metadata_();
    if (metadata.num_arguments != arguments.count) {
        return halide_error_code_internal_error;
    }
    for (int i = 1; i < arguments.count; i++) {
        const halide_filter_argument_t &declared = metadata.arguments[i];
        const halide_type_t type = declared.kind == halide_argument_kind_input_scalar
                                       ? declared.type
                                       : halide_type_of<halide_buffer_t *>();
        if (arguments.types[i] != type) {
            return halide_error_code_internal_error;
        }
    }
    KernelArguments own = arguments;  // the context is passed by the address of its address
    own.slots[0] = &own.context;
    auto *const context = static_cast<KernelContext *>(const_cast<void *>(own.context));
    return context ? context->call(function_, own.slots) : function_(own.slots);
}

const Kernel *KernelTable::find(std::string_view name) const {
    for (std::size_t i = 0; i < count; i++) {
        if (rows[i].name() == name) {
            return &rows[i];
        }
    }
    return nullptr;
}

}  // namespace vit
