// The same of a position-independent program.
// build: -static-pie -fPIE -O1
#include "heap-of-static.c"
