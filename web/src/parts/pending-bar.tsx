/** Transactions on their way, of this tab or another or of before the page was closed. */
import { useEffect } from "preact/hooks";
import { waitFor } from "../lib/chain";
import { config } from "../lib/config";
import { changed, opened } from "../lib/deed";
import { t } from "../lib/language";
import { forget, pending } from "../lib/pending";
import { useStore } from "../lib/store";
import { wallet } from "../lib/wallet";

const watched = new Set<string>();

export function PendingBar() {
  const items = useStore(pending);
  const { account, chainId } = useStore(wallet);
  const deed = useStore(opened);
  useEffect(() => {
    if (!account || chainId !== config().chainId) return;
    for (const one of items) {
      if (one.state || watched.has(one.hash)) continue;
      watched.add(one.hash);
      waitFor(one.hash)
        .then(changed)
        .catch(() => watched.delete(one.hash));
    }
  }, [items, account, chainId]);
  // The open sheet says it itself.
  if (deed || items.length === 0) return null;
  return (
    <section class="pending" aria-label={t("pending")} aria-live="polite">
      {items.slice(-3).map((one) => (
        <p key={one.hash} class={one.state ?? "waiting"}>
          <span>
            <b>{t(one.state ? `pending_${one.state}` : "pending_waiting")}</b> {one.said}
          </span>
          {config().explorer && (
            <a
              href={`${config().explorer}/tx/${one.hash}`}
              target="_blank"
              rel="noreferrer noopener"
            >
              {t("see_transaction")}
            </a>
          )}
          {one.state && (
            <button
              type="button"
              class="quiet"
              aria-label={t("close")}
              onClick={() => forget(one.hash)}
            >
              ✕
            </button>
          )}
        </p>
      ))}
    </section>
  );
}
