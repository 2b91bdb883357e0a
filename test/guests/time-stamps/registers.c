// What rdtsc and rdtscp must leave alone: all other registers, the flags, the red zone.
#include <stdbool.h>

#include "counter.h"

struct state {
  uint64_t registers[14];  // rbx, rcx, rsi, rdi, rbp, r8 to r15, rsp
  uint64_t flags, rax, rdx, redZone[16];
  float lanes[4];
};

__attribute__((used)) static struct state before, after;

// Loads every register from `before`, executes the instruction, stores them all in `after`.
#define READ_WITH(name, instruction)                                                                              \
  __attribute__((naked, noinline)) static void name(void) {                                                       \
    __asm__(                                                                                                      \
        "push %rbx\n push %rbp\n push %r12\n push %r13\n push %r14\n push %r15\n"                                 \
        "lea before(%rip), %r15\n"                                                                                \
        "mov %rsp, 13*8(%r15)\n"                                                                                  \
        "movups 33*8(%r15), %xmm7\n"                                                                              \
        "push 14*8(%r15)\n popfq\n"                                                                               \
        "lea before+17*8(%rip), %rsi\n lea -128(%rsp), %rdi\n mov $16, %ecx\n rep movsq\n"                        \
        "mov 0(%r15), %rbx\n mov 8(%r15), %rcx\n mov 16(%r15), %rsi\n mov 24(%r15), %rdi\n mov 32(%r15), %rbp\n"  \
        "mov 40(%r15), %r8\n mov 48(%r15), %r9\n mov 56(%r15), %r10\n mov 64(%r15), %r11\n mov 72(%r15), %r12\n"  \
        "mov 80(%r15), %r13\n mov 88(%r15), %r14\n mov 96(%r15), %r15\n"                                          \
        "mov $-1, %rax\n mov $-1, %rdx\n" instruction                                                             \
        "\n"                                                                                                      \
        "mov %rax, after+15*8(%rip)\n mov %rdx, after+16*8(%rip)\n"                                               \
        "mov %rbx, after(%rip)\n mov %rcx, after+8(%rip)\n mov %rsi, after+16(%rip)\n mov %rdi, after+24(%rip)\n" \
        "mov %rbp, after+32(%rip)\n mov %r8, after+40(%rip)\n mov %r9, after+48(%rip)\n"                          \
        "mov %r10, after+56(%rip)\n mov %r11, after+64(%rip)\n mov %r12, after+72(%rip)\n"                        \
        "mov %r13, after+80(%rip)\n mov %r14, after+88(%rip)\n mov %r15, after+96(%rip)\n"                        \
        "mov %rsp, after+104(%rip)\n movups %xmm7, after+33*8(%rip)\n"                                            \
        "lea -128(%rsp), %rsi\n lea after+17*8(%rip), %rdi\n mov $16, %ecx\n rep movsq\n"                         \
        "pushfq\n pop after+14*8(%rip)\n"                                                                         \
        "cld\n pop %r15\n pop %r14\n pop %r13\n pop %r12\n pop %rbp\n pop %rbx\n ret\n");                         \
  }
READ_WITH(readCounter, "rdtsc")
READ_WITH(readCounterAux, "rdtscp")

static int wrongAfter(void (*read)(void), bool aux) {
  int wrong = 0;
  for (uint64_t round = 0; round < 64; round++) {
    for (int i = 0; i < 13; i++) before.registers[i] = 0x1111111111111111u * (i + 1) + round;
    for (int i = 0; i < 16; i++) before.redZone[i] = round * 16 + i;
    for (int i = 0; i < 4; i++) before.lanes[i] = (float)round + i;
    // CF, PF, AF, ZF, SF, OF in all their combinations.
    before.flags = 0x202 | (round & 1) | (round & 2) << 1 | (round & 4) << 2 | (round & 8) << 3 | (round & 16) << 3 |
                   (round & 32) << 6;
    read();
    if (aux) wrong += after.registers[1] >> 32 != 0, after.registers[1] = before.registers[1];
    wrong += memcmp(before.registers, after.registers, sizeof before.registers) != 0;
    wrong += before.flags != after.flags;
    wrong += after.rax >> 32 != 0 || after.rdx >> 32 != 0;
    wrong += memcmp(before.redZone, after.redZone, sizeof before.redZone) != 0;
    wrong += memcmp(before.lanes, after.lanes, sizeof before.lanes) != 0;
  }
  return wrong;
}

int main(void) {
  makeHot();
  say("rdtsc: %d wrong\n", wrongAfter(readCounter, false));
  say("rdtscp: %d wrong\n", wrongAfter(readCounterAux, true));
  return 0;
}
