/** Small things that every page uses. */
import type { ComponentChildren } from "preact";
import { useEffect, useId, useState } from "preact/hooks";
import { t } from "../lib/language";
import type { Problem } from "../lib/problems";
import { chainNow, showMoment, showSpan } from "../lib/times";

export function Field({
  label,
  hint,
  problem,
  children,
}: {
  label: string;
  hint?: string;
  problem?: string | null;
  children: (given: {
    id: string;
    "aria-describedby"?: string;
    "aria-invalid"?: boolean;
  }) => ComponentChildren;
}) {
  const id = useId();
  const about = [hint && `${id}-hint`, problem && `${id}-problem`].filter(Boolean).join(" ");
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({ id, "aria-describedby": about || undefined, "aria-invalid": !!problem })}
      {hint && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
      {problem && (
        <p class="wrong" id={`${id}-problem`}>
          {problem}
        </p>
      )}
    </div>
  );
}

/** A field of text: a line, or `rows` of them. */
export function TextField({
  label,
  hint,
  problem,
  value,
  set,
  rows,
  ...rest
}: {
  label: string;
  hint?: string;
  problem?: string | null;
  value: string;
  set: (value: string) => void;
  rows?: number;
  maxLength?: number;
  autocomplete?: string;
  inputMode?: "decimal";
  placeholder?: string;
  spellcheck?: boolean;
  class?: string;
}) {
  const onInput = (event: { currentTarget: { value: string } }) => set(event.currentTarget.value);
  return (
    <Field label={label} hint={hint} problem={problem}>
      {(given) =>
        rows ? (
          <textarea {...given} {...rest} rows={rows} value={value} onInput={onInput} />
        ) : (
          <input {...given} {...rest} value={value} onInput={onInput} />
        )
      }
    </Field>
  );
}

/** How a small form ends. */
export function GoOn({ close }: { close: () => void }) {
  return (
    <div class="row">
      <button type="submit" class="primary">
        {t("go_on")}
      </button>
      <button type="button" onClick={close}>
        {t("not_now")}
      </button>
    </div>
  );
}

/** One of a few: a group of radio buttons that look like a row of patches. */
export function Choice<T extends string>({
  label,
  options,
  value,
  set,
}: {
  label: string;
  options: readonly { value: T; text: string; hint?: string }[];
  value: T;
  set: (value: T) => void;
}) {
  const name = useId();
  return (
    <fieldset class="choice">
      <legend>{label}</legend>
      {options.map((option) => (
        <label key={option.value} class={option.value === value ? "chosen" : ""}>
          <input
            type="radio"
            name={name}
            checked={option.value === value}
            onChange={() => set(option.value)}
          />
          <span>
            <b>{option.text}</b>
            {option.hint && <small>{option.hint}</small>}
          </span>
        </label>
      ))}
    </fieldset>
  );
}

export function Empty({ title, children }: { title: string; children?: ComponentChildren }) {
  return (
    <div class="empty">
      <Jar />
      <h2>{title}</h2>
      {children}
    </div>
  );
}

/** A moon jar, a little crooked, which is how they are good. */
export function Jar() {
  return (
    <svg class="jar" viewBox="0 0 64 64" aria-hidden="true">
      <path d="M22 10h20v5.500C52.500 19 59 27 59 37c0 9-5.500 15.500-13 19.500V59H18v-2.500C10.500 52.500 5 46 5 37c0-10 6.500-18 17-21.500z" />
    </svg>
  );
}

export function Wrong({ problem, again }: { problem: Problem; again?: () => void }) {
  return (
    <div class="wrong-box" role="alert">
      <p>{problem.text}</p>
      {again && (
        <button type="button" onClick={again}>
          {t("try_again")}
        </button>
      )}
    </div>
  );
}

export function Loading() {
  return (
    <p class="loading" role="status">
      <span class="dots" aria-hidden="true">
        <i />
        <i />
        <i />
      </span>
      {t("loading")}
    </p>
  );
}

/** Time left until a moment on the chain's clock; ticks, but isn't read out each second. */
export function Countdown({ until, late }: { until: number; late: string }) {
  const [now, setNow] = useState(chainNow());
  useEffect(() => {
    const timer = setInterval(() => setNow(chainNow()), 1000);
    return () => clearInterval(timer);
  }, []);
  const left = until - now;
  return (
    <time
      class={left < 86_400 ? "countdown soon" : "countdown"}
      dateTime={new Date(until * 1000).toISOString()}
      title={showMoment(until)}
    >
      {left >= 0 ? t("time_left", { span: showSpan(left) }) : late}
    </time>
  );
}

export function Who({ address, name }: { address: string; name?: string }) {
  return (
    <span class="who" title={address}>
      {name && <b>{name}</b>}
      <code>{`${address.slice(0, 6)}…${address.slice(-4)}`}</code>
    </span>
  );
}
