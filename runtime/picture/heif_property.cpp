#include "picture/heif_property.h"

#include <cstring>
#include <optional>
#include <string_view>

#include "picture/heif_boxes.h"

namespace vit {

namespace {

using Box = HeifBox<const std::uint8_t>;
using Written = std::vector<std::uint8_t>;

// The boxes of which `within` consists, each with a header of 8 bytes, and nothing else.
std::optional<std::vector<Box>> parts_of(Octets within) {
    std::vector<Box> parts = all_boxes(within);
    std::size_t size = 0;
    for (const Box &part : parts) {
        const std::size_t whole = 8 + part.contents.size();
        if (part.contents.data() != part.name.data() + 4 ||
            big_endian(within, std::size_t(part.name.data() - within.data()) - 4, 4) != whole) {
            return {};
        }
        size += whole;
    }
    if (size != within.size()) return {};
    return parts;
}

void write_number(std::uint64_t value, std::size_t bytes, Written &to) {
    for (std::size_t i = bytes; i-- > 0;) to.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

void write_box(std::string_view name, Octets contents, Written &to) {
    write_number(8 + contents.size(), 4, to);
    to.insert(to.end(), name.begin(), name.end());
    to.insert(to.end(), contents.begin(), contents.end());
}

// The contents of a box, of which those of one name, which has to be there once, are rewritten.
template<typename Rewrite>
std::optional<Written> with_part(Octets within, std::string_view name, Rewrite rewrite) {
    const auto parts = parts_of(within);
    if (!parts || boxes(within, name).size() != 1) return {};
    Written all;
    for (const Box &part : *parts) {
        const std::string_view its(reinterpret_cast<const char *>(part.name.data()), 4);
        if (its != name) {
            write_box(its, part.contents, all);
            continue;
        }
        const std::optional<Written> written = rewrite(part.contents);
        if (!written) return {};
        write_box(name, *written, all);
    }
    return all;
}

// The list of which items have which properties, with one more for an item that is in it.
std::optional<Written> with_association(Octets list, std::uint64_t item, std::size_t index) {
    if (list.size() < 8) return {};
    const std::size_t id_size = list[0] < 1 ? 2 : 4, index_size = list[3] & 1 ? 2 : 1;
    if (index >> (8 * index_size - 1) != 0) return {};
    std::size_t at = 8;
    for (std::uint64_t left = big_endian(list, 4, 4); left > 0; left--) {
        if (list.size() - at < id_size + 1) return {};
        const std::size_t count_at = at + id_size, count = list[count_at];
        const std::size_t end = count_at + 1 + count * index_size;
        if (end > list.size()) return {};
        if (big_endian(list, at, id_size) == item) {
            if (count == 255) return {};
            Written all(list.begin(), list.begin() + std::ptrdiff_t(end));
            all[count_at]++;
            write_number(index, index_size, all);
            all.insert(all.end(), list.begin() + std::ptrdiff_t(end), list.end());
            return all;
        }
        at = end;
    }
    return {};
}

std::optional<Written> with_property(Octets products, std::uint64_t item, Octets property) {
    std::size_t index = 0;  // from 1 on
    const auto properties = with_part(products, "ipco", [&](Octets container) -> std::optional<Written> {
        const auto parts = parts_of(container);
        if (!parts) return {};
        index = parts->size() + 1;
        Written all(container.begin(), container.end());
        all.insert(all.end(), property.begin(), property.end());
        return all;
    });
    if (!properties) return {};
    return with_part(*properties, "ipma", [&](Octets list) { return with_association(list, item, index); });
}

// Where the only box of a name is in a file that ends with a box.
std::optional<std::size_t> only_box(Octets file, std::string_view name) {
    std::optional<std::size_t> found;
    std::size_t at = 0;
    while (at != file.size()) {
        if (file.size() - at < 8) return {};
        std::uint64_t size = big_endian(file, at, 4);
        if (size == 1 && file.size() - at >= 16) size = big_endian(file, at + 8, 8);
        if (size < 8 || size > file.size() - at) return {};
        if (is_at(file, at + 4, name)) {
            if (found) return {};
            found = at;
        }
        at += std::size_t(size);
    }
    return found;
}

}  // namespace

bool add_heif_property(std::vector<std::uint8_t> &file, std::uint64_t item, Octets property) {
    const Octets whole(file);
    const auto at = only_box(whole, "meta");
    if (!at) return false;
    const std::uint64_t size = big_endian(whole, *at, 4);
    if (size < 12) return false;  // it may say 1, too
    const Octets meta = whole.subspan(*at + 8, std::size_t(size) - 8);
    const auto described = with_part(meta.subspan(4), "iprp", [&](Octets products) {
        return with_property(products, item, property);
    });
    if (!described) return false;
    Written contents(meta.begin(), meta.begin() + 4);  // version and flags
    contents.insert(contents.end(), described->begin(), described->end());
    write_box("meta", contents, file);
    std::memcpy(&file[*at + 4], "free", 4);
    return true;
}

}  // namespace vit
