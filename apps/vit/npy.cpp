#include "npy.h"

#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <string_view>
#include <system_error>

#include <sys/stat.h>
#include <unistd.h>

#include "failure.h"

namespace command {

namespace {

static_assert(std::endian::native == std::endian::little, "values are copied as they lie in memory");

constexpr std::string_view magic{"\x93NUMPY", 6};
constexpr std::size_t preamble = 10;         // magic, version (2 bytes), length of the header (2 bytes)
constexpr std::size_t written_header = 192;  // both; a multiple of 64, with room for any shape
constexpr std::int64_t most_values = std::int64_t{1} << 48;

// Reads the dictionary that is a header: {'descr': '<f4', 'fortran_order': False, 'shape': (2, 3), }
class HeaderParser {
public:
    explicit HeaderParser(std::string_view text)
        : rest_(text) {}

    struct Fields {
        std::optional<std::string> descr;
        std::optional<bool> fortran_order;
        std::optional<std::vector<std::int64_t>> shape;
    };

    // Nothing if it is not such a dictionary. A descr that is not a string (a structured type) reads as "a
    // structure".
    std::optional<Fields> parse() {
        Fields fields;
        if (!take("{")) return {};
        while (!take("}")) {
            const std::optional<std::string> key = string();
            if (!key || !take(":")) return {};
            if (*key == "descr" && !fields.descr) {
                if (peek('[')) {
                    fields.descr = "a structure";
                    return fields;
                }
                fields.descr = string();
                if (!fields.descr) return {};
            } else if (*key == "fortran_order" && !fields.fortran_order) {
                if (take("True")) {
                    fields.fortran_order = true;
                } else if (take("False")) {
                    fields.fortran_order = false;
                } else {
                    return {};
                }
            } else if (*key == "shape" && !fields.shape) {
                fields.shape = tuple();
                if (!fields.shape) return {};
            } else {
                return {};
            }
            if (!take(",") && !peek('}')) return {};
        }
        skip_space();
        if (!rest_.empty() || !fields.descr || !fields.fortran_order || !fields.shape) return {};
        return fields;
    }

private:
    void skip_space() {
        while (!rest_.empty() && (rest_[0] == ' ' || rest_[0] == '\n')) {
            rest_.remove_prefix(1);
        }
    }
    bool peek(char c) {
        skip_space();
        return !rest_.empty() && rest_[0] == c;
    }
    bool take(std::string_view token) {
        skip_space();
        if (!rest_.starts_with(token)) return false;
        rest_.remove_prefix(token.size());
        return true;
    }
    std::optional<std::string> string() {
        if (!peek('\'') && !peek('"')) return {};
        const std::size_t end = rest_.find(rest_[0], 1);
        if (end == std::string_view::npos) return {};
        const std::string value(rest_.substr(1, end - 1));
        rest_.remove_prefix(end + 1);
        return value;
    }
    std::optional<std::vector<std::int64_t>> tuple() {
        std::vector<std::int64_t> values;
        if (!take("(")) return {};
        while (!take(")")) {
            skip_space();
            std::size_t digits = 0;
            std::int64_t value = 0;
            for (; digits < rest_.size() && rest_[digits] >= '0' && rest_[digits] <= '9'; digits++) {
                value = value * 10 + (rest_[digits] - '0');
                if (value > most_values) return {};
            }
            if (digits == 0) return {};
            rest_.remove_prefix(digits);
            values.push_back(value);
            if (!take(",") && !peek(')')) return {};
        }
        return values;
    }

