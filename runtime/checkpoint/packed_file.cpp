#include "checkpoint/packed_file.h"

#include <cstdint>
#include <cstring>

namespace vit {

namespace {

constexpr std::uintptr_t alignment = 64;  // of weights: a cache line, the longest vector

}  // namespace

Result<PackedFile> PackedFile::open(const std::string &path) {
    VIT_TRY_ASSIGN(RegularFile file, RegularFile::open(path));
    PackedFile packed;
    packed.file_.emplace(std::move(file));
    return packed;
}

PackedFile PackedFile::in_memory(Bytes bytes) {
    PackedFile packed;
    packed.bytes_ = bytes;
    return packed;
}

Result<void> PackedFile::read(std::size_t offset, std::span<std::byte> to) const {
    if (file_) return file_->read(offset, to);
    if (!to.empty()) std::memcpy(to.data(), bytes_.data() + offset, to.size());
    return {};
}

bool PackedFile::can_map(std::size_t offset) const {
    return file_ || reinterpret_cast<std::uintptr_t>(bytes_.data() + offset) % alignment == 0;
}

Result<Memory> PackedFile::map(std::size_t offset, std::size_t bytes, bool populate) const {
    if (file_) return Memory::map_file(file_->descriptor(), offset, bytes, populate);
    return Memory::borrow(bytes_.data() + offset, bytes);
}

}  // namespace vit
