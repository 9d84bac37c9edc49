/** Korean particles: `아리은(는)` is written for any name, `아리는` is what people read. */

const PAIRS: Record<string, [string, string]> = {
  "은(는)": ["은", "는"],
  "이(가)": ["이", "가"],
  "을(를)": ["을", "를"],
  "과(와)": ["과", "와"],
  "와(과)": ["과", "와"],
  "(으)로": ["으로", "로"],
  "(이)": ["이", ""],
};
const WRITTEN = /은\(는\)|이\(가\)|을\(를\)|과\(와\)|와\(과\)|\(으\)로|\(이\)/g;
const FIRST = 0xac00;
const LAST = 0xd7a3;
const FINALS = 28;
const RIEUL = 8;

export function withParticles(text: string): string {
  return text.replace(WRITTEN, (written, at: number, whole: string) => {
    const ending = endingOf(whole.slice(0, at));
    const pair = PAIRS[written];
    if (ending === null || !pair) return written;
    if (written === "(으)로" && ending === RIEUL) return pair[1];
    return ending ? pair[0] : pair[1];
  });
}

/** The final consonant's number, 0 for a vowel, null where nobody can tell. */
function endingOf(before: string): number | null {
  const last = before.replace(/["'”’」』)\]}»>.,:]+$/, "").slice(-1);
  if (!last) return null;
  const code = last.charCodeAt(0);
  if (code >= FIRST && code <= LAST) return (code - FIRST) % FINALS;
  if ("178LlRr".includes(last)) return RIEUL;
  if ("036MmNn".includes(last)) return 1;
  return /[0-9A-Za-z]/.test(last) ? 0 : null;
}
