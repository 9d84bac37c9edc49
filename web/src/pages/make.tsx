/** Show what one made: drop a file, say a few words, and sign (free) or register (gas). */
import { useEffect, useRef, useState } from "preact/hooks";
import { openDeed } from "../lib/deed";
import type { FileDigest } from "../lib/documents";
import { digestOf } from "../lib/hashing";
import { t } from "../lib/language";
import { rasterType } from "../lib/media";
import { COIN, knownAsset, parseAmount, type Asset } from "../lib/money";
import { useStore } from "../lib/store";
import { wallet } from "../lib/wallet";
import { prepareRegister, prepareVoucher, type Making } from "../deeds/making";
import { Choice, TextField } from "../parts/basics";
import { PriceField } from "../parts/offer-form";
import { ConnectHint } from "../parts/wallet-button";

type Hashing =
  | { state: "none" }
  | { state: "busy"; done: number }
  | { state: "done"; digest: FileDigest }
  | { state: "failed" };

const ROYALTY_PERCENT_MAX = 10;

export function Make() {
  const { account } = useStore(wallet);
  const [file, setFile] = useState<File | null>(null);
  const [hashing, setHashing] = useState<Hashing>({ state: "none" });
  const [preview, setPreview] = useState<string | null>(null);
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [name, setName] = useState("");
  const [royalty, setRoyalty] = useState("5");
  const [way, setWay] = useState<"sale" | "signed" | "register">("sale");
  const [price, setPrice] = useState("");
  const [coin, setCoin] = useState<string>(COIN);
  const [tried, setTried] = useState(false);
  const latest = useRef<File | null>(null);

  useEffect(() => () => void (preview && URL.revokeObjectURL(preview)), [preview]);

  const take = async (chosen: File) => {
    latest.current = chosen;
    setFile(chosen);
    setPreview(null);
    if (!title) setTitle(chosen.name.replace(/\.[^.]+$/, "").normalize("NFC"));
    setHashing(chosen.size === 0 ? { state: "failed" } : { state: "busy", done: 0 });
    if (chosen.size === 0) return;
    try {
      const type = rasterType(new Uint8Array(await chosen.slice(0, 32).arrayBuffer()));
      if (type && latest.current === chosen)
        setPreview(URL.createObjectURL(new Blob([chosen], { type })));
      const digest = await digestOf(chosen, (done) => {
        if (latest.current === chosen) setHashing({ state: "busy", done });
      });
      if (latest.current === chosen) setHashing({ state: "done", digest });
    } catch {
      if (latest.current === chosen) setHashing({ state: "failed" });
    }
  };

  const royaltyNumber = /^\d{1,2}([.,]\d{1,2})?$/.test(royalty)
    ? Number(royalty.replace(",", "."))
    : NaN;
  const royaltyRight = royaltyNumber >= 0 && royaltyNumber <= ROYALTY_PERCENT_MAX;
  const asset = knownAsset(coin) as Asset;
  const amount = parseAmount(price, asset.decimals);
  const ready =
    hashing.state === "done" && title.trim() !== "" && royaltyRight && (way !== "sale" || !!amount);

  const submit = () => {
    setTried(true);
    if (!ready || !file || hashing.state !== "done") {
      // After the messages are there, the first of them is where to go on.
      requestAnimationFrame(() =>
        document.querySelector<HTMLElement>('[aria-invalid="true"], .drop input')?.focus(),
      );
      return;
    }
    const making: Making = {
      file,
      digest: hashing.digest,
      words: { title: title.trim(), description: description.trim(), creatorName: name.trim() },
      royaltyBps: Math.round(royaltyNumber * 100),
    };
    const sale = way === "sale" && amount ? { asset, price: amount, days: 90 } : null;
    openDeed(() => (way === "register" ? prepareRegister(making) : prepareVoucher(making, sale)));
  };

  return (
    <form
      class="make"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <header class="page-head">
        <h1>{t("make_title")}</h1>
        <p>{t("make_words")}</p>
      </header>
      <div class="make-columns">
        <div>
          <Drop
            file={file}
            preview={preview}
            hashing={hashing}
            take={(chosen) => void take(chosen)}
            wrong={tried && hashing.state !== "done"}
          />
        </div>
        <div>
          <TextField
            label={t("title")}
            problem={tried && !title.trim() ? t("title_missing") : null}
            maxLength={120}
            value={title}
            set={setTitle}
          />
          <TextField
            label={t("description")}
            hint={t("description_hint")}
            rows={4}
            maxLength={3000}
            value={description}
            set={setDescription}
          />
          <TextField
            label={t("maker_name")}
            hint={t("maker_name_hint")}
            maxLength={60}
            autocomplete="name"
            value={name}
            set={setName}
          />
          <TextField
            label={t("royalty")}
            hint={t("royalty_hint")}
            problem={
              tried && !royaltyRight ? t("royalty_wrong", { max: ROYALTY_PERCENT_MAX }) : null
            }
            inputMode="decimal"
            class="narrow"
            value={royalty}
            set={setRoyalty}
          />
          <Choice
            label={t("make_way")}
            value={way}
            set={setWay}
            options={[
              { value: "sale", text: t("make_sale"), hint: t("make_sale_hint") },
              { value: "signed", text: t("make_signed"), hint: t("make_signed_hint") },
              { value: "register", text: t("make_register"), hint: t("make_register_hint") },
            ]}
          />
          {way === "sale" && (
            <PriceField
              label={t("price")}
              price={price}
              setPrice={setPrice}
              coin={coin}
              setCoin={setCoin}
              wrong={tried && !amount}
            />
          )}
          {account ? (
            <button type="submit" class="primary wide">
              {t(way === "register" ? "make_go_register" : "make_go_sign")}
            </button>
          ) : (
            <ConnectHint />
          )}
        </div>
      </div>
    </form>
  );
}

