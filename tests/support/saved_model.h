// A checkpoint's directory before it is written.
#pragma once

#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/safetensors_writer.h"
#include "tests/support/temporary_directory.h"

namespace vit::test {

// A checkpoint before it is written: change what the test is about, then write.
struct SavedModel {
    nlohmann::json config, preprocessor;  // null: there is no such file
    std::vector<NamedTensor> tensors;

    NamedTensor &tensor(const std::string &name) {
        for (NamedTensor &tensor : tensors) {
            if (tensor.name == name) return tensor;
        }
        throw std::out_of_range(name);
    }
    void add(const std::string &name, std::vector<std::int64_t> shape) {
        std::size_t count = 1;
        for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
        tensors.push_back({name, std::move(shape), std::vector<float>(count)});
    }
    void add_linear(const std::string &name, int outputs, int inputs, bool bias = true) {
        add(name + ".weight", {outputs, inputs});
        if (bias) add(name + ".bias", {outputs});
    }
    void add_norm(const std::string &name, int width) {
        add(name + ".weight", {width});
        add(name + ".bias", {width});
    }
    void erase(const std::string &name) {
        std::erase_if(tensors, [&](const NamedTensor &tensor) { return tensor.name == name; });
    }
    void rename(const std::string &from, const std::string &to) { tensor(from).name = to; }

    void write(const TemporaryDirectory &directory) const {
        if (!config.is_null()) directory.write("config.json", config.dump(2));
        if (!preprocessor.is_null()) directory.write("preprocessor_config.json", preprocessor.dump(2));
        directory.write("model.safetensors", safetensors_file(tensors));
    }
};

// A directory whose model.safetensors holds float32 alone.
inline SavedModel read_saved_model(const std::string &directory) {
    const auto content = [&](const std::string &name) {
        std::ifstream file(directory + "/" + name, std::ios::binary);
        return std::string((std::istreambuf_iterator<char>(file)), {});
    };
    SavedModel model;
    model.config = nlohmann::json::parse(content("config.json"));
    model.preprocessor = nlohmann::json::parse(content("preprocessor_config.json"));
    const std::string file = content("model.safetensors");
    std::uint64_t length = 0;
    std::memcpy(&length, file.data(), sizeof length);
    const nlohmann::json header = nlohmann::json::parse(file.substr(sizeof length, length));
    for (const auto &[name, entry] : header.items()) {
        if (name == "__metadata__") continue;
        if (entry["dtype"] != "F32") throw std::runtime_error(name + " is not float32");
        const std::size_t begin = entry["data_offsets"][0], end = entry["data_offsets"][1];
        std::vector<float> values((end - begin) / sizeof(float));
        std::memcpy(values.data(), &file[sizeof length + length + begin], end - begin);
        model.tensors.push_back({name, entry["shape"], std::move(values)});
    }
    return model;
}

}  // namespace vit::test
