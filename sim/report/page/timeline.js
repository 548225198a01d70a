// The slider under the map, with the play button and a plot of what there is to see at each moment.
import { clock, count, percent } from '../../../runtime/page/format.js';
import { el, set } from '../../../runtime/page/dom.js';
import { COLOUR } from './palette.js';
import { TimePlot } from './time-plot.js';

/** The whole run in so many seconds, whatever its length. */
const PLAY_SECONDS = 20;

export function drawTimeline(parent, data, moment) {
  const { series } = data;
  const shares = series.stalled.map((stalled, step) => (series.present[step] > 0 ? stalled / series.present[step] : 0));
  const plot = {
    title: 'Share of the viewers that stand still',
    unit: percent,
    height: 92,
    series: [{ name: 'of those present', values: shares, colour: COLOUR.bad, kind: 'area' }],
  };
  parent.append(new TimePlot(plot, moment, data.faults).element);
  const slider = el('input', {
    type: 'range',
    id: 'moment',
    min: 0,
    max: Math.max(0, moment.steps - 1),
    step: 1,
    value: moment.chosen,
    'aria-label': 'Moment of the run',
  });
  const play = el('button', { type: 'button', id: 'play', 'aria-pressed': 'false' }, '▶ Play');
  const now = el('output', { id: 'now' });
  parent.append(el('div', { class: 'slider' }, slider), el('div', { class: 'player' }, play, now));
  slider.addEventListener('input', () => moment.choose(Number(slider.value)));
  play.addEventListener('click', () => (player.running ? player.stop() : player.start()));

  const player = {
    running: false,
    start() {
      this.running = true;
      if (moment.chosen >= moment.steps - 1) moment.choose(0);
      const [beganMs, from] = [performance.now(), moment.chosen];
      const frame = (nowMs) => {
        if (!this.running) return;
        moment.choose(from + Math.floor(((nowMs - beganMs) / 1000 / PLAY_SECONDS) * moment.steps));
        if (moment.chosen >= moment.steps - 1) this.stop();
        else requestAnimationFrame(frame);
      };
      requestAnimationFrame(frame);
      this.show();
    },
    stop() {
      this.running = false;
      this.show();
    },
    show() {
      play.textContent = this.running ? '❚❚ Pause' : '▶ Play';
      set(play, { 'aria-pressed': String(this.running) });
    },
  };

  const follow = () => {
    const { step } = moment;
    slider.value = String(moment.chosen);
    const active = data.faults.flatMap(({ kind, target, fromSeconds, untilSeconds }, at) => {
      const seconds = moment.middleSeconds(step);
      return seconds >= fromSeconds && seconds < (untilSeconds ?? Infinity) ? [`${at + 1} ${kind} ${target}`] : [];
    });
    const text = [
      clock(moment.times[step]),
      `${count(series.present[step])} viewers`,
      `${percent(shares[step])} stand still`,
      ...(active.length > 0 ? [`fault: ${active.join(', ')}`] : []),
    ].join(' · ');
    now.textContent = text;
    set(slider, { 'aria-valuetext': text });
  };
  moment.listen(follow);
  if (moment.steps > 0) follow();
}
