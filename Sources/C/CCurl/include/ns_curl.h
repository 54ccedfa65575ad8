#ifndef NS_CURL_H
#define NS_CURL_H

#include <stddef.h>

// HTTP and SMTP through libcurl. The library is loaded when it is first needed: linked in, it and the twenty libraries
// that it needs would make every start of the program slower.

struct ns_transfer;

struct ns_response {
    // The status of HTTP, or the last code of SMTP; 0 where there was no answer, and then `error` says why.
    long status;
    // What came, `size` octets; valid until the next call.
    const unsigned char *body;
    size_t size;
    // Empty where all went well.
    const char *error;
};

// NULL where libcurl is not installed, or memory is short.
struct ns_transfer *ns_transfer_new(void);
void ns_transfer_free(struct ns_transfer *transfer);

// Posts `size` octets to `url` over a connection that is kept. `headers` are `count` lines `Name: value`. Of the answer
// `limit` octets are kept. Gives up after `timeout` milliseconds.
struct ns_response ns_http_post(
    struct ns_transfer *transfer, const char *url, const char *const *headers, size_t count, const void *octets,
    size_t size, size_t limit, long timeout);

// Sends a message (RFC 5322) of `size` octets to a server, `smtp://host:port` or `smtps://host:port`. With `must_encrypt`
// nothing is said to a server that does not offer STARTTLS. `user` may be empty.
struct ns_response ns_mail_send(
    struct ns_transfer *transfer, const char *url, int must_encrypt, const char *user, const char *password,
    const char *from, const char *const *recipients, size_t count, const void *octets, size_t size, long timeout);

// A text as it may stand in an address; to be given to ns_transfer_release. NULL where memory is short.
char *ns_transfer_escape(struct ns_transfer *transfer, const char *text);
void ns_transfer_release(struct ns_transfer *transfer, char *text);

#endif
