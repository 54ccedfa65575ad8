#include "CLibBPF.h"

#include "CLoader.h"
#include <stdbool.h>

static struct ns_library library = {.names = {"libbpf.so.1"}, .package = "libbpf1"};

// What is called of libbpf: another function needs a line here.
#define FORWARD(result, name, parameters, arguments) NS_FORWARD(library, result, name, parameters, arguments)

FORWARD(int, bpf_iter_create, (int link_fd), (link_fd))
FORWARD(int, bpf_link__destroy, (struct bpf_link *link), (link))
FORWARD(int, bpf_link__fd, (const struct bpf_link *link), (link))
FORWARD(int, bpf_map__fd, (const struct bpf_map *map), (map))
FORWARD(const char *, bpf_map__name, (const struct bpf_map *map), (map))
FORWARD(int, bpf_map__set_autocreate, (struct bpf_map *map, bool autocreate), (map, autocreate))
FORWARD(int, bpf_map__set_initial_value, (struct bpf_map *map, const void *data, size_t size), (map, data, size))
FORWARD(int, bpf_map__set_max_entries, (struct bpf_map *map, __u32 max_entries), (map, max_entries))
FORWARD(int, bpf_map_lookup_elem, (int fd, const void *key, void *value), (fd, key, value))
FORWARD(int, bpf_map_update_elem, (int fd, const void *key, const void *value, __u64 flags), (fd, key, value, flags))
FORWARD(void, bpf_object__close, (struct bpf_object *object), (object))
FORWARD(struct bpf_map *, bpf_object__find_map_by_name, (const struct bpf_object *obj, const char *name), (obj, name))
FORWARD(struct bpf_program *, bpf_object__find_program_by_name, (const struct bpf_object *obj, const char *name),
        (obj, name))
FORWARD(int, bpf_object__load, (struct bpf_object *obj), (obj))
FORWARD(struct bpf_map *, bpf_object__next_map, (const struct bpf_object *obj, const struct bpf_map *map), (obj, map))
FORWARD(struct bpf_program *, bpf_object__next_program, (const struct bpf_object *obj, struct bpf_program *prog),
        (obj, prog))
FORWARD(struct bpf_object *, bpf_object__open_mem, (const void *obj_buf, size_t obj_buf_sz,
        const struct bpf_object_open_opts *opts), (obj_buf, obj_buf_sz, opts))
FORWARD(int, bpf_prog_load, (enum bpf_prog_type prog_type, const char *prog_name, const char *license,
        const struct bpf_insn *insns, size_t insn_cnt, const struct bpf_prog_load_opts *opts),
        (prog_type, prog_name, license, insns, insn_cnt, opts))
FORWARD(struct bpf_link *, bpf_program__attach, (const struct bpf_program *prog), (prog))
FORWARD(struct bpf_link *, bpf_program__attach_cgroup, (const struct bpf_program *prog, int cgroup_fd),
        (prog, cgroup_fd))
FORWARD(struct bpf_link *, bpf_program__attach_raw_tracepoint, (const struct bpf_program *prog, const char *tp_name),
        (prog, tp_name))
FORWARD(struct bpf_link *, bpf_program__attach_uprobe_opts, (const struct bpf_program *prog, pid_t pid,
        const char *binary_path, size_t func_offset, const struct bpf_uprobe_opts *opts),
        (prog, pid, binary_path, func_offset, opts))
FORWARD(int, bpf_program__fd, (const struct bpf_program *prog), (prog))
FORWARD(const char *, bpf_program__section_name, (const struct bpf_program *prog), (prog))
FORWARD(int, bpf_program__set_autoload, (struct bpf_program *prog, bool autoload), (prog, autoload))
FORWARD(int, bpf_program__set_expected_attach_type, (struct bpf_program *prog, enum bpf_attach_type type), (prog, type))
FORWARD(int, libbpf_num_possible_cpus, (void), ())
FORWARD(int, libbpf_probe_bpf_map_type, (enum bpf_map_type map_type, const void *opts), (map_type, opts))
FORWARD(libbpf_print_fn_t, libbpf_set_print, (libbpf_print_fn_t fn), (fn))
FORWARD(int, ring_buffer__consume, (struct ring_buffer *rb), (rb))
FORWARD(int, ring_buffer__epoll_fd, (const struct ring_buffer *rb), (rb))
FORWARD(void, ring_buffer__free, (struct ring_buffer *rb), (rb))
FORWARD(struct ring_buffer *, ring_buffer__new, (int map_fd, ring_buffer_sample_fn sample_cb, void *ctx,
        const struct ring_buffer_opts *opts), (map_fd, sample_cb, ctx, opts))
