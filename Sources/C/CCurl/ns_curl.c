#include "ns_curl.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct {
    CURL *(*init)(void);
    void (*cleanup)(CURL *);
    CURLcode (*setopt)(CURL *, CURLoption, ...);
    CURLcode (*perform)(CURL *);
    CURLcode (*getinfo)(CURL *, CURLINFO, ...);
    struct curl_slist *(*append)(struct curl_slist *, const char *);
    void (*release)(struct curl_slist *);
    char *(*escape)(CURL *, const char *, int);
    void (*free)(void *);
    int loaded;
} api;

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void load(void) {
    static const char *const names[] = {"libcurl.so.4", "libcurl-gnutls.so.4"};
    void *library = NULL;
    for (size_t i = 0; i < sizeof names / sizeof *names && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
    if (!library) return;
    CURLcode (*global)(long) = (CURLcode (*)(long))dlsym(library, "curl_global_init");
    *(void **)&api.init = dlsym(library, "curl_easy_init");
    *(void **)&api.cleanup = dlsym(library, "curl_easy_cleanup");
    *(void **)&api.setopt = dlsym(library, "curl_easy_setopt");
    *(void **)&api.perform = dlsym(library, "curl_easy_perform");
    *(void **)&api.getinfo = dlsym(library, "curl_easy_getinfo");
    *(void **)&api.append = dlsym(library, "curl_slist_append");
    *(void **)&api.release = dlsym(library, "curl_slist_free_all");
    *(void **)&api.escape = dlsym(library, "curl_easy_escape");
    *(void **)&api.free = dlsym(library, "curl_free");
    api.loaded = global && global(CURL_GLOBAL_ALL) == CURLE_OK && api.init && api.cleanup && api.setopt && api.perform &&
                 api.getinfo && api.append && api.release && api.escape && api.free;
}

struct ns_transfer {
    CURL *curl;
    unsigned char *body;
    size_t size, capacity, limit;
    // Of a mail: what is still to be sent.
    const unsigned char *rest;
    size_t left;
    char error[CURL_ERROR_SIZE];
};

struct ns_transfer *ns_transfer_new(void) {
    pthread_once(&once, load);
    if (!api.loaded) return NULL;
    struct ns_transfer *transfer = calloc(1, sizeof *transfer);
    if (!transfer) return NULL;
    transfer->curl = api.init();
    if (!transfer->curl) {
        free(transfer);
        return NULL;
    }
    return transfer;
}

void ns_transfer_free(struct ns_transfer *transfer) {
    if (!transfer) return;
    api.cleanup(transfer->curl);
    free(transfer->body);
    free(transfer);
}

static size_t take(char *octets, size_t size, size_t count, void *context) {
    struct ns_transfer *transfer = context;
    size_t length = size * count, kept = length;
    if (kept > transfer->limit - transfer->size) kept = transfer->limit - transfer->size;
    if (transfer->size + kept > transfer->capacity) {
        size_t capacity = transfer->capacity ? transfer->capacity * 2 : 1 << 16;
        while (capacity < transfer->size + kept) capacity *= 2;
        unsigned char *body = realloc(transfer->body, capacity);
        if (!body) return 0;
        transfer->body = body;
        transfer->capacity = capacity;
    }
    if (kept) memcpy(transfer->body + transfer->size, octets, kept);
    transfer->size += kept;
    return length;
}

static size_t give(char *octets, size_t size, size_t count, void *context) {
    struct ns_transfer *transfer = context;
    size_t length = size * count;
    if (length > transfer->left) length = transfer->left;
    if (length) memcpy(octets, transfer->rest, length);
    transfer->rest += length;
    transfer->left -= length;
    return length;
}

static void prepare(struct ns_transfer *transfer, const char *url, long protocols, size_t limit, long timeout) {
    transfer->size = 0;
    transfer->limit = limit;
    transfer->error[0] = 0;
    api.setopt(transfer->curl, CURLOPT_URL, url);
    api.setopt(transfer->curl, CURLOPT_PROTOCOLS, protocols);
    api.setopt(transfer->curl, CURLOPT_NOSIGNAL, 1L);
    api.setopt(transfer->curl, CURLOPT_NOPROXY, "*");
    api.setopt(transfer->curl, CURLOPT_CONNECTTIMEOUT_MS, timeout < 3000 ? timeout : 3000L);
    api.setopt(transfer->curl, CURLOPT_TIMEOUT_MS, timeout);
    api.setopt(transfer->curl, CURLOPT_ERRORBUFFER, transfer->error);
    api.setopt(transfer->curl, CURLOPT_WRITEFUNCTION, take);
    api.setopt(transfer->curl, CURLOPT_WRITEDATA, transfer);
}

static struct ns_response perform(struct ns_transfer *transfer) {
    struct ns_response response = {0};
    CURLcode code = api.perform(transfer->curl);
    api.setopt(transfer->curl, CURLOPT_ERRORBUFFER, NULL);
    if (code == CURLE_OK) {
        transfer->error[0] = 0;
        api.getinfo(transfer->curl, CURLINFO_RESPONSE_CODE, &response.status);
    } else if (!transfer->error[0]) {
        snprintf(transfer->error, sizeof transfer->error, "curl error %d", (int)code);
    }
    response.body = transfer->body;
    response.size = transfer->size;
    response.error = transfer->error;
    return response;
}

struct ns_response ns_http_post(
    struct ns_transfer *transfer, const char *url, const char *const *headers, size_t count, const void *octets,
    size_t size, size_t limit, long timeout) {
    struct curl_slist *list = api.append(NULL, "Expect:");
    for (size_t i = 0; i < count; i++) list = api.append(list, headers[i]);
    prepare(transfer, url, CURLPROTO_HTTP | CURLPROTO_HTTPS, limit, timeout);
    api.setopt(transfer->curl, CURLOPT_POST, 1L);
    api.setopt(transfer->curl, CURLOPT_POSTFIELDS, octets);
    api.setopt(transfer->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    api.setopt(transfer->curl, CURLOPT_HTTPHEADER, list);
    struct ns_response response = perform(transfer);
    api.setopt(transfer->curl, CURLOPT_HTTPHEADER, NULL);
    api.release(list);
    return response;
}

struct ns_response ns_mail_send(
    struct ns_transfer *transfer, const char *url, int must_encrypt, const char *user, const char *password,
    const char *from, const char *const *recipients, size_t count, const void *octets, size_t size, long timeout) {
    struct curl_slist *list = NULL;
    for (size_t i = 0; i < count; i++) list = api.append(list, recipients[i]);
    transfer->rest = octets;
    transfer->left = size;
    prepare(transfer, url, CURLPROTO_SMTP | CURLPROTO_SMTPS, 1 << 12, timeout);
    api.setopt(transfer->curl, CURLOPT_USE_SSL, (long)(must_encrypt ? CURLUSESSL_ALL : CURLUSESSL_TRY));
    if (*user) {
        api.setopt(transfer->curl, CURLOPT_USERNAME, user);
        api.setopt(transfer->curl, CURLOPT_PASSWORD, password);
    }
    api.setopt(transfer->curl, CURLOPT_MAIL_FROM, from);
    api.setopt(transfer->curl, CURLOPT_MAIL_RCPT, list);
    api.setopt(transfer->curl, CURLOPT_READFUNCTION, give);
    api.setopt(transfer->curl, CURLOPT_READDATA, transfer);
    api.setopt(transfer->curl, CURLOPT_UPLOAD, 1L);
    struct ns_response response = perform(transfer);
    api.setopt(transfer->curl, CURLOPT_MAIL_RCPT, NULL);
    api.release(list);
    return response;
}

char *ns_transfer_escape(struct ns_transfer *transfer, const char *text) { return api.escape(transfer->curl, text, 0); }
void ns_transfer_release(struct ns_transfer *transfer, char *text) { (void)transfer; api.free(text); }
