/** On which terms an owner sells: at once or delivered, signed or on chain, for how much. */
import { isAddress, type Address } from "viem";
import { useState } from "preact/hooks";
import { config } from "../lib/config";
import { openDeed } from "../lib/deed";
import { t } from "../lib/language";
import { COIN, knownAsset, parseAmount, type Asset } from "../lib/money";
import type { Work } from "../lib/works";
import { prepareOffer } from "../deeds/selling";
import { Choice, Field, GoOn, TextField } from "./basics";

export function OfferForm({ work, close }: { work: Work; close: () => void }) {
  const { windows } = config();
  const [way, setWay] = useState<"offer" | "delivery">("offer");
  const [how, setHow] = useState<"signed" | "published">("signed");
  const [price, setPrice] = useState("");
  const [coin, setCoin] = useState<string>(COIN);
  const [arbiter, setArbiter] = useState("");
  const [tried, setTried] = useState(false);
  const asset = knownAsset(coin) as Asset;
  const amount = parseAmount(price, asset.decimals);
  const arbiterRight = arbiter === "" || isAddress(arbiter);
  return (
    <form
      class="inner-form"
      onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!amount || !arbiterRight) return;
        openDeed(() =>
          prepareOffer(work, {
            way,
            signed: how === "signed",
            asset,
            price: amount,
            days: windows.offer_days,
            shipDays: windows.ship_days,
            inspectDays: windows.inspect_days,
            arbiter: way === "delivery" && arbiter ? (arbiter as Address) : null,
          }),
        );
      }}
    >
      <Choice
        label={t("offer_way")}
        value={way}
        set={setWay}
        options={[
          { value: "offer", text: t("way_offer"), hint: t("way_offer_hint") },
          { value: "delivery", text: t("way_delivery"), hint: t("way_delivery_hint") },
        ]}
      />
      <PriceField
        label={t("price")}
        price={price}
        setPrice={setPrice}
        coin={coin}
        setCoin={setCoin}
        wrong={tried && !amount}
      />
      {way === "delivery" && (
        <TextField
          label={t("arbiter")}
          hint={t("arbiter_hint")}
          problem={tried && !arbiterRight ? t("address_wrong") : null}
          autocomplete="off"
          spellcheck={false}
          placeholder="0x…"
          value={arbiter}
          set={(text) => setArbiter(text.trim())}
        />
      )}
      <Choice
        label={t("offer_how")}
        value={how}
        set={setHow}
        options={[
          { value: "signed", text: t("how_signed"), hint: t("how_signed_hint") },
          { value: "published", text: t("how_published"), hint: t("how_published_hint") },
        ]}
      />
      <GoOn close={close} />
    </form>
  );
}

export function PriceField({
  label,
  price,
  setPrice,
  coin,
  setCoin,
  wrong,
}: {
  label: string;
  price: string;
  setPrice: (price: string) => void;
  coin: string;
  setCoin: (coin: string) => void;
  wrong: boolean;
}) {
  return (
    <Field label={label} problem={wrong ? t("amount_wrong") : null}>
      {(given) => (
        <div class="price-field">
          <input
            {...given}
            inputMode="decimal"
            autocomplete="off"
            value={price}
            onInput={(event) => setPrice(event.currentTarget.value)}
          />
          <select
            aria-label={t("currency")}
            value={coin}
            onChange={(event) => setCoin(event.currentTarget.value)}
          >
            {[COIN, config().token].map((address) => (
              <option key={address} value={address}>
                {knownAsset(address)?.symbol}
              </option>
            ))}
          </select>
        </div>
      )}
    </Field>
  );
}
