// A thread that reads one file and ends: parsing and checking tens of megabytes must not keep viewers waiting.
import { parentPort, workerData } from 'node:worker_threads';
import { readHere, type ReadTask } from './read-here.ts';

// oxlint-disable-next-line unicorn/require-post-message-target-origin -- it goes to a thread, not to a window
parentPort!.postMessage(readHere(workerData as ReadTask));
