// An app's own threads instead of the library's, and what the library's own are like.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/backend/thread_pool.h"
#include "tests/support/source_directory.h"
#include "tests/support/threads.h"
#include "vit/vit.h"

namespace vit::test {
namespace {

const std::string bundled = source_directory() + "/models/fashion-mnist";

// Ways to run n tasks.
using Runner = void (*)(void *context, int n, void (*task)(void *argument, int i), void *argument);

void in_turn(void *, int n, void (*task)(void *, int), void *argument) {
    for (int i = 0; i < n; i++) task(argument, i);
}

void backwards(void *, int n, void (*task)(void *, int), void *argument) {
    for (int i = n; i-- > 0;) task(argument, i);
}

void at_once(void *, int n, void (*task)(void *, int), void *argument) {
    std::vector<std::thread> threads;
    for (int i = 0; i < n; i++) threads.emplace_back(task, argument, i);
    for (std::thread &thread : threads) thread.join();
}

// The caller takes the last one, as pools do whose caller is one of their threads.
void others_and_the_caller(void *, int n, void (*task)(void *, int), void *argument) {
    std::vector<std::thread> threads;
    for (int i = 0; i + 1 < n; i++) threads.emplace_back(task, argument, i);
    task(argument, n - 1);
    for (std::thread &thread : threads) thread.join();
}

const std::pair<const char *, Runner> ways[] = {{"in turn", in_turn},
                                             {"backwards", backwards},
                                             {"at once", at_once},
                                             {"others and the caller", others_and_the_caller}};

std::vector<float> logits_of(Session &session, const Model &model, int batch) {
    const Architecture &a = model.architecture();
    std::vector<float> pixels(static_cast<std::size_t>(batch) * a.channels * a.image_height * a.image_width);
    for (std::size_t i = 0; i < pixels.size(); i++) pixels[i] = static_cast<float>(i * 37 % 101) / 50 - 1;
    std::vector<float> logits(static_cast<std::size_t>(batch) * a.labels);
    const auto done = session.forward(pixels.data(), batch, logits.data());
    EXPECT_TRUE(done) << done.error().message;
    return logits;
}

TEST(ThreadsOfTheApp, RunEveryIndexOnce) {
    for (const auto &[name, run] : ways) {
        for (const int threads : {2, 3, 8}) {
            SCOPED_TRACE(testing::Message() << name << " " << threads);
            ThreadPool pool(threads, {run, nullptr});
            EXPECT_EQ(pool.threads(), threads);
            std::vector<std::atomic<int>> counts(105);
            const auto count = [](void *context, int index, std::uint8_t *) {
                (*static_cast<std::vector<std::atomic<int>> *>(context))[index]++;
                return index == 17 ? -3 : 0;
            };
            EXPECT_EQ(pool.parallel_for(count, &counts, 5, 100, nullptr), -3);
            for (int i = 0; i < 105; i++) EXPECT_EQ(counts[i], i < 5 ? 0 : 1) << i;
            EXPECT_EQ(pool.parallel_for(count, &counts, 0, 3, nullptr), 0);
            EXPECT_EQ(ThreadPool::thread_index(), 0);
            EXPECT_FALSE(ThreadPool::inside_loop());
        }
    }
}

// What is left out, the caller does; what does not exist, nobody.
TEST(ThreadsOfTheApp, ThatDoOtherThanAskedLeaveNothingOut) {
    for (const Runner run : {Runner([](void *, int, void (*)(void *, int), void *) {}),
                          Runner([](void *, int n, void (*task)(void *, int), void *argument) {
                              for (const int i : {n, -1, 1, n + 7}) task(argument, i);
                          })}) {
        ThreadPool pool(3, {run, nullptr});
        std::vector<int> counts(100);
        const auto count = [](void *context, int index, std::uint8_t *) {
            (*static_cast<std::vector<int> *>(context))[index]++;
            return 0;
        };
        pool.parallel_for(count, &counts, 0, 100, nullptr);
        EXPECT_EQ(counts, std::vector<int>(100, 1));
    }
}

TEST(ThreadsOfTheApp, GiveTheSameBitsAndNoOthersAreStarted) {
    const auto reference = Model::load(bundled, {.threads = 2});
    ASSERT_TRUE(reference) << reference.error().message;
    auto session_of_reference = Session::create(*reference, {.threads = 3, .max_batch = 5});
    ASSERT_TRUE(session_of_reference);
    const std::vector<float> expected = logits_of(*session_of_reference, *reference, 5);
    std::vector<std::uint8_t> picture(300 * 200 * 3);
    for (std::size_t i = 0; i < picture.size(); i++) picture[i] = static_cast<std::uint8_t>(i * 7 % 251);
    const ImageView view{picture.data(), 300, 200};
    const Architecture &a = reference->architecture();
    const std::size_t values = static_cast<std::size_t>(a.channels) * a.image_height * a.image_width;
    std::vector<float> pixels(values), expected_pixels(values);
    ASSERT_TRUE(session_of_reference->preprocess(view, expected_pixels.data()));
    const long before = threads_at_rest();

    for (const auto &[name, run] : ways) {
        SCOPED_TRACE(name);
        const ParallelFor its{run, nullptr};
        const auto model = Model::load(bundled, {.threads = 3, .parallel_for = its});
        ASSERT_TRUE(model) << model.error().message;
        auto session = Session::create(*model, {.threads = 3, .max_batch = 5, .parallel_for = its});
        ASSERT_TRUE(session) << session.error().message;
        auto preprocessor = Preprocessor::create(*model, 3, its);
        ASSERT_TRUE(preprocessor) << preprocessor.error().message;
        EXPECT_EQ(session->threads(), 3);
        EXPECT_TRUE(wait_for_threads(before)) << threads_of_process() << ", not " << before;
        EXPECT_EQ(logits_of(*session, *model, 5), expected);
        ASSERT_TRUE(preprocessor->run(view, pixels.data()));
        EXPECT_EQ(pixels, expected_pixels);
        EXPECT_TRUE(wait_for_threads(before)) << threads_of_process() << ", not " << before;
    }
}

TEST(ThreadsOfTheApp, AreAskedForSoManyTasks) {
    struct Asked {
        std::atomic<int> calls{0}, wrong{0};
    } asked;
    const auto run = [](void *context, int n, void (*task)(void *, int), void *argument) {
        Asked &its = *static_cast<Asked *>(context);
        its.calls++;
        if (n != 4) its.wrong++;
        in_turn(nullptr, n, task, argument);
    };
    const ParallelFor its{run, &asked};
    const auto model = Model::load(bundled, {.threads = 4, .parallel_for = its});
    ASSERT_TRUE(model);
    EXPECT_GT(asked.calls.exchange(0), 0) << "packing";
    auto session = Session::create(*model, {.threads = 4, .parallel_for = its});
    ASSERT_TRUE(session);
    logits_of(*session, *model, 1);
    EXPECT_GT(asked.calls, 0) << "a forward pass";
    EXPECT_EQ(asked.wrong, 0);
}

// Two sessions on threads that both use, as on an app's one pool.
TEST(ThreadsOfTheApp, ServeSeveralSessionsAtATime) {
    const auto model = Model::load(bundled);
    ASSERT_TRUE(model);
    auto alone = Session::create(*model, {.threads = 1});
    ASSERT_TRUE(alone);
    const std::vector<float> expected = logits_of(*alone, *model, 1);
    std::vector<std::thread> callers;
    for (int caller = 0; caller < 3; caller++) {
        callers.emplace_back([&] {
            auto session = Session::create(*model, {.threads = 3, .parallel_for = {at_once, nullptr}});
            ASSERT_TRUE(session);
            for (int i = 0; i < 3; i++) EXPECT_EQ(logits_of(*session, *model, 1), expected);
        });
    }
    for (std::thread &caller : callers) caller.join();
}

// The value of a line of /proc/self/task/N/status; "" where the thread has ended.
std::string status_of(const std::filesystem::path &task, const std::string &key) {
    std::ifstream status(task / "status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with(key + ":\t")) return line.substr(key.size() + 2);
    }
    return "";
}

TEST(ThreadsOfTheLibrary, HaveANameAndLeaveSignalsToTheApp) {
    sigset_t before;
    ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &before), 0);
    const ThreadPool pool(3);
    // A thread names itself as it begins, and so has this one's name until then; others may be ending.
    const auto tasks = [] {
        std::vector<std::filesystem::path> found;
        for (const auto &task : std::filesystem::directory_iterator("/proc/self/task")) {
            if (status_of(task, "Name") == "vit") found.push_back(task);
        }
        return found;
    };
    for (int i = 0; i < 1000 && tasks().size() != 2; i++) {
        std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    ASSERT_EQ(tasks().size(), 2u);
    for (const auto &task : tasks()) {
        const std::uint64_t blocked = std::stoull(status_of(task, "SigBlk"), nullptr, 16);
        const auto is_blocked = [&](int signal) { return (blocked >> (signal - 1) & 1) != 0; };
        for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGCHLD, SIGUSR1, SIGALRM, SIGPIPE, SIGWINCH}) {
            EXPECT_TRUE(is_blocked(signal)) << signal;
        }
        for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) {
            EXPECT_FALSE(is_blocked(signal)) << signal;
        }
    }
    sigset_t after;
    ASSERT_EQ(::pthread_sigmask(SIG_SETMASK, nullptr, &after), 0);
    for (int signal = 1; signal < 32; signal++) {
        EXPECT_EQ(sigismember(&before, signal), sigismember(&after, signal)) << signal;
    }
}

}  // namespace
}  // namespace vit::test
