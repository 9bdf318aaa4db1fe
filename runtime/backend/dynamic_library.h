// A library that is loaded when it is first asked for, and that may not be there.
#pragma once

#include <dlfcn.h>

namespace vit {

// Stays loaded to the end of the process.
class DynamicLibrary {
public:
    // flags as dlopen's.
    DynamicLibrary(const char *file, int flags) : library_(dlopen(file, flags)) {}

    template<typename Function>
    void find(const char *name, Function &function) {
        function = reinterpret_cast<Function>(address(name));
        complete_ = complete_ && function;
    }
    // Null where there is none.
    void *address(const char *name) const { return library_ ? dlsym(library_, name) : nullptr; }
    // Is the library there, with all that was looked for in it?
    bool is_complete() const { return complete_; }

private:
    void *library_;
    bool complete_ = true;
};

}  // namespace vit
