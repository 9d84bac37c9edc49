/** The sheet on which a deed is read, agreed to, and carried out. */
import type { Hex } from "viem";
import { useCallback, useEffect, useRef, useState } from "preact/hooks";
import { holdFast, reachable, waitFor } from "../lib/chain";
import { config } from "../lib/config";
import { changed, deeds, opened, type Deed, type Prepare } from "../lib/deed";
import { t } from "../lib/language";
import { aloneOrNot } from "../lib/nonces";
import { forget } from "../lib/pending";
import { ChainReverted, problemOf, type Problem } from "../lib/problems";
import { useStore } from "../lib/store";
import { isRightChain, switchChain, wallet } from "../lib/wallet";
import { Jar, Loading } from "./basics";

type Phase = "reading" | "ready" | "working" | "done" | "problem";

export function DeedSheet() {
  const prepare = useStore(opened);
  return prepare ? <Sheet key={String(sheetNumber(prepare))} prepare={prepare} /> : null;
}

const numbers = new WeakMap<Prepare, number>();
let count = 0;

function sheetNumber(prepare: Prepare): number {
  const known = numbers.get(prepare) ?? (count += 1);
  numbers.set(prepare, known);
  return known;
}

function Sheet({ prepare }: { prepare: Prepare }) {
  const dialog = useRef<HTMLDialogElement>(null);
  const [phase, setPhase] = useState<Phase>("reading");
  const [deed, setDeed] = useState<Deed | null>(null);
  const [at, setAt] = useState(0);
  const [hash, setHash] = useState<Hex | null>(null);
  const [problem, setProblem] = useState<Problem | null>(null);
  const there = useStore(reachable);
  const now = useStore(wallet);

  const read = useCallback(async () => {
    setPhase("reading");
    setProblem(null);
    setAt(0);
    setHash(null);
    try {
      setDeed(await prepare());
      setPhase("ready");
    } catch (thrown) {
      setDeed(null);
      setProblem(problemOf(thrown));
      setPhase("problem");
    }
  }, [prepare]);

  useEffect(() => {
    dialog.current?.showModal();
    void read();
  }, [read]);

  const work = async (from: number, sent: Hex | null) => {
    if (!deed) return;
    setPhase("working");
    setProblem(null);
    let index = from;
    try {
      const done = await aloneOrNot(`deed.${deed.subject}`, async () => {
        for (; index < deed.steps.length; index += 1) {
          setAt(index);
          // A step that was sent before the chain was lost isn't sent again.
          if (sent && index === from) {
            if (!(await waitFor(sent))) throw new ChainReverted(sent);
            forget(sent);
          } else await deed.steps[index]?.run(await holdFast(deed.account), setHash);
          setHash(null);
        }
        return true;
      });
      if (!done) throw new Problematic({ kind: "refused", text: t("problem_two_tabs") });
      setAt(deed.steps.length);
      setPhase("done");
      deeds.set(deeds.get() + 1);
      changed();
    } catch (thrown) {
      setProblem(thrown instanceof Problematic ? thrown.problem : problemOf(thrown));
      setPhase("problem");
    }
  };

  const close = () => {
    dialog.current?.close();
    opened.set(null);
  };

  const mend = async () => {
    if (problem?.kind === "chain" && !isRightChain()) {
      try {
        await switchChain();
      } catch (thrown) {
        return setProblem({ ...problemOf(thrown), kind: "chain" });
      }
    }
    // Terms were read for one account on one chain; for another they are read anew.
    if (!deed || problem?.kind === "account") return read();
    return work(at, hash);
  };

  const step = deed?.steps[at];
  return (
    <dialog
      ref={dialog}
      class="sheet"
      aria-labelledby="deed-title"
      onCancel={(event) => {
        event.preventDefault();
        if (phase !== "working") close();
      }}
    >
      <header>
        <h2 id="deed-title">{deed?.title ?? t("deed_reading")}</h2>
        {phase !== "working" && (
          <button type="button" class="quiet" onClick={close} aria-label={t("close")}>
            ✕
          </button>
        )}
      </header>
      {phase === "reading" && <Loading />}
      {deed && phase !== "done" && (
        <>
          {deed.facts.length > 0 && (
            <dl class="facts">
              {deed.facts.map((fact) => (
                <div key={fact.label} class={fact.strong ? "strong" : ""}>
                  <dt>{fact.label}</dt>
                  <dd>{fact.value}</dd>
                </div>
              ))}
            </dl>
          )}
          <p class="from-chain">{t("from_chain", { chain: config().chainName })}</p>
          <ol class="steps">
            {deed.steps.map((one, index) => (
              <li
                key={one.say}
                class={index < at ? "was" : index === at && phase === "working" ? "is" : ""}
                aria-current={index === at && phase === "working" ? "step" : undefined}
              >
                <span class={`tag ${one.kind}`}>{t(`kind_${one.kind}`)}</span>
                {one.say}
              </li>
            ))}
          </ol>
        </>
      )}
      <div aria-live="polite" class="said">
        {phase === "working" && step && (
          <p class="working">
            {hash
              ? there
                ? t("waiting_block")
                : t("waiting_lost")
              : step.kind === "post" || step.kind === "bring"
                ? t("waiting_post")
                : t("waiting_wallet", { wallet: now.chosen?.name || t("wallet") })}
          </p>
        )}
        {hash && phase !== "done" && <p class="hash">{hash}</p>}
        {phase === "problem" && problem && <p class="problem">{problem.text}</p>}
        {phase === "done" && deed && (
          <div class="done">
            <Jar />
            <p>{deed.done}</p>
          </div>
        )}
      </div>
      <footer>
        {phase === "ready" && deed && (
          <>
            <button type="button" class="primary" onClick={() => void work(0, null)}>
              {t(deed.steps[0]?.kind === "bring" ? "go_on" : "go_wallet")}
            </button>
            <button type="button" onClick={close}>
              {t("not_now")}
            </button>
          </>
        )}
        {phase === "problem" && (
          <>
            <button type="button" class="primary" onClick={() => void mend()}>
              {t(
                problem?.kind === "chain"
                  ? "switch_chain"
                  : problem?.kind === "account"
                    ? "start_over"
                    : "try_again",
                { chain: config().chainName },
              )}
            </button>
            <button type="button" onClick={close}>
              {t("not_now")}
            </button>
          </>
        )}
        {phase === "done" && (
          <>
            {deed?.next && (
              <a class="button primary" href={deed.next.href} onClick={close}>
                {deed.next.text}
              </a>
            )}
            <button type="button" onClick={close}>
              {t("close")}
            </button>
          </>
        )}
      </footer>
    </dialog>
  );
}

class Problematic extends Error {
  constructor(readonly problem: Problem) {
    super(problem.text);
  }
}
