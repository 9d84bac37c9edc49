/** Starts the page: which market this is, then everything else. */
import { render } from "preact";
import { App } from "./app";
import { ledgerAssets } from "./lib/api";
import { loadConfig } from "./lib/config";
import { language, t } from "./lib/language";
import { learnAssets } from "./lib/money";
import { startPending } from "./lib/pending";
import { startRoutes } from "./lib/route";
import { startWallet } from "./lib/wallet";
import "./styles/page.css";

async function start(): Promise<void> {
  const place = document.getElementById("page")!;
  document.documentElement.lang = language();
  try {
    await loadConfig();
    learnAssets(await ledgerAssets().catch(() => []));
  } catch {
    render(
      <div class="empty">
        <h1>{t("no_market")}</h1>
        <p>{t("no_market_hint")}</p>
        <button type="button" class="primary" onClick={() => location.reload()}>
          {t("try_again")}
        </button>
      </div>,
      place,
    );
    return;
  }
  startRoutes();
  startPending();
  startWallet();
  place.replaceChildren();
  render(<App />, place);
  document.documentElement.dataset.ready = "yes";
}

void start();
