#include "CCrypto.h"

#include "CLoader.h"

static struct ns_library library = {.names = {"libcrypto.so.3"}, .package = "libssl3"};

// What is called of libcrypto: another function needs a line here.
#define FORWARD(result, name, parameters, arguments) NS_FORWARD(library, result, name, parameters, arguments)

FORWARD(const EVP_CIPHER *, EVP_aes_128_cbc, (void), ())
FORWARD(const EVP_CIPHER *, EVP_aes_128_ccm, (void), ())
FORWARD(const EVP_CIPHER *, EVP_aes_128_ecb, (void), ())
FORWARD(const EVP_CIPHER *, EVP_aes_128_gcm, (void), ())
FORWARD(const EVP_CIPHER *, EVP_aes_256_cbc, (void), ())
FORWARD(const EVP_CIPHER *, EVP_aes_256_ccm, (void), ())
FORWARD(const EVP_CIPHER *, EVP_aes_256_gcm, (void), ())
FORWARD(const EVP_CIPHER *, EVP_chacha20_poly1305, (void), ())
FORWARD(int, EVP_CIPHER_CTX_ctrl, (EVP_CIPHER_CTX *ctx, int type, int arg, void *ptr), (ctx, type, arg, ptr))
FORWARD(void, EVP_CIPHER_CTX_free, (EVP_CIPHER_CTX *c), (c))
FORWARD(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_new, (void), ())
FORWARD(int, EVP_CIPHER_CTX_set_padding, (EVP_CIPHER_CTX *c, int pad), (c, pad))
FORWARD(int, EVP_DecryptFinal_ex, (EVP_CIPHER_CTX *ctx, unsigned char *outm, int *outl), (ctx, outm, outl))
FORWARD(int, EVP_DecryptInit_ex, (EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, ENGINE *impl,
        const unsigned char *key, const unsigned char *iv), (ctx, cipher, impl, key, iv))
FORWARD(int, EVP_DecryptUpdate, (EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl, const unsigned char *in, int inl),
        (ctx, out, outl, in, inl))
FORWARD(int, EVP_Digest, (const void *data, size_t count, unsigned char *md, unsigned int *size, const EVP_MD *type,
        ENGINE *impl), (data, count, md, size, type, impl))
FORWARD(int, EVP_DigestFinal_ex, (EVP_MD_CTX *ctx, unsigned char *md, unsigned int *s), (ctx, md, s))
FORWARD(int, EVP_DigestInit_ex, (EVP_MD_CTX *ctx, const EVP_MD *type, ENGINE *impl), (ctx, type, impl))
FORWARD(int, EVP_DigestUpdate, (EVP_MD_CTX *ctx, const void *d, size_t cnt), (ctx, d, cnt))
FORWARD(int, EVP_EncryptInit_ex, (EVP_CIPHER_CTX *ctx, const EVP_CIPHER *cipher, ENGINE *impl,
        const unsigned char *key, const unsigned char *iv), (ctx, cipher, impl, key, iv))
FORWARD(int, EVP_EncryptUpdate, (EVP_CIPHER_CTX *ctx, unsigned char *out, int *outl, const unsigned char *in, int inl),
        (ctx, out, outl, in, inl))
FORWARD(const EVP_MD *, EVP_md5, (void), ())
FORWARD(void, EVP_MD_CTX_free, (EVP_MD_CTX *ctx), (ctx))
FORWARD(EVP_MD_CTX *, EVP_MD_CTX_new, (void), ())
FORWARD(const EVP_MD *, EVP_sha1, (void), ())
FORWARD(const EVP_MD *, EVP_sha256, (void), ())
FORWARD(const EVP_MD *, EVP_sha384, (void), ())
FORWARD(unsigned char *, HMAC, (const EVP_MD *evp_md, const void *key, int key_len, const unsigned char *data,
        size_t data_len, unsigned char *md, unsigned int *md_len), (evp_md, key, key_len, data, data_len, md, md_len))
