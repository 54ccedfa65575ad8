#include "CLoader.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void *ns_library_function(struct ns_library *library, const char *name) {
    pthread_mutex_lock(&lock);
    // All symbols at once (RTLD_NOW): a confined process may not be able to open what they need later.
    for (int i = 0; !library->handle && library->names[i]; i++)
        library->handle = dlopen(library->names[i], RTLD_NOW | RTLD_LOCAL);
    void *function = library->handle ? dlsym(library->handle, name) : NULL;
    if (!function) {
        fprintf(stderr, "netspectra: cannot load %s, which Debian's package %s has: %s\n", library->names[0],
                library->package, dlerror());
        exit(EX_UNAVAILABLE);
    }
    pthread_mutex_unlock(&lock);
    return function;
}
