import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import test, { type ExecutionContext } from 'ava';
import { loadLoop, segmentBytes, testStreamEvent, type LoopRendition } from '../../origin/test-stream/loop.ts';

/** What ffmpeg makes of the test stream: 24 segments, six times round the loop, numbered as if begun in 1970. */

const run = promisify(execFile);
const event = testStreamEvent({ eventId: 'match', startMs: 0, dvrWindowMs: 600_000 });
const FIRST = 897_733_702;
const SEGMENTS = 24;
const PROFILES: Record<string, string> = { '4d': 'Main', '64': 'High' };

interface Probe {
  streams: { codec_name: string; profile: string; level: number; width: number; height: number }[];
  packets: { dts: number; pts: number; flags: string }[];
}

async function fileFor(t: ExecutionContext, rendition: LoopRendition): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'undercard-media-'));
  t.teardown(() => rm(folder, { recursive: true }));
  const segments = Array.from({ length: SEGMENTS }, (_, index) => segmentBytes(rendition, event, FIRST + index));
  const file = join(folder, `${rendition.id}.mp4`);
  await writeFile(file, Buffer.concat([rendition.init, ...segments]));
  return file;
}

for (const rendition of loadLoop().renditions) {
  test(`ffmpeg decodes ${rendition.id} without a complaint, across the seam at a number of nine digits`, async (t) => {
    const file = await fileFor(t, rendition);
    // `+explode` and `-xerror`: what a player would conceal fails here.
    const strict = ['-err_detect', '+crccheck+bitstream+buffer+explode', '-xerror'];
    const { stderr } = await run('ffmpeg', ['-v', 'warning', ...strict, '-i', file, '-f', 'null', '-']);
    t.is(stderr, '');
  });

  test(`ffprobe reads of ${rendition.id} what the event says, in packets that follow each other exactly`, async (t) => {
    const file = await fileFor(t, rendition);
    const show = ['-show_entries', 'stream=codec_name,profile,level,width,height:packet=pts,dts,flags'];
    const { stdout } = await run('ffprobe', ['-v', 'error', ...show, '-of', 'json', file], { maxBuffer: 2 ** 24 });
    const { streams, packets } = JSON.parse(stdout) as Probe;
    const said = event.renditions.find(({ id }) => id === rendition.id)!;
    const [stream] = streams;
    if (said.kind === 'video') {
      const [, profile, level] = /^avc1\.(..)..(..)$/.exec(said.codecs)!;
      t.deepEqual(
        [stream!.codec_name, stream!.profile, stream!.level, stream!.width, stream!.height],
        ['h264', PROFILES[profile!]!, Number.parseInt(level!, 16), said.width, said.height],
      );
      const keys = packets.flatMap(({ flags }, index) => (flags.startsWith('K') ? [index] : []));
      t.deepEqual(
        keys,
        Array.from({ length: SEGMENTS }, (_, index) => index * 50),
      );
    } else {
      t.deepEqual([stream!.codec_name, stream!.profile, said.codecs], ['aac', 'LC', 'mp4a.40.2']);
    }
    const step = said.kind === 'video' ? rendition.timescale / said.frameRate! : 1024;
    const gaps = packets.filter(({ dts, pts }, index) => pts !== dts || dts !== packets[0]!.dts + index * step);
    t.deepEqual(gaps, []);
    const firstSeconds = packets[0]!.dts / rendition.timescale;
    t.true(Math.abs(firstSeconds - (FIRST - event.startNumber) * 2) < 0.022, `begins at ${firstSeconds} s`);
  });
}
