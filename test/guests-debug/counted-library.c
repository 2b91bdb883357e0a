// A library of three functions, one of which calls another; test/guests-debug/counted.c uses it.
int twice(int value) { return value + value; }

int thrice(int value) { return twice(value) + value; }

int never(int value) { return -value; }
