/** Pictures made for the tests: small PNGs in colours, each another one. */
import { deflateSync } from "node:zlib";
import { crc32 } from "node:zlib";

function chunk(kind, data) {
  const body = Buffer.concat([Buffer.from(kind), data]);
  const whole = Buffer.alloc(8 + data.length + 4);
  whole.writeUInt32BE(data.length);
  body.copy(whole, 4);
  whole.writeUInt32BE(crc32(body) >>> 0, 8 + data.length);
  return whole;
}

/** A moon jar on a coloured ground; the seed chooses the colours and is part of the pixels. */
export function jarPicture(seed, size = 96) {
  const hue = (seed * 47) % 360;
  const ground = rgb(hue, 0.35, 0.72);
  const shade = rgb((hue + 25) % 360, 0.25, 0.45);
  const rows = [];
  for (let y = 0; y < size; y += 1) {
    const row = Buffer.alloc(1 + 3 * size);
    for (let x = 0; x < size; x += 1) {
      const dx = (x - size / 2) / (size * 0.33);
      const dy = (y - size * 0.54) / (size * 0.31);
      const jar = dx * dx + dy * dy < 1;
      const neck = Math.abs(x - size / 2) < size * 0.13 && Math.abs(y - size * 0.22) < size * 0.05;
      const light = 1 - 0.25 * Math.max(0, dx + dy);
      const colour =
        jar || neck ? [244, 238, 226].map((c) => c * light) : y > size * 0.8 ? shade : ground;
      colour.forEach((value, index) => {
        row[1 + 3 * x + index] = Math.max(0, Math.min(255, Math.round(value)));
      });
    }
    rows.push(row);
  }
  rows[0][1] = seed % 256;
  rows[0][2] = (seed >> 8) % 256;
  const head = Buffer.alloc(13);
  head.writeUInt32BE(size, 0);
  head.writeUInt32BE(size, 4);
  head.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", head),
    chunk("IDAT", deflateSync(Buffer.concat(rows))),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function rgb(hue, saturation, light) {
  const channel = (n) => {
    const k = (n + hue / 30) % 12;
    const a = saturation * Math.min(light, 1 - light);
    return 255 * (light - a * Math.max(-1, Math.min(k - 3, 9 - k, 1)));
  };
  return [channel(0), channel(8), channel(4)];
}
