#include "backend/thread_pool.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#if defined(__linux__)
#include <sched.h>
#endif

namespace vit {

namespace {

thread_local int depth = 0;  // of the loops that the thread is in
thread_local const void *pool_of_tasks = nullptr;  // whose the outermost is
thread_local int index_in_pool = 0;

// Some microseconds; a pause takes about 40 cycles on the processors of today.
constexpr int spins = 4000;

inline void pause() {
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    asm volatile("yield");
#endif
}

// Returns when value is no longer `old`.
template<typename T>
void wait_for_change(const std::atomic<T> &value, T old) {
    for (int i = 0; i < spins; i++) {
        if (value.load(std::memory_order_acquire) != old) {
            return;
        }
        pause();
    }
    value.wait(old, std::memory_order_acquire);
}

// All signals but those that a thread brings upon itself, for which an app may have a handler that reports
// them.
class SignalsBlocked {
public:
    SignalsBlocked() {
        sigset_t all;
        sigfillset(&all);
        for (const int fault : {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP}) {
            sigdelset(&all, fault);
        }
        ::pthread_sigmask(SIG_SETMASK, &all, &before_);
    }
    ~SignalsBlocked() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    SignalsBlocked(const SignalsBlocked &) = delete;
    SignalsBlocked &operator=(const SignalsBlocked &) = delete;

private:
    sigset_t before_;
};

// Who is inside a loop: an open bit and the loop's number above, the count of threads below.
using Door = std::atomic<std::uint32_t>;

// With nobody inside.
std::uint32_t open_loop(std::uint32_t loop) {
    return (loop << 16) | 0x80000000u;
}

bool is_open(std::uint32_t door) { return door & 0x80000000u; }

// Into the loop that `seen` is of, if that is still open.
bool enter(Door &door, std::uint32_t seen) {
    std::uint32_t inside = door.load(std::memory_order_relaxed);
    do {
        if (inside >> 16 != seen >> 16 || !is_open(inside)) {
            return false;
        }
    } while (!door.compare_exchange_weak(inside, inside + 1, std::memory_order_acq_rel));
    return true;
}

void leave(Door &door) {
    if ((door.fetch_sub(1, std::memory_order_acq_rel) & 0xffff) == 1) {
        door.notify_one();
    }
}

// Whoever comes afterwards does not come in. Returns when nobody is inside.
void close(Door &door) {
    door.fetch_and(0xffff, std::memory_order_acq_rel);
    for (std::uint32_t left; (left = door.load(std::memory_order_acquire)) != 0;) {
        wait_for_change(door, left);
    }
}

// The numbers that a file begins with; 0 for what is none ("max"). Takes no memory.
std::array<double, 2> numbers_in(const char *path) {
    std::array<double, 2> numbers{};
    char text[64] = {};
    const int descriptor = ::open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return numbers;
    if (::read(descriptor, text, sizeof(text) - 1) > 0) {
        std::sscanf(text, "%lf %lf", &numbers[0], &numbers[1]);
    }
    ::close(descriptor);
    return numbers;
}

// Processors that the cgroup's quota amounts to, or 0 if it has none.
int quota_of_cgroup() {
    auto [quota, period] = numbers_in("/sys/fs/cgroup/cpu.max");
    if (::access("/sys/fs/cgroup/cpu.max", F_OK) != 0) {
        quota = numbers_in("/sys/fs/cgroup/cpu/cpu.cfs_quota_us")[0];
        period = numbers_in("/sys/fs/cgroup/cpu/cpu.cfs_period_us")[0];
    }
    constexpr double most = 1 << 20;  // of any machine
    return quota > 0 && period > 0 ? static_cast<int>(std::clamp(quota / period + 0.5, 1.0, most)) : 0;
}

}  // namespace

int usable_processors() {
    int count = static_cast<int>(std::thread::hardware_concurrency());
#if defined(__linux__)
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof(set), &set) == 0) {
        count = CPU_COUNT(&set);
    }
#endif
    if (const int quota = quota_of_cgroup()) {
        count = std::min(count, quota);
    }
    return std::max(1, count);
}

