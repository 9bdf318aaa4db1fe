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

class Maker {
public:
    Maker(Checkpoint &checkpoint, std::uint64_t seed) : checkpoint_(checkpoint), random_(seed) {}

    // Values in centre +- spread.
    Tensor tensor(const char *name, std::vector<std::int64_t> shape, float centre, float spread) {
        std::size_t count = 1;
        for (const std::int64_t extent : shape) {
            count *= static_cast<std::size_t>(extent);
        }
        auto values = std::make_shared<std::vector<float>>(count);
        for (float &value : *values) {
            value = centre + spread * random_.next();
        }
        checkpoint_.storage.push_back(values);
        return {name, values->data(), DType::f32, std::move(shape)};
    }
    // Variance 1 / inputs, so that outputs are as large as inputs.
    LinearWeights linear(std::int64_t outputs, std::vector<std::int64_t> inputs, bool bias = true) {
        double count = 1;
        for (const std::int64_t extent : inputs) {
            count *= static_cast<double>(extent);
        }
        std::vector<std::int64_t> shape{outputs};
        shape.insert(shape.end(), inputs.begin(), inputs.end());
        Tensor weight = tensor("weight", std::move(shape), 0, static_cast<float>(std::sqrt(3 / count)));
        return {std::move(weight), bias ? tensor("bias", {outputs}, 0, 0.1f) : Tensor{}};
    }
    NormWeights norm(std::int64_t width) {
        return {tensor("gamma", {width}, 1, 0.1f), tensor("beta", {width}, 0, 0.1f)};
    }

private:
    Checkpoint &checkpoint_;
    Random random_;
};

}  // namespace

Result<Checkpoint> random_checkpoint(const Architecture &a, std::uint64_t seed) {
    VIT_TRY(check(a));
    Checkpoint checkpoint;
    Maker make(checkpoint, seed);
    const std::int64_t width = a.width;
    checkpoint.architecture = a;
    checkpoint.preprocessing.height = a.image_height;
    checkpoint.preprocessing.width = a.image_width;
    for (int i = 0; i < a.labels; i++) {
        checkpoint.labels.push_back("LABEL_" + std::to_string(i));
    }
    checkpoint.class_token = make.tensor("class token", {1, 1, width}, 0, 1);
    checkpoint.positions = make.tensor("positions", {1, a.tokens(), width}, 0, 1);
    checkpoint.patch = make.linear(width, {a.channels, a.patch_height, a.patch_width});
    for (int i = 0; i < a.depth; i++) {
        BlockWeights block;
        block.norm1 = make.norm(width);
        block.query = make.linear(width, {width}, a.qkv_bias);
        block.key = make.linear(width, {width}, a.qkv_bias);
        block.value = make.linear(width, {width}, a.qkv_bias);
        block.proj = make.linear(width, {width});
        block.norm2 = make.norm(width);
        block.fc1 = make.linear(a.mlp_width, {width});
        block.fc2 = make.linear(width, {a.mlp_width});
        checkpoint.blocks.push_back(std::move(block));
    }
    checkpoint.norm = make.norm(width);
    checkpoint.head = make.linear(a.labels, {width});
    return checkpoint;
}

}  // namespace vit
