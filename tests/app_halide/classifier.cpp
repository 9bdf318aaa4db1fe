#include "classifier.h"

#include <cstdio>

#include <vit/vit.h>

bool classify_picture(const char *model, const char *picture, char *label, std::size_t size) {
    const auto answer = [&]() -> vit::Result<std::string> {
        const auto loaded = vit::Model::load(model);
        if (!loaded) return tl::unexpected(loaded.error());
        vit::SessionOptions options;
        options.threads = 3;
        auto session = vit::Session::create(*loaded, options);
        if (!session) return tl::unexpected(session.error());
        const auto found = session->classify_file(picture, 1);
        if (!found) return tl::unexpected(found.error());
        return loaded->label(found->front().index);
    }();
    std::snprintf(label, size, "%s", answer ? answer->c_str() : answer.error().message.c_str());
    return answer.has_value();
}
