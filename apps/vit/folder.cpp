#include "folder.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <system_error>
#include <utility>

#include <sys/stat.h>

namespace command {

namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 19> picture_endings = {
    ".jpg", ".jpeg", ".jpe", ".jfif", ".png", ".webp", ".tif", ".tiff", ".heic",
    ".heif", ".avif", ".gif", ".bmp", ".tga", ".pnm", ".ppm", ".pgm", ".pbm",
    ".pam"};

constexpr std::size_t kinds_named = 8;
constexpr std::size_t longest_ending = 12;  // with its dot: what is longer is hardly a kind

// From the last dot on, in small letters; empty without one, or if the name begins with it.
std::string ending_of(std::string_view name) {
    const std::size_t dot = name.rfind('.');
    if (dot == std::string_view::npos || dot == 0) return {};
    std::string ending(name.substr(dot));
    std::transform(ending.begin(), ending.end(), ending.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return ending;
}

std::string kind_of(std::string_view name) {
    std::string ending = ending_of(name);
    if (ending.size() < 2) return "without an ending";
    return ending.size() > longest_ending ? "other" : ending;
}

class Lister {
public:
    Lister(bool recursive, Skipped &skipped) : recursive_(recursive), skipped_(skipped) {}

    void list(const std::string &path) {
        struct Entry {
            std::string name, path;
        };
        std::vector<Entry> entries;
        std::error_code error;
        fs::directory_iterator entry(path, error);
        for (; !error && entry != fs::directory_iterator(); entry.increment(error)) {
            entries.push_back({entry->path().filename().string(), entry->path().string()});
        }
        std::sort(entries.begin(), entries.end(),
                  [](const Entry &one, const Entry &other) { return one.name < other.name; });
        for (Entry &found : entries) {
            add(found.name, std::move(found.path));
        }
        if (error) files.push_back({path, path + ": cannot be listed: " + error.message()});
    }

    // Whether a directory is met for the first time.
    bool enter(const struct stat &status) { return entered_.emplace(status.st_dev, status.st_ino).second; }

    std::vector<NamedFile> files;

private:
    void add(const std::string &name, std::string path) {
        struct stat status {};
        // What cannot be asked about, as a link to nothing, is no file.
        const bool there = ::stat(path.c_str(), &status) == 0;
        if (name.starts_with('.')) {
            skipped_.add("hidden");
        } else if (there && S_ISDIR(status.st_mode)) {
            if (!recursive_) {
                skipped_.add("folders");
            } else if (enter(status)) {
                list(path);
            }
        } else if (!is_picture_name(name)) {
            skipped_.add(kind_of(name));
        } else if (there && S_ISREG(status.st_mode)) {
            files.push_back({std::move(path), {}});
        } else {
            skipped_.add("no regular files");
        }
    }

    const bool recursive_;
    Skipped &skipped_;
    std::set<std::pair<dev_t, ino_t>> entered_;
};

}  // namespace

std::string Skipped::sentence() const {
    std::vector<std::pair<std::string, std::int64_t>> kinds(counts_.begin(), counts_.end());
    std::stable_sort(kinds.begin(), kinds.end(),
                     [](const auto &a, const auto &b) { return a.second > b.second; });
    std::int64_t all = 0, rest = 0;
    std::string named;
    for (std::size_t i = 0; i < kinds.size(); i++) {
        const auto &[kind, count] = kinds[i];
        all += count;
        if (i < kinds_named && kind != "other") {
            named += (named.empty() ? "" : ", ") + std::to_string(count) + " " + kind;
        } else {
            rest += count;
        }
    }
    if (all == 0) return {};
    if (rest > 0) named += (named.empty() ? "" : ", ") + std::to_string(rest) + " other";
    return "skipped " + std::to_string(all) + ": " + named;
}

bool is_picture_name(std::string_view name) {
    const std::string ending = ending_of(name);
    return std::find(picture_endings.begin(), picture_endings.end(), ending) != picture_endings.end();
}

std::vector<NamedFile> pictures_in(const std::string &path, bool recursive, Skipped &skipped) {
    Lister lister(recursive, skipped);
    struct stat status {};
    if (::stat(path.c_str(), &status) == 0) lister.enter(status);
    lister.list(path);
    if (lister.files.empty()) {
        lister.files.push_back({path, path + ": is a directory without picture files"});
    }
    return std::move(lister.files);
}

}  // namespace command
