import { defineConfig } from "vite";

// Files whose names change with what is in them, one style sheet, no source maps: `dokkaebi serve`
// gives out nothing else. Nothing is inlined as `data:`, which the page's policy forbids.
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: {
    outDir: "dist",
    emptyOutDir: true,
    target: "es2022",
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  worker: { format: "es" },
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
});
