// Where the pointers are in the options of engine/syscalls/commands/socket-options.ts: by the kernel's own headers,
// which get on with no other.
#include <stddef.h>
// clang-format off
#include <linux/types.h>
#include <linux/in.h>
#include <linux/in6.h>
#include <linux/if.h>
#include <linux/netfilter_arp/arp_tables.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>
#include <linux/netfilter_bridge/ebtables.h>
#include <linux/tcp.h>
#include <linux/bpf.h>
// clang-format on

static_assert(sizeof(xt_counters) == 16 && sizeof(ebt_counter) == 16);
static_assert(IPT_SO_SET_REPLACE == 64 && offsetof(ipt_replace, num_counters) == 84);
static_assert(offsetof(ipt_replace, counters) == 88);
static_assert(IP6T_SO_SET_REPLACE == 64 && offsetof(ip6t_replace, num_counters) == 84);
static_assert(offsetof(ip6t_replace, counters) == 88);
static_assert(ARPT_SO_SET_REPLACE == 96 && offsetof(arpt_replace, num_counters) == 68);
static_assert(offsetof(arpt_replace, counters) == 72);
static_assert(EBT_SO_SET_ENTRIES == 128 && EBT_SO_GET_ENTRIES == 129 && EBT_SO_GET_INIT_ENTRIES == 131);
static_assert(offsetof(ebt_replace, entries_size) == 40 && offsetof(ebt_replace, num_counters) == 96);
static_assert(offsetof(ebt_replace, counters) == 104 && offsetof(ebt_replace, entries) == 112);
static_assert(TCP_ZEROCOPY_RECEIVE == 35 && offsetof(tcp_zerocopy_receive, address) == 0);
static_assert(offsetof(tcp_zerocopy_receive, length) == 8 && offsetof(tcp_zerocopy_receive, copybuf_address) == 24);
static_assert(offsetof(tcp_zerocopy_receive, copybuf_len) == 32 && offsetof(tcp_zerocopy_receive, msg_control) == 40);
static_assert(offsetof(tcp_zerocopy_receive, msg_controllen) == 48);
static_assert(offsetof(bpf_attr, log_buf) == 32 && offsetof(bpf_attr, log_size) == 28);
static_assert(offsetof(bpf_attr, btf_log_buf) == 8 && offsetof(bpf_attr, btf_log_size) == 20);
static_assert(offsetof(bpf_attr, query.prog_ids) == 16 && offsetof(bpf_attr, query.prog_cnt) == 24);
static_assert(offsetof(bpf_attr, query.prog_attach_flags) == 32);
static_assert(offsetof(bpf_attr, task_fd_query.buf) == 16 && offsetof(bpf_attr, task_fd_query.buf_len) == 12);
