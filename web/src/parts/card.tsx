import type { BoardWork } from "../lib/api";
import { t } from "../lib/language";
import { knownAsset, showAmount } from "../lib/money";
import { Cover } from "./cover";

/** A work among others. */
export function Card({ work, eager }: { work: BoardWork; eager?: boolean }) {
  const asset = work.asset && knownAsset(work.asset);
  const title = work.title || t("untitled");
  return (
    <li class="card">
      <a href={`#/works/${work.cid}`}>
        <Cover id={BigInt(work.id)} image={work.held ? work.image : null} alt="" eager={eager} />
        <span class="card-words">
          <b class="card-title">{title}</b>
          <span class="card-maker">{work.creator_name || `${work.creator.slice(0, 8)}…`}</span>
          {work.price && asset ? (
            <span class="card-price">{showAmount(work.price, asset)}</span>
          ) : (
            <span class="card-quiet">{t("not_for_sale")}</span>
          )}
        </span>
      </a>
    </li>
  );
}
