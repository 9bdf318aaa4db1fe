// Reads NumPy's array files of little-endian float32 in C order, version 1.0 (numpy.org, numpy.lib.format).
#pragma once

#include <cstdint>
#include <cstring>
#include <fstream>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace vit::test {

struct Npy {
    std::vector<int> shape;  // outermost first
    std::vector<float> values;

    // Of one item along the first dimension.
    std::size_t item_size() const { return values.size() / shape.at(0); }
    const float *item(std::size_t i) const { return values.data() + i * item_size(); }
};

inline Npy read_npy(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    const std::string content((std::istreambuf_iterator<char>(file)), {});
    const auto require = [&](bool condition) {
        if (!condition) throw std::runtime_error(path + " is no array of float32 that this reader knows");
    };
    constexpr std::size_t prefix = 10;  // the magic, the version, the length of the header
    require(content.size() >= prefix && content.compare(0, 8, std::string("\x93NUMPY\x01\x00", 8)) == 0);
    const std::size_t length =
        static_cast<unsigned char>(content[8]) + 256 * static_cast<unsigned char>(content[9]);
    require(content.size() >= prefix + length);
    const std::string header = content.substr(prefix, length);
    const auto has = [&](const char *text) { return header.find(text) != std::string::npos; };
    require(has("'descr': '<f4'") && has("'fortran_order': False") && has("'shape': ("));

    Npy array;
    std::size_t count = 1;
    std::istringstream shape(header.substr(header.find('(') + 1));
    for (int size; shape >> size; shape.ignore(1)) {
        array.shape.push_back(size);
        count *= size;
    }
    require(!array.shape.empty() && content.size() == prefix + length + count * sizeof(float));
    array.values.resize(count);
    std::memcpy(array.values.data(), content.data() + prefix + length, count * sizeof(float));
    return array;
}

}  // namespace vit::test
