#include "CPcap.h"

#include "CLoader.h"

static struct ns_library library = {.names = {"libpcap.so.0.8", "libpcap.so.1"}, .package = "libpcap0.8"};

// What is called of libpcap: another function needs a line here.
#define FORWARD(result, name, parameters, arguments) NS_FORWARD(library, result, name, parameters, arguments)

FORWARD(int, pcap_activate, (pcap_t *capture), (capture))
FORWARD(void, pcap_breakloop, (pcap_t *capture), (capture))
FORWARD(void, pcap_close, (pcap_t *capture), (capture))
FORWARD(int, pcap_compile, (pcap_t *capture, struct bpf_program *program, const char *filter, int optimise,
        bpf_u_int32 netmask), (capture, program, filter, optimise, netmask))
FORWARD(pcap_t *, pcap_create, (const char *source, char *error), (source, error))
FORWARD(int, pcap_datalink, (pcap_t *capture), (capture))
FORWARD(int, pcap_dispatch, (pcap_t *capture, int count, pcap_handler handler, u_char *user),
        (capture, count, handler, user))
FORWARD(int, pcap_findalldevs, (pcap_if_t **list, char *error), (list, error))
FORWARD(void, pcap_freealldevs, (pcap_if_t *list), (list))
FORWARD(void, pcap_freecode, (struct bpf_program *program), (program))
FORWARD(int, pcap_get_selectable_fd, (pcap_t *capture), (capture))
FORWARD(char *, pcap_geterr, (pcap_t *capture), (capture))
FORWARD(int, pcap_lookupnet, (const char *device, bpf_u_int32 *net, bpf_u_int32 *mask, char *error),
        (device, net, mask, error))
FORWARD(int, pcap_set_buffer_size, (pcap_t *capture, int size), (capture, size))
FORWARD(int, pcap_set_promisc, (pcap_t *capture, int promiscuous), (capture, promiscuous))
FORWARD(int, pcap_set_snaplen, (pcap_t *capture, int length), (capture, length))
FORWARD(int, pcap_set_timeout, (pcap_t *capture, int milliseconds), (capture, milliseconds))
FORWARD(int, pcap_set_tstamp_precision, (pcap_t *capture, int precision), (capture, precision))
FORWARD(int, pcap_setfilter, (pcap_t *capture, struct bpf_program *program), (capture, program))
FORWARD(int, pcap_setnonblock, (pcap_t *capture, int value, char *error), (capture, value, error))
FORWARD(int, pcap_stats, (pcap_t *capture, struct pcap_stat *statistics), (capture, statistics))
FORWARD(const char *, pcap_statustostr, (int status), (status))
