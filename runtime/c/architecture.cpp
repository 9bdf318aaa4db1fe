#include "checkpoint/architecture_json.h"
#include "c/boundary.h"
#include "network/architecture.h"
#include "vit/fields.h"

using namespace vit;
using namespace vit::c;

namespace {

static_assert(VIT_PRECISION_F32 - 1 == static_cast<int>(Precision::f32) &&
              VIT_PRECISION_F16 - 1 == static_cast<int>(Precision::f16) &&
              VIT_PRECISION_BF16 - 1 == static_cast<int>(Precision::bf16) &&
              VIT_PRECISION_I16 - 1 == static_cast<int>(Precision::i16) &&
              VIT_PRECISION_I8 - 1 == static_cast<int>(Precision::i8));

Result<Architecture> architecture_of(const char *text) {
    VIT_TRY(there(text, "architecture"));
    return read_architecture_text(text);
}

}  // namespace

const char *vit_precision_name(vit_precision precision) {
    if (precision < 1 || precision > static_cast<int>(std::size(precision_names))) return nullptr;
    return precision_names[precision - 1];
}

const char *vit_architecture_name(int32_t i) {
    return architecture_name(i);
}

char *vit_architecture_named(const char *name, vit_error **error) {
    return value_of<char *>(error, nullptr, [&]() -> Result<char *> {
        VIT_TRY_ASSIGN(const std::string named, text_of(name, "name"));
        VIT_TRY_ASSIGN(const Architecture a, named_architecture(named));
        const std::string text = architecture_text(a);
        char *copy = new char[text.size() + 1];
        std::memcpy(copy, text.c_str(), text.size() + 1);
        return copy;
    });
}

void vit_string_free(char *string) {
    delete[] string;
}

double vit_flop(const char *architecture, vit_error **error) {
    return value_of(error, -1.0, [&]() -> Result<double> {
        VIT_TRY_ASSIGN(const Architecture a, architecture_of(architecture));
        return flop(a);
    });
}

int64_t vit_parameters(const char *architecture, vit_error **error) {
    return value_of<std::int64_t>(error, -1, [&]() -> Result<std::int64_t> {
        VIT_TRY_ASSIGN(const Architecture a, architecture_of(architecture));
        const std::int64_t count = parameters(a);
        if (count == 0) return out_of_memory();  // its sizes have been checked
        return count;
    });
}
