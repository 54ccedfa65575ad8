#ifndef NS_CURL_H
#define NS_CURL_H

#include <stddef.h>

// HTTP through libcurl. The library is loaded when it is first needed: linked in, it and the twenty libraries that it
// needs would make every start of the program slower.

struct ns_http;

struct ns_http_response {
    // The HTTP status; 0 where there was no answer, and then `error` says why.
    long status;
    // What came, `size` octets; valid until the next call.
    const unsigned char *body;
    size_t size;
    const char *error;
};

// NULL where libcurl is not installed, or memory is short.
struct ns_http *ns_http_new(void);
void ns_http_free(struct ns_http *http);

// Posts `size` octets to `url` over a connection that is kept. `user` and `password` go into headers of ClickHouse.
// Gives up after `timeout` milliseconds.
struct ns_http_response ns_http_post(
    struct ns_http *http, const char *url, const char *user, const char *password, const void *octets, size_t size,
    long timeout);

// A text as it may stand in an address; to be given to ns_http_release. NULL where memory is short.
char *ns_http_escape(struct ns_http *http, const char *text);
void ns_http_release(struct ns_http *http, char *text);

#endif
