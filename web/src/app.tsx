/** The frame around every page. */
import { useEffect, useRef } from "preact/hooks";
import { config } from "./lib/config";
import { languageStore, setLanguage, t } from "./lib/language";
import { route } from "./lib/route";
import { useStore } from "./lib/store";
import { Browse } from "./pages/browse";
import { Make } from "./pages/make";
import { MinePage } from "./pages/mine";
import { MoneyPage } from "./pages/money";
import { TradesPage } from "./pages/trades";
import { WorkPage } from "./pages/work";
import { Jar } from "./parts/basics";
import { DeedSheet } from "./parts/deed-sheet";
import { PendingBar } from "./parts/pending-bar";
import { ChainBanner, WalletButton } from "./parts/wallet-button";

const PAGES = {
  "": Browse,
  make: Make,
  mine: MinePage,
  trades: TradesPage,
  money: MoneyPage,
  works: WorkPage,
} as const;
const NAVIGATION = [
  ["", "nav_browse"],
  ["make", "nav_make"],
  ["mine", "nav_mine"],
  ["trades", "nav_trades"],
  ["money", "nav_money"],
] as const;

export function App() {
  const lang = useStore(languageStore);
  const { page, rest } = useStore(route);
  const main = useRef<HTMLElement>(null);
  const first = useRef(true);
  const Page = PAGES[page as keyof typeof PAGES] ?? Browse;
  useEffect(() => {
    const name = NAVIGATION.find(([path]) => path === page)?.[1];
    const market = config().names[lang];
    document.title = name && page ? `${t(name)} · ${market}` : market;
    if (first.current) first.current = false;
    else {
      // A reader with a screen reader is told of the new page, everybody starts at its top.
      main.current?.focus({ preventScroll: true });
      scrollTo(0, 0);
    }
  }, [page, rest]);
  return (
    <>
      <a
        class="skip"
        href="#main"
        onClick={(event) => {
          event.preventDefault();
          main.current?.focus();
        }}
      >
        {t("skip")}
      </a>
      <header class="top">
        <a class="brand" href="#/">
          <Jar />
          <span>{config().names[lang]}</span>
        </a>
        <nav aria-label={t("navigation")}>
          {NAVIGATION.map(([path, name]) => (
            <a key={path} href={`#/${path}`} aria-current={page === path ? "page" : undefined}>
              <Icon name={path} />
              <span>{t(name)}</span>
            </a>
          ))}
        </nav>
        <div class="top-end">
          <button
            type="button"
            class="quiet language"
            lang={lang === "ko" ? "en" : "ko"}
            onClick={() => setLanguage(lang === "ko" ? "en" : "ko")}
          >
            <span class="long">{lang === "ko" ? "English" : "한국어"}</span>
            <span class="brief">{lang === "ko" ? "EN" : "한글"}</span>
          </button>
          <WalletButton />
        </div>
      </header>
      <ChainBanner />
      <main id="main" ref={main} tabIndex={-1}>
        <Page key={`${lang}.${page}.${rest}`} />
      </main>
      <PendingBar />
      <DeedSheet />
      <footer class="foot">
        <p>{t("foot")}</p>
        <p>
          {t("foot_chain", { chain: config().chainName })} ·{" "}
          <a href="v1/market">{t("foot_books")}</a>
        </p>
      </footer>
    </>
  );
}

const PATHS: Record<string, string> = {
  "": "M4 11 12 4l8 7v9h-5v-6H9v6H4z",
  make: "M12 5v14M5 12h14",
  mine: "M5 5h6v6H5zM13 5h6v6h-6zM5 13h6v6H5zM13 13h6v6h-6z",
  trades: "M4 8h13l-3-3M20 16H7l3 3",
  money: "M4 7h16v11H4zM4 11h16M15 15h2",
};

function Icon({ name }: { name: string }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
