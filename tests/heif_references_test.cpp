// Files whose pictures are made of others: which end, and which do not.
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/picture/heif_references.h"
#include "tests/support/heif_writer.h"

namespace vit::test {
namespace {

struct Reference {
    const char *type;
    std::size_t from;
    std::vector<std::size_t> to;
};

// A file that says this of its items, with ids of 2 or 4 bytes.
std::string file(const std::vector<Reference> &references, int id_size = 2) {
    std::string list = number(id_size == 2 ? 0 : 1, 1) + std::string(3, '\0');
    for (const Reference &reference : references) {
        std::string content = number(reference.from, id_size) + number(reference.to.size(), 2);
        for (const std::size_t to : reference.to) content += number(to, id_size);
        list += box(reference.type, content);
    }
    const std::string zeros(4, '\0');
    return box("ftyp", "heic" + zeros) + box("meta", zeros + box("iref", list));
}

bool ends(const std::string &bytes) {
    return heif_references_end({reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size()});
}

TEST(HeifReferences, AGridOfTilesWithAlphaEnds) {
    EXPECT_TRUE(ends(file({})));
    EXPECT_TRUE(ends(file({{"dimg", 1, {2, 3, 4, 5}}, {"auxl", 6, {1}}, {"thmb", 7, {1}}})));
    EXPECT_TRUE(ends(file({{"dimg", 70000, {2, 2, 2}}, {"auxl", 80000, {2}}}, 4)));
    EXPECT_TRUE(ends(file({{"cdsc", 1, {1}}})));  // a description makes nothing
}

TEST(HeifReferences, ACircleDoesNot) {
    EXPECT_FALSE(ends(file({{"dimg", 1, {1}}})));
    EXPECT_FALSE(ends(file({{"dimg", 1, {2}}, {"dimg", 2, {3, 1}}})));
    EXPECT_FALSE(ends(file({{"auxl", 1, {1}}})));
    EXPECT_FALSE(ends(file({{"dimg", 1, {2}}, {"auxl", 1, {2}}})));
    EXPECT_FALSE(ends(file({{"dimg", 70000, {70000}}}, 4)));
    EXPECT_FALSE(ends(file({}) + file({{"dimg", 1, {1}}})));
    // Whatever size its box claims.
    std::string claims = file({{"dimg", 1, {1}}, {"thmb", 5, {1}}});
    claims[claims.find("dimg") - 2] = 4;
    EXPECT_FALSE(ends(claims));
    claims[claims.find("iref") - 2] = 4;
    EXPECT_FALSE(ends(claims));
}

TEST(HeifReferences, NorDoWorkAndDepthWithoutMeasure) {
    std::vector<Reference> chain;
    for (std::size_t i = 1; i <= 8; i++) chain.push_back({"dimg", i, {i + 1}});
    EXPECT_TRUE(ends(file(chain)));
    for (std::size_t i = 1; i <= 50000; i++) chain.push_back({"dimg", 100 + i, {101 + i}});
    EXPECT_FALSE(ends(file(chain, 4)));
    const std::vector<std::size_t> many(300, 2), more(300, 3);
    EXPECT_TRUE(ends(file({{"dimg", 1, many}})));
    EXPECT_FALSE(ends(file({{"dimg", 1, many}, {"dimg", 2, more}})));
}

TEST(HeifReferences, APictureIsDecodedWithItsTilesAndTheirAlpha) {
    const std::string bytes =
        file({{"dimg", 1, {2, 3}}, {"auxl", 4, {1}}, {"auxl", 5, {3}}, {"dimg", 6, {7}}});
    const Octets octets(reinterpret_cast<const std::uint8_t *>(bytes.data()), bytes.size());
    EXPECT_EQ(heif_pictures_of(octets, 1), (std::set<std::uint64_t>{1, 2, 3, 4, 5}));
    EXPECT_EQ(heif_pictures_of(octets, 3), (std::set<std::uint64_t>{3, 5}));
    EXPECT_EQ(heif_pictures_of(octets, 9), (std::set<std::uint64_t>{9}));
}

TEST(HeifReferences, BrokenBoxesAreReadAsFarAsTheyGo) {
    const std::string whole = file({{"dimg", 1, {2}}, {"dimg", 2, {3}}});
    for (std::size_t length = 0; length <= whole.size(); length++) {
        EXPECT_TRUE(ends(whole.substr(0, length))) << length;
    }
}

}  // namespace
}  // namespace vit::test
