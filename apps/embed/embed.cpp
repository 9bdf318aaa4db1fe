#include <cstdio>
#include <vit/vit.h>

int main(int argc, char **argv) {
    if (argc != 3) return std::fprintf(stderr, "usage: %s MODEL IMAGE\n", argv[0]), 2;
    auto model = vit::Model::load(argv[1]);
    if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;
    auto session = vit::Session::create(*model);
    if (!session) return std::fprintf(stderr, "%s\n", session.error().message.c_str()), 1;
    auto best = session->classify_file(argv[2], 1);
    if (!best) return std::fprintf(stderr, "%s\n", best.error().message.c_str()), 1;
    std::printf("%s %.1f %%\n", model->label(best->front().index).c_str(), 100 * best->front().score);
}
