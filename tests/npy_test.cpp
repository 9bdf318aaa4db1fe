// The array files that the command reads and writes, against what NumPy's format says byte by byte.
#include "apps/vit/npy.h"

#include <cstring>
#include <filesystem>
#include <limits>

#include <gmock/gmock.h>

#include "apps/vit/failure.h"
#include "tests/support/npy.h"
#include "tests/support/run_command.h"
#include "tests/support/temporary_directory.h"

namespace vit::test {

namespace {

using command::NpyReader;
using command::NpyWriter;
using testing::ElementsAre;
using testing::HasSubstr;

// A file with this dictionary as its header, padded as the format asks, and so many values 0, 1, 2, ...
std::string array_file(std::string dictionary, int values, const std::string &version = {"\1\0", 2}) {
    while ((10 + dictionary.size() + 1) % 64 != 0) dictionary += ' ';
    dictionary += '\n';
    std::string file = "\x93NUMPY" + version;
    file += static_cast<char>(dictionary.size() & 255);
    file += static_cast<char>(dictionary.size() >> 8);
    file += dictionary;
    for (int i = 0; i < values; i++) {
        const auto value = static_cast<float>(i);
        char bytes[sizeof value];
        std::memcpy(bytes, &value, sizeof value);
        file.append(bytes, sizeof value);
    }
    return file;
}

std::string dictionary(const std::string &type, const std::string &order, const std::string &shape) {
    return "{'descr': " + type + ", 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

class NpyTest : public testing::Test {
protected:
    // The sentence that reading such a file gives, or nothing.
    std::string refusal(const std::string &content, std::int64_t read = 0) {
        directory_.write("a.npy", content);
        try {
            NpyReader reader(directory_.file("a.npy"));
            std::vector<float> values(static_cast<std::size_t>(read));
            reader.read(values.data(), read);
            return {};
        } catch (const command::Failure &failure) {
            EXPECT_THAT(failure.what(), HasSubstr(directory_.file("a.npy")));
            return failure.what();
        }
    }

    TemporaryDirectory directory_;
};

TEST_F(NpyTest, ReadsWhatNumpyWrites) {
    for (const char *header : {"{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }",
                                   "{'shape': (2,3), 'fortran_order': False, 'descr': '<f4'}",
                                   "{\"descr\": \"<f4\", \"fortran_order\": False, \"shape\": (2, 3,)}"}) {
        directory_.write("a.npy", array_file(header, 6));
        NpyReader reader(directory_.file("a.npy"));
        EXPECT_THAT(reader.shape(), ElementsAre(2, 3));
        std::vector<float> values(6);
        reader.read(values.data(), 4);
        reader.read(values.data() + 4, 2);
        EXPECT_THAT(values, ElementsAre(0, 1, 2, 3, 4, 5));
    }
}

TEST_F(NpyTest, ReadsShapesOfAnyRank) {
    const auto shape = [&](const std::string &tuple, int values) {
        directory_.write("a.npy", array_file(dictionary("'<f4'", "False", tuple), values));
        return NpyReader(directory_.file("a.npy")).shape();
    };
    EXPECT_THAT(shape("()", 1), ElementsAre());
    EXPECT_THAT(shape("(5,)", 5), ElementsAre(5));
    EXPECT_THAT(shape("(0, 7)", 0), ElementsAre(0, 7));
    EXPECT_THAT(shape("(1, 2, 1, 2)", 4), ElementsAre(1, 2, 1, 2));
}

TEST_F(NpyTest, RefusesWhatItCannotRead) {
    const std::string good = array_file(dictionary("'<f4'", "False", "(2, 3)"), 6);
    EXPECT_EQ(refusal(good, 6), "");
    EXPECT_THAT(refusal(""), HasSubstr("not an array file"));
    EXPECT_THAT(refusal("\x93NUMPX" + good.substr(6)), HasSubstr("not an array file"));
    EXPECT_THAT(refusal(array_file("{}", 0, std::string("\2\0", 2))), HasSubstr("version 2.0"));
    for (const char *type : {"'<f8'", "'>f4'", "'<f2'", "'<i4'", "'|u1'", "''", "[('a', '<f4')]"}) {
        EXPECT_THAT(refusal(array_file(dictionary(type, "False", "(6,)"), 6)), HasSubstr("type ")) << type;
    }
    EXPECT_THAT(refusal(array_file(dictionary("'<f4'", "True", "(2, 3)"), 6)),
                HasSubstr("Fortran order"));
    const std::vector<std::string> malformed = {
        "",
        "{",
        "}",
        "()",
        "{'descr': '<f4'}",
        "{'descr': '<f4', 'fortran_order': False}",
        "{'descr': '<f4, 'fortran_order': False}",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)",
        "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2, 3)}",
        dictionary("'<f4'", "0", "(2, 3)"),
        dictionary("'<f4'", "False", "6"),
        dictionary("'<f4'", "False", "(-2, -3)"),
        dictionary("'<f4'", "False", "(2.0, 3)"),
        dictionary("'<f4'", "False", "(2 3)"),
        dictionary("'<f4'", "False", "(99999999999999999999,)"),
        dictionary("'<f4'", "False", "(2, 3), 'more': 1"),
        dictionary("'<f4'", "False", "(2, 3)") + " behind",
    };
    for (const std::string &header : malformed) {
        EXPECT_THAT(refusal(array_file(header, 6)), HasSubstr("cannot be understood")) << header;
    }
    EXPECT_THAT(refusal(array_file(dictionary("'<f4'", "False", "(1000000000, 1000000000)"), 6)),
                HasSubstr("more values"));
    EXPECT_THAT(refusal(array_file(dictionary("'<f4'", "False", "(2, 4)"), 6)),
                HasSubstr("24 bytes of values, and its shape needs 32"));
    EXPECT_THAT(refusal(good + "x"), HasSubstr("25 bytes"));
    for (std::size_t length = 0; length < good.size(); length++) {
        EXPECT_NE(refusal(good.substr(0, length)), "") << length;
    }
}

TEST_F(NpyTest, RefusesWhatIsNoFile) {
    EXPECT_THROW(NpyReader(directory_.file("missing")), command::Failure);
    EXPECT_THROW(NpyReader(directory_.path()), command::Failure);
    EXPECT_THROW(NpyReader("/dev/zero"), command::Failure);
}

TEST_F(NpyTest, RefusesValuesThatAreNotFinite) {
    using Limits = std::numeric_limits<float>;
    for (const float value : {Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
        std::string file = array_file(dictionary("'<f4'", "False", "(2, 3)"), 6);
        std::memcpy(file.data() + file.size() - 8, &value, sizeof value);
        EXPECT_EQ(refusal(file, 4), "");
        EXPECT_THAT(refusal(file, 6), HasSubstr("position 4"));
    }
}

TEST_F(NpyTest, WritesWhatItReads) {
    const std::vector<float> values = {1.5f, -2, std::numeric_limits<float>::denorm_min(), 3, 4, 5};
    NpyWriter writer(directory_.file("a.npy"), {2});
    writer.write(values.data(), 1);
    writer.write(values.data() + 2, 2);
    EXPECT_FALSE(std::filesystem::exists(directory_.file("a.npy")));
    writer.finish();
    const std::string file = read_file(directory_.file("a.npy"));
    EXPECT_EQ((file.size() - values.size() * sizeof(float)) % 64, 0u);
    EXPECT_EQ(file[file.size() - values.size() * sizeof(float) - 1], '\n');
    const Npy array = read_npy(directory_.file("a.npy"));
    EXPECT_THAT(array.shape, ElementsAre(3, 2));
    EXPECT_EQ(array.values, values);
    NpyReader reader(directory_.file("a.npy"));
    EXPECT_THAT(reader.shape(), ElementsAre(3, 2));
}

TEST_F(NpyTest, AnUnfinishedFileLeavesNothing) {
    {
        NpyWriter writer(directory_.file("a.npy"), {1});
        const float value = 1;
        writer.write(&value, 1);
    }
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
    EXPECT_THROW(NpyWriter(directory_.file("missing/a.npy"), {1}), command::Failure);
    EXPECT_THROW(NpyWriter(directory_.path(), {1}), command::Failure);
    EXPECT_THROW(NpyWriter("/dev/null", {1}), command::Failure);
    EXPECT_TRUE(std::filesystem::is_empty(directory_.path()));
}

}  // namespace

}  // namespace vit::test
