/** A work's picture: checked, or the cloth of its id where there is none. */
import { toHex } from "viem";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { patchwork } from "../lib/patchwork";
import { isUrl, pictureOf, type Unshown } from "../lib/media";

export function Cloth({
  seed,
  width = 120,
  height = 120,
  patches = 11,
}: {
  seed: bigint;
  width?: number;
  height?: number;
  patches?: number;
}) {
  const cloth = useMemo(
    () => patchwork(toHex(seed, { size: 32 }), width, height, patches),
    [seed, width, height, patches],
  );
  return (
    <svg
      class="cloth"
      viewBox={`0 0 ${width} ${height}`}
      preserveAspectRatio="xMidYMid slice"
      aria-hidden="true"
    >
      {cloth.map((patch) => (
        <rect
          key={`${patch.x}.${patch.y}`}
          class={`cloth${patch.colour}`}
          x={patch.x}
          y={patch.y}
          width={patch.width}
          height={patch.height}
        />
      ))}
    </svg>
  );
}

export interface CoverProps {
  id: bigint;
  image: string | null;
  alt: string;
  eager?: boolean;
  /** Told why there is no picture, if there should be one. */
  unshown?: (why: Unshown) => void;
}

export function Cover({ id, image, alt, eager, unshown }: CoverProps) {
  const place = useRef<HTMLDivElement>(null);
  const [near, setNear] = useState(!!eager);
  const [url, setUrl] = useState<string | null>(null);
  useEffect(() => {
    if (near || !place.current) return;
    const watcher = new IntersectionObserver(
      (seen) => seen.some((one) => one.isIntersecting) && setNear(true),
      { rootMargin: "300px" },
    );
    watcher.observe(place.current);
    return () => watcher.disconnect();
  }, [near]);
  useEffect(() => {
    setUrl(null);
    if (!near || !image) return;
    let gone = false;
    pictureOf(image).then(
      (found) => {
        if (gone) return;
        if (isUrl(found)) setUrl(found);
        else unshown?.(found as Unshown);
      },
      () => {},
    );
    return () => {
      gone = true;
    };
  }, [near, image]);
  return (
    <div class="cover" ref={place}>
      {url ? <img src={url} alt={alt} decoding="async" /> : <Cloth seed={id} />}
    </div>
  );
}
