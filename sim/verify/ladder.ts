import type { Rung } from './rung.ts';
import { cacheBounds, cheFifo, cheLru } from './rungs/caches.ts';
import { collapsing } from './rungs/collapsing.ts';
import { liveFills, liveWindow } from './rungs/live.ts';
import { playerBitrate, playerStalls } from './rungs/players.ts';
import { slowStart } from './rungs/slow-start.ts';
import { conservation, determinism, scaleInvariance } from './rungs/whole-simulations.ts';
import { ring } from './rungs/ring.ts';
import { steering } from './rungs/steering.ts';
import { eventOrder } from './rungs/event-order.ts';
import { flowSharing, processorSharing } from './rungs/flows.ts';
import { flashCrowd } from './rungs/flash-crowd.ts';
import { erlangLoss, erlangWait, md1, mm1 } from './rungs/queues.ts';

/** From what everything rests on to what rests on everything. A new rung is a file in `rungs/` and a line here. */
export const LADDER: readonly Rung[] = [
  eventOrder,
  mm1,
  md1,
  erlangLoss,
  erlangWait,
  cheLru,
  cheFifo,
  cacheBounds,
  collapsing,
  liveFills,
  liveWindow,
  ring,
  steering,
  flashCrowd,
  flowSharing,
  processorSharing,
  slowStart,
  playerBitrate,
  playerStalls,
  conservation,
  determinism,
  scaleInvariance,
];
