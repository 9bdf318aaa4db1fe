// Between the second picture of a size and the last, a session allocates nothing and starts no thread.
#include <atomic>
#include <cstdlib>
#include <new>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/source_directory.h"
#include "tests/support/threads.h"
#include "vit/vit.h"

namespace {

std::atomic<long> allocations{0};

}  // namespace

// glibc's allocator by another name, so that whatever calls malloc and its kind, Halide's stages included,
// is counted.
extern "C" {
void *__libc_malloc(std::size_t);
void *__libc_calloc(std::size_t, std::size_t);
void *__libc_realloc(void *, std::size_t);
void *__libc_memalign(std::size_t, std::size_t);

void *malloc(std::size_t size) {
    allocations++;
    return __libc_malloc(size);
}
void *calloc(std::size_t count, std::size_t size) {
    allocations++;
    return __libc_calloc(count, size);
}
void *realloc(void *block, std::size_t size) {
    allocations++;
    return __libc_realloc(block, size);
}
void *aligned_alloc(std::size_t alignment, std::size_t size) {
    allocations++;
    return __libc_memalign(alignment, size);
}
}

namespace vit::test {

namespace {

const std::string bundled = source_directory() + "/models/fashion-mnist";

TEST(Allocation, IsCounted) {
    const long before = allocations;
    // Volatile, or the compiler would see that nobody needs them.
    void *volatile block = std::malloc(100);
    std::free(block);
    int *volatile number = new int;
    delete number;
    block = std::aligned_alloc(64, 64);
    std::free(block);
    EXPECT_EQ(allocations - before, 3);
}

TEST(Allocation, HappensForTheFirstPictureOfASizeOnly) {
    const long threads_before = threads_at_rest();  // loading has threads of its own
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model) << model.error().message;
    for (const int threads_of_session : {1, 2, 3}) {
        ASSERT_TRUE(wait_for_threads(threads_before));
        auto session = Session::create(*model, {.threads = threads_of_session, .max_batch = 2});
        ASSERT_TRUE(session) << session.error().message;
        EXPECT_EQ(threads_of_process() - threads_before, threads_of_session - 1);

        const std::vector<std::uint8_t> picture(500 * 333 * 3, 77);
        const ImageView view{picture.data(), 500, 333, 3, 0};
        const std::size_t values = 3 * 28 * 28;
        std::vector<float> pixels(2 * values), logits(2 * 10), scores(2 * 10);
        std::vector<float> first;
        long before = 0;
        for (int i = 0; i < 20; i++) {
            ASSERT_TRUE(session->preprocess(view, pixels.data()));
            ASSERT_TRUE(session->preprocess(view, pixels.data() + values));
            ASSERT_TRUE(session->forward(pixels.data(), 2, logits.data()));
            ASSERT_TRUE(session->scores(scores.data()));
            if (i == 0) {
                first = logits;
                before = allocations;
            }
        }
        EXPECT_EQ(allocations, before) << "with " << threads_of_session << " threads";
        EXPECT_EQ(logits, first);
        EXPECT_EQ(threads_of_process() - threads_before, threads_of_session - 1);
    }
}

}  // namespace

}  // namespace vit::test
