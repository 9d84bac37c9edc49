/** English and Korean: which one, and every sentence of the page by its key. */
import { texts, type Key, type Lang } from "../texts";
import { withParticles } from "./particles";
import { remember, remembered } from "./storage";
import { store } from "./store";

function firstLanguage(): Lang {
  const kept = remembered("lang");
  if (kept === "en" || kept === "ko") return kept;
  return navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
}

export const languageStore = store<Lang>(firstLanguage());

export function language(): Lang {
  return languageStore.get();
}

export function setLanguage(lang: Lang): void {
  remember("lang", lang);
  languageStore.set(lang);
  document.documentElement.lang = lang;
}

export type Values = Record<string, string | number>;

/** The sentence of a key, with its values in it. */
export function t(key: Key, values: Values = {}): string {
  return fill(texts[language()][key], values);
}

export function fill(text: string, values: Values): string {
  const filled = text.replace(/\{(\w+)\}/g, (whole, name: string) =>
    name in values ? String(values[name]) : whole,
  );
  return language() === "ko" ? withParticles(filled) : filled;
}
