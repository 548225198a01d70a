// The moment the whole page looks at: one that is chosen (slider, play, click), and one under the pointer.

export class Moment {
  #listeners = [];

  constructor(data) {
    this.steps = data.series.timesSeconds.length;
    this.stepSeconds = data.series.stepSeconds;
    this.times = data.series.timesSeconds;
    this.endSeconds = this.times.at(-1) ?? data.endSeconds;
    this.chosen = 0;
    this.hovered = null;
  }

  get step() {
    return this.hovered ?? this.chosen;
  }

  listen(listener) {
    this.#listeners.push(listener);
  }

  choose(step) {
    const bounded = Math.max(0, Math.min(this.steps - 1, step));
    if (bounded === this.chosen) return;
    this.chosen = bounded;
    this.#tell();
  }

  hover(step) {
    const bounded = step === null ? null : Math.max(0, Math.min(this.steps - 1, step));
    if (bounded === this.hovered) return;
    this.hovered = bounded;
    this.#tell();
  }

  /** Its values are means over the step, so it stands in the middle of it. */
  middleSeconds(step) {
    return this.times[step] - this.stepSeconds / 2;
  }

  stepAt(seconds) {
    // Steps are even, but for the last one of a run that was stopped.
    return Math.max(0, Math.min(this.steps - 1, Math.floor(seconds / this.stepSeconds)));
  }

  #tell() {
    for (const listener of this.#listeners) listener();
  }
}