// What is left of a thread's part of a loop: the owner takes from its front, others from its back.
class alignas(64) ThreadPool::Share {
public:
    void set(int begin, int end) { left_.store(pack(begin, end), std::memory_order_relaxed); }

    // False if nothing is left.
    bool take_front(int &index) {
        return take([&](int begin, int end) { return index = begin, pack(begin + 1, end); });
    }
    bool take_back(int &index) {
        return take([&](int begin, int end) { return index = end - 1, pack(begin, end - 1); });
    }

private:
    static std::uint64_t pack(int begin, int end) {
        return static_cast<std::uint64_t>(static_cast<std::uint32_t>(end)) << 32 |
               static_cast<std::uint32_t>(begin);
    }

    template<typename Rest>
    bool take(Rest rest) {
        std::uint64_t left = left_.load(std::memory_order_relaxed);
        while (true) {
            const int begin = static_cast<int>(static_cast<std::uint32_t>(left));
            const int end = static_cast<int>(left >> 32);
            if (begin >= end) {
                return false;
            }
            if (left_.compare_exchange_weak(left, rest(begin, end), std::memory_order_relaxed)) {
                return true;
            }
        }
    }

    std::atomic<std::uint64_t> left_{0};
};

// A loop inside a task, whose thread it belongs to.
struct alignas(64) ThreadPool::InnerLoop {
    Task task = nullptr;
    void *context = nullptr;
    std::uint8_t *closure = nullptr;
    std::uint32_t number = 0;
    Share share;
    std::atomic<int> error{0};
    Door door{0};

    void run(int index) {
        if (const int code = task(context, index, closure)) {
            error.store(code, std::memory_order_relaxed);
        }
    }
};

ThreadPool::ThreadPool(int threads, const ParallelFor &its_own)
    : shares_(std::make_unique<Share[]>(std::max(1, threads))),
      inner_(std::make_unique<InnerLoop[]>(std::max(1, threads))),
      workers_(std::make_unique<std::vector<std::thread>>()), its_own_(its_own), process_(::getpid()) {
    if (its_own.run) {
        threads_ = std::max(1, threads);
    } else {
        start(threads);
        threads_ = static_cast<int>(workers_->size()) + 1;
    }
}

void ThreadPool::start(int threads) {
    workers_->reserve(std::max(0, threads - 1));
    const SignalsBlocked blocked;  // which threads have from the one that starts them
    try {
        for (int i = 1; i < threads; i++) {
            workers_->emplace_back([this, i] { work(i); });
        }
    } catch (const std::exception &) {
        // For want of threads, or of memory for one: with fewer it takes longer.
    }
}

ThreadPool::~ThreadPool() {
    if (process_ != ::getpid()) {
        (void)workers_.release();  // which cannot be joined, nor destroyed
        return;
    }
    stop_ = true;
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    for (std::thread &worker : *workers_) {
        worker.join();
    }
}

int ThreadPool::thread_index() {
    return index_in_pool;
}

bool ThreadPool::inside_loop() {
    return depth > 0;
}

void ThreadPool::work(int index) {
#if defined(__linux__)
    ::pthread_setname_np(::pthread_self(), "vit");
#endif
    depth = 1;
    index_in_pool = index;
    for (std::uint32_t seen = 0;;) {
        wait_for_change(generation_, seen);
        seen = generation_.load(std::memory_order_acquire);
        if (stop_) {
            return;
        }
        if (enter(inside_, open_loop(seen))) {
            run_indices(index);
            leave(inside_);
        }
    }
}

void ThreadPool::run_indices(int thread) {
    const auto run = [this](int index) {
        if (const int error = task_(context_, index, closure_)) {
            error_.store(error, std::memory_order_relaxed);
        }
    };
    pool_of_tasks = this;
    if (helping_) {
        busy_.fetch_add(1, std::memory_order_relaxed);
    }
    int index;
    while (shares_[thread].take_front(index)) {
        run(index);
    }
    for (int other = 1; other < threads(); other++) {
        while (shares_[(thread + other) % threads()].take_back(index)) {
            run(index);
        }
    }
    if (helping_) {
        help(thread);
    }
}

