import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { html, raw } from '../../../runtime/page/html.ts';
import { inlineModules } from '../../../runtime/page/inline-modules.ts';
import { worldOutlines } from '../../../topology/map/base-map.ts';
import { PRIORITIES } from '../../../topology/model/priority.ts';

const FOLDER = new URL('./page/', import.meta.url);

/** The page and what its browser may do with it. */
export interface ExplainPage {
  text: string;
  /** Content-Security-Policy */
  policy: string;
}

/** `/explain`: one file, the same for everybody; it asks for what it shows, at the address it came from and nowhere else. */
export function renderExplainPage(): ExplainPage {
  const style = readFileSync(new URL('page.css', FOLDER), 'utf8');
  const script = `\n${inlineModules(new URL('main.js', FOLDER))}\n`;
  const { paths } = worldOutlines();
  // Digests are of every byte between the tags: they are made here, for the formatter lays out what is in the template.
  const styled = raw(`<style>${style}</style>`);
  const scripted = raw(`<script type="module">${script}</script>`);
  const land = raw(`<path class="land" id="land" d="${paths.join('')}"/>`);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="dark light" />
        <title>Explain · Undercard steering</title>
        <link rel="icon" href="data:," />
        ${styled}
      </head>
      <body>
        <a class="skip" href="#answer-part">To the answer</a>
        <header>
          <p class="brand">
            <b>Undercard</b> steering <span id="who"></span><span class="tag" id="link" role="status">connecting</span>
          </p>
          <h1>Why these servers?</h1>
          <p class="lead">
            Type a viewer’s address and the path it asks for: who would serve it now, in which order, and why. Looking
            changes nothing.
          </p>
        </header>
        <main>
          <form id="ask" autocomplete="off" novalidate>
            <div class="fields">
              <label class="field">
                <span>Address</span>
                <input name="ip" id="ip" spellcheck="false" autocapitalize="off" maxlength="64" list="examples" />
              </label>
              <label class="field wide">
                <span>Path</span>
                <input name="path" id="path" spellcheck="false" autocapitalize="off" maxlength="2048" />
              </label>
              <button type="submit" class="primary">Explain</button>
            </div>
            <datalist id="examples"></datalist>
            <p class="try" id="try" hidden></p>
            <details id="more">
              <summary>What if: a session, its bitrate, its priority, fewer servers</summary>
              <div class="fields">
                <label class="field">
                  <span>Session</span>
                  <input
                    name="session"
                    spellcheck="false"
                    autocapitalize="off"
                    maxlength="64"
                    placeholder="the address"
                  />
                </label>
                <label class="field">
                  <span>Takes at most, Mbit/s</span>
                  <input name="mbps" inputmode="decimal" maxlength="10" placeholder="the configuration’s" />
                </label>
                <label class="field">
                  <span>Priority</span>
                  <select name="priority">
                    <option value="">by the path</option>
                    ${PRIORITIES.map((name) => html`<option>${name}</option>`)}
                  </select>
                </label>
                <label class="field">
                  <span>Plays from</span>
                  <input
                    name="playing"
                    spellcheck="false"
                    autocapitalize="off"
                    maxlength="64"
                    placeholder="nothing yet"
                  />
                </label>
                <label class="field wide">
                  <span>Only these servers</span>
                  <input
                    name="among"
                    spellcheck="false"
                    autocapitalize="off"
                    maxlength="2000"
                    placeholder="all; else names, with commas"
                  />
                </label>
              </div>
            </details>
            <p class="heard" id="heard" role="status"></p>
            <p class="problem" id="problem" role="alert" hidden></p>
            <div id="token-part" hidden>
              <label class="field">
                <span>Admin token, kept in this tab until it is closed</span>
                <input type="password" id="token" autocomplete="off" maxlength="512" />
              </label>
              <button type="button" id="use-token">Use it</button>
            </div>
          </form>
          <section id="answer-part" aria-labelledby="answer-head" hidden>
            <div class="section-head">
              <h2 id="answer-head">The answer</h2>
              <p class="actions">
                <label class="switch"><input type="checkbox" id="follow" /> keep asking</label>
                <button type="button" class="small" id="copy-link">Copy link</button>
                <button type="button" class="small" id="copy-curl">Copy curl</button>
              </p>
            </div>
            <dl class="verdict" id="verdict"></dl>
            <pre class="command" id="curl" tabindex="0" aria-label="The same with curl"></pre>
          </section>
          <section id="map-part" aria-labelledby="map-head">
            <div class="section-head">
              <h2 id="map-head">On the map</h2>
              <div class="zoom" id="zoom"></div>
            </div>
            <div class="map-frame">
              <svg
                class="world"
                id="map"
                tabindex="0"
                role="img"
                aria-label="World map: sites by capacity and load, the viewer, and lines to the servers it gets. The tables below have the same. Arrow keys move it, plus and minus zoom."
              >
                ${land}
              </svg>
            </div>
            <p class="legend-line" id="legend"></p>
          </section>
          <section id="candidates-part" aria-labelledby="candidates-head" hidden>
            <h2 id="candidates-head">Every server that was looked at</h2>
            <p class="hint" id="candidates-note"></p>
            <div id="candidates"></div>
            <details id="words-part">
              <summary>What the words mean</summary>
              <dl class="words" id="words"></dl>
            </details>
          </section>
          <section id="live-part" aria-labelledby="live-head">
            <div class="section-head">
              <h2 id="live-head">What steering does now</h2>
              <p class="hint" id="live-note"></p>
            </div>
            <dl class="tiles" id="tiles"></dl>
            <h3 id="spots-head">Sites by first choices</h3>
            <div id="spots"></div>
          </section>
        </main>
        <footer>
          Counters begin when this page is opened, and stand still while it is hidden. Figures of one steering instance;
          others have their own.
        </footer>
        ${scripted}
      </body>
    </html> `;
  return { text: page.text, policy: policyOf(style, script) };
}

/** Nothing from elsewhere, no script or style but these, no text made into HTML, in no frame. */
function policyOf(style: string, script: string): string {
  const digest = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return [
    "default-src 'none'",
    `script-src ${digest(script)}`,
    `style-src ${digest(style)}`,
    "connect-src 'self'",
    'img-src data:',
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ');
}
