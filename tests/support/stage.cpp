#include "tests/support/stage.h"

#include <algorithm>
#include <cctype>
#include <stdexcept>

#include <gtest/gtest.h>

#include "runtime/backend/backend.h"
#include "runtime/backend/kernel_context.h"
#include "tests/cases/tiles.h"
#include "tests/support/backends.h"

namespace vit::test {

void before_call(const KernelArguments &arguments) {
    for_each_buffer(arguments, [](halide_buffer_t *buffer) { buffer->set_host_dirty(); });
}

void after_call(void *user_context, const KernelArguments &arguments) {
    for_each_buffer(arguments, [&](halide_buffer_t *buffer) {
        if (buffer->device) {
            const halide_device_interface_t *device = buffer->device_interface;
            if (buffer->device_dirty()) {
                EXPECT_EQ(device->copy_to_host(user_context, buffer), 0);
            }
            EXPECT_EQ(device->device_free(user_context, buffer), 0);
        }
        buffer->set_host_dirty(false);
    });
}

bool has_kernel(const Variant &variant, const std::string &name) {
    return !variant.backend || variant.backend->has_kernel(name);
}

CalledKernel kernel_of(const Variant &variant, const std::string &name) {
    if (!variant.backend) {
        return compile(variant, kernel_row(name));
    }
    const bool few = variant.few && variant.backend->has_kernel(name + "/few");
    const Result<vit::Kernel> found = variant.backend->kernel(few ? name + "/few" : name);
    if (!found) throw std::runtime_error(found.error().message);
    return CalledKernel([kernel = *found](const KernelArguments &arguments) {
        install_halide_handlers();
        static KernelContext context(2);
        before_call(arguments);
        const int code = kernel.call(arguments.with(&context));
        after_call(&context, arguments);
        const Result<void> result = context.check(kernel.name(), code);
        EXPECT_TRUE(result) << result.error().message;
        return code;
    });
}

void expect_right(const Variant &variant, cases::Case &stage) {
    stage.reset();
    stage.call(kernel_of(variant, stage.kernel()), 0);
    EXPECT_EQ(stage.judge(), "") << stage.kernel();
}

std::vector<Variant> default_variants() {
    std::vector<Variant> variants = in_process_defaults();
    const std::vector<std::string> tested = tested_backends();
    for (const Backend &backend : backend_table()) {
        if (std::find(tested.begin(), tested.end(), backend.name) != tested.end()) {
            std::string name = "library_" + std::string(backend.name);
            for (char &c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
            Variant variant{name, {}, {}, false, &backend, backend.device_api != nullptr};
            variant.blocks = cases::blocks_of(kernel_of(variant, "layout"));
            variants.push_back(variant);
        }
    }
    return variants;
}

std::vector<Variant> default_variants_and_few() {
    std::vector<Variant> variants = default_variants();
    for (Variant variant : default_variants()) {
        if (!variant.backend || !has_kernel(variant, "linear/qkv/few")) continue;
        variant.name += "_few";
        variant.few = true;
        variants.push_back(std::move(variant));
    }
    return variants;
}

std::vector<Variant> all_variants(const std::string &stage) {
    std::vector<Variant> all = default_variants();
    for (const std::vector<Variant> &more : {tuning_corners(stage), other_layouts()}) {
        all.insert(all.end(), more.begin(), more.end());
    }
    return all;
}

}  // namespace vit::test
