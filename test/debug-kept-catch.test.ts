// Catchpoints where nothing of ours stands in the code: debug registers, and pages that cannot be executed.
// Time limit: 300 s
process.env.RR_KEEP_CODE = '1';
await import('./debug-catch.test.ts');
export {};
