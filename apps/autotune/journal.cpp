#include "apps/autotune/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fstream>
#include <stdexcept>

#include "apps/autotune/host.h"

namespace vit::autotune {

namespace {

std::string now() {
    const std::time_t time = std::time(nullptr);
    std::tm utc{};
    gmtime_r(&time, &utc);
    char text[32];
    std::strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &utc);
    return text;
}

[[noreturn]] void fail(const std::string &path, const std::string &what) {
    throw std::runtime_error(path + ": " + what);
}

}  // namespace

Journal::Journal(const std::filesystem::path &path, const nlohmann::json &circumstances)
    : path_(path), circumstances_(hash_of_text(circumstances.dump())) {
    std::error_code error;
    std::filesystem::create_directories(path.parent_path(), error);
    file_ = open(path.c_str(), O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (file_ < 0) {
        fail(path_, std::strerror(errno));
    }
    if (flock(file_, LOCK_EX | LOCK_NB) != 0) {
        ::close(file_);
        fail(path_, "another autotuner is writing it");
    }
    std::ifstream in(path);
    bool known = false, whole = true;
    for (std::string line; std::getline(in, line);) {
        whole = !in.eof();  // else there was no newline
        known = known || line.find(circumstances_) != std::string::npos;
        read(line);
    }
    try {
        if (!whole) {
            write("\n");
        }
        if (!known) {
            write(nlohmann::json{{"key", circumstances_}, {"circumstances", circumstances}}.dump() + "\n");
        }
    } catch (...) {
        ::close(file_);
        throw;
    }
}

Journal::~Journal() { ::close(file_); }

void Journal::read(const std::string &line) {
    const nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
    if (!record.is_object() || record.value("key", nlohmann::json()) != circumstances_) {
        return;
    }
    try {
        if (record.contains("closed")) {
            const std::string stage = record["closed"];
            std::erase_if(results_, [&](const auto &entry) { return entry.first.stage == stage; });
            std::erase_if(earlier_, [&](const Key &key) { return key.stage == stage; });
        } else if (record.contains("result")) {
            const Key key{record.at("stage"), record.at("kind"), record.at("candidate"), record.at("index")};
            results_[key] = record["result"];
            earlier_.insert(key);
        }
    } catch (const nlohmann::json::exception &) {
        // Not one of ours.
    }
}

const nlohmann::json *Journal::find(const Key &key) const {
    const auto at = results_.find(key);
    if (at == results_.end()) {
        return nullptr;
    }
    if (earlier_.contains(key)) {
        resumed_.insert(key);
    }
    return &at->second;
}

const nlohmann::json &Journal::add(const Key &key, nlohmann::json result) {
    result["date"] = now();
    const nlohmann::json record{
        {"key", circumstances_},
        {"stage", key.stage},
        {"kind", key.kind},
        {"candidate", key.candidate},
        {"index", key.index},
        {"result", result},
    };
    write(record.dump() + "\n");
    added_++;
    return results_[key] = std::move(result);
}

void Journal::close(const std::string &stage) {
    write(nlohmann::json{{"key", circumstances_}, {"closed", stage}}.dump() + "\n");
    std::erase_if(results_, [&](const auto &entry) { return entry.first.stage == stage; });
}

// In one call, so that a line is there or is not.
void Journal::write(const std::string &line) {
    if (::write(file_, line.data(), line.size()) != static_cast<ssize_t>(line.size())) {
        fail(path_, std::string("cannot be written: ") + std::strerror(errno));
    }
}

}  // namespace vit::autotune
