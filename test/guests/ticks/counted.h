// What the guests of this family pass again and again: a breakpoint there counts what a processor's counter would.
#pragma once

#include "../guest.h"

__attribute__((noinline)) void counted(void) { __asm__ volatile("" ::: "memory"); }
