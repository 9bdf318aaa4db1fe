// What a compiled stage finds behind its first argument: whose threads and memory it uses and where its
// error goes.
#pragma once

#include <atomic>
#include <mutex>
#include <string>

#include "error.h"
#include "backend/scratch.h"
#include "backend/thread_pool.h"

namespace vit {

class Device;

class KernelContext {
public:
    explicit KernelContext(int threads, const ParallelFor &its_own = {}, const Device *device = nullptr,
                           const std::atomic<bool> *cancelled = nullptr)
        : pool_(threads, its_own), scratch_(pool_.threads()), device_(device), cancelled_(cancelled),
          threads_(pool_.threads()) {}
    // One thread, whose stages are cut into tasks as for so many: to find out what these would take.
    static KernelContext as_if_for(int threads) { return KernelContext(AsIf{threads}); }

    // Calls a compiled stage, which finds this object behind its first argument. Returns Halide's error
    // code: also that of memory, if it ran out in any of its tasks.
    int call(int (*stage)(void **arguments), void **arguments);
    // What a stage returned, as a Result.
    Result<void> check(const char *stage, int code);

    // While it lives, stages run the first and the last task of their parallel loops and no other, in the
    // calling thread: little work, for which they ask for as much memory as for all of it.
    class Rehearsal {
    public:
        explicit Rehearsal(KernelContext &context) : context_(context) { context.rehearsing_ = true; }
        ~Rehearsal() { context_.rehearsing_ = false; }
        Rehearsal(const Rehearsal &) = delete;
        Rehearsal &operator=(const Rehearsal &) = delete;

    private:
        KernelContext &context_;
    };
    bool is_rehearsing() const { return rehearsing_; }

    ThreadPool &pool() { return pool_; }
    // That a stage called here is divided among: one, inside a parallel loop.
    int threads() const { return ThreadPool::inside_loop() ? 1 : threads_; }
    // As those of the pool; the tasks of loops call stages.
    int parallel_for(ThreadPool::Task task, void *context, int min, int size, std::uint8_t *closure);
    int parallel_for_loops(ThreadPool::Task task, void *context, int min, int size, std::uint8_t *closure);
    Scratch &scratch() { return scratch_; }
    const Device *device() const { return device_; }  // null where the processor computes
    // A rehearsal is not: that is of a session that is being made.
    bool is_cancelled() const {
        return cancelled_ && !rehearsing_ && cancelled_->load(std::memory_order_relaxed);
    }
    void set_error(const char *sentence);  // the first one since the last check is kept

private:
    struct AsIf {
        int threads;
    };
    explicit KernelContext(AsIf many) : pool_(1), scratch_(1), device_(nullptr), threads_(many.threads) {}

    ThreadPool pool_;
    Scratch scratch_;
    const Device *device_;
    const std::atomic<bool> *cancelled_ = nullptr;
    const int threads_;
    bool rehearsing_ = false;
    std::mutex mutex_;
    std::string error_;
};

// Makes Halide's runtime ask the KernelContext for threads and memory and leave errors in it, instead of
// starting threads of its own, printing and aborting. It is the library's own: an app's Halide has another
// (backend/halide_runtime.h). Calls without a context keep Halide's behaviour.
void install_halide_handlers();

}  // namespace vit
