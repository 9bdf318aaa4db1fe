// How long a call takes on a device: queued calls, one behind the other, as a forward pass queues them.
#pragma once

#include <functional>
#include <vector>

namespace vit::bench {

// Milliseconds of one of `calls` calls that are queued and then waited for.
double milliseconds_of(int calls, const std::function<void()> &call, const std::function<void()> &finish);

// As many calls as take about 5 ms, at least 2 and at most 256.
int calls_for_a_try(const std::function<void()> &call, const std::function<void()> &finish);

}  // namespace vit::bench
