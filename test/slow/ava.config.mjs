// Tests that take long: copies of the tree with one rule changed. .ci/run runs them after `npm test`.
export default {
  files: ['test/slow/**/*.test.ts'],
  extensions: ['ts'],
  workerThreads: false,
  // Each runs one process at a time: as many files as CI has cores.
  concurrency: 2,
  timeout: '3m',
};
