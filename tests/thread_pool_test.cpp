// The thread pool: every index once, from any number of threads, errors passed on, loops inside loops, many
// short loops.
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "runtime/backend/thread_pool.h"

namespace vit::test {

namespace {

struct Counts {
    std::vector<std::atomic<int>> of;
    explicit Counts(int size) : of(size) {}
};

int count(void *context, int index, std::uint8_t *) {
    static_cast<Counts *>(context)->of[index]++;
    return 0;
}

TEST(ThreadPool, RunsEveryIndexOnce) {
    for (const int threads : {1, 2, 3, 8}) {
        ThreadPool pool(threads);
        EXPECT_EQ(pool.threads(), threads);
        for (const int size : {0, 1, 2, 3, 7, 100, 1000}) {
            Counts counts(size + 5);
            EXPECT_EQ(pool.parallel_for(count, &counts, 5, size, nullptr), 0);
            for (int i = 0; i < size + 5; i++) {
                EXPECT_EQ(counts.of[i], i < 5 ? 0 : 1) << i << " of " << size << " with " << threads;
            }
        }
    }
}

TEST(ThreadPool, RunsManyShortLoopsOneAfterTheOther) {
    ThreadPool pool(3);
    Counts counts(4);
    for (int i = 0; i < 200000; i++) {
        pool.parallel_for(count, &counts, 0, 4, nullptr);
        ASSERT_EQ(counts.of[i % 4], i + 1);
    }
}

TEST(ThreadPool, PassesAnErrorOn) {
    ThreadPool pool(2);
    const auto fails = [](void *, int index, std::uint8_t *) { return index == 17 ? -3 : 0; };
    EXPECT_EQ(pool.parallel_for(fails, nullptr, 0, 100, nullptr), -3);
    EXPECT_EQ(pool.parallel_for(fails, nullptr, 0, 10, nullptr), 0);
}

TEST(ThreadPool, RunsALoopInsideALoop) {
    struct Nested {
        ThreadPool pool{3};
        Counts counts{50};
    } nested;
    const auto outer = [](void *context, int, std::uint8_t *) {
        Nested *n = static_cast<Nested *>(context);
        return n->pool.parallel_for(count, &n->counts, 0, 50, nullptr);
    };
    EXPECT_EQ(nested.pool.parallel_for(outer, &nested, 0, 20, nullptr), 0);
    for (const std::atomic<int> &times : nested.counts.of) {
        EXPECT_EQ(times, 20);
    }
}

// Tasks that are loops after loops.
struct LongTasks {
    explicit LongTasks(int threads) : pool(threads), busy(threads) {}

    // Task 0 goes on until somebody has helped it, if there is anybody.
    int run(int task) {
        struct Loop {
            LongTasks &its;
            int owner;
        } loop{*this, ThreadPool::thread_index()};
        const auto inner = [](void *context, int index, std::uint8_t *) {
            const Loop &l = *static_cast<Loop *>(context);
            const int thread = ThreadPool::thread_index();
            EXPECT_EQ(l.its.busy[thread]++, 0) << "two tasks at once have the index of one thread";
            l.its.done.of[index]++;
            if (thread != l.owner) l.its.helped = true;
            l.its.busy[thread]--;
            return index == 63 && l.its.fails ? -5 : 0;
        };
        const auto end = std::chrono::steady_clock::now() + std::chrono::minutes(1);
        const bool alone = pool.threads() == 1;
        for (int i = 0; i < 5 || (task == 0 && !alone && !helped); i++) {
            loops++;
            if (const int error = pool.parallel_for(inner, &loop, 0, 64, nullptr)) return error;
            if (std::chrono::steady_clock::now() > end) {
                ADD_FAILURE() << "nobody helps";
                break;
            }
        }
        return 0;
    }

    int run_all(int tasks) {
        const auto task = [](void *its, int index, std::uint8_t *) {
            return static_cast<LongTasks *>(its)->run(index);
        };
        return pool.parallel_for_loops(task, this, 0, tasks, nullptr);
    }

    ThreadPool pool;
    Counts done{64};
    std::vector<std::atomic<int>> busy;  // [thread]
    std::atomic<int> loops{0};
    std::atomic<bool> helped{false};
    bool fails = false;
};

TEST(ThreadPool, ThreadsWithoutATaskHelpWithTheLoopsOfOthers) {
    for (const int threads : {1, 2, 3, 8}) {
        for (const int tasks : {1, 2, 3, 9}) {
            SCOPED_TRACE(std::to_string(tasks) + " by " + std::to_string(threads));
            LongTasks its(threads);
            EXPECT_EQ(its.run_all(tasks), 0);
            for (const std::atomic<int> &times : its.done.of) EXPECT_EQ(times, its.loops);
            EXPECT_EQ(its.helped, threads > 1);
            its.fails = true;
            EXPECT_EQ(its.run_all(tasks), -5);
        }
    }
}

TEST(ThreadPool, StopsRightAfterItsStart) {
    for (int i = 0; i < 200; i++) {
        ThreadPool pool(4);
    }
}

// In a process of its own, where it may start none: a pool has the thread that it was made in.
TEST(ThreadPool, HasFewerThreadsWhereNoMoreCanBeStarted) {
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        const rlimit none{0, 0};
        // The superuser is not bound by the limit.
        if (setrlimit(RLIMIT_NPROC, &none) != 0 || (getuid() == 0 && setuid(65534) != 0)) _exit(2);
        ThreadPool pool(4);
        Counts counts(100);
        const int error = pool.parallel_for(count, &counts, 0, 100, nullptr);
        for (const auto &times : counts.of) {
            if (times != 1) _exit(3);
        }
        _exit(error || pool.threads() != 1);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

// A child has none of its parent's threads: its loops run in its own, and destroying the pool waits for
// nobody.
TEST(ThreadPool, OfAParentIsUsableAndDestroyedInItsChild) {
    auto pool = std::make_unique<ThreadPool>(4);
    Counts before(100);
    ASSERT_EQ(pool->parallel_for(count, &before, 0, 100, nullptr), 0);
    const pid_t child = fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
        Counts counts(100);
        const int error = pool->parallel_for(count, &counts, 0, 100, nullptr);
        for (const auto &times : counts.of) {
            if (times != 1) _exit(3);
        }
        pool.reset();
        _exit(error);
    }
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
}

TEST(ThreadPool, UsesAtLeastOneProcessor) {
    EXPECT_GE(usable_processors(), 1);
    EXPECT_LE(usable_processors(), static_cast<int>(std::thread::hardware_concurrency()));
}

}  // namespace

}  // namespace vit::test
