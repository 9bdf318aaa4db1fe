#include "checkpoint/safetensors.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "checkpoint/json.h"
#include "printable.h"

namespace vit {

namespace {

constexpr std::size_t length_bytes = 8;
constexpr std::uint64_t max_header_bytes = 100'000'000;  // the format's own limit
constexpr std::size_t max_rank = 32;

constexpr std::pair<std::string_view, std::uint64_t> element_bytes[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1}, {"F8_E4M3", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
    {"BF16", 2}, {"U32", 4}, {"I32", 4}, {"F32", 4},     {"U64", 8},     {"I64", 8}, {"F64", 8}, {"C64", 8},
};

// 0: not known.
std::uint64_t bytes_of(std::string_view dtype) {
    for (const auto &[name, bytes] : element_bytes) {
        if (name == dtype) return bytes;
    }
    return 0;
}

// A list of whole numbers from 0 to `most`.
bool read_sizes(const Json &list, std::int64_t most, std::vector<std::int64_t> &sizes) {
    if (!list.is_array() || list.size() > max_rank) return false;
    for (const Json &item : list) {
        if (!item.is_number_unsigned() || item.get<std::uint64_t>() > static_cast<std::uint64_t>(most))
            return false;
        sizes.push_back(item.get<std::int64_t>());
    }
    return true;
}

// Product of the sizes and `bytes`; false if it does not fit 63 bits.
bool checked_product(const std::vector<std::int64_t> &sizes, std::int64_t bytes, std::int64_t &product) {
    product = bytes;
    for (const std::int64_t size : sizes) {
        if (__builtin_mul_overflow(product, size, &product)) return false;
    }
    return true;
}

struct Header {
    JsonDocument json;
    Bytes data;  // what follows the header
};

Result<Header> read_header(Bytes bytes, const std::string &file) {
    const auto bad = [&](const std::string &what) {
        return fail(ErrorCode::format, printable_path(file) + ": " + what);
    };
    if (bytes.size() < length_bytes) {
        return bad("is not a safetensors file: it has only " + std::to_string(bytes.size()) + " bytes");
    }
    std::uint64_t length = 0;
    for (std::size_t i = 0; i < length_bytes; i++)
        length |= std::to_integer<std::uint64_t>(bytes[i]) << (8 * i);
    const std::uint64_t rest = bytes.size() - length_bytes;
    if (length > max_header_bytes || length > rest) {
        return bad("is truncated or not a safetensors file: it announces a header of " +
                   std::to_string(length) + " bytes, with " + std::to_string(rest) + " bytes left");
    }
    const Bytes text = bytes.subspan(length_bytes, length);
    if (text.empty() || text.front() != std::byte{'{'}) {
        return bad("is not a safetensors file: its header is not a JSON object");
    }
    VIT_TRY_ASSIGN(JsonDocument json, parse_json(text, file));
    return Header{std::move(json), bytes.subspan(length_bytes + length)};
}

Result<StoredTensor> read_tensor(const std::string &name, const Json &entry, Bytes data,
                                 const std::string &file) {
    const auto bad = [&](const std::string &what) {
        return fail(ErrorCode::tensor, printable_path(file) + ": tensor " + in_quotes(name) + " " + what);
    };
    if (!entry.is_object()) return bad("is not described by a JSON object");
    const auto dtype = entry.find("dtype"), shape = entry.find("shape"),
               offsets = entry.find("data_offsets");
    if (dtype == entry.end() || !dtype->is_string()) return bad("has no dtype");
    if (shape == entry.end()) return bad("has no shape");
    if (offsets == entry.end()) return bad("has no data_offsets");

    StoredTensor tensor{file, dtype->get<std::string>(), {}, {}};
    if (!read_sizes(*shape, INT64_MAX, tensor.shape)) {
        return bad("has a shape that is not a list of up to 32 whole numbers");
    }
    std::vector<std::int64_t> range;
    if (!read_sizes(*offsets, INT64_MAX, range) || range.size() != 2) {
        return bad("has data_offsets that are not two whole numbers");
    }
    const auto begin = static_cast<std::uint64_t>(range[0]), end = static_cast<std::uint64_t>(range[1]);
    if (begin > end || end > data.size()) {
        return bad("has data_offsets [" + std::to_string(begin) + ", " + std::to_string(end) +
                   "], outside the file's " + std::to_string(data.size()) + " bytes of data");
    }
    if (const std::uint64_t element = bytes_of(tensor.dtype)) {
        std::int64_t needed;
        const bool fits = checked_product(tensor.shape, static_cast<std::int64_t>(element), needed);
        if (!fits || static_cast<std::uint64_t>(needed) != end - begin) {
            return bad("of type " + tensor.dtype + " and shape " + shape_text(tensor.shape) +
                       " does not fit its " + std::to_string(end - begin) + " bytes");
        }
    }
    tensor.data = data.subspan(begin, end - begin);
    return tensor;
}

Result<void> check_apart(const StoredTensors &tensors, const std::string &file) {
    std::vector<StoredTensors::const_iterator> placed;
    for (auto tensor = tensors.begin(); tensor != tensors.end(); ++tensor) {
        if (!tensor->second.data.empty()) placed.push_back(tensor);
    }
    std::sort(placed.begin(), placed.end(),
              [](const auto &a, const auto &b) { return a->second.data.data() < b->second.data.data(); });
    for (std::size_t i = 1; i < placed.size(); i++) {
        const Bytes before = placed[i - 1]->second.data, after = placed[i]->second.data;
        if (before.data() + before.size() > after.data()) {
            return fail(ErrorCode::tensor, printable_path(file) + ": tensors " +
                                               in_quotes(placed[i - 1]->first) + " and " +
                                               in_quotes(placed[i]->first) + " overlap");
        }
    }
    return {};
}

}  // namespace

Result<StoredTensors> parse_safetensors(Bytes bytes, const std::string &file) {
    VIT_TRY_ASSIGN(const Header header, read_header(bytes, file));
    StoredTensors tensors;
    for (const auto &[name, entry] : header.json.root().items()) {
        if (name == "__metadata__") continue;  // free text about the file
        VIT_TRY_ASSIGN(StoredTensor tensor, read_tensor(name, entry, header.data, file));
        tensors.emplace(name, std::move(tensor));
    }
    VIT_TRY(check_apart(tensors, file));
    return tensors;
}

}  // namespace vit
