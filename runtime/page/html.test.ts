import test from 'ava';
import fc from 'fast-check';
import { html, jsonForScript, raw } from './html.ts';

test('what is put into a template is escaped, in text and in attributes', (t) => {
  const name = `<script>alert("x")</script>' & more`;
  const { text } = html`<p title="${name}">${name}</p>`;
  t.notRegex(text, /<script|"x"|' & /);
  t.is(text.match(/<p title="[^"]*">[^<]*<\/p>/)?.[0], text);
});

test('HTML inside HTML stays, lists are joined, null is nothing', (t) => {
  const items = ['a', '<b>'].map((item) => html`<li>${item}</li>`);
  t.is(
    html`<ul>
      ${items}${null}${raw('<hr>')}${5}
    </ul>`.text.replace(/\s*\n\s*/g, ''),
    '<ul><li>a</li><li>&#60;b&#62;</li><hr>5</ul>',
  );
});

test('JSON in a script element is the same value, and ends no element', (t) => {
  fc.assert(
    fc.property(
      fc.oneof(fc.string({ unit: fc.constantFrom('<', '/', '!', '-', '&', 's', '\u2028', '"', '\\') }), fc.json()),
      (value) => {
        const { text } = jsonForScript({ value });
        t.notRegex(text, /[<>&\u2028\u2029]/);
        t.deepEqual(JSON.parse(text), { value });
      },
    ),
  );
  t.pass();
});
