#include "checkpoint/random_checkpoint.h"

#include <cmath>

#include "network/architecture.h"

namespace vit {

namespace {

// SplitMix64 (Steele et al. 2014): one addition and three multiplications a number.
class Random {
public:
    explicit Random(std::uint64_t seed) : state_(seed) {}
    // Uniform in [-1, 1).
    float next() {
        std::uint64_t z = state_ += 0x9e3779b97f4a7c15;
        z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9;
        z = (z ^ z >> 27) * 0x94d049bb133111eb;
        z ^= z >> 31;
        return static_cast<float>(static_cast<std::int64_t>(z) >> 40) * 0x1p-23f;
    }

private:
    std::uint64_t state_;
};

// Values lie in centre +- spread.
struct Distribution {
    float centre, spread;
};

// Weights of variance 1 / inputs, so that outputs are as large as inputs.
Distribution distribution_of(Slot slot, const TensorShape &shape) {
    switch (slot) {
    case Slot::class_token:
    case Slot::distillation_token:
    case Slot::registers:
    case Slot::positions:
        return {0, 1};
    case Slot::norm1_gamma:
    case Slot::norm2_gamma:
    case Slot::norm_gamma:
        return {1, 0.1f};
    case Slot::scale1:
    case Slot::scale2:
        return {0.5f, 0.4f};
    default: {
        if (shape.size() == 1) return {0, 0.1f};
        double inputs = 1;
        for (std::size_t i = 1; i < shape.size(); i++) inputs *= static_cast<double>(shape[i]);
        return {0, static_cast<float>(std::sqrt(3 / inputs))};
    }
    }
}

}  // namespace

Result<Checkpoint> random_checkpoint(const Architecture &a, std::uint64_t seed, ProgressPart progress) {
    VIT_TRY(check(a));
    Checkpoint checkpoint;
    Random random(seed);
    progress.expect(static_cast<double>(parameters(a)));
    checkpoint.architecture = a;
    checkpoint.preprocessing.height = a.image_height;
    checkpoint.preprocessing.width = a.image_width;
    for (int i = 0; i < a.labels; i++) {
        checkpoint.labels.push_back("LABEL_" + std::to_string(i));
    }
    VIT_TRY(for_each_slot(a, [&](Slot slot, int index, const TensorShape &shape) -> Result<void> {
        std::size_t count = 1;
        for (const std::int64_t extent : shape) count *= static_cast<std::size_t>(extent);
        const auto [centre, spread] = distribution_of(slot, shape);
        auto values = std::make_shared<std::vector<float>>(count);
        for (float &value : *values) value = centre + spread * random.next();
        checkpoint.tensors[{slot, index}] = {name_of(slot), values->data(), DType::f32, shape};
        checkpoint.storage.push_back(std::move(values));
        return progress.advance(static_cast<double>(count));
    }));
    return checkpoint;
}

}  // namespace vit
