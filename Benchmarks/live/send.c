/* Sends UDP frames on an interface with sendmmsg(2): send INTERFACE COUNT OCTETS RATE FLOWS. RATE is packets per
 * second, 0 for as fast as can be. Prints the packets sent and the nanoseconds it took. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { burst = 64 };

static long long now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int count, char **arguments) {
    if (count != 6) return 2;
    long total = atol(arguments[2]), octets = atol(arguments[3]), rate = atol(arguments[4]), flows = atol(arguments[5]);
    int descriptor = socket(AF_PACKET, SOCK_RAW, 0);
    struct sockaddr_ll address = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(arguments[1])};
    if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, sizeof address) != 0) return 1;
    static unsigned char frames[burst][2048];
    struct iovec parts[burst];
    struct mmsghdr messages[burst];
    memset(messages, 0, sizeof messages);
    for (int i = 0; i < burst; i++) {
        unsigned char *frame = frames[i];
        memset(frame, 2, 12);
        frame[12] = 8;
        unsigned char ip[] = {0x45, 0, 0, 0, 0, 0, 0, 0, 64, 17, 0, 0, 10, 0, 0, 1, 10, 0, 0, 2};
        ip[2] = (octets - 14) >> 8;
        ip[3] = (octets - 14) & 255;
        memcpy(frame + 14, ip, sizeof ip);
        frame[37] = 53;
        frame[38] = (octets - 34) >> 8;
        frame[39] = (octets - 34) & 255;
        parts[i] = (struct iovec){frame, octets};
        messages[i].msg_hdr.msg_iov = &parts[i];
        messages[i].msg_hdr.msg_iovlen = 1;
    }
    long long start = now();
    long sent = 0;
    while (sent < total) {
        if (rate > 0) while ((now() - start) < sent * 1000000000LL / rate) {}
        for (int i = 0; i < burst; i++) {
            unsigned flow = (sent + i) % flows;
            frames[i][28] = flow >> 16;
            frames[i][34] = flow >> 8;
            frames[i][35] = flow;
        }
        int done = sendmmsg(descriptor, messages, burst, 0);
        if (done > 0) sent += done;
    }
    printf("%ld %lld\n", sent, now() - start);
    return 0;
}
