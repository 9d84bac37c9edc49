/** The market: every work that somebody showed, the newest first, found by any part of a word. */
import { useEffect, useState } from "preact/hooks";
import type { BoardWork, Page } from "../lib/api";
import { Card } from "../parts/card";
import { Cloth } from "../parts/cover";
import { Empty, Loading, Wrong } from "../parts/basics";
import { config } from "../lib/config";
import { language, t } from "../lib/language";
import { useLoaded } from "../lib/load";
import { problemOf, type Problem } from "../lib/problems";
import { go, route } from "../lib/route";
import { useStore } from "../lib/store";
import { listWorks } from "../lib/works";

const TYPING_MS = 200;

export function Browse() {
  const { query } = useStore(route);
  const q = query.get("q") ?? "";
  const forSale = query.get("sale") === "1";
  const creator = query.get("by") ?? "";
  const key = JSON.stringify([q, forSale, creator]);
  const wanted = { q, creator, ...(forSale ? { for_sale: true } : {}) };
  const first = useLoaded<Page<BoardWork>>(key, () => listWorks(wanted, null));
  const [more, setMore] = useState<{ key: string; pages: Page<BoardWork>[] }>({ key, pages: [] });
  const [moreProblem, setMoreProblem] = useState<Problem | null>(null);
  const [busy, setBusy] = useState(false);
  const pages = more.key === key ? more.pages : [];
  const last = pages.at(-1) ?? first.value;
  const items = [first.value, ...pages].flatMap((page) => page?.items ?? []);

  const loadMore = async () => {
    if (!last?.next) return;
    setBusy(true);
    setMoreProblem(null);
    try {
      const page = await listWorks(wanted, last.next);
      setMore({ key, pages: [...pages, page] });
    } catch (thrown) {
      setMoreProblem(problemOf(thrown));
    } finally {
      setBusy(false);
    }
  };

  const searching = q !== "" || forSale || creator !== "";
  return (
    <>
      {!searching && <Hero />}
      <Search q={q} forSale={forSale} creator={creator} />
      {first.problem && <Wrong problem={first.problem} again={first.again} />}
      {!first.value && first.busy && <Loading />}
      {first.value && items.length === 0 && (
        <Empty title={t(searching ? "empty_found" : "empty_market")}>
          <p>{t(searching ? "empty_found_hint" : "empty_market_hint")}</p>
          {searching ? (
            <a class="button" href="#/">
              {t("show_all")}
            </a>
          ) : (
            <a class="button primary" href="#/make">
              {t("make_first")}
            </a>
          )}
        </Empty>
      )}
      {items.length > 0 && (
        <ul class="grid" aria-label={t("works")}>
          {items.map((work, index) => (
            <Card key={work.id} work={work} eager={index < 4} />
          ))}
        </ul>
      )}
      {moreProblem && <Wrong problem={moreProblem} />}
      {last?.next && (
        <div class="more">
          <button type="button" onClick={() => void loadMore()} disabled={busy}>
            {t(busy ? "loading" : "more_works")}
          </button>
        </div>
      )}
    </>
  );
}

function Hero() {
  return (
    <section class="hero">
      <div class="hero-cloth">
        <Cloth seed={BigInt(config().registry)} width={360} height={200} patches={26} />
      </div>
      <div class="hero-words">
        <h1>{t("hero_title")}</h1>
        <p>{t("hero_words")}</p>
        <p>
          <a class="button primary" href="#/make">
            {t("hero_make")}
          </a>
        </p>
      </div>
    </section>
  );
}

function Search({ q, forSale, creator }: { q: string; forSale: boolean; creator: string }) {
  const [typed, setTyped] = useState(q);
  useEffect(() => setTyped(q), [q]);
  useEffect(() => {
    if (typed === q) return;
    const timer = setTimeout(() => go(hashOf(typed, forSale, creator)), TYPING_MS);
    return () => clearTimeout(timer);
  }, [typed, q, forSale, creator]);
  return (
    <form
      class="search"
      role="search"
      onSubmit={(event) => {
        event.preventDefault();
        go(hashOf(typed, forSale, creator));
      }}
    >
      <input
        type="search"
        value={typed}
        maxLength={100}
        lang={language()}
        aria-label={t("search")}
        placeholder={t("search_hint")}
        onInput={(event) => setTyped(event.currentTarget.value)}
      />
      <label class="tick">
        <input
          type="checkbox"
          checked={forSale}
          onChange={(event) => go(hashOf(typed, event.currentTarget.checked, creator))}
        />
        {t("for_sale")}
      </label>
      {creator && (
        <a class="chip" href={hashOf(typed, forSale, "")} aria-label={t("forget_creator")}>
          {`${creator.slice(0, 6)}…${creator.slice(-4)}`} ✕
        </a>
      )}
    </form>
  );
}

function hashOf(q: string, forSale: boolean, creator: string): string {
  const query = new URLSearchParams();
  if (q) query.set("q", q);
  if (forSale) query.set("sale", "1");
  if (creator) query.set("by", creator);
  return query.size > 0 ? `#/?${query}` : "#/";
}
