// What network interfaces count, by rtnetlink(7).
#define _GNU_SOURCE
#include "CKernelIO.h"
#include <errno.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int ns_link_socket(void) { return socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE); }

int ns_link_statistics(int descriptor, uint32_t index, struct ns_link_counts *counts) {
    struct { struct nlmsghdr header; struct ifinfomsg link; } request = {
        .header = {.nlmsg_len = sizeof request, .nlmsg_type = RTM_GETLINK, .nlmsg_flags = NLM_F_REQUEST},
        .link = {.ifi_family = AF_UNSPEC, .ifi_index = (int)index},
    };
    // write(2) and read(2), as these are what a confined process may call. The answer is there when write returns.
    if (write(descriptor, &request, sizeof request) != (ssize_t)sizeof request) return errno;
    _Alignas(struct nlmsghdr) char answer[32 << 10];
    ssize_t got = read(descriptor, answer, sizeof answer);
    if (got < 0) return errno;
    const struct nlmsghdr *header = (const struct nlmsghdr *)answer;
    if (!NLMSG_OK(header, (size_t)got) || header->nlmsg_type != RTM_NEWLINK) return ENODEV;
    int left = (int)IFLA_PAYLOAD(header);
    for (struct rtattr *part = IFLA_RTA(NLMSG_DATA(header)); RTA_OK(part, left); part = RTA_NEXT(part, left)) {
        if (part->rta_type != IFLA_STATS64) continue;
        struct rtnl_link_stats64 all = {0};
        size_t size = RTA_PAYLOAD(part);
        memcpy(&all, RTA_DATA(part), size < sizeof all ? size : sizeof all);
        *counts = (struct ns_link_counts){all.rx_packets, all.rx_missed_errors, all.rx_fifo_errors};
        return 0;
    }
    return ENODATA;
}
