/** Jogakbo (조각보), the Korean wrapping cloth of patches, of any seed: the same as in the reports. */
import { sha256 } from "@noble/hashes/sha2";
import { concat, hexToBytes, toHex, type Hex } from "viem";

export interface Patch {
  x: number;
  y: number;
  width: number;
  height: number;
  colour: number;
}

const COLOURS = 9;
const SMALLEST = 10;

export function patchwork(seed: Hex, width: number, height: number, patches: number): Patch[] {
  const throws = throwsOf(seed);
  const next = () => throws.next().value as number;
  const cloth: Patch[] = [{ x: 0, y: 0, width, height, colour: next() % COLOURS }];
  for (let count = 1; count < patches; count += 1) {
    let largest = 0;
    cloth.forEach((patch, index) => {
      const best = cloth[largest] as Patch;
      if (patch.width * patch.height > best.width * best.height) largest = index;
    });
    const [patch] = cloth.splice(largest, 1);
    if (patch) cloth.push(...cut(patch, next(), next(), next()));
  }
  return cloth;
}

function cut(patch: Patch, where: number, which: number, slant: number): Patch[] {
  const { width, height, colour } = patch;
  const other = (colour + 1 + (which % (COLOURS - 1))) % COLOURS;
  const share = 64 + Math.floor(where / 2);
  const across = width === height ? slant % 2 === 1 : width > height;
  const side = across ? width : height;
  const part = Math.max(
    Math.min(Math.floor((side * share) / 256), side - SMALLEST),
    Math.min(SMALLEST, Math.floor(side / 2)),
  );
  return across
    ? [
        { ...patch, width: part },
        { ...patch, x: patch.x + part, width: width - part, colour: other },
      ]
    : [
        { ...patch, height: part },
        { ...patch, y: patch.y + part, height: height - part, colour: other },
      ];
}

function* throwsOf(seed: Hex): Generator<number> {
  for (let number = 0; ; number += 1) {
    yield* sha256(hexToBytes(concat([seed, toHex(number, { size: 4 })])));
  }
}
