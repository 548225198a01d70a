import { stringify } from 'yaml';
import type { SimulationResult } from '../run/result.ts';
import { html, type Html } from '../../runtime/page/html.ts';
import { clock, count } from '../../runtime/page/format.js';
import type { ReportOptions } from './report.ts';
import { rerunCommand } from './rerun.ts';

/** Faults, checks, what it takes for granted, how to run it again. */
export function closingPart(result: SimulationResult, { shipped, named }: ReportOptions): Html {
  const { faults, assumptions, checks, scenario } = result;
  return html`<section id="closing-part">
    <h2>Faults</h2>
    ${
      faults.length === 0
        ? html`<p class="hint">None.</p>`
        : html`<ol id="faults">
            ${faults.map(
              ({ kind, fromSeconds, untilSeconds, text }) =>
                html`<li>
                  <b>${kind}</b> ${clock(fromSeconds)} to ${untilSeconds === null ? 'the end' : clock(untilSeconds)}:
                  ${text}
                </li>`,
            )}
          </ol>`
    }
    <h2>Checks of the simulator itself</h2>
    <ul id="checks">
      ${checks.map(
        ({ name, ok, looks, violations }) =>
          html`<li>
            <span class="tag ${ok ? 'good' : 'bad'}">${ok ? 'passed' : 'failed'}</span> ${name}, looked at
            ${count(looks)} times
            ${
              violations.length === 0
                ? null
                : html`<ul>
                    ${violations.map((violation) => html`<li>${violation}</li>`)}
                  </ul>`
            }
          </li>`,
      )}
    </ul>
    <h2>What it takes for granted</h2>
    <ul id="assumptions">
      ${assumptions.map((text) => html`<li>${text}</li>`)}
    </ul>
    <h2>Run it again</h2>
    <pre class="command" id="rerun">${rerunCommand(scenario, shipped, named)}</pre>
    <p class="hint">The scenario as it was run, every default filled in; saved as a file it gives the same again:</p>
    <details>
      <summary>scenario.yaml</summary>
      <pre id="scenario">${stringify(scenario)}</pre>
    </details>
  </section>`;
}
