/** The reader's wallet: none, several to choose from, or the account that acts. */
import { useEffect, useRef, useState } from "preact/hooks";
import { config } from "../lib/config";
import { t } from "../lib/language";
import { problemOf } from "../lib/problems";
import { useStore } from "../lib/store";
import { connect, disconnect, switchChain, wallet, type Found } from "../lib/wallet";

export function WalletButton() {
  const { account, chosen } = useStore(wallet);
  const [open, setOpen] = useState(false);
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (!open) return;
    const away = (event: Event) => {
      if (
        event instanceof KeyboardEvent
          ? event.key === "Escape"
          : !place.current?.contains(event.target as Node)
      ) {
        setOpen(false);
      }
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("keydown", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("keydown", away);
    };
  }, [open]);
  return (
    <div class="wallet" ref={place}>
      <button
        type="button"
        class={account ? "account" : "primary"}
        aria-expanded={open}
        aria-controls="wallet-menu"
        onClick={() => setOpen(!open)}
      >
        {account ? (
          <>
            <i class="dot" aria-hidden="true" />
            <span>
              {account.slice(0, 6)}…<span class="long">{account.slice(-4)}</span>
            </span>
          </>
        ) : (
          t("connect")
        )}
      </button>
      {open && (
        <div class="menu" id="wallet-menu">
          {account ? (
            <>
              <p class="quiet-words">{chosen?.name}</p>
              <p>
                <code>{account}</code>
              </p>
              <button
                type="button"
                onClick={() => {
                  disconnect();
                  setOpen(false);
                }}
              >
                {t("disconnect")}
              </button>
            </>
          ) : (
            <Wallets done={() => setOpen(false)} />
          )}
        </div>
      )}
    </div>
  );
}

function Wallets({ done }: { done: () => void }) {
  const { found } = useStore(wallet);
  const [said, setSaid] = useState<string | null>(null);
  const choose = async (one: Found) => {
    setSaid(t("waiting_wallet", { wallet: one.name || t("wallet") }));
    try {
      await connect(one);
      done();
    } catch (thrown) {
      const problem = problemOf(thrown);
      setSaid(problem.kind === "rejected" ? t("connect_rejected") : problem.text);
    }
  };
  if (found.length === 0) return <p>{t("no_wallet")}</p>;
  return (
    <>
      {found.map((one) => (
        <button key={one.rdns} type="button" onClick={() => void choose(one)}>
          {one.name || t("browser_wallet")}
        </button>
      ))}
      <p aria-live="polite" class="quiet-words">
        {said ?? t("connect_words")}
      </p>
    </>
  );
}

/** Where something needs a wallet: says what for, and has the way. */
export function ConnectHint() {
  return (
    <div class="connect-hint">
      <p>{t("connect_hint")}</p>
      <Wallets done={() => {}} />
    </div>
  );
}

/** Said above everything when the wallet is on another chain. */
export function ChainBanner() {
  const { account, chainId } = useStore(wallet);
  const [said, setSaid] = useState<string | null>(null);
  if (!account || chainId === config().chainId) return null;
  return (
    <div class="banner" role="alert">
      <p>{said ?? t("problem_chain", { chain: config().chainName })}</p>
      <button
        type="button"
        onClick={() =>
          switchChain().then(
            () => setSaid(null),
            (thrown: unknown) => {
              const problem = problemOf(thrown);
              setSaid(
                problem.kind === "lost"
                  ? t("switch_failed", { chain: config().chainName, id: config().chainId })
                  : problem.text,
              );
            },
          )
        }
      >
        {t("switch_chain", { chain: config().chainName })}
      </button>
    </div>
  );
}
