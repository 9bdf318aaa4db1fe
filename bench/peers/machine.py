"""What the bench says about the machine, and how it knows that nothing else runs. Linux."""

import os
import pathlib
import platform
import time


def describe():
    fields = [line.partition(":") for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines()]
    first = {key.strip(): value.strip() for key, _, value in reversed(fields)}  # of the first processor
    pages = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    return {
        "cpu": first.get("model name", platform.machine()),
        "family": first.get("cpu family", ""),
        "model": first.get("model", ""),
        "cpus": len(os.sched_getaffinity(0)),
        "memory_gib": round(pages / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
    }


def process_seconds(pid):
    """Processor time of all threads of a process, to the nanosecond."""
    # The clock that clock_getcpuclockid(3) names: Python has no call for it.
    return time.clock_gettime((~pid << 3) | 2)


def busy_seconds():
    """Processor time of everything on the machine, and what its hypervisor gave to others."""
    fields = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    user, nice, system, _, _, irq, softirq, steal = (int(field) for field in fields[:8])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


class OtherLoad:
    """Which part of the machine's processors went to anything but the processes named."""

    def __init__(self, pids):
        self.pids = [*pids, os.getpid()]
        self.start = self._now()

    def _now(self):
        own = sum(process_seconds(pid) for pid in self.pids)
        return time.monotonic(), busy_seconds() - own

    def fraction(self):
        (start, before), (end, after) = self.start, self._now()
        return max(0.0, (after - before) / ((end - start) * os.cpu_count()))


def settle(pids, pause=0.03, patience=5.0):
    """Waits until none of the processes computes: threads of some spin for a while after a call. At least
    twice the pause. Returns False when they still do after that many seconds."""
    deadline = time.monotonic() + patience
    time.sleep(pause)
    before = sum(process_seconds(pid) for pid in pids)
    while time.monotonic() < deadline:
        time.sleep(pause)
        after = sum(process_seconds(pid) for pid in pids)
        if after - before < 0.01 * pause:
            return True
        before = after
    return False
