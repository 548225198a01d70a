import test from 'ava';
import fc from 'fast-check';
import { handOnMpd } from './mpd-handover.ts';
import { handoverOf } from './handover.fixture.ts';
import { placedElements } from './xml-places.ts';

const DASH = {
  url: 'https://origin.example/live/show/manifest.mpd',
  steeringUri: 'https://steer.example/v1/steer/dash?session=s1&pathways=alpha,beta',
};
const edited = (text: string, changes: Parameters<typeof handoverOf>[0] = {}) => {
  const outcome = handOnMpd(text, handoverOf({ ...DASH, ...changes }));
  if (outcome.kind === 'unfit') throw new Error(outcome.reason);
  return outcome.text;
};
const refusal = (text: string) => {
  const outcome = handOnMpd(text, handoverOf(DASH));
  return outcome.kind === 'unfit' ? outcome.reason : 'it was handed on';
};
const mpd = (inside: string, attributes = '') =>
  `<MPD xmlns="urn:mpeg:dash:schema:mpd:2011"${attributes}>${inside}</MPD>`;
const STEERING =
  '<ContentSteering defaultServiceLocation="alpha" queryBeforeStart="false">https://steer.example/v1/steer/dash?session=s1&amp;pathways=alpha,beta</ContentSteering>';

const LIVE = `<?xml version="1.0" encoding="UTF-8"?>\r
<!-- a <BaseURL>comment</BaseURL> -->\r
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" xmlns:x="urn:x" type="dynamic" minimumUpdatePeriod='PT2S'>\r
  <ProgramInformation><Title>A &amp; B 😀</Title></ProgramInformation>\r
  <Location>https://origin.example/elsewhere.mpd</Location>\r
  <PatchLocation ttl="60">patch.mpd</PatchLocation>\r
  <Period id="p0"   start="PT0S" >\r
    <AdaptationSet mimeType="video/mp4"><x:BaseURL>not one</x:BaseURL>\r
      <SegmentTemplate media="$RepresentationID$/$Number$.m4s" initialization="$RepresentationID$/init.mp4"/>\r
      <Representation id="v1" bandwidth="800000"/>\r
    </AdaptationSet>\r
  </Period>\r
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:http-iso:2014" value="/time"/>\r
</MPD>\r
`;

test('an MPD gets a base for each CDN, steering, and its own place of updates; the rest stays byte for byte', (t) => {
  const indent = '\r\n  ';
  const wanted = LIVE.replace(
    `${indent}<Location>https://origin.example/elsewhere.mpd</Location>${indent}<PatchLocation ttl="60">patch.mpd</PatchLocation>`,
    [
      '',
      '<BaseURL serviceLocation="alpha">https://alpha.example/customer/7/live/show/</BaseURL>',
      '<BaseURL serviceLocation="beta">https://beta.example:8443/live/show/</BaseURL>',
      '<Location>https://steer.example/v1/manifest?url=x&amp;session=s1</Location>',
      STEERING,
    ].join(indent),
  ).replace('value="/time"', 'value="https://origin.example/time"');
  t.is(edited(LIVE), wanted);
});

test('bases that were in it are replaced where they stood, with what they say of availability', (t) => {
  const text = mpd(`
  <BaseURL>https://third.example/show/</BaseURL>
  <BaseURL availabilityTimeOffset="1.5" serviceLocation="x" dvb:priority="1" xmlns:dvb="urn:dvb">https://alpha.example/customer/7/show/</BaseURL>
  <Period>
    <BaseURL>part/</BaseURL>
    <AdaptationSet>
      <BaseURL>https://beta.example:8443/show/part/sound/</BaseURL>
      <Representation id="a"><BaseURL>a.mp4</BaseURL></Representation>
    </AdaptationSet>
  </Period>
`);
  t.is(
    edited(text),
    mpd(`
  <BaseURL serviceLocation="alpha" availabilityTimeOffset="1.5" xmlns:dvb="urn:dvb">https://alpha.example/customer/7/show/</BaseURL>
  <BaseURL serviceLocation="beta" availabilityTimeOffset="1.5" xmlns:dvb="urn:dvb">https://beta.example:8443/show/</BaseURL>
  ${STEERING}
  <Period>
    <BaseURL>part/</BaseURL>
    <AdaptationSet>
      <BaseURL serviceLocation="alpha">https://alpha.example/customer/7/show/part/sound/</BaseURL>
      <BaseURL serviceLocation="beta">https://beta.example:8443/show/part/sound/</BaseURL>
      <Representation id="a"><BaseURL>a.mp4</BaseURL></Representation>
    </AdaptationSet>
  </Period>
`),
  );
});

