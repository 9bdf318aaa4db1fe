#include "picture/heif_references.h"

#include <algorithm>
#include <map>
#include <vector>

#include "picture/heif_boxes.h"

namespace vit {

namespace {

using Item = std::uint64_t;
using Parts = std::map<Item, std::vector<Item>>;  // of an item, each as often as it is named

// The item references of a list (ISO/IEC 14496-12, 8.11.12), one behind the other as their contents end:
// libheif does not look at the sizes that their boxes claim.
void add_references(Octets list, std::size_t id_size, Parts &parts) {
    constexpr std::size_t count_size = 2;
    for (std::size_t at = 0; at + 8 <= list.size();) {
        const std::size_t header = big_endian(list, at, 4) == 1 ? 16 : 8;
        // A derived picture names its parts; an auxiliary one, its alpha for one, names whose it is.
        const bool derived = is_at(list, at + 4, "dimg"), auxiliary = is_at(list, at + 4, "auxl");
        at += header;
        if (at + id_size + count_size > list.size()) {
            return;
        }
        const Item from = big_endian(list, at, id_size);
        const std::uint64_t count = big_endian(list, at + id_size, count_size);
        at += id_size + count_size;
        for (std::uint64_t i = 0; i < count && at + id_size <= list.size(); i++, at += id_size) {
            const Item to = big_endian(list, at, id_size);
            if (derived) parts[from].push_back(to);
            if (auxiliary) parts[to].push_back(from);
        }
    }
}

std::vector<Octets> lists_of(Octets file) {
    std::vector<Octets> lists;
    for (const Octets meta : boxes(file, "meta")) {
        if (meta.size() < 4) continue;
        for (const Octets list : boxes(meta.subspan(4), "iref")) {
            if (list.size() >= 4) lists.push_back(list);
        }
    }
    return lists;
}

std::size_t bytes_of(const std::vector<Octets> &lists) {
    std::size_t bytes = 0;
    for (const Octets list : lists) bytes += list.size();
    return bytes;
}

Parts parts_of(const std::vector<Octets> &lists) {
    Parts parts;
    for (const Octets list : lists) add_references(list.subspan(4), list[0] == 0 ? 2 : 4, parts);
    return parts;
}

}  // namespace

bool heif_references_end(Octets file) {
    constexpr std::size_t most_bytes = std::size_t{1} << 20;  // of lists; 65,536 tiles take 128 KiB
    constexpr std::uint64_t most_pictures = 1 << 16;
    constexpr int most_levels = 8;  // a grid of tiles with alpha has two
    const std::vector<Octets> lists = lists_of(file);
    if (bytes_of(lists) > most_bytes) {
        return false;
    }
    const Parts parts = parts_of(lists);
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

std::set<std::uint64_t> heif_pictures_of(Octets file, std::uint64_t picture) {
    const Parts parts = parts_of(lists_of(file));
    std::set<Item> found{picture};
    std::vector<Item> open{picture};
    while (!open.empty()) {
        const auto at = parts.find(open.back());
        open.pop_back();
        if (at == parts.end()) continue;
        for (const Item part : at->second) {
            if (found.insert(part).second) open.push_back(part);
        }
    }
    return found;
}

}  // namespace vit