    std::string_view rest_;
};

std::string header_of(const std::vector<std::int64_t> &shape) {
    std::string dictionary = "{'descr': '<f4', 'fortran_order': False, 'shape': (";
    for (const std::int64_t size : shape) {
        dictionary += std::to_string(size) + ", ";
    }
    dictionary += "), }";
    const std::size_t length = written_header - preamble;
    dictionary.resize(length - 1, ' ');
    std::string header(magic);
    header += {'\1', '\0', static_cast<char>(length & 0xFF), static_cast<char>(length >> 8)};
    return header + dictionary + "\n";
}

// The file that a path means, through symbolic links, so that replacing it does not replace a link to it.
std::string resolved(const std::string &path) {
    std::error_code error;
    const auto status = std::filesystem::status(path, error);
    if (!std::filesystem::exists(status)) return path;
    if (!std::filesystem::is_regular_file(status)) {
        throw Failure(path + ": cannot be written: it exists and is not a regular file");
    }
    const auto target = std::filesystem::canonical(path, error);
    return error ? path : target.string();
}

}  // namespace

NpyReader::NpyReader(const std::string &path)
    : path_(path), file_(std::fopen(path.c_str(), "rb")) {
    if (!file_) throw Failure(path + ": cannot be opened: " + std::strerror(errno));
    struct stat status {};
    if (fstat(fileno(file_.get()), &status) != 0 || !S_ISREG(status.st_mode)) {
        throw Failure(path + ": is not a regular file");
    }
    unsigned char start[preamble];
    const bool complete = std::fread(start, 1, preamble, file_.get()) == preamble;
    if (!complete || std::memcmp(start, magic.data(), magic.size()) != 0) {
        throw Failure(path + ": is not an array file of NumPy's (.npy)");
    }
    if (start[6] != 1 || start[7] != 0) {
        throw Failure(path + ": is an array file of version " + std::to_string(start[6]) + "." +
                      std::to_string(start[7]) + ", and only 1.0 is read");
    }
    std::string header(start[8] | start[9] << 8, '\0');
    if (std::fread(header.data(), 1, header.size(), file_.get()) != header.size()) {
        throw Failure(path + ": ends within its header");
    }
    const auto fields = HeaderParser(header).parse();
    if (fields && fields->descr != "<f4") {
        throw Failure(path + ": holds values of type " + *fields->descr +
                      ", and little-endian float32 ('<f4') is needed");
    }
    if (!fields) {
        throw Failure(path + ": has a header that cannot be understood");
    }
    if (*fields->fortran_order) {
        throw Failure(path + ": is in Fortran order, and C order is needed");
    }
    shape_ = *fields->shape;
    std::int64_t values = 1;
    for (const std::int64_t size : shape_) {
        if (size != 0 && values > most_values / size) {
            throw Failure(path + ": claims more values than can be");
        }
        values *= size;
    }
    const std::int64_t there = status.st_size - static_cast<std::int64_t>(preamble + header.size());
    const std::int64_t needed = values * static_cast<std::int64_t>(sizeof(float));
    if (there != needed) {
        throw Failure(path + ": has " + std::to_string(there) +
                      " bytes of values, and its shape needs " + std::to_string(needed));
    }
}

void NpyReader::read(float *values, std::int64_t count) {
    const auto wanted = static_cast<std::size_t>(count);
    if (std::fread(values, sizeof(float), wanted, file_.get()) != wanted) {
        throw Failure(path_ + ": ends before its values do");
    }
    for (std::int64_t i = 0; i < count; i++) {
        if (!std::isfinite(values[i])) {
            throw Failure(path_ + ": holds a value that is not finite, at position " +
                          std::to_string(position_ + i));
        }
    }
    position_ += count;
}

NpyWriter::NpyWriter(const std::string &path, std::vector<std::int64_t> item_shape)
    : path_(resolved(path)), shape_(std::move(item_shape)) {
    shape_.insert(shape_.begin(), 0);
    std::string name = path_ + ".XXXXXX";
    const int descriptor = mkstemp(name.data());
    if (descriptor < 0) fail_to_write(errno);
    temporary_.path = name;
    file_.reset(fdopen(descriptor, "wb"));
    // mkstemp makes the file private; give it the permissions that a new file would have.
    const mode_t mask = umask(0);
    umask(mask);
    fchmod(descriptor, 0666 & ~mask);
    if (!file_) fail_to_write(errno);
    write_header();
}

NpyWriter::Temporary::~Temporary() {
    if (!path.empty()) unlink(path.c_str());
}

void NpyWriter::fail_to_write(int error) const {
    throw Failure(path_ + ": cannot be written: " + std::strerror(error));
}

void NpyWriter::write_header() {
    const std::string header = header_of(shape_);
    if (std::fwrite(header.data(), 1, header.size(), file_.get()) != header.size()) fail_to_write(errno);
}

void NpyWriter::write(const float *values, std::int64_t count) {
    std::size_t wanted = static_cast<std::size_t>(count);
    for (std::size_t i = 1; i < shape_.size(); i++) {
        wanted *= static_cast<std::size_t>(shape_[i]);
    }
    if (std::fwrite(values, sizeof(float), wanted, file_.get()) != wanted) fail_to_write(errno);
    shape_[0] += count;
}

void NpyWriter::finish() {
    std::rewind(file_.get());
    write_header();
    if (std::fclose(file_.release()) != 0) fail_to_write(errno);
    if (std::rename(temporary_.path.c_str(), path_.c_str()) != 0) fail_to_write(errno);
    temporary_.path.clear();
}

void NpyWriter::abandon() const {
    if (!temporary_.path.empty()) unlink(temporary_.path.c_str());
}

}  // namespace command
