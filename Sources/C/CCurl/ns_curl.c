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

struct ns_http {
    CURL *curl;
    unsigned char *body;
    size_t size, capacity;
    char error[CURL_ERROR_SIZE];
};

struct ns_http *ns_http_new(void) {
    pthread_once(&once, load);
    if (!api.loaded) return NULL;
    struct ns_http *http = calloc(1, sizeof *http);
    if (!http) return NULL;
    http->curl = api.init();
    if (!http->curl) {
        free(http);
        return NULL;
    }
    return http;
}

void ns_http_free(struct ns_http *http) {
    if (!http) return;
    api.cleanup(http->curl);
    free(http->body);
    free(http);
}

static size_t take(char *octets, size_t size, size_t count, void *context) {
    struct ns_http *http = context;
    size_t length = size * count;
    if (http->size + length > http->capacity) {
        size_t capacity = http->capacity ? http->capacity * 2 : 1 << 16;
        while (capacity < http->size + length) capacity *= 2;
        unsigned char *body = realloc(http->body, capacity);
        if (!body) return 0;
        http->body = body;
        http->capacity = capacity;
    }
    memcpy(http->body + http->size, octets, length);
    http->size += length;
    return length;
}

struct ns_http_response ns_http_post(
    struct ns_http *http, const char *url, const char *user, const char *password, const void *octets, size_t size,
    long timeout) {
    char line[512];
    struct curl_slist *headers = api.append(NULL, "Expect:");
    headers = api.append(headers, "Content-Type: application/octet-stream");
    if (user && *user) {
        snprintf(line, sizeof line, "X-ClickHouse-User: %s", user);
        headers = api.append(headers, line);
        snprintf(line, sizeof line, "X-ClickHouse-Key: %s", password);
        headers = api.append(headers, line);
        memset(line, 0, sizeof line);
    }
    http->size = 0;
    http->error[0] = 0;
    api.setopt(http->curl, CURLOPT_URL, url);
    api.setopt(http->curl, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
    api.setopt(http->curl, CURLOPT_NOSIGNAL, 1L);
    api.setopt(http->curl, CURLOPT_NOPROXY, "*");
    api.setopt(http->curl, CURLOPT_POST, 1L);
    api.setopt(http->curl, CURLOPT_POSTFIELDS, octets);
    api.setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)size);
    api.setopt(http->curl, CURLOPT_HTTPHEADER, headers);
    api.setopt(http->curl, CURLOPT_CONNECTTIMEOUT_MS, timeout < 3000 ? timeout : 3000L);
    api.setopt(http->curl, CURLOPT_TIMEOUT_MS, timeout);
    api.setopt(http->curl, CURLOPT_ERRORBUFFER, http->error);
    api.setopt(http->curl, CURLOPT_WRITEFUNCTION, take);
    api.setopt(http->curl, CURLOPT_WRITEDATA, http);
    struct ns_http_response response = {0};
    CURLcode code = api.perform(http->curl);
    if (code == CURLE_OK) api.getinfo(http->curl, CURLINFO_RESPONSE_CODE, &response.status);
    api.setopt(http->curl, CURLOPT_HTTPHEADER, NULL);
    api.setopt(http->curl, CURLOPT_ERRORBUFFER, NULL);
    api.release(headers);
    if (code != CURLE_OK && !http->error[0]) snprintf(http->error, sizeof http->error, "curl error %d", (int)code);
    response.body = http->body;
    response.size = http->size;
    response.error = http->error;
    return response;
}

char *ns_http_escape(struct ns_http *http, const char *text) { return api.escape(http->curl, text, 0); }
void ns_http_release(struct ns_http *http, char *text) { (void)http; api.free(text); }
