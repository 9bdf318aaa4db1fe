#include "picture/heif_items.h"

#include <algorithm>
#include <optional>

#include "picture/heif_boxes.h"

namespace vit {

namespace {

// Numbers one behind the other. Beyond the end they are 0.
class Numbers {
public:
    explicit Numbers(Octets bytes) : bytes_(bytes) {}

    std::uint64_t read(std::size_t size) {
        if (size > bytes_.size() - at_) {
            ended_ = true;
            return 0;
        }
        at_ += size;
        return big_endian(bytes_, at_ - size, size);
    }

    // Sizes that a list gives for its own numbers: libheif knows these, and takes others for none.
    std::uint64_t read_sized(std::size_t size) { return size == 4 || size == 8 ? read(size) : 0; }

    bool ended() const { return ended_; }

private:
    Octets bytes_;
    std::size_t at_ = 0;
    bool ended_ = false;
};

// The first box of a name; without contents, if there is none.
Octets first_box(Octets within, std::string_view name) {
    const std::vector<Octets> found = boxes(within, name);
    return found.empty() ? Octets{} : found[0];
}

void add_types(Octets meta, HeifItems &items) {
    const Octets list = first_box(meta, "iinf");
    const std::size_t header = list.empty() || list[0] == 0 ? 6 : 8;
    if (list.size() < header) {
        return;
    }
    for (const Octets entry : boxes(list.subspan(header), "infe")) {
        Numbers numbers(entry);
        const std::uint64_t version = numbers.read(1);
        numbers.read(3);
        const auto item = items.find(numbers.read(version <= 2 ? 2 : 4));
        numbers.read(2);
        if (version < 2 || item == items.end() || item->second.type[0] != 0) continue;  // the first counts
        for (char &letter : item->second.type) letter = static_cast<char>(numbers.read(1));
    }
}

// The part of a file, or of a box in it, that an extent names.
std::optional<Octets> extent_of(Octets whole, std::uint64_t base, std::uint64_t offset,
                                std::uint64_t length) {
    if (base > whole.size() || offset > whole.size() - base || length > whole.size() - base - offset) {
        return {};
    }
    return whole.subspan(std::size_t(base + offset), std::size_t(length));
}

void add_extents(Octets file, Octets meta, HeifItems &items) {
    constexpr std::uint64_t most_extents = 32;  // libheif's own limit
    const Octets data = first_box(meta, "idat");
    Numbers numbers(first_box(meta, "iloc"));
    const std::uint64_t version = numbers.read(1);
    numbers.read(3);
    const std::uint64_t sizes = numbers.read(2);
    const std::size_t offset_size = sizes >> 12, length_size = sizes >> 8 & 15, base_size = sizes >> 4 & 15,
                      index_size = version > 1 ? sizes & 15 : 0;
    const std::uint64_t count = numbers.read(version < 2 ? 2 : 4);
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < count && !numbers.ended(); i++) {
        const std::uint64_t id = numbers.read(version < 2 ? 2 : 4);
        const std::uint64_t method = version >= 1 ? numbers.read(2) & 15 : 0;
        numbers.read(2);  // a file of its own
        const std::uint64_t base = numbers.read_sized(base_size), extents = numbers.read(2);
        if (extents > most_extents) {
            return;
        }
        const auto item = items.find(id);
        const bool counts = item != items.end() && seen.insert(id).second && method <= 1;  // the first does
        for (std::uint64_t e = 0; e < extents && !numbers.ended(); e++) {
            numbers.read_sized(index_size);
            const std::uint64_t offset = numbers.read_sized(offset_size),
                                length = numbers.read_sized(length_size);
            const auto extent = extent_of(method == 0 ? file : data, base, offset, length);
            if (counts && extent && !extent->empty()) item->second.extents.push_back(*extent);
            if (counts && !extent && method == 1) item->second.misplaced = true;
        }
    }
}

void add_properties(Octets meta, HeifItems &items) {
    const Octets product = first_box(meta, "iprp");
    const auto properties = all_boxes(first_box(product, "ipco"));
    std::set<std::uint64_t> seen;
    for (const Octets list : boxes(product, "ipma")) {
        Numbers numbers(list);
        const std::uint64_t version = numbers.read(1), flags = numbers.read(3);
        const std::size_t index_size = flags & 1 ? 2 : 1;
        const std::uint64_t count = numbers.read(4);
        for (std::uint64_t i = 0; i < count && !numbers.ended(); i++) {
            const std::uint64_t id = numbers.read(version < 1 ? 2 : 4);
            const auto item = items.find(id);
            const bool counts = item != items.end() && seen.insert(id).second;
            const std::uint64_t indices = numbers.read(1);
            for (std::uint64_t k = 0; k < indices && !numbers.ended(); k++) {
                const std::uint64_t index = numbers.read(index_size) & (index_size == 2 ? 0x7fff : 0x7f);
                if (!counts || index == 0 || index > properties.size()) continue;
                const HeifBox<const std::uint8_t> &property = properties[std::size_t(index - 1)];
                Octets &hevc = item->second.hevc, &av1 = item->second.av1;
                if (is_at(property.name, 0, "hvcC") && hevc.empty()) hevc = property.contents;
                if (is_at(property.name, 0, "av1C") && av1.empty()) av1 = property.contents;
            }
        }
    }
}

}  // namespace

std::vector<HeifItems> heif_items(Octets file, const std::set<std::uint64_t> &ids) {
    std::vector<HeifItems> all;
    for (const Octets whole : boxes(file, "meta")) {
        if (whole.size() < 4) continue;
        const Octets meta = whole.subspan(4);
        HeifItems items;
        for (const std::uint64_t id : ids) items[id] = {};
        add_types(meta, items);
        add_extents(file, meta, items);
        add_properties(meta, items);
        all.push_back(std::move(items));
    }
    return all;
}

}  // namespace vit
