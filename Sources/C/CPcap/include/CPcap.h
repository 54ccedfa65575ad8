#ifndef NETSPECTRA_CPCAP_H
#define NETSPECTRA_CPCAP_H

/* linux/bpf.h, which libbpf includes, has a struct of this name, too: modules with both would not go together. */
#define bpf_insn pcap_bpf_insn
#include <pcap/pcap.h>
#undef bpf_insn

#include <linux/if_packet.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

/* Lets no further packet into the socket: the filter «ret 0» (what linux/filter.h calls sock_fprog). 0, or -1. */
static inline int ns_packet_reject_all(int fd) {
    struct { unsigned short code; unsigned char jt, jf; unsigned int k; } reject = {0x06, 0, 0, 0};
    struct { unsigned short len; void *filter; } program = {1, &reject};
    return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

/* The fan-out option of packet(7): group in the lower half, mode and flags in the upper. 0, or -1. */
static inline int ns_packet_join_fanout(int fd, unsigned short group, int is_first) {
    int flags = PACKET_FANOUT_HASH | (is_first ? PACKET_FANOUT_FLAG_UNIQUEID : 0);
    int argument = group | flags << 16;
    return setsockopt(fd, SOL_PACKET, PACKET_FANOUT, &argument, sizeof argument);
}

/* The number of the group the socket is in, or -1. */
static inline int ns_packet_fanout_group(int fd) {
    int value = 0;
    socklen_t size = sizeof value;
    return getsockopt(fd, SOL_PACKET, PACKET_FANOUT, &value, &size) == 0 ? value & 0xffff : -1;
}

/* 1 where the interface is up, 0 where it is down, -1 where there is none of this name. */
static inline int ns_interface_is_up(int fd, const char *name) {
    struct ifreq request;
    memset(&request, 0, sizeof request);
    strncpy(request.ifr_name, name, sizeof request.ifr_name - 1);
    if (ioctl(fd, SIOCGIFFLAGS, &request) != 0) return -1;
    return (request.ifr_flags & IFF_UP) != 0;
}

#endif
