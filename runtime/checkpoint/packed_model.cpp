#include "checkpoint/packed_model.h"

#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "checkpoint/mapped_file.h"
#include "checkpoint/packed_header.h"
#include "printable.h"

namespace vit {

namespace {

constexpr char magic[8] = {'V', 'I', 'T', 'P', 'A', 'C', 'K', '\n'};
constexpr std::size_t prefix = sizeof(magic) + 8;

std::size_t aligned(std::size_t size) {
    return (size + packed_alignment - 1) / packed_alignment * packed_alignment;
}

std::string text_of(const Blocks &blocks) {
    return std::to_string(blocks.lanes) + " x " + std::to_string(blocks.token_tile) + " x " +
           std::to_string(blocks.panel);
}

}  // namespace

Result<void> write_packed(const Model::Impl &model, const std::string &path) {
    Memory copy;
    if (model.device) {
        VIT_TRY_ASSIGN(copy, model.weights.download(model.architecture, model.geometry));
    }
    const Memory &weights = model.device ? copy : model.weights.memory;
    const PackedHeader header{version(),
                              model.backend_info.target,
                              model.geometry.blocks,
                              static_cast<std::int64_t>(weights.floats()),
                              model.architecture,
                              model.preprocessing,
                              model.labels};
    const std::string json = to_json(header).dump(-1, ' ', true, Json::error_handler_t::replace);
    std::string front(magic, sizeof(magic));
    for (int i = 0; i < 8; i++) {
        front += static_cast<char>(json.size() >> 8 * i);
    }
    front += json;
    front.resize(aligned(front.size()));

    // Beside the target, so that renaming it replaces the target at once.
    const std::string unfinished = path + ".unfinished";
    std::ofstream file(unfinished, std::ios::binary | std::ios::trunc);
    file.write(front.data(), static_cast<std::streamsize>(front.size()));
    file.write(reinterpret_cast<const char *>(weights.data()),
               static_cast<std::streamsize>(weights.floats() * sizeof(float)));
    file.close();
    std::error_code error;
    if (file) {
        std::filesystem::rename(unfinished, path, error);
        if (!error) {
            return {};
        }
    }
    const std::string why = error ? error.message() : std::generic_category().message(errno);
    std::filesystem::remove(unfinished, error);
    return fail(ErrorCode::io, printable_path(path) + ": cannot be written: " + why);
}

Result<std::shared_ptr<Model::Impl>> read_packed(const std::string &path, const Backend &backend,
                                                 const Blocks &blocks) {
    const std::string name = printable_path(path);
    PackedHeader header;
    std::size_t offset = 0;
    {
        VIT_TRY_ASSIGN(const auto file, MappedFile::open(path));
        const Bytes bytes = file->bytes();
        if (bytes.size() < prefix || std::memcmp(bytes.data(), magic, sizeof(magic)) != 0) {
            return fail(ErrorCode::format, name + ": is neither a model's directory nor a packed model");
        }
        std::uint64_t length = 0;
        for (int i = 0; i < 8; i++) {
            length |= std::to_integer<std::uint64_t>(bytes[sizeof(magic) + i]) << 8 * i;
        }
        if (length > json_limit::bytes || length > bytes.size() - prefix) {
            return fail(ErrorCode::format,
                        name + ": is truncated: its header would have " + std::to_string(length) + " bytes");
        }
        VIT_TRY_ASSIGN(const Json json, parse_json(bytes.subspan(prefix, length), path));
        VIT_TRY_ASSIGN(header, read_packed_header(json, path));
        offset = aligned(prefix + length);
        if (header.version != version()) {
            return fail(ErrorCode::backend, name + ": was packed by version " + printable(header.version) +
                                                ", this is version " + version() + "; pack it again");
        }
        if (header.target != target_machine(backend)) {
            return fail(ErrorCode::backend, name + ": was packed for target " + printable(header.target) +
                                                ", this is " + target_machine(backend) + "; pack it again");
        }
        if (text_of(header.blocks) != text_of(blocks)) {
            return fail(ErrorCode::backend, name + ": was packed in blocks of " + text_of(header.blocks) +
                                                ", this library reads " + text_of(blocks) +
                                                "; pack it again");
        }
        if (bytes.size() < offset ||
            (bytes.size() - offset) / sizeof(float) != static_cast<std::uint64_t>(header.floats) ||
            (bytes.size() - offset) % sizeof(float) != 0) {
            return fail(ErrorCode::format, name + ": is truncated or has something behind its " +
                                               std::to_string(header.floats) + " weights");
        }
    }
    const Geometry geometry(header.architecture, blocks);
    VIT_TRY_ASSIGN(const NetworkKernels kernels, NetworkKernels::find(backend, header.architecture));
    VIT_TRY_ASSIGN(Memory memory, Memory::map_file(path, offset, static_cast<std::size_t>(header.floats)));
    Result<Weights> weights = Weights::adopt(header.architecture, geometry, std::move(memory));
    if (!weights) {
        return fail(ErrorCode::format, name + ": " + weights.error().message);
    }
    return std::make_shared<Model::Impl>(Model::Impl{header.architecture, header.preprocessing,
                                                     header.labels, &backend, describe(backend), kernels,
                                                     geometry,
                                                     nullptr, std::move(*weights)});
}

}  // namespace vit
