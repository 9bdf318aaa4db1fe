#include "picture/heif_references.h"

#include <algorithm>
#include <map>
#include <vector>

#include "picture/heif_boxes.h"

namespace vit {

namespace {

using Item = std::uint64_t;
using Parts = std::map<Item, std::vector<Item>>;  // of an item, each as often as it is named

// An item reference (ISO/IEC 14496-12, 8.11.12), from the type of its box on.
void add_reference(Octets reference, std::size_t id_size, Parts &parts) {
    constexpr std::size_t type = 4, count = 2;
    if (reference.size() < type + id_size + count) {
        return;
    }
    // A derived picture names its parts; an auxiliary one, its alpha for one, names whose it is.
    const bool derived = is_at(reference, 0, "dimg"), auxiliary = is_at(reference, 0, "auxl");
    const Item from = big_endian(reference, type, id_size);
    const std::size_t ids = type + id_size + count;
    const std::size_t stated = big_endian(reference, type + id_size, count);
    const std::size_t there = (reference.size() - ids) / id_size;
    for (std::size_t i = 0; i < std::min(stated, there) && (derived || auxiliary); i++) {
        const Item to = big_endian(reference, ids + i * id_size, id_size);
        derived ? parts[from].push_back(to) : parts[to].push_back(from);
    }
}

Parts parts_of(Octets file) {
    Parts parts;
    for (const Octets meta : boxes(file, "meta")) {
        if (meta.size() < 4) continue;
        for (const Octets references : boxes(meta.subspan(4), "iref")) {
            if (references.size() < 4) continue;
            const std::size_t id_size = references[0] == 0 ? 2 : 4;
            for (const Octets reference : boxes(references.subspan(4), "", true)) {
                add_reference(reference, id_size, parts);
            }
        }
    }
    return parts;
}

}  // namespace

bool heif_references_end(Octets file) {
    constexpr std::uint64_t most_pictures = 1 << 16;
    constexpr int most_levels = 8;  // a grid of tiles with alpha has two
    const Parts parts = parts_of(file);
    // Pictures to be decoded for an item, from those without parts upwards, a level or more each time; what
    // lies on a circle is never reached.
    std::map<Item, std::uint64_t> decoded;
    for (int level = 0; level < most_levels && decoded.size() < parts.size(); level++) {
        for (const auto &[item, its] : parts) {
            if (decoded.contains(item)) continue;
            std::uint64_t sum = 1;
            bool known = true;
            for (const Item part : its) {
                const auto at = decoded.find(part);
                known = known && (at != decoded.end() || !parts.contains(part));
                sum += at != decoded.end() ? at->second : 1;
            }
            if (!known) continue;
            if (sum > most_pictures) {
                return false;
            }
            decoded[item] = sum;
        }
    }
    return decoded.size() == parts.size();
}

}  // namespace vit
