// Packets that the kernel writes to a program's memory whenever they come are not to be had in a recording: the ring of
// a packet socket, and the memory of an AF_XDP socket. What else is asked of such options is judged by the kernel.
#include <linux/if_packet.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>

#include "../guest.h"

int main(void) {
  const struct tpacket_req request = {pageSize, 1, pageSize, 1};
  const int packets = socket(AF_PACKET, SOCK_RAW, 0);
  if (packets >= 0) {
    result("receive", setsockopt(packets, SOL_PACKET, PACKET_RX_RING, &request, sizeof request));
    result("send", setsockopt(packets, SOL_PACKET, PACKET_TX_RING, &request, sizeof request));
    const int version = TPACKET_V2;
    result("version", setsockopt(packets, SOL_PACKET, PACKET_VERSION, &version, sizeof version));
  }
  const int express = socket(AF_XDP, SOCK_RAW, 0);
  if (express >= 0) {
    void *memory = mmap(0, pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    const struct xdp_umem_reg area = {.addr = (uintptr_t)memory, .len = pageSize, .chunk_size = pageSize};
    result("express", setsockopt(express, SOL_XDP, XDP_UMEM_REG, &area, sizeof area));
  }
  result("no socket", setsockopt(1, SOL_PACKET, PACKET_RX_RING, &request, sizeof request));
  result("nothing", setsockopt(-1, SOL_PACKET, PACKET_RX_RING, &request, sizeof request));
  say("the end\n");
  return 0;
}
