// The worker threads of one session.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <thread>
#include <vector>

#include "vit/vit.h"

namespace vit {

// Number of processors this process may use: its affinity mask, cut by the cgroup's quota; at least 1.
int usable_processors();

// A fixed number of threads, each with a share of the indices of a loop: neighbours, since these use the
// same weights. A thread that has finished its own share takes from the ends of the others'. Workers spin
// for some microseconds before they sleep: the stages of a forward pass follow each other within that time.
class ThreadPool {
public:
    using Task = int (*)(void *context, int index, std::uint8_t *closure);

    // The caller's thread is one of them. There are fewer where the system starts no more. The others are
    // called "vit" and leave signals to the app's threads. With an app's own threads none is started.
    explicit ThreadPool(int threads, const ParallelFor &its_own = {});
    // In a process that was forked since, the threads are those of its parent, and are left to it.
    ~ThreadPool();
    ThreadPool(const ThreadPool &) = delete;
    ThreadPool &operator=(const ThreadPool &) = delete;

    int threads() const { return threads_; }

    // Which thread of its pool the calling one is: 0 for a thread that calls parallel_for, from 1 on for
    // workers; of an app's own threads each is the one whose part it does.
    static int thread_index();
    // Whether the calling thread is in a task of a parallel loop.
    static bool inside_loop();

    // Calls task(context, i, closure) for min <= i < min + size, from this thread and the workers; returns
    // 0, or what a task returned that failed. A loop inside a task runs in the task's own thread.
    int parallel_for(Task task, void *context, int min, int size, std::uint8_t *closure) {
        return parallel_for(task, context, min, size, closure, false);
    }
    // The same for few long tasks, each a sequence of loops: threads for which no task is left help with
    // these, so that none waits long for the last, or for one on a slower processor.
    int parallel_for_loops(Task task, void *context, int min, int size, std::uint8_t *closure) {
        return parallel_for(task, context, min, size, closure, true);
    }

private:
    class Share;
    struct InnerLoop;

    void start(int threads);
    void work(int index);
    void run_on_threads_of_app();
    int parallel_for(Task task, void *context, int min, int size, std::uint8_t *closure, bool helping);
    int run_inner(InnerLoop &loop, Task task, void *context, int min, int size, std::uint8_t *closure);
    void run_indices(int thread);
    void help(int thread);
    bool help_with(InnerLoop &loop);

    // The loop being run. Written by the caller while no worker is inside, read by workers after they saw
    // generation_.
    Task task_ = nullptr;
    void *context_ = nullptr;
    std::uint8_t *closure_ = nullptr;
    bool helping_ = false;
    std::unique_ptr<Share[]> shares_;  // [thread]
    alignas(64) std::atomic<int> error_{0};
    alignas(64) std::atomic<std::uint32_t> generation_{0};  // counts loops; workers wait for its change
    // Who is inside: an open bit and the loop's number above, the count of workers below. Nobody waits for a
    // worker that has not come in by the time all indices are taken: on a busy machine it may sleep for
    // milliseconds.
    alignas(64) std::atomic<std::uint32_t> inside_{0};
    std::unique_ptr<InnerLoop[]> inner_;  // [thread]
    // Where threads help: those that have tasks, those that have none left, and what these wait for: the
    // count of inner loops and of loops whose last task is done.
    alignas(64) std::atomic<int> busy_{0}, idle_{0};
    alignas(64) std::atomic<std::uint32_t> opened_{0};
    std::atomic<bool> stop_{false};  // workers that come late may look while it is being set
    std::unique_ptr<std::vector<std::thread>> workers_;
    int threads_ = 1;    // with the caller's
    const ParallelFor its_own_;
    const int process_;  // that they run in
};

}  // namespace vit
