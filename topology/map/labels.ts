/** A text and what it stands beside: a circle round (x, y). */
export interface Label {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly radius: number;
}

export interface PlacedLabel {
  readonly text: string;
  readonly x: number;
  readonly y: number;
  readonly anchor: 'start' | 'end' | 'middle';
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Of a sans-serif, over its size. */
const LETTER_WIDTH = 0.56;

/**
 * Right, left, above or below of its circle, where neither a circle nor a label placed before is; else left out.
 * @param labels the most important first
 */
export function placeLabels(
  labels: readonly Label[],
  circles: readonly Omit<Label, 'text'>[],
  sizePx: number,
  most: number,
): PlacedLabel[] {
  const taken: Box[] = circles.map(({ x, y, radius }) => {
    const half = radius * 0.8;
    return { left: x - half, right: x + half, top: y - half, bottom: y + half };
  });
  const placed: PlacedLabel[] = [];
  for (const { text, x, y, radius } of labels) {
    if (placed.length === most) break;
    const gap = radius + 4;
    const width = text.length * sizePx * LETTER_WIDTH;
    const places: PlacedLabel[] = [
      { text, x: x + gap, y: y + sizePx * 0.35, anchor: 'start' },
      { text, x: x - gap, y: y + sizePx * 0.35, anchor: 'end' },
      { text, x, y: y - gap, anchor: 'middle' },
      { text, x, y: y + gap + sizePx * 0.8, anchor: 'middle' },
    ];
    const free = places.find((place) => !taken.some((box) => overlap(box, boxOf(place, width, sizePx))));
    if (free === undefined) continue;
    placed.push(free);
    taken.push(boxOf(free, width, sizePx));
  }
  return placed;
}

function boxOf({ x, y, anchor }: PlacedLabel, width: number, sizePx: number): Box {
  const left = anchor === 'start' ? x : anchor === 'end' ? x - width : x - width / 2;
  return { left, right: left + width, top: y - sizePx * 0.85, bottom: y + sizePx * 0.25 };
}

function overlap(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
