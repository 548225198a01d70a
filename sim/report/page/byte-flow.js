// Bytes from origin to viewers. Heights are to scale: how little comes in at the left of a tier is what its caches saved.
import { bytes, percent } from '../../../runtime/page/format.js';
import { el, onWidth, set, svg } from '../../../runtime/page/dom.js';
import { COLOUR, REACH_COLOUR } from './palette.js';

const REACH_TEXT = { embedded: 'inside the ISP', private: 'private', peering: 'peering', transit: 'transit' };

export function drawByteFlow(parent, { flow }) {
  const picture = svg('svg', { class: 'flow', role: 'img', 'aria-label': description(flow) });
  const body = el('div', { class: 'plot-body' }, picture);
  parent.append(body);
  onWidth(body, (width) => drawFlow(picture, width, flow));
}

function description({ originBytes, shieldBytes, edgeBytes, reaches }) {
  const parts = reaches.map(({ reach, bytes: sent }) => `${REACH_TEXT[reach]} ${bytes(sent)}`);
  return `Origin sent ${bytes(originBytes)}, shield ${bytes(shieldBytes)}, edges ${bytes(edgeBytes)}: ${parts.join(', ')}`;
}

function drawFlow(picture, width, { originBytes, shieldBytes, edgeBytes, besideBytes, reaches }) {
  const narrow = width < 600;
  const [top, height, nodeWidth] = [58, 170, narrow ? 8 : 14];
  const most = Math.max(1, originBytes, shieldBytes, edgeBytes);
  const tall = (sent) => (sent > 0 ? Math.max(1.5, (sent / most) * height) : 0);
  const [leftEdge, rightEdge] = [2, width - (narrow ? 128 : 225)];
  const x = (column) => leftEdge + ((rightEdge - leftEdge - nodeWidth) * column) / 3;
  const tiers = [
    { name: 'Origin', sent: originBytes, received: 0, colour: COLOUR.origin },
    { name: narrow ? 'Shield' : 'Origin shield', sent: shieldBytes, received: originBytes, colour: COLOUR.shield },
    { name: 'Edges', sent: edgeBytes, received: shieldBytes, colour: COLOUR.edge },
  ];
  const parts = [];
  tiers.forEach(({ name, sent, received, colour }, at) => {
    const fresh = tall(received);
    if (at > 0 && sent > received)
      // What a tier sends beyond what it got comes from its caches.
      parts.push(
        svg('rect', {
          class: 'cached',
          x: x(at),
          y: top + fresh,
          width: nodeWidth,
          height: Math.max(0, tall(sent) - fresh),
          fill: colour,
        }),
      );
    parts.push(
      svg('rect', {
        x: x(at),
        y: top,
        width: nodeWidth,
        height: at === 0 ? tall(sent) : Math.max(fresh, 1),
        fill: colour,
      }),
    );
    parts.push(
      svg('text', { class: 'flow-name', x: x(at), y: 14 }, name),
      svg('text', { class: 'flow-bytes', x: x(at), y: 31 }, bytes(sent)),
    );
    if (at > 0) {
      const times = received > 0 ? sent / received : null;
      const text = times === null ? '' : `× ${times < 10 ? times.toFixed(1) : Math.round(times)}`;
      parts.push(svg('text', { class: 'flow-note', x: x(at), y: 47 }, narrow ? text : `${text} what it received`));
    }
    if (at > 0) parts.push(ribbon(x(at - 1) + nodeWidth, x(at), top, top, tall(received), tiers[at - 1].colour));
  });
  const all = reaches.reduce((sum, { bytes: sent }) => sum + sent, 0);
  const gap = 10;
  const room = height + gap * (reaches.length - 1);
  let [from, to] = [top, top];
  parts.push(
    svg('text', { class: 'flow-name', x: x(3), y: 14 }, 'Viewers'),
    svg('text', { class: 'flow-bytes', x: x(3), y: 31 }, bytes(all)),
  );
  let labelFrom = 0;
  for (const { reach, bytes: sent } of reaches) {
    if (sent === 0) continue;
    const size = Math.max(1.5, (sent / Math.max(1, all)) * tall(edgeBytes));
    const colour = REACH_COLOUR[reach];
    parts.push(ribbon(x(2) + nodeWidth, x(3), from, to, size, colour));
    parts.push(svg('rect', { x: x(3), y: to, width: nodeWidth, height: size, fill: colour }));
    const y = Math.max(to + size / 2 + 4, labelFrom + 13);
    labelFrom = y;
    const share = percent(sent / all);
    parts.push(
      svg(
        'text',
        { class: 'flow-reach', x: x(3) + nodeWidth + 7, y },
        narrow ? `${reach} ${share}` : `${REACH_TEXT[reach]} ${share} · ${bytes(sent)}`,
      ),
    );
    from += size;
    to += size + gap;
  }
  if (besideBytes > 0)
    parts.push(svg('text', { class: 'flow-note', x: x(2), y: top + room + 14 }, `${bytes(besideBytes)} between edges`));
  set(picture, { width, height: top + room + 22, viewBox: `0 0 ${width} ${top + room + 22}` });
  picture.replaceChildren(...parts);
}

function ribbon(x1, x2, y1, y2, size, colour) {
  const middle = (x1 + x2) / 2;
  return svg('path', {
    class: 'ribbon',
    fill: colour,
    d: `M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}v${size}C${middle} ${y2 + size} ${middle} ${y1 + size} ${x1} ${y1 + size}Z`,
  });
}