function Drop({
  file,
  preview,
  hashing,
  take,
  wrong,
}: {
  file: File | null;
  preview: string | null;
  hashing: Hashing;
  take: (file: File) => void;
  wrong: boolean;
}) {
  const [over, setOver] = useState(false);
  const percent =
    hashing.state === "busy" && file ? Math.floor((100 * hashing.done) / file.size) : 0;
  return (
    <>
      <label
        class={`drop${over ? " over" : ""}${preview ? " has" : ""}`}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={(event) => {
          event.preventDefault();
          setOver(false);
          const dropped = event.dataTransfer?.files[0];
          if (dropped) take(dropped);
        }}
      >
        <input
          type="file"
          aria-label={t("drop_choose")}
          onChange={(event) => {
            const chosen = event.currentTarget.files?.[0];
            if (chosen) take(chosen);
          }}
        />
        {preview ? (
          <img src={preview} alt={t("preview")} />
        ) : (
          <span class="drop-words">
            <svg viewBox="0 0 48 48" aria-hidden="true">
              <path d="M24 33V12m-9 8 9-9 9 9M10 37h28" />
            </svg>
            <b>{file ? file.name : t("drop_here")}</b>
            <small>{file ? "" : t("drop_hint")}</small>
          </span>
        )}
      </label>
      <div class="hashing" aria-live="polite">
        {hashing.state === "busy" && (
          <>
            <progress max={100} value={percent} aria-label={t("hashing")} />
            <span>{t("hashing_percent", { percent })}</span>
          </>
        )}
        {hashing.state === "done" && (
          <p class="hashed">
            {t("hashed")} <code>{hashing.digest.cid}</code>
          </p>
        )}
        {hashing.state === "failed" && <p class="wrong">{t("file_unreadable")}</p>}
        {wrong && hashing.state === "none" && <p class="wrong">{t("file_missing")}</p>}
      </div>
    </>
  );
}
