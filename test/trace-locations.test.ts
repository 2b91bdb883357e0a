import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'uvu';
import * as assert from 'uvu/assert';
import {
  createTraceDirectory,
  resolveTrace,
  setLatestTrace,
  storeDirectory,
  traceRoot,
} from '../engine/trace/locations.ts';
import { TraceError } from '../engine/trace/trace-error.ts';
import { withDirectory } from './trace-fixture.ts';

/** Asserts that `run` throws a TraceError with that code, and one line. */
function fails(run: () => unknown, code: string): void {
  assert.throws(
    run,
    (error: unknown) => error instanceof TraceError && error.code === code && !/\n/.test(error.message),
  );
}

test('the root of traces comes from the environment, in rr’s order', () => {
  assert.is(traceRoot({ _RR_TRACE_DIR: '/a', XDG_DATA_HOME: '/b', HOME: '/c' }), '/a');
  assert.is(traceRoot({ _RR_TRACE_DIR: '', XDG_DATA_HOME: '/b', HOME: '/c' }), '/b/rr');
  assert.is(traceRoot({ HOME: '/c' }), '/c/.local/share/rr');
  assert.is(traceRoot({}), '/.local/share/rr');
});

test('a new trace is named after the program, with the next free number', () =>
  withDirectory((base) => {
    const root = join(base, 'deep', 'root');
    assert.is(createTraceDirectory({ program: '/bin/ls', root }), join(root, 'ls-0'));
    assert.is(createTraceDirectory({ program: 'ls', root }), join(root, 'ls-1'));
    mkdirSync(join(root, 'ls-41'));
    mkdirSync(join(root, 'ls-x'));
    assert.is(createTraceDirectory({ program: 'ls', root }), join(root, 'ls-42'));
    assert.is(createTraceDirectory({ program: 'l', root }), join(root, 'l-0'));
  }));

test('a named trace directory must be new, or empty', () =>
  withDirectory((base) => {
    const output = join(base, 'a', 'b');
    assert.is(createTraceDirectory({ program: 'x', root: base, output }), output);
    assert.is(createTraceDirectory({ program: 'x', root: base, output }), output);
    writeFileSync(join(output, 'file'), '');
    fails(() => createTraceDirectory({ program: 'x', root: base, output }), 'TRACE_EXISTS');
    fails(() => createTraceDirectory({ program: 'x', root: base, output: join(output, 'file') }), 'TRACE_EXISTS');
    fails(() => createTraceDirectory({ program: 'x', root: base, output: join(output, 'file', 'x') }), 'TRACE_EXISTS');
    fails(() => createTraceDirectory({ program: 'x', root: join(output, 'file') }), 'TRACE_UNWRITABLE');
  }));

test('the user may mean the latest trace, a directory, or a name below the root', () =>
  withDirectory((root) => {
    fails(() => resolveTrace(undefined, root), 'TRACE_NOT_FOUND');
    const first = createTraceDirectory({ program: 'one', root });
    const second = createTraceDirectory({ program: 'two', root });
    setLatestTrace(root, first);
    setLatestTrace(root, second);
    assert.is(readlinkSync(join(root, 'latest-trace')), 'two-0');
    assert.is(resolveTrace(undefined, root), second);
    assert.is(resolveTrace('one-0', root), first);
    assert.is(resolveTrace(first, root), first);
    fails(() => resolveTrace('none', root), 'TRACE_NOT_FOUND');
    fails(() => resolveTrace('./one-0', root), 'TRACE_NOT_FOUND');
    setLatestTrace(root, '/elsewhere/trace');
    assert.is(readlinkSync(join(root, 'latest-trace')), '/elsewhere/trace');
    fails(() => resolveTrace(undefined, root), 'TRACE_NOT_FOUND');
  }));

test('the store lies below the root of traces, or where it is told', () => {
  assert.is(storeDirectory('/traces'), '/traces/.store');
  assert.is(storeDirectory('/traces', '/big/store'), '/big/store');
});

test.run();
