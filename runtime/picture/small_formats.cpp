#include "picture/small_formats.h"

namespace vit {

Octets bytes_from(Octets bytes, std::size_t at) {
    return at < bytes.size() ? bytes.subspan(at) : Octets{};
}

std::string own_decoder() {
    return "vit";
}

tl::unexpected<Error> ends_early(const std::string &sentence) {
    return fail(ErrorCode::format, sentence + " that ends before its last pixel");
}

tl::unexpected<Error> corrupted(const std::string &sentence, const std::string &what) {
    return fail(ErrorCode::format, sentence + " that is corrupted: " + what);
}

Result<Samples> zeroed_samples(const PictureHeader &header, int channels, std::uint64_t holdable,
                               const ImageOptions &options, const std::string &sentence) {
    constexpr std::uint64_t small = 1 << 22, share = 16;
    const auto pixels = static_cast<std::uint64_t>(header.width) * static_cast<std::uint64_t>(header.height);
    if (pixels > small && pixels / share > holdable) {
        return ends_early(sentence);
    }
    const std::uint64_t memory = (channels + std::uint64_t{3}) * pixels;
    if (options.max_memory < 0 || memory > static_cast<std::uint64_t>(options.max_memory)) {
        return fail(ErrorCode::unsupported, sentence + " that takes " + std::to_string(memory) +
                                                " bytes to decode, more than " +
                                                std::to_string(options.max_memory));
    }
    Samples samples{static_cast<int>(header.width), static_cast<int>(header.height), channels, nullptr};
    samples.data.reset(static_cast<std::uint8_t *>(std::calloc(pixels, channels)));
    if (!samples.data) {
        return fail(ErrorCode::memory, sentence + " and there is no memory to decode it");
    }
    return samples;
}

}  // namespace vit
