// Sessions made and destroyed by several threads at once, in four rounds: after each, the process has the
// memory, file descriptors and threads that it had after the first.
//
//     many_sessions MODEL SESSIONS THREADS [BACKEND]
//
// The exit status is 1 where something grew or an answer differs from the first.
#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

#include <vit/vit.h>

#include "tests/support/threads.h"

namespace {

template<typename T>
T value_of(vit::Result<T> result) {
    if (!result) {
        std::fprintf(stderr, "many_sessions: %s\n", result.error().message.c_str());
        std::exit(1);
    }
    return std::move(*result);
}

std::int64_t entries(const char *directory) {
    std::int64_t count = 0;
    for (const auto &entry : std::filesystem::directory_iterator(directory)) count += entry.exists();
    return count;
}

struct Usage {
    std::int64_t resident, allocated;  // bytes
    std::int64_t descriptors, threads;
};

// Of a process at rest: what threads had in reach has gone with them.
Usage usage() {
    vit::test::threads_at_rest();
    malloc_trim(0);
    std::int64_t pages = 0, resident_pages = 0;
    std::ifstream("/proc/self/statm") >> pages >> resident_pages;
    const auto heap = mallinfo2();
    return {resident_pages * sysconf(_SC_PAGESIZE), static_cast<std::int64_t>(heap.uordblks + heap.hblkhd),
            entries("/proc/self/fd"), entries("/proc/self/task")};
}

std::vector<float> logits_of(const vit::Model &model, int i) {
    vit::SessionOptions options;
    options.threads = 1 + i % 3;
    options.max_batch = 1 + i % 2;
    vit::Session session = value_of(vit::Session::create(model, options));
    const vit::Architecture &a = model.architecture();
    const auto values = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
    const std::vector<float> pixels(values, 0.5f);
    std::vector<float> logits(static_cast<std::size_t>(a.labels));
    const auto done = session.forward(pixels.data(), 1, logits.data());
    if (!done) value_of(vit::Result<int>(tl::unexpected(done.error())));
    return logits;
}

}  // namespace

int main(int argc, char **argv) {
    if (argc < 4 || argc > 5) return 2;
    const int sessions = std::atoi(argv[2]), threads = std::atoi(argv[3]);
    vit::ModelOptions options;
    if (argc == 5) options.backend = argv[4];
    const vit::Model model = value_of(vit::Model::load(argv[1], options));
    const std::vector<float> expected = logits_of(model, 0);
    constexpr int rounds = 4;
    std::atomic<int> different{0};
    std::vector<Usage> used;
    for (int round = 0; round < rounds; round++) {
        std::vector<std::thread> workers;
        for (int worker = 0; worker < threads; worker++) {
            workers.emplace_back([&, worker] {
                for (int i = worker; i < sessions / rounds; i += threads) {
                    if (logits_of(model, i) != expected) different++;
                }
            });
        }
        for (std::thread &worker : workers) worker.join();
        used.push_back(usage());
        std::printf("%d sessions: %.1f MB resident, %lld bytes allocated, %lld descriptors, %lld threads\n",
                    (round + 1) * (sessions / rounds), static_cast<double>(used.back().resident) / 1e6,
                    static_cast<long long>(used.back().allocated),
                    static_cast<long long>(used.back().descriptors),
                    static_cast<long long>(used.back().threads));
    }
    const Usage &first = used.front(), &last = used.back();
    // The least that a session could leave behind is a block of malloc's, or a page where memory is mapped.
    const std::int64_t since = (rounds - 1) * (sessions / rounds);
    const bool flat = last.allocated - first.allocated < since * 16 &&
                      last.resident - first.resident < since * sysconf(_SC_PAGESIZE) &&
                      last.descriptors == first.descriptors && last.threads == first.threads;
    if (different > 0) std::printf("%d answers differ\n", different.load());
    return flat && different == 0 ? 0 : 1;
}
