// Models from memory: the same bits as from a disk, and the same sentences about what is wrong.
#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "runtime/model.h"
#include "tests/support/expect_error.h"
#include "tests/support/golden.h"
#include "tests/support/source_directory.h"
#include "tests/support/temporary_directory.h"

namespace vit::test {
namespace {

std::string content(const std::string &path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

// By name.
using InMemory = std::map<std::string, std::string>;

InMemory files_of(const std::string &directory) {
    InMemory files;
    for (const auto &entry : std::filesystem::directory_iterator(directory)) {
        const std::string extension = entry.path().extension();
        if (extension == ".json" || extension == ".safetensors") {
            files[entry.path().filename()] = content(entry.path());
        }
    }
    return files;
}

std::vector<NamedBytes> views_of(const InMemory &files) {
    std::vector<NamedBytes> views;
    for (const auto &[name, bytes] : files) views.push_back({name, bytes.data(), bytes.size()});
    return views;
}

// Two pictures' worth of numbers through the network.
std::vector<float> logits_of(const Model &model) {
    const Architecture &a = model.architecture();
    auto session = Session::create(model, {.threads = 2, .max_batch = 2});
    EXPECT_TRUE(session) << session.error().message;
    std::vector<float> pixels(std::size_t{2} * a.channels * a.image_height * a.image_width);
    for (std::size_t i = 0; i < pixels.size(); i++) pixels[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
    std::vector<float> logits(std::size_t{2} * a.labels);
    const auto done = session->forward(pixels.data(), 2, logits.data());
    EXPECT_TRUE(done) << done.error().message;
    return logits;
}

void expect_same(const Model &a, const Model &b) {
    EXPECT_EQ(logits_of(a), logits_of(b));
    for (int i = 0; i < a.architecture().labels; i++) ASSERT_EQ(a.label(i), b.label(i));
    EXPECT_EQ(a.draft().draft_width, b.draft().draft_width);
    EXPECT_EQ(a.draft().draft_height, b.draft().draft_height);
}

class LoadBytes : public testing::TestWithParam<std::string> {};

TEST_P(LoadBytes, GivesTheBitsThatLoadGives) {
    const auto from_disk = Model::load(GetParam());
    ASSERT_TRUE(from_disk) << from_disk.error().message;
    const InMemory files = files_of(GetParam()), before = files;
    Model from_memory;
    {
        const InMemory during_the_call = files;
        auto loaded = Model::load_bytes(views_of(during_the_call), {}, "it");
        ASSERT_TRUE(loaded) << loaded.error().message;
        from_memory = *loaded;
    }
    EXPECT_EQ(from_memory.architecture().name, "it");
    expect_same(*from_disk, from_memory);
    ASSERT_TRUE(Model::load_bytes(views_of(files)));
    EXPECT_EQ(files, before) << "an app's bytes are its own";
}

INSTANTIATE_TEST_SUITE_P(Golden, LoadBytes, testing::ValuesIn(golden_directories(false)), golden_name);
// Tensors of many pages.
INSTANTIATE_TEST_SUITE_P(Bundled, LoadBytes, testing::Values(source_directory() + "/models/fashion-mnist"),
                         golden_name);

const std::string plain = source_directory() + "/tests/golden/plain";

// What is wrong with files in memory, and with the same ones in a directory of that name.
void expect_same_sentence(const InMemory &files) {
    const TemporaryDirectory directory;
    for (const auto &[name, bytes] : files) directory.write(name, bytes);
    const auto from_disk = Model::load(directory.path());
    const auto from_memory = Model::load_bytes(views_of(files), {}, directory.path());
    ASSERT_FALSE(from_disk);
    ASSERT_FALSE(from_memory);
    EXPECT_EQ(from_disk.error().code, from_memory.error().code);
    EXPECT_EQ(from_disk.error().message, from_memory.error().message);
}

TEST(LoadBytesOf, DamagedFilesSaysWhatLoadSays) {
    const InMemory sound = files_of(plain);
    ASSERT_EQ(sound.size(), 3u);
    for (const auto &[name, bytes] : sound) {
        SCOPED_TRACE(name);
        InMemory files = sound;
        files.erase(name);
        if (name != "config.json") expect_same_sentence(files);  // without, it is nobody's
        // Of JSON, the last byte is the end of a line.
        const std::size_t half = bytes.size() / 2, all_but_two = bytes.size() - 2;
        for (const std::size_t length : {std::size_t{0}, std::size_t{1}, half, all_but_two}) {
            SCOPED_TRACE(length);
            files[name] = bytes.substr(0, length);
            expect_same_sentence(files);
        }
    }
    InMemory files = sound;
    files["config.json"].replace(files["config.json"].find("hidden_size"), 11, "hidden_sice");
    expect_same_sentence(files);
    files = sound;
    std::string &tensors = files["model.safetensors"];
    std::memset(&tensors[tensors.size() - 8], 0xFF, 8);  // NaN
    expect_same_sentence(files);
    files = sound;
    files["pytorch_model.bin"] = "pickle";
    files.erase("model.safetensors");
    expect_same_sentence(files);
}

TEST(LoadBytesOf, ShardsFindsThemByTheirNames) {
    InMemory files = files_of(plain);
    const auto whole = Model::load_bytes(views_of(files));
    ASSERT_TRUE(whole) << whole.error().message;
    std::string shard = files["model.safetensors"];
    std::uint64_t length = 0;
    std::memcpy(&length, shard.data(), 8);
    const nlohmann::json header = nlohmann::json::parse(shard.substr(8, length));
    nlohmann::json index;
    for (const auto &[name, entry] : header.items()) {
        if (name != "__metadata__") index["weight_map"][name] = "a.safetensors";
    }
    files.erase("model.safetensors");
    files["model.safetensors.index.json"] = index.dump();
    expect_same_sentence(files);  // the shard is missing
    files["a.safetensors"] = std::move(shard);
    const auto sharded = Model::load_bytes(views_of(files));
    ASSERT_TRUE(sharded) << sharded.error().message;
    expect_same(*whole, *sharded);
}

TEST(LoadBytesOf, WhatNoDirectoryCanHoldIsAnErrorOfTheArgument) {
    expect_error(Model::load_bytes({}), ErrorCode::argument, {"no files"});
    expect_error(Model::load_bytes({{"config.json", nullptr, 1}, {"a", "", 0}}), ErrorCode::argument,
                 {"config.json", "null"});
    expect_error(Model::load_bytes({{"config.json", "{}", 2}, {"config.json", "{}", 2}}),
                 ErrorCode::argument, {"config.json", "twice"});
    expect_error(Model::load_bytes({{"config.json", nullptr, 0}}), ErrorCode::format, {"model/config.json"});
}

class LoadPackedBytes : public testing::Test {
protected:
    void SetUp() override {
        auto loaded = Model::load(source_directory() + "/models/fashion-mnist");
        ASSERT_TRUE(loaded) << loaded.error().message;
        model_ = *loaded;
        const auto saved = model_.save_packed(directory_.file("packed"));
        ASSERT_TRUE(saved) << saved.error().message;
        bytes_ = content(directory_.file("packed"));
        storage_.resize(bytes_.size() + 128);
    }

    // The packed bytes, so far behind a multiple of 64.
    char *at(std::size_t offset) {
        const auto begin = reinterpret_cast<std::uintptr_t>(storage_.data());
        char *placed = storage_.data() + (64 - begin % 64) % 64 + offset;
        std::memcpy(placed, bytes_.data(), bytes_.size());
        return placed;
    }

    TemporaryDirectory directory_;
    Model model_;
    std::string bytes_;
    std::vector<char> storage_;
};

TEST_F(LoadPackedBytes, GivesTheBitsThatWerePacked) {
    for (const std::size_t offset : {0, 1, 32}) {
        for (const bool map : {false, true}) {
            for (const bool verify : {false, true}) {
                SCOPED_TRACE(testing::Message() << offset << " " << map << " " << verify);
                char *const placed = at(offset);
                const auto packed = Model::load_bytes({{"any name", placed, bytes_.size()}},
                                                      {.verify = verify, .map = map});
                ASSERT_TRUE(packed) << packed.error().message;
                const auto *weights = packed->impl()->weights.memory.data<char>();
                const bool in_place = weights >= placed && weights < placed + bytes_.size();
                EXPECT_EQ(in_place, map && offset == 0);
                if (!in_place) std::memset(placed, 0, bytes_.size());  // needed during the call alone
                expect_same(model_, *packed);
            }
        }
    }
}

TEST_F(LoadPackedBytes, DamagedSaysWhatLoadSays) {
    const auto expect_same_sentence = [&](const std::string &bytes) {
        directory_.write("damaged", bytes);
        const auto from_disk = Model::load(directory_.file("damaged"));
        const auto from_memory =
            Model::load_bytes({{directory_.file("damaged"), bytes.data(), bytes.size()}});
        ASSERT_FALSE(from_disk);
        ASSERT_FALSE(from_memory);
        EXPECT_EQ(from_disk.error().code, from_memory.error().code);
        EXPECT_EQ(from_disk.error().message, from_memory.error().message);
    };
    for (const std::size_t length : {std::size_t{0}, std::size_t{7}, std::size_t{20}, std::size_t{100},
                                     bytes_.size() / 2, bytes_.size() - 1}) {
        SCOPED_TRACE(length);
        expect_same_sentence(bytes_.substr(0, length));
    }
    for (const std::size_t place : {std::size_t{0}, std::size_t{9}, std::size_t{200}, bytes_.size() - 1}) {
        SCOPED_TRACE(place);
        std::string bytes = bytes_;
        bytes[place] ^= 1;
        expect_same_sentence(bytes);
    }
    expect_same_sentence(bytes_ + "x");
}

}  // namespace
}  // namespace vit::test