// A thread that waits inside run for its tasks may be lent to other loops meanwhile, of other pools too: who
// it is is put back after each task. What run leaves out the caller does itself.
void ThreadPool::run_on_threads_of_app() {
    const auto part = [](void *pool, int thread) {
        ThreadPool &its = *static_cast<ThreadPool *>(pool);
        if (thread < 0 || thread >= its.threads_) return;
        const int was_in = std::exchange(depth, 1);
        const int was = std::exchange(index_in_pool, thread);
        its.run_indices(thread);
        index_in_pool = was;
        depth = was_in;
    };
    its_own_.run(its_own_.context, threads_, part, this);
    part(this, 0);
}

// Until no thread has a task, and so nobody an inner loop: then all indices have been taken, and a worker
// that comes in only now finds none.
void ThreadPool::help(int thread) {
    idle_.fetch_add(1, std::memory_order_relaxed);
    if (busy_.fetch_sub(1, std::memory_order_acq_rel) == 1) {
        opened_.fetch_add(1, std::memory_order_release);
        opened_.notify_all();
    }
    for (;;) {
        const std::uint32_t seen = opened_.load(std::memory_order_acquire);
        if (busy_.load(std::memory_order_acquire) == 0) {
            break;
        }
        bool helped = false;
        for (int other = 1; other < threads(); other++) {
            helped |= help_with(inner_[(thread + other) % threads()]);
        }
        if (!helped) {
            wait_for_change(opened_, seen);
        }
    }
    idle_.fetch_sub(1, std::memory_order_relaxed);
}

bool ThreadPool::help_with(InnerLoop &loop) {
    const std::uint32_t seen = loop.door.load(std::memory_order_relaxed);
    if (!is_open(seen) || !enter(loop.door, seen)) {
        return false;
    }
    bool helped = false;
    depth++;
    for (int index; loop.share.take_back(index); helped = true) {
        loop.run(index);
    }
    depth--;
    leave(loop.door);
    return helped;
}

int ThreadPool::run_inner(InnerLoop &loop, Task task, void *context, int min, int size,
                          std::uint8_t *closure) {
    loop.task = task;
    loop.context = context;
    loop.closure = closure;
    loop.share.set(min, min + size);
    loop.error.store(0, std::memory_order_relaxed);
    loop.door.store(open_loop(++loop.number), std::memory_order_release);
    opened_.fetch_add(1, std::memory_order_release);
    opened_.notify_all();

    depth++;
    for (int index; loop.share.take_front(index);) {
        loop.run(index);
    }
    depth--;
    close(loop.door);
    return loop.error.load(std::memory_order_relaxed);
}

int ThreadPool::parallel_for(Task task, void *context, int min, int size, std::uint8_t *closure,
                             bool helping) {
    if (size > 1 && depth == 1 && pool_of_tasks == this && idle_.load(std::memory_order_relaxed) > 0) {
        return run_inner(inner_[index_in_pool], task, context, min, size, closure);
    }
    if (size <= 1 || depth > 0 || threads_ == 1) {
        for (int i = min; i < min + size; i++) {
            if (const int error = task(context, i, closure)) {
                return error;
            }
        }
        return 0;
    }
    task_ = task;
    context_ = context;
    closure_ = closure;
    helping_ = helping && !its_own_.run;  // threads of the app are not to wait in a task
    for (int thread = 0; thread < threads(); thread++) {
        const auto begin_of = [&](std::int64_t i) { return min + static_cast<int>(i * size / threads()); };
        shares_[thread].set(begin_of(thread), begin_of(thread + 1));
    }
    error_.store(0, std::memory_order_relaxed);
    if (its_own_.run) {
        run_on_threads_of_app();
        return error_.load(std::memory_order_relaxed);
    }
    const std::uint32_t loop = generation_.load(std::memory_order_relaxed) + 1;
    inside_.store(open_loop(loop), std::memory_order_release);
    generation_.store(loop, std::memory_order_release);
    generation_.notify_all();

    depth = 1;
    run_indices(0);
    depth = 0;
    close(inside_);
    return error_.load(std::memory_order_relaxed);
}

}  // namespace vit
