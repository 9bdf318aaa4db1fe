#include "checkpoint/packed_model.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>

#include "checkpoint/checksum.h"
#include "checkpoint/packed_header.h"
#include "checkpoint/packing_fingerprint.h"
#include "checkpoint/replacement.h"
#include "printable.h"
#include "vit/fields.h"

namespace vit {

namespace {

constexpr char magic[8] = {'V', 'I', 'T', 'P', 'A', 'C', 'K', '\n'};
constexpr std::size_t front_bytes = sizeof(magic) + 8 + 8;

std::size_t aligned(std::size_t size) {
    return (size + packed_alignment - 1) / packed_alignment * packed_alignment;
}

void append(std::string &bytes, std::uint64_t number) {
    for (int i = 0; i < 8; i++) {
        bytes += static_cast<char>(number >> 8 * i);
    }
}

std::uint64_t number_at(Bytes bytes, std::size_t at) {
    std::uint64_t number = 0;
    for (int i = 0; i < 8; i++) {
        number |= std::to_integer<std::uint64_t>(bytes[at + i]) << 8 * i;
    }
    return number;
}

std::string text_of(const Layout &blocks) {
    return std::to_string(blocks.lanes) + " x " + std::to_string(blocks.token_tile) + " x " +
           std::to_string(blocks.panel);
}

// The chunks of the weights, shared by the threads of a context.
class Chunks {
public:
    Chunks(const std::byte *bytes, std::size_t size) : bytes_(bytes), size_(size) {}

