// Asking for memory before it is needed, for which Swift has no word. Nothing is read or written, and any address will do,
// so these are safe for every index. With their annotations the importer gives each a form that takes a `Span`: a caller
// needs no pointer and no `unsafe`.
#pragma once
#include <lifetimebound.h>
#include <ptrcheck.h>
#include <stddef.h>
#include <stdint.h>

/// Two words; `SIMD2<UInt64>` in Swift.
typedef uint64_t ns_word_pair __attribute__((ext_vector_type(2)));

/// Asks for the cache line of a pair of words that will be read or written soon.
static inline void ns_prefetch_pair(
    const ns_word_pair *__counted_by(count) pairs __noescape, ptrdiff_t count, ptrdiff_t index) {
    __builtin_prefetch((const void *)((uintptr_t)pairs + (uintptr_t)index * sizeof(ns_word_pair)), 1);
}
