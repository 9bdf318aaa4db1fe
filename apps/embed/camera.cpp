#include <cstdint>
#include <cstdio>
#include <iterator>
#include <thread>
#include <vector>
#include <vit/vit.h>

// Any pool of threads will do in place of these.
void run(void *, int n, void (*task)(void *argument, int i), void *argument) {
    std::vector<std::thread> threads;
    for (int i = 1; i < n; i++) threads.emplace_back(task, argument, i);
    task(argument, 0);
    for (std::thread &thread : threads) thread.join();
}

bool show(void *, double done) {
    return std::fprintf(stderr, "\r%3.0f %%", 100 * done) > 0;  // false gives up
}

int main(int argc, char **argv) {
    if (argc != 2) return std::fprintf(stderr, "usage: %s MODEL\n", argv[0]), 2;
    vit::ModelOptions loading;
    loading.progress.report = show;
    loading.parallel_for.run = run;
    auto model = vit::Model::load(argv[1], loading);
    if (!model) return std::fprintf(stderr, "%s\n", model.error().message.c_str()), 1;
    vit::SessionOptions options;
    options.max_batch = 2;
    options.parallel_for.run = run;
    auto session = vit::Session::create(*model, options);
    if (!session) return std::fprintf(stderr, "%s\n", session.error().message.c_str()), 1;

    constexpr int width = 640, height = 480;
    std::vector<std::uint8_t> bgr(3 * width * height, 128), planes(3 * width * height, 128);
    vit::ImageView views[] = {{bgr.data(), width, height}, {planes.data(), width, height}};
    views[0].order = vit::ChannelOrder::bgr;
    views[1].pixel_stride = 1;
    views[1].channel_stride = width * height;
    auto answers = session->classify({std::begin(views), std::end(views)}, 1);
    if (!answers) return std::fprintf(stderr, "%s\n", answers.error().message.c_str()), 1;
    for (const auto &best : *answers) std::printf("%s\n", model->label(best.front().index).c_str());
}
