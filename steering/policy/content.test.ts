import test from 'ava';
import * as fc from 'fast-check';
import { contentName, contentOf } from './content.ts';

test('all paths of an event are one content, and so are those of a title; any other path is its own', (t) => {
  t.deepEqual(contentOf('/live/demo/v1/7.m4s'), contentOf('/live/demo'));
  t.deepEqual(contentOf('/vod/film/v1/7.m4s'), contentOf('/vod/film/'));
  t.notDeepEqual(contentOf('/live/demo'), contentOf('/vod/demo'));
  t.deepEqual(contentOf('/a/b/'), contentOf('/a/b'));
  t.not(contentOf('/a/b').hash, contentOf('/a').hash);
  t.true(contentOf('/live/demo').isLive);
  t.false(contentOf('/vod/film').isLive);
});

test('the name of a content is a path of that content, and has itself for a name', (t) => {
  const part = fc.constantFrom('/', '//', 'live', '/live/', '/vod/', 'demo', 'a', '?x=/');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 6 }), (parts) => {
      const path = `/${parts.join('')}`;
      const name = contentName(path);
      t.deepEqual(contentOf(name), contentOf(path), path);
      t.is(contentName(name), name, path);
    }),
  );
});
