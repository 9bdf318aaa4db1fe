#include "apps/autotune/host.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <fstream>

namespace vit::autotune {

namespace {

struct Cache {
    std::string name;  // "L2"
    int level = 0;
    std::size_t bytes = 0;
};

// Linux tells of each cache of processor 0: its level, type and size ("512K").
std::vector<Cache> data_caches() {
    std::vector<Cache> caches;
    for (int i = 0; i < 8; i++) {
        const std::string directory = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
        std::string type;
        Cache cache;
        char unit = 0;
        std::ifstream(directory + "type") >> type;
        std::ifstream(directory + "level") >> cache.level;
        std::ifstream(directory + "size") >> cache.bytes >> unit;
        if (cache.bytes == 0 || type == "Instruction") {
            continue;
        }
        cache.bytes *= unit == 'K' ? 1 << 10 : unit == 'M' ? 1 << 20
                                                           : 1;
        cache.name = "L" + std::to_string(cache.level) + (type == "Data" ? "d" : "");
        caches.push_back(cache);
    }
    return caches;
}

// A field of the first processor in /proc/cpuinfo.
std::string cpuinfo(const std::string &field) {
    std::ifstream file("/proc/cpuinfo");
    for (std::string line; std::getline(file, line);) {
        const std::size_t colon = line.find(':');
        if (colon != std::string::npos &&
            line.compare(0, line.find_last_not_of(" \t", colon - 1) + 1, field) == 0) {
            return line.substr(std::min(line.size(), colon + 2));
        }
    }
    return {};
}

class Hash {
public:
    void add(const char *bytes, std::size_t count) {
        for (std::size_t i = 0; i < count; i++) {
            value_ = (value_ ^ static_cast<std::uint8_t>(bytes[i])) * 0x100000001b3;
        }
    }
    std::string text() const {
        std::array<char, 17> digits;
        std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(value_));
        return digits.data();
    }

private:
    std::uint64_t value_ = 0xcbf29ce484222325;
};

}  // namespace

// Cores share their last level, the third, on the machines of today.
std::vector<std::size_t> private_caches() {
    std::vector<std::size_t> bytes;
    for (const Cache &cache : data_caches()) {
        if (cache.level <= 2) {
            bytes.push_back(cache.bytes);
        }
    }
    return bytes;
}

std::string machine_text() {
    std::string text = cpuinfo("model name");
    if (text.empty()) {
        text = "unknown processor";
    }
    if (const std::string family = cpuinfo("cpu family"); !family.empty()) {
        text += " (family " + family + ", model " + cpuinfo("model") + ")";
    }
    for (const Cache &cache : data_caches()) {
        const std::size_t kib = cache.bytes >> 10;
        text += ", " + cache.name + " " +
                (kib < 1024 ? std::to_string(kib) + " KiB" : std::to_string(kib >> 10) + " MiB");
    }
    return text;
}

std::string hash_of_file(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    if (!file) {
        return {};
    }
    Hash hash;
    std::array<char, 65536> block;
    while (file.read(block.data(), block.size()), file.gcount() > 0) {
        hash.add(block.data(), static_cast<std::size_t>(file.gcount()));
    }
    return hash.text();
}

std::string hash_of_text(const std::string &text) {
    Hash hash;
    hash.add(text.data(), text.size());
    return hash.text();
}

}  // namespace vit::autotune
