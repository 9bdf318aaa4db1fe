#include "picture/heif_colors.h"

#include <algorithm>
#include <cstring>
#include <iterator>
#include <optional>
#include <string_view>
#include <vector>

#include "picture/av1_sequence.h"
#include "picture/heif_boxes.h"
#include "picture/heif_items.h"
#include "picture/heif_property.h"

namespace vit {

namespace {

using Bytes = std::span<std::uint8_t>;

// What a file says of its items.
Bytes meta_of(Bytes file) {
    const auto metas = boxes(file, "meta");
    return metas.size() == 1 && metas[0].size() >= 4 ? metas[0].subspan(4) : Bytes{};
}

// Are there pictures that are made of others, which have colours of their own?
bool has_derived(Bytes meta) {
    const auto lists = boxes(meta, "iinf");
    if (lists.size() != 1 || lists[0].size() < 8) {
        return true;
    }
    const std::string_view known[] = {"av01", "hvc1", "Exif", "mime"};
    for (const Bytes item : boxes(lists[0].subspan(lists[0][0] == 0 ? 6 : 8), "infe")) {
        const std::size_t type = item.size() > 0 && item[0] == 2 ? 8 : 10;  // of version 2 or 3
        if (std::none_of(std::begin(known), std::end(known),
                         [&](std::string_view name) { return is_at(item, type, name); })) {
            return true;
        }
    }
    return false;
}

// The properties of a file's items: iprp, ipco.
Bytes properties_of(Bytes meta) {
    const auto products = boxes(meta, "iprp");
    const auto containers = products.size() == 1 ? boxes(products[0], "ipco") : std::vector<Bytes>{};
    return containers.size() == 1 ? containers[0] : Bytes{};
}

enum class Subsampling { unknown, whole, halved_x, halved };

// How many samples of colour there are, if all pictures of the file with colour agree.
Subsampling subsampling_of(Bytes properties) {
    std::vector<Subsampling> subsamplings;
    for (const Bytes av1 : boxes(properties, "av1C")) {
        if (av1.size() < 4) {
            return Subsampling::unknown;
        }
        const bool grey = av1[2] & 0x10, x = av1[2] & 8, y = av1[2] & 4;
        if (!grey) {
            subsamplings.push_back(x ? y ? Subsampling::halved : Subsampling::halved_x : Subsampling::whole);
        }
    }
    for (const Bytes hevc : boxes(properties, "hvcC")) {
        if (hevc.size() < 17) {
            return Subsampling::unknown;
        }
        const Subsampling of_format[] = {Subsampling::unknown, Subsampling::halved, Subsampling::halved_x,
                                         Subsampling::whole};
        if (hevc[16] & 3) {
            subsamplings.push_back(of_format[hevc[16] & 3]);
        }
    }
    for (const Subsampling subsampling : subsamplings) {
        if (subsampling != subsamplings[0]) {
            return Subsampling::unknown;
        }
    }
    return subsamplings.empty() ? Subsampling::unknown : subsamplings[0];
}

// Pictures of an odd size that are turned have their single column or row on another side, and what is cut
// out may begin anywhere: repeated samples cannot be told from one another.
bool can_be_halved(Bytes properties) {
    if (!boxes(properties, "clap").empty()) {
        return false;
    }
    if (boxes(properties, "irot").empty() && boxes(properties, "imir").empty()) {
        return true;
    }
    for (const Bytes size : boxes(properties, "ispe")) {
        if (size.size() < 12 || size[7] % 2 || size[11] % 2) {
            return false;
        }
    }
    return true;
}

// The item that is the file's picture.
std::optional<std::uint64_t> primary_of(Bytes meta) {
    const auto items = boxes(meta, "pitm");
    const std::size_t size = items.empty() || items[0].empty() || items[0][0] == 0 ? 2 : 4;
    if (items.size() != 1 || items[0].size() < 4 + size) return {};
    return big_endian(items[0], 4, size);
}

// What the stream of the file's picture says, if it is AV1: then the file is given a profile, too.
HeifColors hide_stream_colors(std::vector<std::uint8_t> &file, std::uint64_t picture) {
    // A profile of the identity and of full range, as a box.
    constexpr std::uint8_t identity[] = {0,   0,   0,   19, 'c', 'o', 'l', 'r', 'n', 'c',
                                         'l', 'x', 0,   2,  0,   2,   0,   0,   0x80};
    HeifColors colors;
    const std::vector<HeifItems> items = heif_items(file, {picture});
    if (items.size() != 1) return colors;
    const HeifItem &item = items[0].at(picture);
    if (std::string_view(item.type.data(), item.type.size()) != "av01") return colors;
    std::vector<std::uint8_t> stream;
    for (const Octets extent : item.extents) stream.insert(stream.end(), extent.begin(), extent.end());
    const auto sequence = first_av1_sequence(stream);
    if (!sequence || !add_heif_property(file, picture, identity)) return colors;
    colors.hidden = true;
    colors.primaries = sequence->primaries;
    colors.matrix = sequence->matrix;
    colors.full_range = sequence->full_range;
    return colors;
}

// What the profiles of a file say, if they agree.
HeifColors hide_profiles(const std::vector<Bytes> &profiles) {
    HeifColors colors;
    for (const Bytes profile : profiles) {
        if (std::memcmp(profile.data(), profiles[0].data(), 11) != 0) return colors;
    }
    colors.hidden = true;
    colors.primaries = int(big_endian(profiles[0], 4, 2));
    colors.matrix = int(big_endian(profiles[0], 8, 2));
    colors.full_range = profiles[0][10] & 0x80;
    for (const Bytes profile : profiles) {
        profile[8] = profile[9] = 0;
        profile[10] |= 0x80;
    }
    return colors;
}

}  // namespace

HeifColors hide_heif_colors(std::vector<std::uint8_t> &file) {
    const Bytes meta = meta_of(file), properties = properties_of(meta);
    const Subsampling subsampling = subsampling_of(properties);
    const auto picture = primary_of(meta);
    std::vector<Bytes> profiles;
    for (const Bytes profile : boxes(properties, "colr")) {
        if (profile.size() >= 11 && is_at(profile, 0, "nclx")) {
            profiles.push_back(profile);
        }
    }
    if (subsampling == Subsampling::unknown || !picture || has_derived(meta)) {
        return {};
    }
    const bool can_be_told = can_be_halved(properties);
    HeifColors colors = profiles.empty() ? hide_stream_colors(file, *picture) : hide_profiles(profiles);
    if (colors.hidden && can_be_told) {
        colors.halved_x = subsampling != Subsampling::whole;
        colors.halved_y = subsampling == Subsampling::halved;
    }
    return colors;
}

}  // namespace vit
