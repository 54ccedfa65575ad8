#ifndef NETSPECTRA_CLOADER_H
#define NETSPECTRA_CLOADER_H

/// A shared library that is loaded when one of its functions is called first, and not with the program, where every
/// start would pay for it (docs/decisions/0013-libraries-loaded-when-called.md).
struct ns_library {
    /// The names of its file, the likeliest first, ended by NULL.
    const char *names[4];
    /// Debian's package that has it.
    const char *package;
    void *handle;
};

/// The address of a function of a library. Where there is none, this says so on standard error and ends the program
/// with 69 (EX_UNAVAILABLE), as the dynamic linker would have done at the start. Any thread may call it.
void *ns_library_function(struct ns_library *library, const char *name);

/// Defines the function `name`, which hands its arguments on to the library's. The compiler compares it with what the
/// library's header declares.
#define NS_FORWARD(library, result, name, parameters, arguments)                \
    result name parameters {                                                    \
        static __typeof__(&name) known;                                         \
        __typeof__(&name) function = __atomic_load_n(&known, __ATOMIC_RELAXED); \
        if (!function) {                                                        \
            function = (__typeof__(&name))ns_library_function(&library, #name); \
            __atomic_store_n(&known, function, __ATOMIC_RELAXED);               \
        }                                                                       \
        return function arguments;                                              \
    }

#endif