    int count() const { return static_cast<int>(checksum_count(size_)); }
    std::uint64_t checksum_of(int i) const {
        const std::size_t at = i * checksum_chunk;
        return checksum(bytes_ + at, std::min(checksum_chunk, size_ - at));
    }
    // Errors: cancelled.
    Result<std::vector<std::uint64_t>> checksums(KernelContext &context, ProgressPart progress = {}) const {
        struct Task {
            const Chunks &chunks;
            std::vector<std::uint64_t> found;
        } task{*this, std::vector<std::uint64_t>(count())};
        const auto step = [](void *, int i, std::uint8_t *closure) {
            Task &its = *reinterpret_cast<Task *>(closure);
            its.found[i] = its.chunks.checksum_of(i);
            return 0;
        };
        // In loops of some chunks a thread, between which there is time to tell of them.
        const int loop = std::max(4 * context.pool().threads(), count() / 64);
        progress.expect(count());
        for (int i = 0; i < count(); i += loop) {
            const int chunks = std::min(loop, count() - i);
            context.pool().parallel_for(step, nullptr, i, chunks, reinterpret_cast<std::uint8_t *>(&task));
            VIT_TRY(progress.advance(chunks));
        }
        return std::move(task.found);
    }

private:
    const std::byte *bytes_;
    std::size_t size_;
};

// The file, its header and where the weights begin.
struct Front {
    PackedFile file;
    PackedHeader header;
    std::size_t weights_at;
};

Result<Front> read_front(PackedFile file, const std::string &path) {
    const std::string name = printable_path(path);
    std::array<std::byte, front_bytes> beginning;
    if (file.size() >= front_bytes) VIT_TRY(file.read(0, beginning));
    if (file.size() < front_bytes || !is_packed(beginning)) {
        return fail(ErrorCode::format, name + ": is neither a model's directory nor a packed model");
    }
    const std::uint64_t length = number_at(beginning, sizeof(magic));
    if (length > json_limit::bytes || length > file.size() - front_bytes) {
        return fail(ErrorCode::format,
                    name + ": is truncated: its header would have " + std::to_string(length) + " bytes");
    }
    // With the pad behind it.
    const std::size_t weights_at = aligned(front_bytes + static_cast<std::size_t>(length));
    std::vector<std::byte> text(std::min(weights_at, file.size()) - front_bytes);
    VIT_TRY(file.read(front_bytes, text));
    if (checksum(text.data(), length) != number_at(beginning, sizeof(magic) + 8)) {
        return fail(ErrorCode::format, name + ": is damaged, or was packed by another version: its header " +
                                           "is not what was written");
    }
    VIT_TRY_ASSIGN(const JsonDocument json, parse_json(Bytes(text).first(length), path));
    VIT_TRY_ASSIGN(PackedHeader header, read_packed_header(json.root(), path));
    if (file.size() < weights_at || file.size() - weights_at != header.bytes) {
        return fail(ErrorCode::format, name + ": is truncated or has something behind its " +
                                           std::to_string(header.bytes) + " bytes of weights");
    }
    if (std::any_of(text.begin() + static_cast<std::ptrdiff_t>(length), text.end(),
                    [](std::byte pad) { return pad != std::byte{}; })) {
        return fail(ErrorCode::format, name + ": is damaged between its header and its weights");
    }
    return Front{std::move(file), std::move(header), weights_at};
}

// Mapped: pages are there as soon as they are asked for, by those who verify them, all together, or at once.
Result<Memory> read_weights(const Front &front, const ModelOptions &options, const std::string &name,
                            ProgressPart progress) {
    const std::size_t bytes = front.header.bytes;
    if (!options.map || !front.file.can_map(front.weights_at)) {
        VIT_TRY_ASSIGN(Memory memory, Memory::allocate(bytes));
        const std::size_t step = std::max(bytes / 64, std::size_t{1} << 20);
        progress.expect(static_cast<double>(bytes));
        for (std::size_t at = 0; at < bytes; at += step) {
            const std::size_t its = std::min(step, bytes - at);
            VIT_TRY(front.file.read(front.weights_at + at, {memory.data<std::byte>() + at, its}));
            VIT_TRY(progress.advance(static_cast<double>(its)));
        }
        return memory;
    }
    Result<Memory> memory = front.file.map(front.weights_at, bytes, !options.verify);
    if (!memory) return fail(memory.error().code, name + ": " + memory.error().message);
    return memory;
}

Result<void> check_backend(const PackedHeader &header, const Backend &backend, const std::string &name) {
    if (header.version != version()) {
        return fail(ErrorCode::backend, name + ": was packed by version " + printable(header.version) +
                                            ", this is version " + version() + "; pack it again");
    }
    if (header.target != target_machine(backend)) {
        return fail(ErrorCode::backend, name + ": was packed for target " + printable(header.target) +
                                            ", this is " + target_machine(backend) + "; pack it again");
    }
    return {};
}

Result<void> check_packing(const PackedHeader &header, const Layout &blocks, const PackKernels &kernels,
                           KernelContext &context, const std::string &name) {
    if (text_of(header.blocks) != text_of(blocks)) {
        return fail(ErrorCode::backend, name + ": was packed in blocks of " + text_of(header.blocks) +
                                            ", this library reads " + text_of(blocks) + "; pack it again");
    }
    VIT_TRY_ASSIGN(const std::uint64_t packing,
                   packing_fingerprint(header.architecture, blocks, header.precision, kernels, context));
    if (header.packing != packing) {
        return fail(ErrorCode::backend,
                    name + ": its weights are packed in another way than this library reads; pack it again");
    }
    return {};
}

Result<void> check_weights(const Memory &memory, const PackedHeader &header, KernelContext &context,
                           const std::string &name, const ProgressPart &progress) {
    VIT_TRY_ASSIGN(const std::vector<std::uint64_t> found,
                   Chunks(memory.data<std::byte>(), memory.bytes()).checksums(context, progress));
    for (std::size_t i = 0; i < found.size(); i++) {
        if (found[i] != header.checksums[i]) {
            return fail(ErrorCode::format, name + ": is damaged: its weights from byte " +
                                               std::to_string(i * checksum_chunk) +
                                               " on are not what was written");
        }
    }
    return {};
}

}  // namespace

bool is_packed(Bytes bytes) {
    return bytes.size() >= sizeof(magic) && std::memcmp(bytes.data(), magic, sizeof(magic)) == 0;
}

Result<void> write_packed(const Model::Impl &model, const std::string &path,
                          const std::optional<Accuracy> &accuracy) {
    Memory copy;
    if (model.device) {
        VIT_TRY_ASSIGN(copy, model.weights.download(model.architecture, model.geometry));
    }
    const Memory &weights = model.device ? copy : model.weights.memory;
    KernelContext context(usable_processors());
    const Precision precision = model.geometry.precision;
    VIT_TRY_ASSIGN(const PackKernels kernels, PackKernels::find(*model.backend, precision));
    VIT_TRY_ASSIGN(const std::uint64_t packing,
                   packing_fingerprint(model.architecture, model.geometry.blocks, precision, kernels,
                                       context));
    VIT_TRY_ASSIGN(const std::vector<std::uint64_t> checksums,
                   Chunks(weights.data<std::byte>(), weights.bytes()).checksums(context));
    const PackedHeader header{version(),
                              model.backend_info.target,
                              model.geometry.blocks,
                              packing,
                              weights.bytes(),
                              checksums,
                              precision,
                              accuracy,
                              model.architecture,
                              model.preprocessing,
                              model.labels};
    const std::string json = to_json(header).root().dump(-1, ' ', true, Json::error_handler_t::replace);
    if (json.size() > json_limit::bytes) {
        return fail(ErrorCode::unsupported,
                    printable_path(path) + ": cannot be written: its labels are too long for a header");
    }
    std::string bytes(magic, sizeof(magic));
    append(bytes, json.size());
    append(bytes, checksum(json.data(), json.size()));
    bytes += json;
    bytes.resize(aligned(bytes.size()));

    VIT_TRY_ASSIGN(Replacement file, Replacement::begin(path));
    VIT_TRY(file.write(std::as_bytes(std::span(bytes))));
    VIT_TRY(file.write({weights.data<std::byte>(), weights.bytes()}));
    return file.finish();
}

Result<std::shared_ptr<Model::Impl>> read_packed(PackedFile file, const std::string &path,
                                                 const Backend &backend, const ModelOptions &options) {
    const std::string name = printable_path(path);
    VIT_TRY_ASSIGN(Front its, read_front(std::move(file), path));
    PackedHeader &header = its.header;
    VIT_TRY(check_backend(header, backend, name));
    const Precision precision = header.precision;
    if (options.precision && *options.precision != precision) {
        return fail(ErrorCode::argument, name + ": was packed with precision " + name_of(precision) +
                                             ", not " + name_of(*options.precision) + "; pack it again");
    }
    install_halide_handlers();
    const int threads = options.threads ? options.threads : usable_processors();
    KernelContext context(options.verify ? threads : 1, options.parallel_for);
    VIT_TRY_ASSIGN(const Layout blocks, blocks_of(backend, context));
    VIT_TRY_ASSIGN(const PackKernels pack_kernels, PackKernels::find(backend, precision));
    VIT_TRY(check_packing(header, blocks, pack_kernels, context, name));
    VIT_TRY_ASSIGN(const NetworkKernels kernels,
                   NetworkKernels::find(backend, header.architecture, precision));
    const Geometry geometry(header.architecture, blocks, precision);
    // Reading takes about as long as comparing, and mapping nothing.
    const bool reads = !options.map || !its.file.can_map(its.weights_at);
    const double read = !reads ? 0 : options.verify ? 0.5 : 1;
    VIT_TRY_ASSIGN(Memory memory,
                   read_weights(its, options, name, ProgressPart(options.progress, 0, read)));
    if (options.verify) {
        VIT_TRY(check_weights(memory, header, context, name, ProgressPart(options.progress, read, 1)));
    }
    Result<Weights> weights = Weights::adopt(header.architecture, geometry, std::move(memory));
    if (!weights) {
        return fail(ErrorCode::format, name + ": " + weights.error().message);
    }
    return std::make_shared<Model::Impl>(
        Model::Impl{std::move(header.architecture), std::move(header.preprocessing),
                    std::move(header.labels), &backend, describe(backend), kernels, geometry, nullptr,
                    std::move(*weights), header.accuracy});
}

}  // namespace vit
