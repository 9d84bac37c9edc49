/** What one made and what one owns. */
import { boardWork, ledgerWorks, type BoardWork, type LedgerWork } from "../lib/api";
import { t } from "../lib/language";
import { useLoaded } from "../lib/load";
import { useStore } from "../lib/store";
import { wallet } from "../lib/wallet";
import { listWorks } from "../lib/works";
import { Card } from "../parts/card";
import { Cover } from "../parts/cover";
import { Empty, Loading, Wrong } from "../parts/basics";
import { ConnectHint } from "../parts/wallet-button";

interface Mine {
  made: BoardWork[];
  owned: (BoardWork | LedgerWork)[];
}

async function mineOf(account: string): Promise<Mine> {
  const [board, owned, created] = await Promise.all([
    listWorks({ creator: account }, null),
    ledgerWorks({ owner: account }),
    ledgerWorks({ creator: account }),
  ]);
  const shown = new Set(board.items.map((work) => work.id));
  const others = [...owned.items, ...created.items].filter(
    (work, index, all) =>
      !shown.has(work.id) && all.findIndex((one) => one.id === work.id) === index,
  );
  const told = await Promise.all(
    others.map(async (work) => (await boardWork(work.cid).catch(() => null)) ?? work),
  );
  return { made: board.items, owned: told };
}

export function MinePage() {
  const { account } = useStore(wallet);
  const mine = useLoaded(account && `mine.${account}`, () => mineOf(account as string));
  return (
    <>
      <header class="page-head">
        <h1>{t("nav_mine")}</h1>
      </header>
      {!account && <ConnectHint />}
      {account && mine.problem && <Wrong problem={mine.problem} again={mine.again} />}
      {account && !mine.value && mine.busy && <Loading />}
      {mine.value && mine.value.made.length + mine.value.owned.length === 0 && (
        <Empty title={t("empty_mine")}>
          <p>{t("empty_mine_hint")}</p>
          <a class="button primary" href="#/make">
            {t("hero_make")}
          </a>
        </Empty>
      )}
      {mine.value && mine.value.made.length > 0 && (
        <section>
          <h2>{t("mine_made")}</h2>
          <ul class="grid">
            {mine.value.made.map((work) => (
              <Card key={work.id} work={work} />
            ))}
          </ul>
        </section>
      )}
      {mine.value && mine.value.owned.length > 0 && (
        <section>
          <h2>{t("mine_owned")}</h2>
          <ul class="grid">
            {mine.value.owned.map((work) =>
              "title" in work ? (
                <Card key={work.id} work={work} />
              ) : (
                <Bare key={work.id} work={work} />
              ),
            )}
          </ul>
        </section>
      )}
    </>
  );
}

/** A work of which only the registry knows. */
function Bare({ work }: { work: LedgerWork }) {
  return (
    <li class="card">
      <a href={`#/works/${work.cid}`}>
        <Cover id={BigInt(work.id)} image={null} alt="" />
        <span class="card-words">
          <b class="card-title">{t("untitled")}</b>
          <span class="card-quiet">{`${work.cid.slice(0, 14)}…`}</span>
        </span>
      </a>
    </li>
  );
}
