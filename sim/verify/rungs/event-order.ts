import { Engine } from '../../engine/engine.ts';
import { Random } from '../../engine/random.ts';
import { exactly, type Rung } from '../rung.ts';

/**
 * Moments are quarters of a millisecond within a short time, so that most are simultaneous with others, and many timers are
 * moved and cancelled in the millisecond that is on. Some are due after seconds, where timers are kept otherwise.
 */
const TIMERS = 300;
const PARTS = 4;
const CHANGES = 20_000;
const QUICK_CHANGES = 4000;
const HORIZON_MS = 5;
const FAR_MS = 20_000;
const FAR_SHARE = 0.1;
/** Of runs. */
const JUMP_SHARE = 0.2;

interface Due {
  atMs: number;
  stamp: number;
}

export const eventOrder: Rung = {
  id: 'event-order',
  title: 'The order of events',
  source: 'earlier first, simultaneous ones in order of being set; a run includes its last moment',
  run({ seed, quick, progress }) {
    const engine = new Engine();
    const { timers } = engine;
    const random = new Random(seed, 'event order');
    /** by timer, as a list that is searched from end to end */
    const due: (Due | null)[] = Array.from({ length: TIMERS }, () => null);
    let [stamp, fired, wrong, late] = [0, 0, 0, 0];
    const kind = timers.kind((place, _timer, nowMs) => {
      fired++;
      const own = due[place] ?? null;
      const isNext =
        own !== null && own.atMs === nowMs && due.every((other) => other === null || !isBefore(other, own));
      if (!isNext) wrong++;
      due[place] = null;
    });
    const numbers = due.map((_, place) => timers.make(kind, place));
    const changes = quick ? QUICK_CHANGES : CHANGES;
    for (let change = 0; change < changes; change++) {
      if (change % 1000 === 0) progress(change / changes);
      const place = random.index(TIMERS);
      const dice = random.uniform();
      if (dice < 0.75) {
        const atMs = engine.nowMs + drawMs(random);
        timers.set(numbers[place]!, atMs);
        due[place] = { atMs, stamp: stamp++ };
      } else if (dice < 0.9) {
        timers.cancel(numbers[place]!);
        due[place] = null;
      } else {
        // Now and then to just before what is far, so that it has neighbours when its moment comes.
        const far = due.flatMap((own) => (own !== null && own.atMs > engine.nowMs + HORIZON_MS ? own.atMs : []));
        const jumps = far.length > 0 && random.uniform() < JUMP_SHARE;
        engine.run(jumps ? Math.min(...far) - 1 : engine.nowMs + random.index(PARTS) / PARTS);
        late += due.filter((own) => own !== null && own.atMs <= engine.nowMs).length;
      }
    }
    return [
      exactly(`${fired} events: out of turn`, 0, wrong),
      exactly('events that were due and did not happen', 0, late),
    ];
  },
};

/** From now until a timer is due. */
function drawMs(random: Random): number {
  const dice = random.uniform();
  const most = dice < FAR_SHARE ? FAR_MS : dice < 0.5 ? 1 : HORIZON_MS;
  return random.index(most * PARTS) / PARTS;
}

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.stamp < b.stamp);
}