test('a base from the root of the host is put under each CDN’s own', (t) => {
  const text = edited(mpd('<BaseURL>../other/</BaseURL><Period><BaseURL>/vod/1/</BaseURL></Period>'));
  t.true(text.includes('<BaseURL serviceLocation="alpha">https://alpha.example/customer/7/live/other/</BaseURL>'));
  t.true(text.includes('<BaseURL serviceLocation="alpha">https://alpha.example/customer/7/vod/1/</BaseURL>'));
  t.true(text.includes('<BaseURL serviceLocation="beta">https://beta.example:8443/vod/1/</BaseURL>'));
});

test('steering that was in it is replaced, and prefixes are kept', (t) => {
  const text = `<m:MPD xmlns:m="urn:mpeg:dash:schema:mpd:2011"><m:ContentSteering>https://old.example/</m:ContentSteering><m:ServiceDescription><m:ContentSteering>https://old.example/</m:ContentSteering></m:ServiceDescription><m:Period/></m:MPD>`;
  const out = edited(text);
  t.false(out.includes('old.example'));
  t.true(out.includes('<m:BaseURL serviceLocation="beta">'));
  t.is(out.match(/<m:ContentSteering/g)!.length, 1);
  t.true(out.endsWith('<m:ServiceDescription></m:ServiceDescription><m:Period/></m:MPD>'));
});

test('an MPD that is no event’s has no place of updates', (t) => {
  t.false(edited(mpd('<Period/>', ' type="static"')).includes('Location>https'));
});

test('what could not be steered, or is no MPD, is refused', (t) => {
  t.regex(refusal('<html></html>'), /no MPD: its document element is html/);
  t.regex(refusal('<MPD><Period/></MPD>'), /no MPD/);
  t.regex(refusal(mpd('')), /no Period/);
  t.regex(refusal('<MPD'), /^line 1:/);
  t.regex(refusal(`<!DOCTYPE MPD [<!ENTITY a "b">]>${mpd('<Period/>')}`), /document type/);
  t.regex(
    refusal(mpd('<BaseURL>https://third.example/</BaseURL><Period/>')),
    /third\.example.*nothing could be steered/,
  );
  t.regex(refusal(mpd('\n<Period>\n<BaseURL>https://third.example/</BaseURL></Period>')), /^line 3: BaseURL/);
  t.regex(
    refusal(mpd('<Period><SegmentTemplate media="https://alpha.example/$Number$"/></Period>')),
    /SegmentTemplate@media is absolute/,
  );
  t.regex(refusal(mpd('<Period xmlns:xlink="http://www.w3.org/1999/xlink" xlink:href="p.xml"/>')), /remote elements/);
  t.regex(refusal(mpd(`${'<a>'.repeat(100)}${'</a>'.repeat(100)}<Period/>`)), /nested too deeply/);
});

test('whatever else is in an MPD, taking out what was put in gives the MPD back, byte for byte', (t) => {
  const space = fc.constantFrom('', ' ', '\n', '\r\n  ', '\t');
  const other = fc.constantFrom(
    '<!-- <Period> -->',
    '<![CDATA[<x>]]>',
    '<?pi <a>?>',
    '<q xmlns="urn:q"><BaseURL>x</BaseURL></q>',
    'text &lt; 😀 ',
    '<Metrics metrics="a"/>',
    '<EssentialProperty  schemeIdUri = "urn:x" value=\'"\'/>',
  );
  const content = fc.array(fc.tuple(space, other), { maxLength: 6 }).map((parts) => parts.flat().join(''));
  fc.assert(
    fc.property(content, content, space, (before, inside, after) => {
      const text = mpd(`${before}<Period>${inside}</Period>${after}`);
      const out = edited(text);
      t.is(
        placedElements(out).children.filter(({ name, namespace }) => name === 'ContentSteering' && namespace !== '')
          .length,
        1,
      );
      const start = out.indexOf('<BaseURL serviceLocation="alpha">');
      const end = out.indexOf('</ContentSteering>') + '</ContentSteering>'.length;
      const lead = /\s*$/.exec(out.slice(0, start))![0];
      t.is(out.slice(0, start - lead.length) + out.slice(end), text);
    }),
    { numRuns: 500 },
  );
});
