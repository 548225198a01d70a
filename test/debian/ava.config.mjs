// Tests that need Debian's packages (Chromium, ffmpeg, nginx); .ci/run installs them and runs these after `npm test`.
export default {
  files: ['test/debian/**/*.test.ts'],
  extensions: ['ts'],
  workerThreads: false,
  // They share two cores and real players: one file at a time.
  concurrency: 1,
  timeout: '3m',
};
