/** A box of the ISO base media file format (ISO/IEC 14496-12 §4.2); offsets into the buffer it was found in. */
export interface Box {
  type: string;
  start: number;
  /** past size and type; a full box has version and flags there */
  bodyStart: number;
  end: number;
}

export class MalformedMedia extends Error {
  readonly code = 'MALFORMED_MEDIA';
  constructor(message: string) {
    super(message);
    this.name = 'MalformedMedia';
  }
}

/** The boxes that lie one after the other from `start` to `end`. Sizes of 64 bits or "to the end" have no place in a segment. @throws MalformedMedia */
export function boxesIn(bytes: Buffer, start = 0, end = bytes.length): Box[] {
  const boxes: Box[] = [];
  for (let at = start; at < end;) {
    const sizeBytes = at + 8 <= end ? bytes.readUInt32BE(at) : 0;
    if (sizeBytes < 8 || at + sizeBytes > end) {
      throw new MalformedMedia(`offset ${at}: a box of ${sizeBytes} bytes, where ${end - at} are left`);
    }
    boxes.push({ type: bytes.toString('latin1', at + 4, at + 8), start: at, bodyStart: at + 8, end: at + sizeBytes });
    at += sizeBytes;
  }
  return boxes;
}

/** The only box of its type in its parent, which is a box or the whole buffer. @throws MalformedMedia when there is none, or two */
export function onlyBox(bytes: Buffer, type: string, parent?: Box): Box {
  const found = boxesIn(bytes, parent?.bodyStart, parent?.end).filter((box) => box.type === type);
  if (found.length !== 1) throw new MalformedMedia(`${found.length} ${type} boxes in ${parent?.type ?? 'the file'}`);
  return found[0]!;
}

/** Follows a path of boxes that each occur once, as in `moov/trak/mdia`. @throws MalformedMedia */
export function boxAt(bytes: Buffer, path: string): Box {
  const [first, ...rest] = path.split('/');
  return rest.reduce((parent, type) => onlyBox(bytes, type, parent), onlyBox(bytes, first!));
}

/** The 24 flags of a full box. */
export function flagsOf(bytes: Buffer, box: Box): number {
  return bytes.readUIntBE(box.bodyStart + 1, 3);
}

export function versionOf(bytes: Buffer, box: Box): number {
  return bytes.readUInt8(box.bodyStart);
}
