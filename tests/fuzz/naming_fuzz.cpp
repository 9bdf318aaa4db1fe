// Any bytes: as config.json beside the tensors of timm and of torchvision, they give an error or a
// checkpoint whose sizes are inside the promised bounds.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "runtime/checkpoint/checkpoint.h"
#include "runtime/network/architecture.h"
#include "tests/support/saved_families.h"

namespace {

void require(bool condition) {
    if (!condition) std::abort();
}

vit::Architecture tiny() {
    vit::Architecture a;
    a.image_height = a.image_width = 8;
    a.patch_height = a.patch_width = 4;
    a.width = 4;
    a.depth = 1;
    a.heads = 2;
    a.mlp_width = 8;
    a.labels = 2;
    return a;
}

// Its tensors are written once.
class Directory {
public:
    explicit Directory(const vit::test::SavedModel &model) { model.write(directory_); }

    void read_with(const std::string &config) const {
        directory_.write("config.json", config);
        const auto checkpoint = vit::read_checkpoint(directory_.path());
        if (!checkpoint) {
            require(checkpoint.error().message.find(directory_.path()) != std::string::npos);
            return;
        }
        const vit::Architecture &a = checkpoint->architecture;
        const vit::Preprocessing &p = checkpoint->preprocessing;
        require(vit::check(a).has_value());
        require(checkpoint->labels.size() == static_cast<std::size_t>(a.labels));
        require(p.do_center_crop && p.crop_height == a.image_height && p.crop_width == a.image_width);
        for (const double deviation : p.std) require(deviation > 0);
        for (const int sample : p.fill) require(sample >= 0 && sample <= 255);
    }

private:
    vit::test::TemporaryDirectory directory_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t *data, std::size_t size) {
    static const Directory timm(vit::test::timm_model(tiny()));
    static const Directory torchvision(vit::test::torchvision_model(tiny()));
    const std::string config(reinterpret_cast<const char *>(data), size);
    timm.read_with(config);
    torchvision.read_with(config);
    return 0;
}
