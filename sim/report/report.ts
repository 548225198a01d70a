import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { SimulationResult } from '../run/result.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { closingPart } from './closing-part.ts';
import { headPart } from './head-part.ts';
import { html, jsonForScript, raw } from '../../runtime/page/html.ts';
import { inlineModules } from '../../runtime/page/inline-modules.ts';
import { duration } from '../../runtime/page/format.js';
import { pageData } from './page-data.ts';
import { smoothSteps } from './smooth.ts';
import { tablesPart } from './tables-part.ts';

const PAGE = new URL('./page/', import.meta.url);

export interface ReportOptions {
  /** the scenario as its file has it: the command to run it again then names what was set otherwise */
  shipped?: Scenario;
  /** how the scenario was called on the command line; without it its name */
  named?: string;
}

/**
 * `report.html`: one file that loads nothing. The browser is told so too (Content-Security-Policy): no network, and no
 * script but this one, whatever a name in the result may say. The same result gives the same bytes.
 */
export function renderReport(result: SimulationResult, options: ReportOptions = {}): string {
  const style = readFileSync(new URL('page.css', PAGE), 'utf8');
  const script = `\n${inlineModules(new URL('main.js', PAGE))}\n`;
  // The digest is of every byte between the tags: they are made here, for the formatter lays out what is in the template.
  const digest = createHash('sha256').update(script).digest('base64');
  const policy = `default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${digest}'; img-src data:; base-uri 'none'; form-action 'none'`;
  const scripts = [
    raw('<script type="application/json" id="data">'),
    jsonForScript(pageData(result)),
    raw(`</script>\n<script type="module">${script}</script>`),
  ];
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${result.scenario.title ?? result.scenario.name} · Undercard, simulated</title>
        <link rel="icon" href="data:," />
        <style>
          ${raw(style)}
        </style>
      </head>
      <body>
        ${headPart(result)}
        <main>
          <section id="map-part">
            <h2>Where: sites by load, at the chosen moment</h2>
            <div id="map"></div>
            <div id="timeline"></div>
          </section>
          <section id="time-part">
            <h2>Over time</h2>
            <p class="hint">
              One axis for all: the pointer reads every plot at once, a click moves the map to that moment. Bands are
              faults. Rates, ratios and utilisation are means over
              ${duration(smoothSteps(result) * result.series.stepSeconds)}.
            </p>
            <div class="plots" id="plots"></div>
          </section>
          <section id="heat-part">
            <h2>Utilisation: the longest full first</h2>
            <p class="hint">
              Colours as on the map. At the right: how long it was above 95 %, counted step by step; else its peak.
            </p>
            <div class="plots" id="heat-maps"></div>
          </section>
          ${tablesPart(result)}
          <section id="distributions-part">
            <h2>How it was for the sessions</h2>
            <p class="hint">Bars: how many. Line: what share had at most so much.</p>
            <div class="plots" id="distributions"></div>
          </section>
          <section id="flow-part">
            <h2>Bytes from origin to viewers</h2>
            <p class="hint">To scale: what enters a tier from the left is what its caches had to fetch.</p>
            <div id="flow"></div>
          </section>
          ${closingPart(result, options)}
        </main>
        <footer>
          Simulated by Undercard ${result.version}; no statement about real networks. result.json has every figure, the
          CSV files the series.
        </footer>
        ${scripts}
      </body>
    </html> `;
  return page.text;
}
