// Every event of the suite, decoded by ponder, a row each.
import { readFileSync } from "node:fs";
import { ponder } from "ponder:registry";
import { event as events } from "ponder:schema";

interface Happened {
  event: {
    id: string;
    args: unknown;
    block: { number: bigint };
  };
  context: { db: { insert: (table: typeof events) => { values: (row: object) => Promise<void> } } };
}

const { contracts } = JSON.parse(readFileSync(process.env.BENCH_MARKET ?? "", "utf-8")) as {
  contracts: Record<string, { abi: { type: string; name: string }[] }>;
};
const registry = ponder as unknown as {
  on: (name: string, handler: (happened: Happened) => Promise<void>) => void;
};

for (const [contract, { abi }] of Object.entries(contracts)) {
  for (const entry of abi.filter(({ type }) => type === "event")) {
    const name = `${contract}:${entry.name}`;
    registry.on(name, async ({ event, context }) => {
      await context.db.insert(events).values({
        id: event.id,
        block: event.block.number,
        name,
        values: JSON.stringify(event.args ?? {}, (_, value: unknown) =>
          typeof value === "bigint" ? value.toString() : value,
        ),
      });
    });
  }
}
