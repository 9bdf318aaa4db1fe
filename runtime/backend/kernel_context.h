// What a compiled stage finds behind its first argument: whose threads and memory it uses and where its
// error goes.
#pragma once

#include <mutex>
#include <string>

#include "error.h"
#include "backend/scratch.h"
#include "backend/thread_pool.h"

namespace vit {

class Device;

class KernelContext {
public:
    explicit KernelContext(int threads, const Device *device = nullptr)
        : pool_(threads), scratch_(threads), device_(device) {}

    // What a stage returned, as a Result.
    Result<void> check(const char *stage, int code);

    ThreadPool &pool() { return pool_; }
    // That a stage called here is divided among: one, inside a parallel loop.
    int threads() const { return ThreadPool::inside_loop() ? 1 : pool_.threads(); }
    // As those of the pool; the tasks of loops call stages.
    int parallel_for(ThreadPool::Task task, void *context, int min, int size, std::uint8_t *closure);
    int parallel_for_loops(ThreadPool::Task task, void *context, int min, int size, std::uint8_t *closure);
    Scratch &scratch() { return scratch_; }
    const Device *device() const { return device_; }  // null where the processor computes
    void set_error(const char *sentence);  // the first one since the last check is kept

private:
    ThreadPool pool_;
    Scratch scratch_;
    const Device *device_;
    std::mutex mutex_;
    std::string error_;
};

// Makes Halide's runtime ask the KernelContext for threads and memory and leave errors in it, instead of
// starting threads of its own, printing and aborting. Calls without a context (an app's own pipelines) keep
// Halide's behaviour.
void install_halide_handlers();

}  // namespace vit
