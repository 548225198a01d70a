// Tests that take long: copies of the tree with one rule changed. .ci/run runs them after `npm test`.
export default {
  files: ['test/slow/**/*.test.ts'],
  extensions: ['ts'],
  workerThreads: false,
  concurrency: 1,
  timeout: '3m',
};
