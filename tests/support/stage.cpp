#include "tests/support/stage.h"

#include <algorithm>
#include <cctype>
#include <list>

#include <gtest/gtest.h>

#include "runtime/backend/backend.h"
#include "runtime/backend/buffer.h"
#include "runtime/backend/kernel_context.h"
#include "tests/support/backends.h"

namespace vit::test {

Blocks ask_blocks(const Kernel<halide_buffer_t *> &layout) {
    int blocks[3] = {};
    BufferView<1> view(blocks, halide_type_of<std::int32_t>(), {3});
    layout(view);
    return {blocks[0], blocks[1], blocks[2]};
}

void call_library(const std::string &stage, const std::function<int(const void *)> &call) {
    install_halide_handlers();
    static KernelContext context(2);
    const Result<void> result = context.check(stage.c_str(), call(&context));
    EXPECT_TRUE(result) << result.error().message;
}

void before_call(halide_buffer_t *buffer) {
    buffer->set_host_dirty();
}

void after_call(void *user_context, halide_buffer_t *buffer) {
    if (buffer->device) {
        const halide_device_interface_t *device = buffer->device_interface;
        if (buffer->device_dirty()) {
            EXPECT_EQ(device->copy_to_host(user_context, buffer), 0);
        }
        EXPECT_EQ(device->device_free(user_context, buffer), 0);
    }
    buffer->set_host_dirty(false);
}

std::vector<Variant> default_variants() {
    std::vector<Variant> variants = in_process_defaults();
    const std::vector<std::string> tested = tested_backends();
    for (const Backend &backend : backend_table()) {
        if (std::find(tested.begin(), tested.end(), backend.name) != tested.end()) {
            std::string name = "library_" + std::string(backend.name);
            for (char &c : name) c = std::isalnum(static_cast<unsigned char>(c)) ? c : '_';
            Variant variant{name, {}, {}, false, backend.kernels, backend.device_api != nullptr};
            variant.blocks = ask_blocks(kernel_of(variant, "layout", {}, &vit::Kernels::layout));
            variants.push_back(variant);
        }
    }
    return variants;
}

std::vector<Variant> default_variants_and_few() {
    static std::list<vit::Kernels> kernels;
    std::vector<Variant> variants = default_variants();
    for (Variant variant : default_variants()) {
        if (!variant.compiled || !variant.compiled->few_linear_qkv) continue;
        vit::Kernels &few = kernels.emplace_back(*variant.compiled);
        few.linear_qkv = few.few_linear_qkv;
        few.linear_proj = few.few_linear_proj;
        few.linear_fc1_gelu_erf = few.few_linear_fc1_gelu_erf;
        few.linear_fc1_gelu_tanh = few.few_linear_fc1_gelu_tanh;
        few.linear_fc2 = few.few_linear_fc2;
        variant.name += "_few";
        variant.compiled = &few;
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
