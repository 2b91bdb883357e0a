// What a new program does for the tracer before its first instruction: the steps of a table (struct rr_set_up_step), to
// which rbx points. The tracer copies this code to wherever it has a place for it. It ends at a system call that stops
// for the tracer, with rbx at the step that was not done: the last one, or one that has failed.
#include <sys/syscall.h>

#include "layout.h"

	.text
	.globl	rr_set_up
rr_set_up:
	movq	(%rbx), %rax
	cmpq	$RR_SET_UP_END, %rax
	je	2f
	movq	8(%rbx), %rdi
	cmpq	$RR_SET_UP_COPY, %rax
	je	1f
	movq	16(%rbx), %rsi
	movq	24(%rbx), %rdx
	movq	32(%rbx), %r10
	movq	40(%rbx), %r8
	movq	48(%rbx), %r9
	syscall
	cmpq	56(%rbx), %rax
	jne	2f
	addq	$RR_SET_UP_STEP_SIZE, %rbx
	jmp	rr_set_up
1:	movq	16(%rbx), %rcx
	leaq	24(%rbx), %rsi
	cld
	rep movsb
	addq	$RR_SET_UP_STEP_SIZE, %rbx
	jmp	rr_set_up
2:	movl	$SYS_getpid, %eax
	syscall
	.globl	rr_set_up_end
rr_set_up_end:

	.section .note.GNU-stack, "", @progbits
