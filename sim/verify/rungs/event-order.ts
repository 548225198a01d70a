import { Engine } from '../../engine/engine.ts';
import { Random } from '../../engine/random.ts';
import { exactly, type Rung } from '../rung.ts';

/** Moments are whole milliseconds of a short time, so that most are simultaneous with others. */
const TIMERS = 300;
const CHANGES = 20_000;
const QUICK_CHANGES = 4000;
const HORIZON_MS = 20;

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
        const atMs = Math.floor(engine.nowMs) + 1 + random.index(HORIZON_MS);
        timers.set(numbers[place]!, atMs);
        due[place] = { atMs, stamp: stamp++ };
      } else if (dice < 0.9) {
        timers.cancel(numbers[place]!);
        due[place] = null;
      } else {
        engine.run(Math.floor(engine.nowMs) + random.index(3));
        late += due.filter((own) => own !== null && own.atMs <= engine.nowMs).length;
      }
    }
    return [
      exactly(`${fired} events: out of turn`, 0, wrong),
      exactly('events that were due and did not happen', 0, late),
    ];
  },
};

function isBefore(a: Due, b: Due): boolean {
  return a.atMs < b.atMs || (a.atMs === b.atMs && a.stamp < b.stamp);
}
