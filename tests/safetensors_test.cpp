#include <bit>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/checkpoint/finite.h"
#include "runtime/checkpoint/json.h"
#include "runtime/printable.h"
#include "runtime/checkpoint/safetensors.h"
#include "tests/support/expect_error.h"
#include "tests/support/safetensors_writer.h"

namespace vit {
namespace {

using test::expect_error;
using test::safetensors_file;

Bytes bytes_of(const std::string &text) {
    return std::as_bytes(std::span(text.data(), text.size()));
}

Result<StoredTensors> parse(const std::string &file) {
    return parse_safetensors(bytes_of(file), "dir/x.safetensors");
}

// A tensor's line of the header.
std::string entry(const std::string &name, const std::string &dtype, const std::string &shape,
                  const std::string &offsets) {
    return "\"" + name + "\":{\"dtype\":\"" + dtype + "\",\"shape\":" + shape +
           ",\"data_offsets\":" + offsets + "}";
}

TEST(Safetensors, ReadsWhatIsThere) {
    const std::string header =
        "{\"__metadata__\":{\"format\":\"pt\"}," + entry("a", "F32", "[1,2]", "[0,8]") + "," +
        entry("b", "BF16", "[]", "[8,10]") + "," + entry("none", "F32", "[0,7]", "[10,10]") + "," +
        entry("odd", "Q4_UNHEARD_OF", "[100]", "[12,13]") + "}   ";
    const std::string file = safetensors_file(header, "0123456789abcdef");
    const auto tensors = parse(file);
    ASSERT_TRUE(tensors) << tensors.error().message;
    ASSERT_EQ(tensors->size(), 4u);
    const StoredTensor &a = tensors->at("a");
    EXPECT_EQ(a.file, "dir/x.safetensors");
    EXPECT_EQ(a.dtype, "F32");
    EXPECT_EQ(a.shape, (std::vector<std::int64_t>{1, 2}));
    EXPECT_EQ(std::string(reinterpret_cast<const char *>(a.data.data()), a.data.size()), "01234567");
    EXPECT_EQ(tensors->at("b").shape, std::vector<std::int64_t>());
    EXPECT_EQ(tensors->at("b").data.size(), 2u);
    EXPECT_EQ(tensors->at("none").data.size(), 0u);
    EXPECT_EQ(tensors->at("odd").data.size(), 1u);
}

TEST(Safetensors, KnowsTheSizeOfEveryType) {
    const std::pair<const char *, int> types[] = {{"BOOL", 1},    {"U8", 1},  {"I8", 1},  {"F8_E5M2", 1},
                                                  {"F8_E4M3", 1}, {"U16", 2}, {"I16", 2}, {"F16", 2},
                                                  {"BF16", 2},    {"U32", 4}, {"I32", 4}, {"F32", 4},
                                                  {"U64", 8},     {"I64", 8}, {"F64", 8}, {"C64", 8}};
    for (const auto &[type, size] : types) {
        const std::string end = std::to_string(3 * size);
        const std::string data(static_cast<std::size_t>(3 * size), '\0');
        EXPECT_TRUE(parse(safetensors_file("{" + entry("a", type, "[3]", "[0," + end + "]") + "}", data)))
            << type;
        EXPECT_FALSE(parse(safetensors_file("{" + entry("a", type, "[2]", "[0," + end + "]") + "}", data)))
            << type;
    }
}

std::string repeated(const std::string &text, int times) {
    std::string out;
    for (int i = 0; i < times; i++) out += text;
    return out;
}

struct BadFile {
    const char *what;
    std::string file;
    ErrorCode code;
    std::vector<std::string> named;
};

std::vector<BadFile> bad_files() {
    const std::string four(4, '\0');
    const auto one = [&](const std::string &dtype, const std::string &shape, const std::string &offsets) {
        return safetensors_file("{" + entry("the.tensor", dtype, shape, offsets) + "}", four);
    };
    const auto body = [&](const std::string &json) {
        return safetensors_file("{\"the.tensor\":" + json + "}", four);
    };
    const std::string good = one("F32", "[1]", "[0,4]");
    const std::string huge(8, '\xFF');
    const std::string deep = "{\"a\":" + repeated("[", 100'000);
    const std::string many = "{\"a\":[0" + repeated(",0", 2'100'000) + "]}";
    std::vector<BadFile> files = {
        {"empty", "", ErrorCode::format, {"0 bytes"}},
        {"seven bytes", "1234567", ErrorCode::format, {"7 bytes"}},
        {"header longer than the file", huge + "{}", ErrorCode::format, {"18446744073709551615"}},
        {"header one byte longer", good.substr(0, good.size() - 5), ErrorCode::format, {"truncated"}},
        {"no header", safetensors_file(std::string()), ErrorCode::format, {"header"}},
        {"not JSON", safetensors_file("{nonsense"), ErrorCode::format, {"not valid JSON"}},
        {"text file", "a text that is no tensor file at all", ErrorCode::format, {"not a safetensors"}},
        {"a list", safetensors_file("[1, 2]"), ErrorCode::format, {"not a JSON object"}},
        {"malformed UTF-8", safetensors_file("{\"\xFF\": 1}"), ErrorCode::format, {"not valid JSON"}},
        {"something behind the object", safetensors_file("{} {}"), ErrorCode::format, {"not valid JSON"}},
        {"nested without end", safetensors_file(deep), ErrorCode::format, {"nested too deeply"}},
        {"too many values", safetensors_file(many), ErrorCode::format, {"too many values"}},
        {"duplicate tensor",
         safetensors_file("{" + entry("twin", "F32", "[1]", "[0,4]") + "," +
                              entry("twin", "F32", "[1]", "[0,4]") + "}",
                          four),
         ErrorCode::format,
         {"'twin'", "twice"}},
        {"duplicate key inside",
         body("{\"dtype\":\"F32\",\"dtype\":\"F16\"}"),
         ErrorCode::format,
         {"'dtype'", "twice"}},
        {"not an object", body("7"), ErrorCode::tensor, {"the.tensor"}},
        {"no dtype",
         body("{\"shape\":[1],\"data_offsets\":[0,4]}"),
         ErrorCode::tensor,
         {"the.tensor", "dtype"}},
        {"dtype a number",
         body("{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}"),
         ErrorCode::tensor,
         {"dtype"}},
        {"no shape",
         body("{\"dtype\":\"F32\",\"data_offsets\":[0,4]}"),
         ErrorCode::tensor,
         {"the.tensor", "shape"}},
        {"no offsets",
         body("{\"dtype\":\"F32\",\"shape\":[1]}"),
         ErrorCode::tensor,
         {"the.tensor", "data_offsets"}},
        {"shape a number", one("F32", "1", "[0,4]"), ErrorCode::tensor, {"the.tensor", "shape"}},
        {"negative size", one("F32", "[-1]", "[0,4]"), ErrorCode::tensor, {"the.tensor", "shape"}},
        {"fractional size", one("F32", "[1.0]", "[0,4]"), ErrorCode::tensor, {"the.tensor", "shape"}},
        {"size in a string", one("F32", "[\"1\"]", "[0,4]"), ErrorCode::tensor, {"the.tensor", "shape"}},
        {"size beyond 64 bits",
         one("F32", "[99999999999999999999]", "[0,4]"),
         ErrorCode::tensor,
         {"shape"}},
        {"size beyond 63 bits",
         one("F32", "[18446744073709551615]", "[0,4]"),
         ErrorCode::tensor,
         {"shape"}},
        {"sizes whose product wraps to four bytes",
         one("F32", "[4611686018427387905]", "[0,4]"),
         ErrorCode::tensor,
         {"the.tensor", "does not fit"}},
        {"sizes whose product wraps to none",
         one("F32", "[4294967296,4294967296]", "[0,0]"),
         ErrorCode::tensor,
         {"the.tensor", "does not fit"}},
        {"33 sizes",
         one("F32", "[1" + repeated(",1", 32) + "]", "[0,4]"),
         ErrorCode::tensor,
         {"the.tensor", "shape"}},
        {"other size than bytes",
         one("F32", "[2]", "[0,4]"),
         ErrorCode::tensor,
         {"the.tensor", "[2]", "4 bytes"}},
        {"other type than bytes", one("F64", "[1]", "[0,4]"), ErrorCode::tensor, {"the.tensor", "F64"}},
        {"one offset", one("F32", "[1]", "[0]"), ErrorCode::tensor, {"the.tensor", "data_offsets"}},
        {"three offsets", one("F32", "[1]", "[0,4,8]"), ErrorCode::tensor, {"the.tensor", "data_offsets"}},
        {"negative offset", one("F32", "[1]", "[-4,0]"), ErrorCode::tensor, {"the.tensor", "data_offsets"}},
        {"offsets backwards", one("F32", "[1]", "[4,0]"), ErrorCode::tensor, {"the.tensor", "[4, 0]"}},
        {"beyond the end",
         one("F32", "[1]", "[1,5]"),
         ErrorCode::tensor,
         {"the.tensor", "[1, 5]", "4 bytes"}},
        {"far beyond the end",
         one("F32", "[1]", "[9223372036854775803,9223372036854775807]"),
         ErrorCode::tensor,
         {"the.tensor", "outside"}},
        {"unknown type beyond the end",
         one("NEW", "[1]", "[0,5]"),
         ErrorCode::tensor,
         {"the.tensor", "outside"}},
        {"overlap",
         safetensors_file("{" + entry("one", "F16", "[2]", "[0,4]") + "," +
                              entry("other", "F16", "[1]", "[2,4]") + "}",
                          four),
         ErrorCode::tensor,
         {"'one'", "'other'", "overlap"}},
        {"the same place twice",
         safetensors_file("{" + entry("one", "F32", "[1]", "[0,4]") + "," +
                              entry("other", "I32", "[1]", "[0,4]") + "}",
                          four),
         ErrorCode::tensor,
         {"'one'", "'other'", "overlap"}},
        {"a name that is no text",
         safetensors_file("{\"\\u001b[31m" + std::string(500, 'x') + "\":7}"),
         ErrorCode::tensor,
         {"\\x1b[31m", "..."}},
    };
    // Wherever a file ends too early, there is an error and no crash.
    for (std::size_t size = 0; size < good.size(); size++) {
        files.push_back({"truncated",
                         good.substr(0, size),
                         size < good.size() - 4 ? ErrorCode::format : ErrorCode::tensor,
                         {}});
    }
    return files;
}

TEST(Safetensors, RefusesBadFiles) {
    for (const BadFile &bad : bad_files()) {
        SCOPED_TRACE(bad.what);
        std::vector<std::string> named = bad.named;
        named.push_back("dir/x.safetensors");
        expect_error(parse(bad.file), bad.code, named);
    }
}

TEST(Json, EndsAtAnyByte) {
    const std::string text = "{\"a\": [1, -2.5e3, \"\\u00e9\", true, null], \"b\": {}}";
    ASSERT_TRUE(parse_json(bytes_of(text), "x.json"));
    for (std::size_t size = 0; size < text.size(); size++) {
        SCOPED_TRACE(size);
        expect_error(parse_json(bytes_of(text.substr(0, size)), "x.json"), ErrorCode::format, {"x.json"});
    }
}

TEST(Json, KeepsWhatWasWritten) {
    const auto json =
        parse_json(bytes_of("{\"a\":[[1],{\"b\":[]},-3],\"c\":{\"d\":{\"e\":1.5}},\"f\":\"g\"}"), "x.json");
    ASSERT_TRUE(json) << json.error().message;
    EXPECT_EQ(json->root().dump(), "{\"a\":[[1],{\"b\":[]},-3],\"c\":{\"d\":{\"e\":1.5}},\"f\":\"g\"}");
}

TEST(Printable, EscapesWhatIsNoText) {
    EXPECT_EQ(printable("Caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x88"),
              "Caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x90\x88");
    EXPECT_EQ(printable(std::string("a\0b\n\x7F", 5)), "a\\x00b\\x0a\\x7f");
    EXPECT_EQ(printable("\xC2\x9B"), "\\xc2\\x9b");           // a control character of two bytes
    EXPECT_EQ(printable("\xE2\x80\xAE"), "\\xe2\\x80\\xae");  // writes what follows from right to left
    EXPECT_EQ(printable("\xC0\xAF"), "\\xc0\\xaf");           // overlong
    EXPECT_EQ(printable("\xED\xA0\x80"), "\\xed\\xa0\\x80");  // a surrogate
    EXPECT_EQ(printable("\xF4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // beyond Unicode
    EXPECT_EQ(printable("\xE2\x82"), "\\xe2\\x82");                    // cut short
    EXPECT_EQ(printable("abcdef", 3), "abc...");
    EXPECT_EQ(printable("ab\xC3\xA9", 3), "ab...");  // never half a character
    EXPECT_EQ(in_quotes("abc"), "'abc'");
    EXPECT_EQ(printable_path("models/\n"), "models/\\x0a");
    EXPECT_EQ(printable_path(repeated("a", 1000) + "\xC3\xA9" + repeated("b", 399)),
              "..." + repeated("b", 399));
}

// Every exponent of the 16-bit types, and one mantissa bit at each end.
TEST(Finite, FindsWhatTheTypeCallsNotFinite) {
    for (const DType dtype : {DType::f16, DType::bf16}) {
        for (int bits = 0; bits < 1 << 16; bits++) {
            const auto half = static_cast<std::uint16_t>(bits);
            const float value = dtype == DType::f16 ? test::from_f16(half) : test::from_bf16(half);
            ASSERT_EQ(first_non_finite(&half, dtype, 1), std::isfinite(value) ? -1 : 0) << bits;
        }
    }
    for (std::uint32_t bits = 0; bits < 1u << 16; bits++) {
        for (const std::uint32_t low : {0u, 1u, 0xFFFFu}) {
            const auto value = std::bit_cast<float>(bits << 16 | low);
            ASSERT_EQ(first_non_finite(&value, DType::f32, 1), std::isfinite(value) ? -1 : 0) << bits;
        }
    }
}

TEST(Finite, FindsItAnywhereAndFirst) {
    for (const DType dtype : {DType::f32, DType::f16, DType::bf16}) {
        const std::vector<float> ones(5000, 1.0f);
        for (const std::size_t index : {0, 1, 1023, 1024, 2047, 2048, 4095, 4096, 4998, 4999}) {
            for (const float bad : {NAN, INFINITY, -INFINITY}) {
                std::vector<float> values = ones;
                values[index] = bad;
                values.back() = NAN;
                const std::string unaligned = "x" + test::encode(values, dtype);
                EXPECT_EQ(first_non_finite(unaligned.data() + 1, dtype, 5000),
                          static_cast<std::int64_t>(index));
            }
        }
        const std::string unaligned = "x" + test::encode(ones, dtype);
        EXPECT_EQ(first_non_finite(unaligned.data() + 1, dtype, 5000), -1);
        EXPECT_EQ(first_non_finite(unaligned.data() + 1, dtype, 0), -1);
    }
}

}  // namespace
}  // namespace vit
